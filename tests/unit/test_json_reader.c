/* SPDX-License-Identifier: MIT
 * The JSON reader: trees, limits, and the texts yajl alone would take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/limits.h"
#include "json/reader.h"

static struct arena *arena;

static int open_arena(void **state)
{
	(void)state;
	arena = arena_open();
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

/* Parses a copy that ends where its memory ends, so that ASan finds a read past the end. */
static enum err parse(struct str s, struct json **out, size_t *at)
{
	char *p = arena_alloc(arena, s.n);

	if (s.n)
		memcpy(p, s.p, s.n);
	*at = 999;
	return json_parse(arena, (struct str){p, s.n}, out, at);
}

static struct json *tree(const char *text)
{
	struct json *out;
	size_t at;

	if (parse(str_from(text), &out, &at) != ERR_OK)
		fail_msg("%s: refused at %zu", text, at);
	return out;
}

static void every_kind__is_read(void **state)
{
	struct json *t =
		tree(" {\"a\" : [1, -2.5e1, \"x\\ny\", null, true, false, {}, []],\n\"b\":\"\"} ");
	const struct json *c = json_member(t, "a");

	(void)state;
	assert_int_equal(t->type, JSON_OBJECT);
	assert_int_equal(t->count, 2);
	assert_null(t->key.p);
	assert_int_equal(c->type, JSON_ARRAY);
	assert_int_equal(c->count, 8);
	assert_true(str_eq(c->key, STR("a")));
	c = c->first;
	assert_true(c->type == JSON_INT && c->integer == 1 && c->number == 1 && c->key.p == NULL);
	c = c->next;
	assert_true(c->type == JSON_DOUBLE && c->number == -25);
	c = c->next;
	assert_true(c->type == JSON_STRING && str_eq(c->text, STR("x\ny")));
	c = c->next;
	assert_int_equal(c->type, JSON_NULL);
	c = c->next;
	assert_true(c->type == JSON_BOOL && c->boolean);
	c = c->next;
	assert_true(c->type == JSON_BOOL && !c->boolean);
	c = c->next;
	assert_true(c->type == JSON_OBJECT && c->count == 0 && c->first == NULL);
	c = c->next;
	assert_true(c->type == JSON_ARRAY && c->count == 0 && c->first == NULL && c->next == NULL);
	c = json_member(t, "b");
	assert_true(c->type == JSON_STRING && c->text.p && c->text.n == 0);
}

static void numbers__are_integers_while_they_fit(void **state)
{
	static const struct {
		const char *in;
		enum json_type type;
		int64_t integer;
		double number;
	} rows[] = {
		{"0", JSON_INT, 0, 0},
		{"-0", JSON_INT, 0, 0},
		{"9223372036854775807", JSON_INT, INT64_MAX, 9223372036854775807.0},
		{"-9223372036854775808", JSON_INT, INT64_MIN, -9223372036854775808.0},
		{"9223372036854775808", JSON_DOUBLE, 0, 9223372036854775808.0},
		{"-99999999999999999999", JSON_DOUBLE, 0, -1e20},
		{"1.0", JSON_DOUBLE, 0, 1},
		{"1e2", JSON_DOUBLE, 0, 100},
		{"1E-2", JSON_DOUBLE, 0, 0.01},
		{"1e+2", JSON_DOUBLE, 0, 100},
		{"1.7976931348623157e308", JSON_DOUBLE, 0, 1.7976931348623157e308},
		{"1e-999", JSON_DOUBLE, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct json *t = tree(rows[i].in);

		if (t->type != rows[i].type || t->number != rows[i].number ||
			(t->type == JSON_INT && t->integer != rows[i].integer))
			fail_msg("%s: got %d %lld %.17g", rows[i].in, (int)t->type,
				(long long)t->integer, t->number);
	}
}

static void escapes__are_decoded(void **state)
{
	static const struct {
		const char *in;
		struct str want;
	} rows[] = {
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", {"\"\\/\b\f\n\r\t", 8}},
		{"\"\\u0041\\u00e4\\u20AC\"", {"A\xC3\xA4\xE2\x82\xAC", 6}},
		{"\"\\ud83d\\uDE00\"", {"\xF0\x9F\x98\x80", 4}},
		{"\"\\uD834\\udd1ex\"", {"\xF0\x9D\x84\x9Ex", 5}},
		{"\"\\uDBFF\\uDFFF\"", {"\xF4\x8F\xBF\xBF", 4}},
		{"\"a\\u0000b\"", {"a\0b", 3}},
		{"\"\\\\ud800\"", {"\\ud800", 6}},
		{"\"\xF0\x9F\x98\x80\"", {"\xF0\x9F\x98\x80", 4}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct json *t = tree(rows[i].in);

		if (t->type != JSON_STRING || !str_eq(t->text, rows[i].want))
			fail_msg("%s: got %.*s", rows[i].in, STR_FMT(t->text));
	}
}

static void long_escaped_text__is_whole(void **state)
{
	const struct json *t;
	struct buf b;

	(void)state;
	buf_init(&b, arena);
	buf_str(&b, STR("[\"\\n\",\""));
	for (int i = 0; i < 50000; i++)
		buf_printf(&b, "\\u00e4%d", i % 10);
	buf_str(&b, STR("\"]\0"));
	t = tree(b.p)->first->next;
	assert_int_equal(t->text.n, 150000);
	for (int i = 0; i < 50000; i++) {
		assert_memory_equal(t->text.p + i * 3, "\xC3\xA4", 2);
		assert_int_equal(t->text.p[i * 3 + 2], '0' + i % 10);
	}
}

static void what_is_not_json__is_refused_at_its_place(void **state)
{
	static const struct {
		struct str in;
		size_t at;
	} rows[] = {
/* clang-format off */
#define ROW(lit, at) {{lit, sizeof(lit) - 1}, at}
		ROW("", 0), ROW("  ", 2), ROW("{", 1), ROW("[1,", 3), ROW("{\"a\":", 5),
		ROW("{\"a\"", 4), ROW("{\"a\":1", 6), ROW("[1,]", 3), ROW("{\"a\":1,}", 7),
		ROW("[1 2]", 3), ROW("[,1]", 1), ROW("{1:2}", 1), ROW("{\"a\" 1}", 5),
		ROW("{\"a\":1 \"b\":2}", 7), ROW("]", 0), ROW("[}", 1), ROW("{\"a\":x}", 5),
		ROW("{\"a\": \"b", 6), ROW("[\"a\\\"]", 1), ROW("tru", 3), ROW("trux", 0),
		ROW("[nul]", 1), ROW("True", 0), ROW("NaN", 0), ROW("Infinity", 0), ROW("-", 1),
		ROW("[-x]", 1), ROW("[1.]", 1), ROW("[.5]", 1), ROW("[+1]", 1), ROW("[1e]", 1),
		ROW("[0x10]", 1), ROW("1 2", 2), ROW("{} {}", 3), ROW("{}x", 2), ROW("{}\0", 2),
		ROW("'a'", 0), ROW("{a:1}", 1), ROW("/* c */ 1", 0), ROW("1 // c", 2),
		ROW("# c\n1", 0),
		ROW("[\"\\x41\"]", 1), ROW("[\"\\u12g4\"]", 1), ROW("[\"a\nb\"]", 1),
		ROW("[\"a\tb\"]", 1),
		ROW("[\"a\0b\"]", 1), ROW("\xEF\xBB\xBF{}", 0),
		/* What yajl would let pass. */
		ROW("[\v1]", 1), ROW("\f1", 0), ROW("\"a\xFF\"", 2), ROW("[\"\xC0\xAF\"]", 2),
		ROW("[\"\xED\xA0\x80\"]", 2), ROW("[\"\xF4\x90\x80\x80\"]", 2), ROW("\"\xC3", 1),
		ROW("\"\\ud800\"", 1), ROW("\"\\udc00\"", 1), ROW("\"ab\\ud800\\u0041\"", 3),
		ROW("\"\\ud800x\\udc00\"", 1), ROW("\"\\ud800\\ud800\"", 1),
		ROW("\"\\udc00\\udc00\"", 1),
		ROW("\"\\ud8", 0),
		ROW("\"\\uD800\\", 1), ROW("\"\\uD800\\uDC0", 1), ROW("\"\\uDBFF", 1),
		ROW("\"\\", 0), ROW("\"\\u", 0), ROW("1e999", 0), ROW("[-1e999]", 1),
#undef ROW
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct json *out = (struct json *)&rows;
		size_t at;

		if (parse(rows[i].in, &out, &at) != ERR_INVALID || out != NULL)
			fail_msg("row %zu was taken: %.*s", i, STR_FMT(rows[i].in));
		if (at != rows[i].at)
			fail_msg("row %zu: %.*s: at %zu, want %zu", i, STR_FMT(rows[i].in), at,
				rows[i].at);
	}
	assert_int_equal(
		json_parse(arena, STR_NONE, &(struct json *){NULL}, &(size_t){0}), ERR_INVALID);
}

static void every_cut_of_a_text__is_refused_within_it(void **state)
{
	const char whole[] =
		"{\"a\":[1,-2.5e3,\"x\\u00e4\\ud83d\\ude00\xC3\xA4\",null,true,{\"b\":{}}]}";

	(void)state;
	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		struct json *out;
		size_t at;

		if (parse((struct str){whole, n}, &out, &at) != ERR_INVALID || at > n)
			fail_msg("cut at %zu: at %zu", n, at);
	}
	assert_int_equal(tree(whole)->count, 1);
}

static void any_byte_changed__never_breaks_the_reader(void **state)
{
	char text[] = "{\"a\":[1,-2.5e3,\"x\\u00e4\\ud83d\\ude00\xC3\xA4\",null,true,{\"b\":{}}],"
		      "\"a\":0}";

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		char was = text[i];

		for (int c = 0; c < 256; c++) {
			struct arena_mark mark = arena_mark(arena);
			struct json *out;
			size_t at;

			text[i] = (char)c;
			if (parse((struct str){text, sizeof(text) - 1}, &out, &at) != ERR_OK)
				assert_true(at <= sizeof(text) - 1 && out == NULL);
			arena_rewind(arena, mark);
		}
		text[i] = was;
	}
}

static struct str nested(const char *open, const char *close, size_t depth)
{
	struct buf b;

	buf_init(&b, arena);
	for (size_t i = 0; i < depth; i++)
		buf_str(&b, str_from(open));
	buf_char(&b, '1');
	for (size_t i = 0; i < depth; i++)
		buf_str(&b, str_from(close));
	return buf_view(&b);
}

static void depth__ends_at_the_limit(void **state)
{
	struct json *out;
	size_t at;

	(void)state;
	assert_int_equal(parse(nested("[", "]", LIMIT_JSON_DEPTH), &out, &at), ERR_OK);
	assert_int_equal(parse(nested("{\"a\":", "}", LIMIT_JSON_DEPTH), &out, &at), ERR_OK);
	assert_int_equal(parse(nested("[", "]", LIMIT_JSON_DEPTH + 1), &out, &at), ERR_TOO_LARGE);
	assert_int_equal(at, LIMIT_JSON_DEPTH);
	assert_int_equal(
		parse(nested("{\"a\":", "}", LIMIT_JSON_DEPTH + 1), &out, &at), ERR_TOO_LARGE);
	assert_int_equal(at, LIMIT_JSON_DEPTH * 5);
	assert_int_equal(parse(nested("[", "", 2000000), &out, &at), ERR_TOO_LARGE);
	assert_int_equal(at, LIMIT_JSON_DEPTH);
}

static void nodes__end_at_the_limit(void **state)
{
	struct json *out;
	size_t at;

	(void)state;
	for (size_t children = LIMIT_JSON_NODES - 1; children <= LIMIT_JSON_NODES; children++) {
		struct buf b;

		buf_init(&b, arena);
		for (size_t i = 0; i < children; i++)
			buf_str(&b, i ? STR(",1") : STR("[1"));
		buf_char(&b, ']');
		if (children < LIMIT_JSON_NODES) {
			assert_int_equal(parse(buf_view(&b), &out, &at), ERR_OK);
			assert_int_equal(out->count, children);
		} else {
			assert_int_equal(parse(buf_view(&b), &out, &at), ERR_TOO_LARGE);
			assert_int_equal(at, LIMIT_JSON_NODES * 2 - 1);
		}
	}
}

static void a_repeated_member__keeps_the_last_value(void **state)
{
	struct json *t = tree(
		"{\"b\":1,\"a\":2,\"b\":3,\"c\":4,\"a\":{\"x\":1,\"x\":2},\"A\":5,\"\":6,\"\":7}");
	static const char *const keys[] = {"b", "c", "a", "A", ""};
	size_t i = 0;

	(void)state;
	assert_int_equal(t->count, 5);
	for (const struct json *m = t->first; m != NULL; m = m->next)
		assert_true(str_eq(m->key, str_from(keys[i++])));
	assert_int_equal(i, 5);
	assert_int_equal(json_member(t, "b")->integer, 3);
	assert_int_equal(json_member(t, "")->integer, 7);
	assert_int_equal(json_member(t, "a")->count, 1);
	assert_int_equal(json_member(json_member(t, "a"), "x")->integer, 2);
}

static void many_repeated_members__are_cheap(void **state)
{
	struct json *out;
	struct buf b;
	size_t at;

	(void)state;
	buf_init(&b, arena);
	for (int i = 0; i < LIMIT_JSON_NODES - 1; i++)
		buf_printf(&b, "%c\"key%d\":%d", i ? ',' : '{', i % 10000, i);
	buf_char(&b, '}');
	assert_int_equal(parse(buf_view(&b), &out, &at), ERR_OK);
	assert_int_equal(out->count, 10000);
	assert_int_equal(json_member(out, "key0")->integer, 30000);
	assert_int_equal(json_member(out, "key9999")->integer, 29999);
}

static void members__are_found_only_in_objects(void **state)
{
	(void)state;
	assert_null(json_member(NULL, "a"));
	assert_null(json_member(tree("[\"a\"]"), "a"));
	assert_null(json_member(tree("{\"ab\":1}"), "a"));
	assert_null(json_member(tree("{}"), "a"));
	assert_null(json_member(tree("{\"a\\u0000\":1}"), "a"));
}

static void the_tree__does_not_depend_on_the_text(void **state)
{
	char text[] = "{\"key\":\"value\"}";
	struct json *t = tree(text);

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	assert_true(str_eq(json_member(t, "key")->text, STR("value")));
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_arena, close_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_kind__is_read),
		T(numbers__are_integers_while_they_fit),
		T(escapes__are_decoded),
		T(long_escaped_text__is_whole),
		T(what_is_not_json__is_refused_at_its_place),
		T(every_cut_of_a_text__is_refused_within_it),
		T(any_byte_changed__never_breaks_the_reader),
		T(depth__ends_at_the_limit),
		T(nodes__end_at_the_limit),
		T(a_repeated_member__keeps_the_last_value),
		T(many_repeated_members__are_cheap),
		T(members__are_found_only_in_objects),
		T(the_tree__does_not_depend_on_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
