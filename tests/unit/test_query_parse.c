/* SPDX-License-Identifier: MIT
 * Grammar of the filter language: what is a sentence of it, where the first fault is said to be,
 * the shape of the tree, the limits. Names mean nothing here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../src/query/tree.h"

struct row {
	const char *in;
	int line, column;             /* of the fault; line 0: none */
	const char *found, *expected; /* NULL: not asked; `expected` is a part */
};

static bool contains(struct str s, const char *part)
{
	for (size_t i = 0; i + strlen(part) <= s.n; i++)
		if (memcmp(s.p + i, part, strlen(part)) == 0)
			return true;
	return false;
}

static bool as_wanted(const struct row *row, enum err err, const struct query_error *e)
{
	if (row->line == 0)
		return err == ERR_OK;
	return err == ERR_INVALID_FILTER && e->code == err && e->line == row->line &&
	       e->column == row->column && e->message.n > 0 &&
	       (row->found == NULL || str_eq(e->found, str_from(row->found))) &&
	       (row->expected == NULL || contains(e->expected, row->expected));
}

static void run_rows(const struct row *rows, size_t count)
{
	int failed = 0;

	for (size_t i = 0; i < count; i++) {
		struct arena *a = arena_open();
		struct query *q;
		struct query_error e;
		enum err err = query_parse(a, str_from(rows[i].in), &q, &e);

		if (!as_wanted(&rows[i], err, &e) || (err == ERR_OK) != (q != NULL)) {
			print_error(
				"%s\n  %s: %.*s\n", rows[i].in, err_text(err), STR_FMT(e.message));
			failed++;
		}
		arena_close(a);
	}
	assert_int_equal(failed, 0);
}

static void sentences__are_accepted(void **state)
{
	(void)state;

	static const struct row rows[] = {
		{.in = ""},
		{.in = NULL},
		{.in = "true"},
		{.in = " \n a \t"},
		{.in = "a=5"},
		{.in = "a  =  5"},
		{.in = "a!=null"},
		{.in = "a = TRUE"},
		{.in = "a<\"x\""},
		{.in = "a >= datetime(2025-01-01T00:00:00Z)"},
		{.in = "a in [1,2 , 3 ]"},
		{.in = "a  not in  [ \"x\" ]"},
		{.in = "a in [datetime(2025-01-01T00:00:00Z)]"},
		{.in = "a between 1 and 2.5"},
		{.in = "a not  between  -1  AND  2"},
		{.in = "a between datetime(2025-01-01T00:00:00Z) and "
		       "datetime(2025-01-02T00:00:00Z)"},
		{.in = "a contains \"x\""},
		{.in = "a not contains 5"},
		{.in = "a icontains \"x\""},
		{.in = "count(a)contains 1"},
		{.in = "anyOf(a)=1"},
		{.in = "anyOf( a ) in [1]"},
		{.in = "allOf(a) != null"},
		{.in = "isEmpty( a )"},
		{.in = "not isEmpty(a)"},
		{.in = "isEmpty(from a where b = 1 sort by c skip 1 limit none)"},
		{.in = "count( from a where true ) > 3"},
		{.in = "count(from a where isEmpty(from b where limit 3)) = 1"},
		{.in = "(a)"},
		{.in = "( ( a ) )"},
		{.in = "not (a)"},
		{.in = "not not a"},
		{.in = "(a) and (b)"},
		{.in = "a and not b or not (c)"},
		{.in = "a=5 and b=6"},
		{.in = "sort by a"},
		{.in = "sort by a desc, b ASC ,c"},
		{.in = "a sort by b skip 5 limit 6"},
		{.in = "skip 5"},
		{.in = "skip 5 limit none"},
		{.in = "limit -1"},
		{.in = "true limit 2.0"},
		{.in = "(a)  limit 1"},
	};

	run_rows(rows, ARRAY_LEN(rows));
}

static void faults__are_found_where_they_stand(void **state)
{
	(void)state;

	static const struct row rows[] = {
		{"   ", 1, 3, "", "a condition"},
		{"a = # true", 1, 4, "#", "a string"},
		{"a = \"x", 1, 4, "\"", "closing"},
		{"a = \"\\q\"", 1, 5, "\\", "escapes"},
		{"a ! = 5", 1, 2, "!", "\"!=\""},
		{"a\nb", 2, 0, "b", "operator"},
		{"a =", 1, 3, "", "a string"},
		{"a = b", 1, 4, "b", "null"},
		{"5 = a", 1, 0, "5", "a condition"},
		{"a < true", 1, 4, "true", "datetime"},
		{"a < null", 1, 4, "null", NULL},
		{"a in[1]", 1, 4, "[", "white space"},
		{"count(a)in [1]", 1, 8, "in", "white space"},
		{"a in 1", 1, 5, "1", "'['"},
		{"a in []", 1, 6, "]", "a string"},
		{"a in [1,]", 1, 8, "]", "a string"},
		{"a in [1 2]", 1, 8, "2", "','"},
		{"a in [1, \"x\"]", 1, 9, "\"x\"", "same kind"},
		{"a in [true]", 1, 6, "true", NULL},
		{"a in [1", 1, 7, "", "']'"},
		{"a not  in [1]", 1, 2, "not", "operator"},
		{"a between 1 and datetime(2025-01-01T00:00:00Z)", 1, 16, NULL, "a number"},
		{"a between \"x\" and \"y\"", 1, 10, "\"x\"", "a number"},
		{"a between 1", 1, 11, "", "\"and\""},
		{"a between 1and 2", 1, 11, "and", "white space"},
		{"a between 1 and", 1, 15, "", "a number"},
		{"a contains\"x\"", 1, 10, "\"x\"", "white space"},
		{"a contains true", 1, 11, "true", NULL},
		{"a icontains 5", 1, 12, "5", "a string"},
		{"a icontains\"x\"", 1, 11, "\"x\"", "white space"},
		{"not(a)", 1, 3, "(", "white space"},
		{"not", 1, 3, "", "a condition"},
		{"not inactive", 1, 0, "not in", "parentheses"},
		{"a and", 1, 5, "", "a condition"},
		{"(a)and b", 1, 3, "and", "white space"},
		{"(a) and(b)", 1, 7, "(", "white space"},
		{"a = 5and b", 1, 5, "and", "white space"},
		{"(a", 1, 2, "", "')'"},
		{"a)", 1, 1, ")", "the end"},
		{"()", 1, 1, ")", "a condition"},
		{"(sort by a)", 1, 1, "sort", "a condition"},
		{"anyOf(a)", 1, 8, "", "an operator"},
		{"anyOf (a) = 1", 1, 6, "(", "without white space"},
		{"anyOf(from a where b) = 1", 1, 6, "from", "a name"},
		{"isEmpty(a) = false", 1, 11, "=", "\"and\""},
		{"isEmpty(5)", 1, 8, "5", "a name"},
		{"isEmpty(a b)", 1, 10, "b", "')'"},
		{"isEmpty(from a b)", 1, 15, "b", "\"where\""},
		{"isEmpty(from a where)", 1, 20, ")", NULL},
		{"isEmpty(from a where b limit 1 skip 1)", 1, 31, "skip", "')'"},
		{"true true", 1, 5, "true", "\"and\""},
		{"a limit 1 skip 1", 1, 10, "skip", "the end"},
		{"a skip 1 sort by b", 1, 9, "sort", "\"limit\""},
		{"a limit 1 limit 1", 1, 10, "limit", "the end"},
		{"a limit", 1, 7, "", "\"none\""},
		{"a limit all", 1, 8, "all", "\"none\""},
		{"a skip none", 1, 7, "none", "a number"},
		{"(a)limit 1", 1, 3, "limit", "white space"},
		{"sort a", 1, 5, "a", "\"by\""},
		{"sort by", 1, 7, "", "the name"},
		{"sort by 5", 1, 8, "5", "the name"},
		{"sort by a,", 1, 10, "", "the name"},
		{"sort by a desc asc", 1, 15, "asc", "','"},
		{"a = 'b'", 1, 4, "'b'", "a string"},
		{"a 2025-01-01T00:00:00Z", 1, 2, "2025-01-01T00:00:00Z", NULL},
		{"a > 2025-01-01T00:00:00Z", 1, 4, "2025-01-01T00:00:00Z", "datetime(...)"},
		{"a > datetime (2025-01-01T00:00:00Z)", 1, 4, "datetime", "datetime(...)"},
		{"a =\n\n  b", 3, 2, "b", NULL},
		{"\"\xc3\xa9\xc3\xa9\" = b", 1, 0, "\"\xc3\xa9\xc3\xa9\"", NULL},
		{"a = \"\xf0\x9f\x98\x80\" b", 1, 8, "b", NULL},
	};

	run_rows(rows, ARRAY_LEN(rows));
}

static void literals_without_a_value__are_faults_behind_those_of_syntax(void **state)
{
	(void)state;

	static const struct row rows[] = {
		{"a = 1e999", 1, 4, "1e999", NULL},
		{"a = -1e999", 1, 4, "-1e999", NULL},
		{"a = 1e308", 0, 0, NULL, NULL},
		{"a = 1e-999", 0, 0, NULL, NULL},
		{"a = datetime(2025-02-29T00:00:00Z)", 1, 4, "datetime(2025-02-29T00:00:00Z)",
			NULL},
		{"a = datetime(2024-02-29T00:00:00Z)", 0, 0, NULL, NULL},
		{"a = datetime(2025-01-01T00:00:60Z)", 1, 4, NULL, NULL},
		{"a = datetime(12025-01-01T00:00:00Z)", 1, 4, NULL, NULL},
		{"a = datetime(925-01-01T00:00:00Z)", 1, 4, NULL, NULL},
		{"a = datetime(0000-01-01T00:00:00Z)", 0, 0, NULL, NULL},
		{"a in [1, 1e999, 1e998]", 1, 9, "1e999", NULL},
		{"a = 1e999 and b = 1e998", 1, 4, NULL, NULL},
		{"a = 1e999 and", 1, 13, "", "a condition"},
		{"isEmpty(from a where b = 1e999)", 1, 25, NULL, NULL},
		{"limit 1e999", 1, 6, NULL, NULL},
	};

	run_rows(rows, ARRAY_LEN(rows));
}

/* head, `n` times part, tail */
static struct str repeated(
	struct arena *a, const char *head, const char *part, size_t n, const char *tail)
{
	struct buf b;

	buf_init(&b, a);
	buf_str(&b, str_from(head));
	for (size_t i = 0; i < n; i++)
		buf_str(&b, str_from(part));
	buf_str(&b, str_from(tail));
	return buf_view(&b);
}

static void limits__hold_and_name_themselves(void **state)
{
	(void)state;

	static const struct {
		const char *head, *part, *middle, *end;
		size_t n;
		const char *message; /* a part; NULL: accepted */
	} rows[] = {
		{"", "(", "a", ")", 64, NULL},
		{"", "(", "a", ")", 65, "64 levels"},
		{"", "(", "a", ")", 4000, "64 levels"},
		{"", "not ", "a", "", 64, NULL},
		{"", "not ", "a", "", 65, "64 levels"},
		{"", "not a and ", "a", "", 64, NULL},
		{"", "not a and ", "a", "", 65, "64 levels"},
		{"", "(not ", "a", ")", 32, NULL},
		{"", "(not ", "a", ")", 33, "64 levels"},
		{"", "isEmpty(from a where ", "a", ")", 64, NULL},
		{"", "isEmpty(from a where ", "a", ")", 65, "64 levels"},
		{"", "a and ", "a", "", 1300, NULL},
		{"", "a or a and ", "a", "", 700, NULL},
		{"", "(a) or ", "a", "", 1100, NULL},
		{"", "(not a) or ", "a", "", 700, NULL},
		{"a in [", "1,", "1]", "", 499, NULL},
		{"a in [", "1,", "1]", "", 500, "limit of 500 in one list"},
		{"sort by ", "a,", "a", "", 7, NULL},
		{"sort by ", "a,", "a", "", 8, "limit of 8"},
		{"", " ", "a", "", 8191, NULL},
		{"", " ", "a", "", 8192, "limit of 8192 bytes"},
	};
	int failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_open();
		struct str head =
			repeated(a, rows[i].head, rows[i].part, rows[i].n, rows[i].middle);
		size_t ends = *rows[i].end ? rows[i].n : 0;
		struct query *q;
		struct query_error e;
		/* A view has no NUL at its end. */
		struct str text = repeated(a, str_dup(a, head).p, rows[i].end, ends, "");
		enum err err = query_parse(a, text, &q, &e);

		if (rows[i].message != NULL
				? err != ERR_INVALID_FILTER || !contains(e.message, rows[i].message)
				: err != ERR_OK) {
			print_error("row %zu: %.*s\n", i, STR_FMT(e.message));
			failed++;
		}
		arena_close(a);
	}
	assert_int_equal(failed, 0);
}

/* The tree of a chain from its right end, fully parenthesised. */
static void show(struct buf *b, const struct query_chain *chain, size_t at)
{
	const struct query_link *link = &chain->links[at];

	for (size_t i = 0; i < link->nots; i++)
		buf_str(b, STR("!("));
	if (link->prime->kind == NODE_GROUP)
		show(b, &link->prime->group, 0);
	else
		buf_printf(b, "<%.*s>", STR_FMT(link->prime->source));
	if (!link->last) {
		buf_str(b, link->is_or ? STR(" | (") : STR(" & ("));
		show(b, chain, at + 1);
		buf_char(b, ')');
	}
	for (size_t i = 0; i < link->nots; i++)
		buf_char(b, ')');
}

static void and_or_not__reach_to_the_right_without_precedence(void **state)
{
	(void)state;

	static const struct {
		const char *in, *want;
	} rows[] = {
		{"a and b or c", "<a> & (<b> | (<c>))"},
		{"a or b and c", "<a> | (<b> & (<c>))"},
		{"(a and b) or c", "<a> & (<b>) | (<c>)"},
		{"not a and b", "!(<a> & (<b>))"},
		{"not a or b", "!(<a> | (<b>))"},
		{"a and not b or c", "<a> & (!(<b> | (<c>)))"},
		{"not not a", "!(!(<a>))"},
		{"(not a) and b", "!(<a>) & (<b>)"},
		{"a = 1 and b between 1 and 2 or c in [1,\n2]",
			"<a = 1> & (<b between 1 and 2> | (<c in [1,\n2]>))"},
		{"count( a )>=2 or isEmpty(b)", "<count( a )>=2> | (<isEmpty(b)>)"},
	};
	int failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_open();
		struct query *q = NULL;
		struct query_error e;
		struct buf b;

		buf_init(&b, a);
		if (query_parse(a, str_from(rows[i].in), &q, &e) == ERR_OK)
			show(&b, &q->where, 0);
		if (!str_eq(buf_view(&b), str_from(rows[i].want))) {
			print_error("%s\n  got  %.*s\n  want %s\n", rows[i].in,
				STR_FMT(buf_view(&b)), rows[i].want);
			failed++;
		}
		arena_close(a);
	}
	assert_int_equal(failed, 0);
}

static void the_parts_of_a_query__are_kept(void **state)
{
	(void)state;

	struct arena *a = arena_open();
	struct query *q;
	struct query_error e;

	assert_int_equal(
		query_parse(a, STR("a sort by b desc, c.d skip 5 limit none"), &q, &e), ERR_OK);
	assert_true(q->has_where);
	assert_int_equal(q->key_count, 2);
	assert_true(str_eq(q->keys[0].name, STR("b")) && q->keys[0].desc);
	assert_true(str_eq(q->keys[1].name, STR("c.d")) && !q->keys[1].desc);
	assert_true(q->has_skip && q->skip.i == 5);
	assert_true(q->has_limit && q->limit.i == -1);
	assert_int_equal(query_parse(a, STR("limit 7"), &q, &e), ERR_OK);
	assert_false(q->has_where || q->has_skip || q->key_count);
	assert_true(q->has_limit && q->limit.i == 7);
	arena_close(a);
}

static void ill_formed_text__reads_as_replacement_characters(void **state)
{
	(void)state;

	struct arena *a = arena_open();
	struct query *q;
	struct query_error e;

	assert_int_equal(query_parse(a, STR("a = \"\xff\""), &q, &e), ERR_OK);
	assert_true(str_eq(q->where.links[0].prime->values[0].s, STR("\xef\xbf\xbd")));
	assert_int_equal(query_parse(a, STR("a \xff"), &q, &e), ERR_INVALID_FILTER);
	assert_true(str_is_utf8(e.message));
	assert_true(str_eq(e.found, STR("\xef\xbf\xbd")));
	arena_close(a);
}

static void long_tokens__are_cut_in_messages_between_characters(void **state)
{
	(void)state;

	struct arena *a = arena_open();
	struct query *q;
	struct query_error e;
	struct str text = repeated(a, "a > 5 \"x", "\xc3\xa9", 1000, "\"");

	assert_int_equal(query_parse(a, text, &q, &e), ERR_INVALID_FILTER);
	assert_true(str_is_utf8(e.message));
	assert_in_range(e.message.n, 64, 300);
	assert_int_equal(e.found.n, 2003);
	arena_close(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentences__are_accepted),
		cmocka_unit_test(faults__are_found_where_they_stand),
		cmocka_unit_test(literals_without_a_value__are_faults_behind_those_of_syntax),
		cmocka_unit_test(limits__hold_and_name_themselves),
		cmocka_unit_test(and_or_not__reach_to_the_right_without_precedence),
		cmocka_unit_test(the_parts_of_a_query__are_kept),
		cmocka_unit_test(ill_formed_text__reads_as_replacement_characters),
		cmocka_unit_test(long_tokens__are_cut_in_messages_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
