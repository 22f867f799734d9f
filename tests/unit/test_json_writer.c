/* SPDX-License-Identifier: MIT
 * The JSON writer: what it writes, and what it refuses to. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/random.h"
#include "json/reader.h"
#include "json/writer.h"

static struct arena *arena;
static struct buf out;
static struct json_writer *w;

static int open_writer(void **state)
{
	(void)state;
	arena = arena_open();
	buf_init(&out, arena);
	w = json_writer_new(arena, &out);
	return 0;
}

static int close_writer(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

static void again(void)
{
	buf_init(&out, arena);
	w = json_writer_new(arena, &out);
}

static void check_output(const char *want)
{
	assert_int_equal(json_finish(w), ERR_OK);
	if (!str_eq(buf_view(&out), str_from(want)))
		fail_msg("got  %.*s\nwant %s", STR_FMT(buf_view(&out)), want);
}

static void every_kind__is_written(void **state)
{
	(void)state;
	json_obj(w, NULL);
	json_null(w, "n");
	json_bool(w, "t", true);
	json_bool(w, "f", false);
	json_i64(w, "i", -42);
	json_f64(w, "d", 0.5);
	json_str(w, "s", STR("text"));
	json_str(w, "s0", STR(""));
	json_str(w, "sn", STR_NONE);
	json_cstr(w, "c", "text");
	json_cstr(w, "cn", NULL);
	json_time(w, "at", 0);
	json_time(w, "never", TIME_NONE);
	json_arr(w, "a");
	json_i64(w, NULL, 1);
	json_cstr(w, NULL, "x");
	json_obj(w, NULL);
	json_end(w);
	json_arr(w, NULL);
	json_end(w);
	json_end(w);
	json_obj(w, "o");
	json_member_str(w, STR("k\"ey"), STR("v"));
	json_member_i64(w, STR(""), 7);
	json_end(w);
	json_end(w);
	check_output(
		"{\"n\":null,\"t\":true,\"f\":false,\"i\":-42,\"d\":0.5,\"s\":\"text\",\"s0\":\"\","
		"\"sn\":null,\"c\":\"text\",\"cn\":null,\"at\":\"1970-01-01T00:00:00.000Z\","
		"\"never\":null,\"a\":[1,\"x\",{},[]],\"o\":{\"k\\\"ey\":\"v\",\"\":7}}");
}

static void a_lone_value__is_a_document(void **state)
{
	(void)state;
	json_i64(w, NULL, INT64_MIN);
	check_output("-9223372036854775808");
	again();
	json_i64(w, NULL, INT64_MAX);
	check_output("9223372036854775807");
	again();
	json_null(w, NULL);
	check_output("null");
}

static void text__is_escaped_and_made_well_formed(void **state)
{
	static const struct {
		struct str in;
		const char *want;
	} rows[] = {
		{{"\"\\/", 3}, "\"\\\"\\\\/\""},
		{{"\b\f\n\r\t", 5}, "\"\\b\\f\\n\\r\\t\""},
		{{"a\0b\x1f", 4}, "\"a\\u0000b\\u001F\""},
		{{"\xC3\xA4\xF0\x9F\x98\x80\x7f", 7}, "\"\xC3\xA4\xF0\x9F\x98\x80\x7f\""},
		{{"a\xFF"
		  "b\xED\xA0\x80",
			 6},
			"\"a\xEF\xBF\xBD"
			"b\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
		{{"\xC0\xAF", 2}, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		again();
		json_str(w, NULL, rows[i].in);
		check_output(rows[i].want);
	}
	again();
	json_obj(w, NULL);
	json_member_str(w, STR("\xFFk"), STR("v"));
	json_end(w);
	check_output("{\"\xEF\xBF\xBDk\":\"v\"}");
}

static void doubles__are_short_and_come_back(void **state)
{
	static const struct {
		double in;
		const char *want;
	} rows[] = {
		{0, "0"},
		{1, "1"},
		{0.1, "0.1"},
		{-52.52, "-52.52"},
		{13.404954, "13.404954"},
		{0.1 + 0.2, "0.30000000000000004"},
		{1e21, "1e+21"},
		{1e-7, "1e-07"},
		{123456789012345680.0, "1.2345678901234568e+17"},
		{1.7976931348623157e308, "1.7976931348623157e+308"},
		{NAN, "null"},
		{INFINITY, "null"},
		{-INFINITY, "null"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		again();
		json_f64(w, NULL, rows[i].in);
		check_output(rows[i].want);
	}
	for (int i = 0; i < 2000; i++) {
		struct arena_mark mark = arena_mark(arena);
		struct json *back;
		size_t at;
		double v;

		random_bytes(&v, sizeof(v));
		if (!isfinite(v))
			continue;
		again();
		json_f64(w, NULL, v);
		assert_int_equal(json_finish(w), ERR_OK);
		if (json_parse(arena, buf_view(&out), &back, &at) != ERR_OK || back->number != v)
			fail_msg("%.17g as %.*s", v, STR_FMT(buf_view(&out)));
		arena_rewind(arena, mark);
	}
}

static void key_in_array(void)
{
	json_arr(w, NULL);
	json_i64(w, "k", 1);
	json_end(w);
}

static void no_key_in_object(void)
{
	json_obj(w, NULL);
	json_i64(w, NULL, 1);
	json_end(w);
}

static void no_key_for_scope(void)
{
	json_obj(w, NULL);
	json_arr(w, NULL);
	json_end(w);
	json_end(w);
}

static void absent_member_key(void)
{
	json_obj(w, NULL);
	json_member_str(w, STR_NONE, STR("v"));
	json_end(w);
}

static void key_at_top(void)
{
	json_obj(w, "k");
	json_end(w);
}

static void nothing(void)
{
}

static void left_open(void)
{
	json_obj(w, NULL);
	json_arr(w, "a");
	json_end(w);
}

static void closed_twice(void)
{
	json_obj(w, NULL);
	json_end(w);
	json_end(w);
}

static void closed_first(void)
{
	json_end(w);
	json_obj(w, NULL);
	json_end(w);
}

static void two_values(void)
{
	json_i64(w, NULL, 1);
	json_i64(w, NULL, 2);
}

static void two_objects(void)
{
	json_obj(w, NULL);
	json_end(w);
	json_obj(w, NULL);
	json_end(w);
}

static void too_deep(void)
{
	for (int i = 0; i < 1000; i++)
		json_arr(w, NULL);
	for (int i = 0; i < 1000; i++)
		json_end(w);
}

static void misuse__latches_an_error(void **state)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} rows[] = {
		{"key in array", key_in_array},
		{"no key in object", no_key_in_object},
		{"no key for scope", no_key_for_scope},
		{"absent member key", absent_member_key},
		{"key at top", key_at_top},
		{"nothing", nothing},
		{"left open", left_open},
		{"closed twice", closed_twice},
		{"closed first", closed_first},
		{"two values", two_values},
		{"two objects", two_objects},
		{"too deep", too_deep},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		again();
		rows[i].run();
		if (json_finish(w) != ERR_INTERNAL)
			fail_msg("%s passed: %.*s", rows[i].name, STR_FMT(buf_view(&out)));
	}
}

static void after_an_error__nothing_more_is_written(void **state)
{
	(void)state;
	json_arr(w, NULL);
	json_i64(w, "wrong", 1);

	size_t n = out.n;

	json_cstr(w, NULL, "x");
	json_obj(w, NULL);
	json_end(w);
	json_end(w);
	assert_int_equal(out.n, n);
	assert_int_equal(json_finish(w), ERR_INTERNAL);
}

static void trees__are_written_as_they_were_read(void **state)
{
	static const char *const rows[] = {
		"{\"a\":[1,-2.5,\"x\",null,true,false,{},[],{\"b\":{\"c\":[[]]}}],\"\":\"\"}",
		"[]",
		"\"\xC3\xA4\"",
		"-7",
		"null",
	};
	struct json *tree;
	size_t at;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		again();
		assert_int_equal(json_parse(arena, str_from(rows[i]), &tree, &at), ERR_OK);
		json_tree(w, NULL, tree);
		check_output(rows[i]);
	}
	again();
	json_obj(w, NULL);
	assert_int_equal(json_parse(arena, STR("{\"x\":1}"), &tree, &at), ERR_OK);
	json_tree(w, "tags", tree);
	json_tree(w, "none", NULL);
	json_end(w);
	check_output("{\"tags\":{\"x\":1},\"none\":null}");
}

static void the_deepest_tree_that_is_read__can_be_written(void **state)
{
	char text[LIMIT_JSON_DEPTH * 2 + 1] = {0};
	struct json *tree;
	size_t at;

	(void)state;
	memset(text, '[', LIMIT_JSON_DEPTH);
	memset(text + LIMIT_JSON_DEPTH, ']', LIMIT_JSON_DEPTH);
	assert_int_equal(json_parse(arena, str_from(text), &tree, &at), ERR_OK);
	json_tree(w, NULL, tree);
	check_output(text);
}

static void count(void *ctx, const char *p, size_t n)
{
	(void)p;
	*(size_t *)ctx += n;
}

static void a_long_answer__needs_bounded_memory(void **state)
{
	size_t sent = 0, held;

	(void)state;
	out.sink = count;
	out.sink_ctx = &sent;
	out.flush_at = 4096;
	json_arr(w, NULL);
	held = arena_held(arena);
	for (int i = 0; i < 100000; i++) {
		struct arena_mark mark;

		json_cstr(w, NULL, "a row of the answer");
		mark = arena_mark(arena);
		json_str(w, NULL, STR("not \xFF well-formed"));
		arena_rewind(arena, mark);
	}
	json_end(w);
	assert_int_equal(json_finish(w), ERR_OK);
	buf_flush(&out);
	assert_int_equal(arena_held(arena), held);
	assert_int_equal(sent, 1 + 100000 * (22 + 22));
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_writer, close_writer)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_kind__is_written),
		T(a_lone_value__is_a_document),
		T(text__is_escaped_and_made_well_formed),
		T(doubles__are_short_and_come_back),
		T(misuse__latches_an_error),
		T(after_an_error__nothing_more_is_written),
		T(trees__are_written_as_they_were_read),
		T(the_deepest_tree_that_is_read__can_be_written),
		T(a_long_answer__needs_bounded_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
