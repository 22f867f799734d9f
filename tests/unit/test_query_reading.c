/* SPDX-License-Identifier: MIT
 * The two readings of a filter that mixes and, or and not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "query/query.h"

static void mixed_filters__show_how_they_read_and_how_they_are_meant(void **state)
{
	(void)state;

	static const struct {
		const char *in, *read, *meant; /* meant NULL: the same, not ambiguous */
	} rows[] = {
		{"", "", NULL},
		{"limit 5", "", NULL},
		{"a", "a", NULL},
		{"a and b and c", "(a and b and c)", NULL},
		{"a or b or c", "(a or b or c)", NULL},
		{"a or b and c", "(a or (b and c))", "((a or b) and c)"},
		{"a or b or c and d", "(a or b or (c and d))", "((a or b or c) and d)"},
		{"a or b and c and d", "(a or (b and c and d))", "((a or b) and c and d)"},
		{"a and b or c", "(a and (b or c))", "((a and b) or c)"},
		{"a and b or c and d", "(a and (b or (c and d)))", "((a and b) or (c and d))"},
		{"a or b and c or d", "(a or (b and (c or d)))", "(a or (b and c) or d)"},
		{"(a and b) or c", "((a and b) or c)", NULL},
		{"a and (b or c)", "(a and (b or c))", NULL},
		{"((a))", "a", NULL},
		{"not a", "(not a)", NULL},
		{"not not a", "(not (not a))", NULL},
		{"a and not b", "(a and (not b))", NULL},
		{"a or b and not c", "(a or (b and (not c)))", "((a or b) and (not c))"},
		{"not a and b", "(not (a and b))", "((not a) and b)"},
		{"not a or b", "(not (a or b))", "((not a) or b)"},
		{"a and not b or c", "(a and (not (b or c)))", "((a and (not b)) or c)"},
		{"(not a) and b", "((not a) and b)", NULL},
		{"not (a and b)", "(not (a and b))", NULL},
		{"not (a) and b", "(not (a and b))", "((not a) and b)"},
		{"not (inactive)", "(not (inactive))", NULL},
		{"not ((Contains_x)) and b", "(not (Contains_x and b))",
			"((not (Contains_x)) and b)"},
		{"x = 1 and (a and b or c)", "(x = 1 and (a and (b or c)))",
			"(x = 1 and ((a and b) or c))"},
		{"a = \"x and y or z\" and b", "(a = \"x and y or z\" and b)", NULL},
		{"a between 1 and 2 or b", "(a between 1 and 2 or b)", NULL},
		{"a and b or c sort by d limit 3", "(a and (b or c))", "((a and b) or c)"},
	};
	int failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_open();
		struct query *q;
		struct query_error e;
		struct str read, meant;
		const char *want = rows[i].meant != NULL ? rows[i].meant : rows[i].read;

		assert_int_equal(query_parse(a, str_from(rows[i].in), &q, &e), ERR_OK);

		bool ambiguous = query_is_ambiguous(q, &read, &meant);

		if (ambiguous != (rows[i].meant != NULL) || !str_eq(read, str_from(rows[i].read)) ||
			!str_eq(meant, str_from(want))) {
			print_error("%s\n  read  %.*s\n  meant %.*s\n", rows[i].in, STR_FMT(read),
				STR_FMT(meant));
			failed++;
		}
		arena_close(a);
	}
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mixed_filters__show_how_they_read_and_how_they_are_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
