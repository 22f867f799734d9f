/* SPDX-License-Identifier: MIT
 * Views of bytes: comparing, splitting, numbers, UTF-8, percent-decoding, hex, base64url. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"

/* clang-format off */
#define BYTES(lit) {lit, sizeof(lit) - 1}
/* clang-format on */

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

/* A copy that ends where its memory ends, so that ASan finds a read past the end. */
static struct str tight(struct str s)
{
	char *p = arena_alloc(arena, s.n);

	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct str){p, s.n};
}

static void comparing__knows_length_case_and_content(void **state)
{
	static const struct {
		const char *a, *b;
		bool same, nocase;
	} rows[] = {
		{"", "", true, true},
		{"abc", "abc", true, true},
		{"abc", "ABC", false, true},
		{"abc", "abd", false, false},
		{"abc", "abcd", false, false},
		{"a[", "A{", false, false}, /* 0x5B and 0x7B differ by the case bit only */
		{"@", "`", false, false},
		{"\xC3\x84", "\xC3\xA4", false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str a = str_from(rows[i].a), b = str_from(rows[i].b);

		if (str_eq(a, b) != rows[i].same || str_eq_secret(a, b) != rows[i].same ||
			str_eq_nocase(a, b) != rows[i].nocase)
			fail_msg("%s against %s", rows[i].a, rows[i].b);
	}
	assert_true(str_eq(STR("ab\0c"), STR("ab\0c")));
	assert_false(str_eq_secret(STR("ab\0c"), STR("ab\0d")));
	assert_true(str_starts(STR("Bearer x"), STR("Bearer ")));
	assert_true(str_starts(STR("x"), STR("")));
	assert_true(str_starts(STR_NONE, STR_NONE));
	assert_false(str_starts(STR("Bear"), STR("Bearer")));
	assert_false(str_starts(STR("Cearer"), STR("Bearer")));
}

static void trim__takes_blanks_at_both_ends(void **state)
{
	(void)state;
	assert_true(str_eq(str_trim(STR(" \t a b\t ")), STR("a b")));
	assert_int_equal(str_trim(STR(" \t ")).n, 0);
	assert_int_equal(str_trim(STR_NONE).n, 0);
	assert_true(str_eq(str_trim(STR("\na\n")), STR("\na\n")));
}

static void split__keeps_empty_parts(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"a,,b", "[a][][b]"},
		{"", "[]"},
		{"a", "[a]"},
		{",", "[][]"},
		{"a,b,", "[a][b][]"},
		{",a", "[][a]"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str rest = str_from(rows[i].in), part;
		char *got = arena_dup(arena, "", 0);

		while (str_split(&rest, ',', &part))
			got = arena_printf(arena, "%s[%.*s]", got, STR_FMT(part));
		if (strcmp(got, rows[i].want))
			fail_msg("%s: got %s", rows[i].in, got);
	}
	assert_false(str_split(&(struct str){NULL, 0}, ',', &(struct str){NULL, 0}));
}

static void copies__end_in_nul_and_keep_none(void **state)
{
	struct str copy = str_dup(arena, (struct str){"abcdef", 3});

	(void)state;
	assert_string_equal(copy.p, "abc");
	assert_int_equal(copy.n, 3);
	assert_null(str_dup(arena, STR_NONE).p);
	assert_non_null(str_dup(arena, STR("")).p);
	assert_true(str_eq(str_printf(arena, "%d%s", 7, "x"), STR("7x")));
}

static void integers__are_read_to_the_last_value(void **state)
{
	static const struct {
		const char *in;
		enum str_int want;
		int64_t value;
	} rows[] = {
		{"0", STR_INT_OK, 0},
		{"-0", STR_INT_OK, 0},
		{"+5", STR_INT_OK, 5},
		{"007", STR_INT_OK, 7},
		{"-42", STR_INT_OK, -42},
		{"9223372036854775807", STR_INT_OK, INT64_MAX},
		{"-9223372036854775808", STR_INT_OK, INT64_MIN},
		{"9223372036854775808", STR_INT_RANGE, 0},
		{"-9223372036854775809", STR_INT_RANGE, 0},
		{"99999999999999999999999999", STR_INT_RANGE, 0},
		{"00000000000000000000000000001", STR_INT_OK, 1},
		{"99999999999999999999999999x", STR_INT_SYNTAX, 0},
		{"", STR_INT_SYNTAX, 0},
		{"-", STR_INT_SYNTAX, 0},
		{"+", STR_INT_SYNTAX, 0},
		{"--1", STR_INT_SYNTAX, 0},
		{" 1", STR_INT_SYNTAX, 0},
		{"1 ", STR_INT_SYNTAX, 0},
		{"1.0", STR_INT_SYNTAX, 0},
		{"1e3", STR_INT_SYNTAX, 0},
		{"0x10", STR_INT_SYNTAX, 0},
		{"1_000", STR_INT_SYNTAX, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t v = 99;
		enum str_int got = str_to_i64(tight(str_from(rows[i].in)), &v);

		if (got != rows[i].want || v != (got == STR_INT_OK ? rows[i].value : 99))
			fail_msg("\"%s\": got %d and %lld", rows[i].in, (int)got, (long long)v);
	}
	assert_int_equal(str_to_i64((struct str){"1\0", 2}, &(int64_t){0}), STR_INT_SYNTAX);
}

#define R "\xEF\xBF\xBD"

static void ill_formed_utf8__is_replaced_by_maximal_parts(void **state)
{
	static const struct {
		const char *name;
		struct str in, want;
	} rows[] = {
		{"ascii", BYTES("plain text of more than eight"),
			BYTES("plain text of more than eight")},
		{"nul", BYTES("a\0b"), BYTES("a\0b")},
		{"two three four", BYTES("\xC2\x80\xE2\x82\xAC\xF0\x9F\x98\x80"),
			BYTES("\xC2\x80\xE2\x82\xAC\xF0\x9F\x98\x80")},
		{"last code point", BYTES("\xF4\x8F\xBF\xBF"), BYTES("\xF4\x8F\xBF\xBF")},
		{"around the surrogates", BYTES("\xED\x9F\xBF\xEE\x80\x80"),
			BYTES("\xED\x9F\xBF\xEE\x80\x80")},
		{"lone continuation", BYTES("a\x80z"), BYTES("a" R "z")},
		{"overlong slash", BYTES("\xC0\xAF"), BYTES(R R)},
		{"overlong three", BYTES("\xE0\x80\xAF"), BYTES(R R R)},
		{"overlong four", BYTES("\xF0\x80\x80\xAF"), BYTES(R R R R)},
		{"surrogate", BYTES("\xED\xA0\x80"), BYTES(R R R)},
		{"past the last", BYTES("\xF4\x90\x80\x80"), BYTES(R R R R)},
		{"never bytes", BYTES("\xFE\xFF\xF5"), BYTES(R R R)},
		{"cut at the end", BYTES("abc\xF0\x9F\x98"), BYTES("abc" R)},
		{"cut two", BYTES("\xC3"), BYTES(R)},
		{"cut in the middle", BYTES("\xE2\x82z\xE2z"), BYTES(R "z" R "z")},
		{"cut by a lead", BYTES("\xE2\x82\xC3\xA4"), BYTES(R "\xC3\xA4")},
		{"late", BYTES("0123456789abcdef\xFF"), BYTES("0123456789abcdef" R)},
		{"empty", BYTES(""), BYTES("")},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str in = tight(rows[i].in), got = str_to_utf8(arena, in);
		bool fine = str_eq(rows[i].in, rows[i].want);

		if (!str_eq(got, rows[i].want) || str_is_utf8(in) != fine ||
			(fine && got.p != in.p))
			fail_msg("%s", rows[i].name);
		assert_true(str_is_utf8(got));
	}
	assert_null(str_to_utf8(arena, STR_NONE).p);
	assert_true(str_is_utf8(STR_NONE));
}

static void code_points__come_one_by_one(void **state)
{
	static const uint32_t want[] = {'a', 0xE4, 0x20AC, 0x1F600, 0xFFFD, 'z'};
	struct str s = tight(STR("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\xE2\x82z"));
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		assert_int_equal(str_code_point(s, &at), want[i]);
	assert_int_equal(at, s.n);
}

static void percent_decoding__leaves_what_is_no_escape(void **state)
{
	static const struct {
		const char *in, *want;
		bool plus;
	} rows[] = {
		{"plain", "plain", true},
		{"a+b", "a b", true},
		{"a+b", "a+b", false},
		{"a%2Bb%2b", "a+b+", true},
		{"%41%C3%A4", "A\xC3\xA4", false},
		{"100%", "100%", false},
		{"%4", "%4", false},
		{"%zz%4g", "%zz%4g", false},
		{"%%41", "%A", false},
		{"%2541", "%41", false},
		{"", "", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str got =
			str_percent_decode(arena, tight(str_from(rows[i].in)), rows[i].plus);

		if (!str_eq(got, str_from(rows[i].want)))
			fail_msg("%s: got %.*s", rows[i].in, STR_FMT(got));
	}
	assert_true(str_eq(str_percent_decode(arena, STR("a%00b"), false), STR("a\0b")));
	assert_null(str_percent_decode(arena, STR_NONE, true).p);
}

static void percent_encoding__keeps_only_the_unreserved(void **state)
{
	struct str got = str_percent_encode(arena, STR("aZ09-._~ /?%+\0\xC3\xA4"));

	(void)state;
	assert_string_equal(got.p, "aZ09-._~%20%2F%3F%25%2B%00%C3%A4");
	assert_int_equal(got.n, strlen(got.p));
	assert_int_equal(str_percent_encode(arena, STR("")).n, 0);
}

static void hex__is_lower_case(void **state)
{
	(void)state;
	assert_string_equal(str_hex(arena, "\x00\x7f\xff\xa5", 4).p, "007fffa5");
	assert_string_equal(str_hex(arena, "", 0).p, "");
}

static void base64url__of_rfc_4648_goes_both_ways(void **state)
{
	static const struct {
		struct str bytes, text;
	} rows[] = {
		{BYTES(""), BYTES("")},
		{BYTES("f"), BYTES("Zg")},
		{BYTES("fo"), BYTES("Zm8")},
		{BYTES("foo"), BYTES("Zm9v")},
		{BYTES("foob"), BYTES("Zm9vYg")},
		{BYTES("fooba"), BYTES("Zm9vYmE")},
		{BYTES("foobar"), BYTES("Zm9vYmFy")},
		{BYTES("\xfb\xff\xfe"), BYTES("-__-")},
		{BYTES("\0\0\0"), BYTES("AAAA")},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str text = str_base64url(arena, rows[i].bytes.p, rows[i].bytes.n);
		struct str back = str_base64url_decode(arena, tight(rows[i].text));

		if (!str_eq(text, rows[i].text) || back.p == NULL || !str_eq(back, rows[i].bytes))
			fail_msg("%.*s", STR_FMT(rows[i].text));
	}
}

static void base64url_that_is_not_canonical__is_refused(void **state)
{
	/* clang-format off */
	static const char *const rows[] = {
		"A", "AAAAA", "Zg==", "Zg=", "Zh", "Zm9", "Zm8v+A", "Zm8/", "Zm8 ", "Z\n8v",
		"\xC3\xA4\xC3\xA4",
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (str_base64url_decode(arena, tight(str_from(rows[i]))).p != NULL)
			fail_msg("%s was taken", rows[i]);
	assert_null(str_base64url_decode(arena, STR_NONE).p);
	assert_null(str_base64url_decode(arena, STR("Zm\0v")).p);
}

static void base64url_of_any_bytes__comes_back(void **state)
{
	unsigned char b[256];

	(void)state;
	for (size_t n = 0; n < sizeof(b); n++) {
		b[n] = (unsigned char)(n * 167 + 13);

		struct str text = str_base64url(arena, b, n);
		struct str back = str_base64url_decode(arena, text);

		assert_int_equal(text.n, (n * 4 + 2) / 3);
		assert_int_equal(back.n, n);
		assert_memory_equal(back.p, b, n);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_arena, close_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(comparing__knows_length_case_and_content),
		T(trim__takes_blanks_at_both_ends),
		T(split__keeps_empty_parts),
		T(copies__end_in_nul_and_keep_none),
		T(integers__are_read_to_the_last_value),
		T(ill_formed_utf8__is_replaced_by_maximal_parts),
		T(code_points__come_one_by_one),
		T(percent_decoding__leaves_what_is_no_escape),
		T(percent_encoding__keeps_only_the_unreserved),
		T(hex__is_lower_case),
		T(base64url__of_rfc_4648_goes_both_ways),
		T(base64url_that_is_not_canonical__is_refused),
		T(base64url_of_any_bytes__comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
