/* SPDX-License-Identifier: MIT
 * What a filter compiles to, without a server: the shapes that indexes and prepared handles rely
 * on, the arguments, and that no text of a client gets into the SQL. That the SQL means what the
 * language says is shown by tests/db/test_query_property.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/query_fields.h"
#include "lib/query_random.h"

static struct sql composed(struct arena *a, struct str filter, const char *sort, bool order)
{
	struct query *q;
	struct query_error e;
	struct sql sql;

	if (query_parse(a, filter, &q, &e) ||
		query_check(q, &query_test_fields, str_from(sort), &e))
		fail_msg("%.*s: %.*s", STR_FMT(filter), STR_FMT(e.message));
	sql_begin(&sql, a, SQL_READ, "s");
	if (order)
		query_order(q, &sql);
	else
		query_where(q, &sql);
	return sql;
}

static struct str arguments(struct arena *a, const struct sql *sql)
{
	struct buf b;

	buf_init(&b, a);
	for (size_t i = 0; i < sql->arg_count; i++) {
		const struct db_val *v = &sql->args[i];

		buf_str(&b, i ? STR(" ") : STR(""));
		buf_char(&b, v->letter);
		if (v->null)
			buf_str(&b, STR("NULL"));
		else if (v->letter == 's' || v->letter == 'b')
			buf_printf(&b, "[%.*s]",
				STR_FMT(v->letter == 's' ? v->u.s
							 : str_hex(a, v->u.s.p, v->u.s.n)));
		else if (v->letter == 'd')
			buf_printf(&b, "%g", v->u.d);
		else
			buf_printf(&b, "%lld", (long long)v->u.i);
	}
	return buf_view(&b);
}

#define MAPPED "b[00000000000000000000ffff]"

struct row {
	const char *in, *sql, *args; /* NULL: not asked */
};

static void run_rows(const struct row *rows, size_t count)
{
	int failed = 0;

	for (size_t i = 0; i < count; i++) {
		struct arena *a = arena_open();
		struct sql sql = composed(a, str_from(rows[i].in), NULL, false);
		struct str args = arguments(a, &sql);

		if ((rows[i].sql != NULL && !str_eq(buf_view(&sql.text), str_from(rows[i].sql))) ||
			(rows[i].args != NULL && !str_eq(args, str_from(rows[i].args)))) {
			print_error("%s\n  %.*s\n  %.*s\n", rows[i].in,
				STR_FMT(buf_view(&sql.text)), STR_FMT(args));
			failed++;
		}
		arena_close(a);
	}
	assert_int_equal(failed, 0);
}

static void plain_fields__keep_a_shape_that_an_index_serves(void **state)
{
	(void)state;

	static const struct row rows[] = {
		{"", "(TRUE)", ""},
		{"limit 4", "(TRUE)", ""},
		{"true", "((TRUE))", ""},
		{"token = \"x\"", "(((q.token <=> ?)))", "s[x]"},
		{"token != \"x\"", "(((NOT (q.token <=> ?))))", "s[x]"},
		{"token < \"x\"", "(((q.token IS NOT NULL AND q.token < ?)))", "s[x]"},
		{"token in [\"x\", \"y\"]", "(((q.token IS NOT NULL AND q.token IN (?, ?))))",
			"s[x] s[y]"},
		{"token = null", "(((q.token IS NULL)))", ""},
		{"isSystem", "((((q.is_system IS TRUE) = ?)))", "i1"},
		{"createdAt >= datetime(2025-01-01T00:00:00Z)",
			"(((q.created_at IS NOT NULL AND q.created_at >= ?)))", "t1735689600000"},
	};

	run_rows(rows, ARRAY_LEN(rows));
}

static void values__are_bound_as_the_left_side_needs_them(void **state)
{
	(void)state;

	static const struct row rows[] = {
		{"token = 7", NULL, "s[7]"},
		{"token = 7.50", NULL, "s[7.5]"},
		{"token in [1, 1e3]", NULL, "s[1] s[1000]"},
		{"token in [9007199254740993]", NULL, "s[9007199254740993]"},
		{"token in [9007199254740993, 7.50]", NULL, "s[9007199254740992] s[7.5]"},
		{"token contains 5.0", NULL, "s[5]"},
		{"isSystem = false", NULL, "i0"},
		{"tags.a-b = 2.5", NULL, "s[$.\"a-b\"] s[$.\"a-b\"] d2.5"},
		{"tags.a in [1, 2.5]", NULL, "s[$.\"a\"] s[$.\"a\"] d1 d2.5"},
		{"tags.a", NULL, "s[$.\"a\"] i1"},
		{"tags.a = null", NULL, "s[$.\"a\"]"},
		{"tags.a.b = null", NULL, "sNULL"},
		{"count(configTypes) = 2", NULL, "i2"},
		{"count(configTypes) < 2.5", NULL, "d2.5"},
		{"count(configTypes) in [\"2\"]", NULL, "s[2]"},
		{"anyOf(configTypes) = 2", NULL, "s[2]"},
		{"ipAddress = \"10.0.0.0/8\"", NULL, MAPPED " i4 i4 b[0a000000] b[0affffff]"},
		{"ipAddress = \"10.0.0.1\"", NULL, MAPPED " i4 i4 b[0a000001] b[0a000001]"},
		{"ipAddress = \"::ffff:10.0.0.0/104\"", NULL,
			MAPPED " i4 i4 b[0a000000] b[0affffff]"},
		{"ipAddress > \"10.9.8.7:443\"", NULL, "s[10.9.8.7:443]"},
		{"ipAddress < 10.5", NULL, "s[10.5]"},
		{"ipAddress < \"10.0.0.1\"", NULL, "s[10.0.0.1]"},
	};

	run_rows(rows, ARRAY_LEN(rows));
}

static void instants__are_rounded_so_that_the_comparison_stays_exact(void **state)
{
	(void)state;

#define STAMP(s) "datetime(" s ")"
#define AT "1970-01-01T00:00:00.001Z"
#define BEHIND "1970-01-01T00:00:00.0015Z"
	static const struct row rows[] = {
		{"createdAt = " STAMP(AT), NULL, "t1"},
		{"createdAt < " STAMP(AT), "(((q.created_at IS NOT NULL AND q.created_at < ?)))",
			"t1"},
		{"createdAt <= " STAMP(AT), "(((q.created_at IS NOT NULL AND q.created_at < ?)))",
			"t2"},
		{"createdAt > " STAMP(AT), "(((q.created_at IS NOT NULL AND q.created_at >= ?)))",
			"t2"},
		{"createdAt >= " STAMP(AT), "(((q.created_at IS NOT NULL AND q.created_at >= ?)))",
			"t1"},
		{"createdAt = " STAMP(BEHIND), NULL, "tNULL"},
		{"createdAt in [" STAMP(AT) "," STAMP(BEHIND) "]", NULL, "t1 tNULL"},
		{"createdAt < " STAMP(BEHIND), NULL, "t2"},
		{"createdAt <= " STAMP(BEHIND), NULL, "t2"},
		{"createdAt > " STAMP(BEHIND), NULL, "t2"},
		{"createdAt >= " STAMP(BEHIND), NULL, "t2"},
		{"createdAt between " STAMP(AT) " and " STAMP(BEHIND), NULL, "t1 t2"},
		{"createdAt > " STAMP("0000-01-01T00:00:00Z"), NULL, "t-62135596800000"},
		{"createdAt = " STAMP("0000-01-01T00:00:00Z"), NULL, "tNULL"},
		{"createdAt <= " STAMP("9999-12-31T23:59:59.999Z"),
			"(((q.created_at IS NOT NULL)))", ""},
		{"createdAt > " STAMP("9999-12-31T23:59:59-01:00"),
			"(((q.created_at IS NULL AND FALSE)))", ""},
	};

	run_rows(rows, ARRAY_LEN(rows));
}

static void chains__nest_where_and_and_or_alternate(void **state)
{
	(void)state;

#define B "((q.is_system IS TRUE) = ?)"
	static const struct row rows[] = {
		{"isSystem and isSystem and isSystem", "((" B ") AND (" B ") AND (" B "))", NULL},
		{"isSystem and isSystem or isSystem", "((" B ") AND ((" B ") OR (" B ")))", NULL},
		{"not isSystem and isSystem", "((NOT " B ") OR (NOT " B "))", NULL},
		{"isSystem or not isSystem or isSystem",
			"((" B ") OR ((NOT " B ") AND (NOT " B ")))", NULL},
		{"not not isSystem", "((" B "))", NULL},
		{"(isSystem or true) and false", "((((" B ") OR (TRUE))) AND (FALSE))", NULL},
	};

	run_rows(rows, ARRAY_LEN(rows));
}

static void a_long_alternation__ends_in_one_flat_case(void **state)
{
	(void)state;

	struct arena *a = arena_open();
	struct sql sql = composed(a,
		STR("true or true and true or true and true or true and true or "
		    "true and true or true and not false or true"),
		NULL, false);

	assert_true(str_eq(buf_view(&sql.text),
		STR("((TRUE) OR ((TRUE) AND ((TRUE) OR ((TRUE) AND "
		    "((TRUE) OR ((TRUE) AND ((TRUE) OR ((TRUE) AND CASE WHEN (TRUE) THEN 1"
		    " WHEN (NOT TRUE) THEN 0 WHEN (FALSE) THEN 0 ELSE (NOT TRUE) END))))))))")));
	arena_close(a);
}

static void the_same_shape__gives_the_same_text(void **state)
{
	(void)state;

	static const struct {
		const char *a, *b;
	} rows[] = {
		{"token = \"x\" and isSystem", "token = 7.5 and isSystem = false"},
		{"token in [\"x\", \"y\"]", "token in [1, 2]"},
		{"tags.a = \"x\"", "tags.b-c = \"y\""},
		{"tags.a.b = \"x\"", "tags.b = \"y\""},
		{"createdAt < datetime(2025-01-01T00:00:00Z)",
			"createdAt <= datetime(0000-01-01T00:00:00.0001Z)"},
		{"ipAddress = \"10.0.0.0/8\"", "ipAddress = \"::1\""},
		{"count(configTypes) = 2", "count(configTypes) = 2.5"},
		{"token icontains \"\"", "token icontains \"x\""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_open();
		struct sql one = composed(a, str_from(rows[i].a), NULL, false);
		struct sql two = composed(a, str_from(rows[i].b), NULL, false);

		if (!str_eq(buf_view(&one.text), buf_view(&two.text)))
			fail_msg("%s | %s", rows[i].a, rows[i].b);
		arena_close(a);
	}
}

static void orders__end_in_the_tie_once(void **state)
{
	(void)state;

	static const struct {
		const char *filter, *sort, *want;
	} rows[] = {
		{"", NULL, "ORDER BY q.id"},
		{"", "createdAt desc, token", "ORDER BY q.created_at DESC, q.token, q.id"},
		{"sort by token asc", "createdAt", "ORDER BY q.token, q.id"},
		{"sort by id desc, token", NULL, "ORDER BY q.id DESC"},
		{"sort by token, id desc, isSystem", NULL, "ORDER BY q.token, q.id DESC"},
		{"", "identity.name DESC limit 3", "ORDER BY q.identity_name DESC, q.id"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_open();
		struct sql sql = composed(a, str_from(rows[i].filter), rows[i].sort, true);

		if (!str_eq(buf_view(&sql.text), str_from(rows[i].want)))
			fail_msg("%s: %.*s", rows[i].filter, STR_FMT(buf_view(&sql.text)));
		assert_int_equal(sql.arg_count, 0);
		arena_close(a);
	}
}

static size_t marks(struct str text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '?';
	return n;
}

static void every_question_mark__has_an_argument(void **state)
{
	(void)state;

	struct arena *a = arena_open();
	struct query_random r = {20250101};

	for (int i = 0; i < 5000; i++) {
		struct str filter = query_random_filter(&r, a);
		struct sql sql = composed(a, filter, NULL, false);

		if (marks(buf_view(&sql.text)) != sql.arg_count)
			fail_msg("%.*s", STR_FMT(filter));
		arena_reset(a);
	}
	arena_close(a);
}

/* Two hostile fillings of one shape give one text, so nothing of either can be in it. */
static void hostile_text__leaves_no_byte_in_the_statement(void **state)
{
	(void)state;

	static const char *const hostile[] = {"' OR 1=1 -- ", "\\\"; DROP TABLE q; #", "?", "%s%n",
		"\\\\' UNION SELECT 1 '", "\xc3\xa9\xf0\x9f\x98\x80", "`q`.`id`", "\\n\\t"};
	static const char *const shapes[] = {"token = \"%s\"", "token in [\"a\", \"%s\"]",
		"token < \"%s\" or tags.x = \"%s\"", "token icontains \"%s\"", "ipAddress > \"%s\"",
		"anyOf(configTypes) contains \"%s\"", "count(configTypes) in [\"%s\"]"};

	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		struct arena *a = arena_open();
		struct str first = STR_NONE;

		for (size_t j = 0; j < ARRAY_LEN(hostile); j++) {
			struct buf filter;
			struct sql sql;

			buf_init(&filter, a);
			for (const char *p = shapes[i]; *p != '\0'; p++) {
				if (p[0] == '%' && p[1] == 's')
					buf_str(&filter, str_from(hostile[j])), p++;
				else
					buf_char(&filter, *p);
			}
			sql = composed(a, buf_view(&filter), NULL, false);
			if (j == 0)
				first = buf_view(&sql.text);
			assert_true(str_eq(first, buf_view(&sql.text)));
			assert_int_equal(marks(first), sql.arg_count);
		}
		arena_close(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_fields__keep_a_shape_that_an_index_serves),
		cmocka_unit_test(values__are_bound_as_the_left_side_needs_them),
		cmocka_unit_test(instants__are_rounded_so_that_the_comparison_stays_exact),
		cmocka_unit_test(chains__nest_where_and_and_or_alternate),
		cmocka_unit_test(a_long_alternation__ends_in_one_flat_case),
		cmocka_unit_test(the_same_shape__gives_the_same_text),
		cmocka_unit_test(orders__end_in_the_tie_once),
		cmocka_unit_test(every_question_mark__has_an_argument),
		cmocka_unit_test(hostile_text__leaves_no_byte_in_the_statement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
