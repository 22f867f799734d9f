/* SPDX-License-Identifier: MIT
 * Tokens of the filter language: longest match, one-token operators, places, stray characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../src/query/tree.h"

/* clang-format off */
static const char *const kind_names[] = {
	[TOK_END] = "END", [TOK_BAD] = "BAD", [TOK_LPAREN] = "(", [TOK_RPAREN] = ")",
	[TOK_LBRACKET] = "[", [TOK_RBRACKET] = "]", [TOK_COMMA] = ",", [TOK_EQ] = "EQ",
	[TOK_ORDER] = "ORDER", [TOK_IN] = "IN", [TOK_BETWEEN] = "BETWEEN",
	[TOK_CONTAINS] = "CONTAINS", [TOK_ICONTAINS] = "ICONTAINS", [TOK_AND] = "AND",
	[TOK_OR] = "OR", [TOK_NOT] = "NOT", [TOK_ASC] = "ASC", [TOK_DESC] = "DESC",
	[TOK_SORT] = "SORT", [TOK_BY] = "BY", [TOK_SKIP] = "SKIP", [TOK_LIMIT] = "LIMIT",
	[TOK_NONE] = "NONE", [TOK_WHERE] = "WHERE", [TOK_FROM] = "FROM", [TOK_ALL_OF] = "ALLOF",
	[TOK_ANY_OF] = "ANYOF", [TOK_COUNT] = "COUNT", [TOK_IS_EMPTY] = "ISEMPTY",
	[TOK_NULL] = "NULL", [TOK_BOOL] = "BOOL", [TOK_STRING] = "STRING",
	[TOK_NUMBER] = "NUMBER", [TOK_DATETIME] = "DATETIME", [TOK_TIMESTAMP] = "TIMESTAMP",
	[TOK_IDENT] = "IDENT",
};
/* clang-format on */

/* "_KIND{text}" for each token: '_' for white space before it, '!' for a negated operator. */
static struct str shown(struct arena *a, struct str text)
{
	struct query_lexer lex;
	struct buf b;

	buf_init(&b, a);
	query_lex_begin(&lex, text);
	for (;;) {
		struct query_token t = query_lex_next(&lex);

		if (b.n > 0)
			buf_char(&b, ' ');
		buf_printf(
			&b, "%s%s%s", t.space ? "_" : "", t.negated ? "!" : "", kind_names[t.kind]);
		if (t.kind == TOK_END || t.kind == TOK_BAD)
			break;
		buf_printf(&b, "{%.*s}", STR_FMT(t.text));
	}
	return buf_view(&b);
}

struct row {
	const char *in, *want;
};

static void run_rows(const struct row *rows, size_t count)
{
	int failed = 0;

	for (size_t i = 0; i < count; i++) {
		struct arena *a = arena_open();
		struct str got = shown(a, str_from(rows[i].in));

		if (!str_eq(got, str_from(rows[i].want))) {
			print_error("%s\n  got  %.*s\n  want %s\n", rows[i].in, STR_FMT(got),
				rows[i].want);
			failed++;
		}
		arena_close(a);
	}
	assert_int_equal(failed, 0);
}

static void words__are_matched_at_full_length_in_any_case(void **state)
{
	(void)state;

	static const struct row rows[] = {
		{"and or not asc", "AND{and} _OR{or} _NOT{not} _ASC{asc} END"},
		{"AND Or nULL", "AND{AND} _OR{Or} _NULL{nULL} END"},
		{"desc sort by skip limit none", "DESC{desc} _SORT{sort} _BY{by} _SKIP{skip}"
						 " _LIMIT{limit} _NONE{none} END"},
		{"where from ALLOF anyof count isEmpty",
			"WHERE{where} _FROM{from} _ALLOF{ALLOF}"
			" _ANYOF{anyof} _COUNT{count} _ISEMPTY{isEmpty} END"},
		{"TRUE false truex", "BOOL{TRUE} _BOOL{false} _IDENT{truex} END"},
		{"android and_ notx in_ inx containsx",
			"IDENT{android} _IDENT{and_} _IDENT{notx}"
			" _IDENT{in_} _IDENT{inx} _IDENT{containsx} END"},
		{"and.x in.a not.b", "IDENT{and.x} _IDENT{in.a} _IDENT{not.b} END"},
		{"", "END"},
		{" \t\r\n", "_END"},
	};

	run_rows(rows, ARRAY_LEN(rows));
}

static void negated_operators__are_one_token(void **state)
{
	(void)state;

	static const struct row rows[] = {
		{"a not in b", "IDENT{a} _!IN{not in} _IDENT{b} END"},
		{"a NOT\tIN b", "IDENT{a} _!IN{NOT\tIN} _IDENT{b} END"},
		{"a not  in b", "IDENT{a} _NOT{not} _IN{in} _IDENT{b} END"},
		{"not inactive", "!IN{not in} IDENT{active} END"},
		{"not containsx", "!CONTAINS{not contains} IDENT{x} END"},
		{"a not \n contains b", "IDENT{a} _!CONTAINS{not \n contains} _IDENT{b} END"},
		{"a not  icontains b", "IDENT{a} _!ICONTAINS{not  icontains} _IDENT{b} END"},
		{"a not   BETWEEN b", "IDENT{a} _!BETWEEN{not   BETWEEN} _IDENT{b} END"},
		{"notin", "IDENT{notin} END"},
		{"not i", "NOT{not} _IDENT{i} END"},
		{"a!=b", "IDENT{a} !EQ{!=} IDENT{b} END"},
		{"a<b<=c>d>=e", "IDENT{a} ORDER{<} IDENT{b} ORDER{<=} IDENT{c} ORDER{>} IDENT{d}"
				" ORDER{>=} IDENT{e} END"},
	};

	run_rows(rows, ARRAY_LEN(rows));
}

static void names__hold_no_digits_and_dashes_only_behind_a_dot(void **state)
{
	(void)state;

	static const struct row rows[] = {
		{"tags.cost-centre", "IDENT{tags.cost-centre} END"},
		{"a_b.c_-d.e", "IDENT{a_b.c_-d.e} END"},
		{"tags.k9", "IDENT{tags.k} NUMBER{9} END"},
		{"cost-centre", "IDENT{cost} BAD"},
		{"a.", "IDENT{a} BAD"},
		{"a._b", "IDENT{a} BAD"},
		{"_a", "BAD"},
		{"'token'", "IDENT{'token'} END"},
		{"'a.b-c'", "IDENT{'a.b-c'} END"},
		{"'a b'", "BAD"},
		{"'a", "BAD"},
		{"\xc3\xa9", "BAD"},
	};

	run_rows(rows, ARRAY_LEN(rows));
}

static void numbers__have_no_leading_zeros(void **state)
{
	(void)state;

	static const struct row rows[] = {
		{"0 -0 7 -12", "NUMBER{0} _NUMBER{-0} _NUMBER{7} _NUMBER{-12} END"},
		{"007", "NUMBER{0} NUMBER{0} NUMBER{7} END"},
		{"2.50 0.0", "NUMBER{2.50} _NUMBER{0.0} END"},
		{"1e3 1E+3 1.5e-10 1e0",
			"NUMBER{1e3} _NUMBER{1E+3} _NUMBER{1.5e-10} _NUMBER{1e0} END"},
		{"1e05", "NUMBER{1e0} NUMBER{5} END"},
		{"1ex", "NUMBER{1} IDENT{ex} END"},
		{"1.", "NUMBER{1} BAD"},
		{".5", "BAD"},
		{"-", "BAD"},
		{"+1", "BAD"},
	};

	run_rows(rows, ARRAY_LEN(rows));
}

static void strings__hold_no_control_characters_and_few_escapes(void **state)
{
	(void)state;

	static const struct row rows[] = {
		{"\"\" \"a b\"", "STRING{\"\"} _STRING{\"a b\"} END"},
		{"\"\\\"\\\\\\f\\n\\r\\t\"", "STRING{\"\\\"\\\\\\f\\n\\r\\t\"} END"},
		{"\"\xc3\xa9\xf0\x9f\x98\x80\x7f'\"",
			"STRING{\"\xc3\xa9\xf0\x9f\x98\x80\x7f'\"} END"},
		{"\"a\"\"b\"", "STRING{\"a\"} STRING{\"b\"} END"},
		{"\"a\tb\"", "BAD"},
		{"\"a\nb\"", "BAD"},
		{"\"\\q\"", "BAD"},
		{"\"\\u0041\"", "BAD"},
		{"\"\\/\"", "BAD"},
		{"\"\\b\"", "BAD"},
		{"\"a", "BAD"},
		{"\"a\\", "BAD"},
		{"\"a\\\"", "BAD"},
	};

	run_rows(rows, ARRAY_LEN(rows));
}

static void datetimes__are_one_token(void **state)
{
	(void)state;

	static const struct row rows[] = {
		{"datetime(2025-01-02T03:04:05Z)", "DATETIME{datetime(2025-01-02T03:04:05Z)} END"},
		{"datetime( \n2025-01-02t03:04:05.123456789012z\t)",
			"DATETIME{datetime( \n2025-01-02t03:04:05.123456789012z\t)} END"},
		{"datetime(1-12-31T23:59:60-23:59)",
			"DATETIME{datetime(1-12-31T23:59:60-23:59)} END"},
		{"datetime(12345-12-31T00:00:00+00:00)",
			"DATETIME{datetime(12345-12-31T00:00:00+00:00)} END"},
		{"datetime (2025-01-02T03:04:05Z)",
			"IDENT{datetime} _({(} TIMESTAMP{2025-01-02T03:04:05Z} ){)} END"},
		{"DATETIME(2025-01-02T03:04:05Z)",
			"IDENT{DATETIME} ({(} TIMESTAMP{2025-01-02T03:04:05Z} ){)} END"},
		{"2025-01-02T03:04:05Z", "TIMESTAMP{2025-01-02T03:04:05Z} END"},
		{"datetime(2025-13-02T03:04:05Z)", "IDENT{datetime} ({(} NUMBER{2025} NUMBER{-13} "
						   "NUMBER{-0} NUMBER{2} IDENT{T}"
						   " NUMBER{0} NUMBER{3} BAD"},
		{"datetime(2025-00-02T00:00:00Z)",
			"IDENT{datetime} ({(} NUMBER{2025} NUMBER{-0}"
			" NUMBER{0} NUMBER{-0} NUMBER{2} IDENT{T} NUMBER{0} NUMBER{0} BAD"},
		{"datetime(2025-01-02T03:04:05)",
			"IDENT{datetime} ({(} NUMBER{2025} NUMBER{-0}"
			" NUMBER{1} NUMBER{-0} NUMBER{2} IDENT{T} NUMBER{0} NUMBER{3} BAD"},
	};

	run_rows(rows, ARRAY_LEN(rows));
}

static void timestamps__follow_the_grammar(void **state)
{
	(void)state;

	static const struct {
		const char *in;
		size_t want;
	} rows[] = {
		{"2025-01-02T03:04:05Z", 20},
		{"2025-01-02T03:04:05Zx", 20},
		{"2025-01-02T03:04:05.1Z", 22},
		{"2025-01-02T03:04:05+01:30", 25},
		{"2025-01-02T03:04:05.Z", 0},
		{"2025-01-02T03:04:61Z", 0},
		{"2025-01-02T24:04:05Z", 0},
		{"2025-01-32T03:04:05Z", 0},
		{"2025-01-00T03:04:05Z", 0},
		{"2025-01-02T03:60:05Z", 0},
		{"2025-01-02T03:04:05+24:00", 0},
		{"2025-01-02T03:04:05+01:60", 0},
		{"2025-01-02T03:04:05+0100", 0},
		{"2025-1-02T03:04:05Z", 0},
		{"2025-01-02 03:04:05Z", 0},
		{"2025-01-02T03:04Z", 0},
		{"-01-02T03:04:05Z", 0},
		{"", 0},
	};
	int failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t got = query_timestamp_length(str_from(rows[i].in));

		if (got != rows[i].want) {
			print_error("%s: %zu, want %zu\n", rows[i].in, got, rows[i].want);
			failed++;
		}
	}
	assert_int_equal(failed, 0);
}

static void stray_characters__are_found_where_they_stand(void **state)
{
	(void)state;

	static const struct {
		const char *in, *found;
		int line, column;
	} rows[] = {
		{"#", "#", 1, 0},
		{"mfaComplete = # true", "#", 1, 14},
		{"a\n b ;", ";", 2, 3},
		{"a\r\n\n  ! b", "!", 3, 2},
		{"\"\xc3\xa9\xf0\x9f\x98\x80\" \xe2\x82\xac", "\xe2\x82\xac", 1, 5},
		{"x = \"a\\qb\"", "\\", 1, 6},
		{"x = \"a\tb\"", "\t", 1, 6},
		{"x = \"ab", "\"", 1, 4},
		{"x = 'a b'", "'", 1, 4},
		{"x - 5", "-", 1, 2},
		{"a\v", "\v", 1, 1},
		{"a\xc2\xa0", "\xc2\xa0", 1, 1},
	};
	int failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct query_lexer lex;
		struct query_token t;

		query_lex_begin(&lex, str_from(rows[i].in));
		do
			t = query_lex_next(&lex);
		while (t.kind != TOK_BAD && t.kind != TOK_END);
		if (t.kind != TOK_BAD || t.place.line != rows[i].line ||
			t.place.column != rows[i].column ||
			!str_eq(t.text, str_from(rows[i].found))) {
			print_error("%s: %s '%.*s' at %d:%d\n", rows[i].in, kind_names[t.kind],
				STR_FMT(t.text), t.place.line, t.place.column);
			failed++;
		}
	}
	assert_int_equal(failed, 0);
}

static void a_nul_byte__is_a_stray_character(void **state)
{
	(void)state;

	static const struct str in[] = {{"\0", 1}, {"\"\0\"", 3}, {"\"\\\0\"", 4}};

	for (size_t i = 0; i < ARRAY_LEN(in); i++) {
		struct query_lexer lex;

		query_lex_begin(&lex, in[i]);
		assert_int_equal(query_lex_next(&lex).kind, TOK_BAD);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words__are_matched_at_full_length_in_any_case),
		cmocka_unit_test(negated_operators__are_one_token),
		cmocka_unit_test(names__hold_no_digits_and_dashes_only_behind_a_dot),
		cmocka_unit_test(numbers__have_no_leading_zeros),
		cmocka_unit_test(strings__hold_no_control_characters_and_few_escapes),
		cmocka_unit_test(datetimes__are_one_token),
		cmocka_unit_test(timestamps__follow_the_grammar),
		cmocka_unit_test(stray_characters__are_found_where_they_stand),
		cmocka_unit_test(a_nul_byte__is_a_stray_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
