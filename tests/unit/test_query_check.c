/* SPDX-License-Identifier: MIT
 * Names, types, sorting and paging of the filter language; and every worked example of its
 * description, as this house decides it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../src/query/tree.h"
#include "lib/query_fields.h"

struct result {
	enum err err;
	struct query_error error;
	struct query *q;
};

static struct result checked(struct arena *a, const char *filter, const char *sort)
{
	struct result r = {.err = ERR_OK};

	r.err = query_parse(a, str_from(filter), &r.q, &r.error);
	if (!r.err)
		r.err = query_check(r.q, &query_test_fields, str_from(sort), &r.error);
	return r;
}

static bool contains(struct str s, const char *part)
{
	for (size_t i = 0; i + strlen(part) <= s.n; i++)
		if (memcmp(s.p + i, part, strlen(part)) == 0)
			return true;
	return false;
}

struct verdict {
	const char *in;
	bool ok;
};

static void run_verdicts(const struct verdict *rows, size_t count)
{
	int failed = 0;

	for (size_t i = 0; i < count; i++) {
		struct arena *a = arena_open();
		struct result r = checked(a, rows[i].in, NULL);

		if ((r.err == ERR_OK) != rows[i].ok ||
			(r.err && (r.err != ERR_INVALID_FILTER || r.error.line < 1))) {
			print_error("%s: %s: %.*s\n", rows[i].in, err_text(r.err),
				STR_FMT(r.error.message));
			failed++;
		}
		arena_close(a);
	}
	assert_int_equal(failed, 0);
}

static void worked_examples__are_decided_as_described(void **state)
{
	(void)state;

	static const struct verdict rows[] = {
		{"ipAddress=\"10.9.8.7\"", true},
		{"token in[\"t-1\"]", false},
		{"token in [ \"t-1\" , \"t-2\" ]", true},
		{"identity in [  ]", false},
		{"token in [\"t-1\", 9]", false},
		{"identity  not in [\"i-9\"]", true},
		{"identity not  in [\"i-9\"]", false},
		{"identity not  contains \"i-9\"", true},
		{"identity contains\"i-9\"", false},
		{"mfaComplete or isSystem and mfaRequired = false", true},
		{"mfaComplete and isSystem or mfaRequired = false", true},
		{"(mfaComplete and isSystem) or mfaRequired = false", true},
		{"not mfaRequired and isSystem = true", true},
		{"(not mfaRequired) and isSystem = true", true},
		{"not(isSystem)", false},
		{"not not isSystem", true},
		{"isSystem != true", true},
		{"isSystem != false", true},
		{"isSystem = null or isSystem", true},
		{"token", false},
		{"tags.pilot and not tags.retired", true},
		{"tags.pilot = \"true\"", true},
		{"tags.pilot != true", true},
		{"tags.floor = 12", true},
		{"tags.floor = 12.0", true},
		{"tags.floor in [11, 12.0]", true},
		{"tags.floor = \"12\"", true},
		{"tags.floor between 1 and 9", false},
		{"tags.k9 = \"x\"", false},
		{"tags.cost-centre = \"x-7\"", true},
		{"cost-centre = \"x-7\"", false},
		{"'token' = \"x\"", false},
		{"authenticator = 007", false},
		{"authenticator = 7", true},
		{"authenticator = 7.50", true},
		{"authenticator = true", false},
		{"authenticator != \"updb-9\"", true},
		{"authenticator icontains \"CeRT\"", true},
		{"authenticator icontains 5", false},
		{"authenticator < \"m\"", true},
		{"authenticator = \"x\\ty\"", true},
		{"authenticator = \"x\\qy\"", false},
		{"createdAt >= datetime(2025-03-30T02:30:00+02:00)", true},
		{"createdAt >= DATETIME(2025-03-30T02:30:00Z)", false},
		{"createdAt >= \"2025-03-30T02:30:00Z\"", false},
		{"createdAt = datetime(2025-06-31T00:00:00Z)", false},
		{"createdAt = null", true},
		{"lastActivityAt between datetime(2025-01-01T00:00:00Z) and "
		 "datetime(2025-01-02T00:00:00Z)",
			true},
		{"lastActivityAt between 3 and 4", false},
		{"lastActivityAt contains \"2025\"", false},
		{"sort by lastActivityAt desc, token limit 20", true},
		{"isSystem = false limit 20 skip 20", false},
		{"true skip 20 limit none", true},
		{"true limit 2.0", false},
		{"isSystem = false sort by tags.floor", false},
		{"id = \"9\" ;", false},
		{"identity.name icontains \"bob\"", true},
		{"anyOf(configTypes) in [\"ssh.v1\", \"web.v1\"]", true},
		{"allOf(configTypes) contains \".v1\"", true},
		{"count( configTypes )>=2", true},
		{"isEmpty(configTypes) = false", false},
		{"not isEmpty(configTypes)", true},
		{"configTypes = \"ssh.v1\"", false},
	};

	run_verdicts(rows, ARRAY_LEN(rows));
}

/* For a left side, whether each of these operations is allowed, '1' or '0'. */
static void types__decide_what_a_left_side_can_be_tested_with(void **state)
{
	(void)state;

	/* clang-format off */
	static const char *const operations[] = {
		" = \"x\"", " != 5", " = 5.0", " = true", " = datetime(2025-01-01T00:00:00Z)",
		" = null",
		" < \"x\"", " >= 5", " < datetime(2025-01-01T00:00:00Z)",
		" in [\"x\"]", " not in [5]", " in [datetime(2025-01-01T00:00:00Z)]",
		" between 1 and 2",
		" between datetime(2025-01-01T00:00:00Z) and datetime(2025-01-02T00:00:00Z)",
		" contains \"x\"", " not contains 5", " icontains \"x\"",
	};
	static const struct {
		const char *left, *want;
	} rows[] = {
		{"token",              "111001" "110" "110" "00" "111"},
		{"ipAddress",          "000001" "110" "000" "00" "111"},
		{"anyOf(configTypes)", "111001" "110" "110" "00" "111"},
		{"allOf(configTypes)", "111001" "110" "110" "00" "111"},
		{"isSystem",           "000101" "000" "000" "00" "000"},
		{"createdAt",          "000011" "001" "001" "01" "000"},
		{"count(configTypes)", "011001" "010" "110" "10" "110"},
		{"tags.a",             "111111" "111" "111" "01" "111"},
		{"tags.a.b",           "111111" "111" "111" "01" "111"},
		{"anyOf(token)",       "000000" "000" "000" "00" "000"},
		{"allOf(tags.a)",      "000000" "000" "000" "00" "000"},
		{"count(token)",       "000000" "000" "000" "00" "000"},
		{"configTypes",        "000000" "000" "000" "00" "000"},
		{"tags",               "000000" "000" "000" "00" "000"},
		{"unknown",            "000000" "000" "000" "00" "000"},
	};
	/* clang-format on */
	int failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows) * ARRAY_LEN(operations); i++) {
		struct arena *a = arena_open();
		size_t row = i / ARRAY_LEN(operations), op = i % ARRAY_LEN(operations);
		struct str filter = str_printf(a, "%s%s", rows[row].left, operations[op]);
		enum err err = checked(a, filter.p, NULL).err;

		assert_int_equal(strlen(rows[row].want), ARRAY_LEN(operations));
		if (err != (rows[row].want[op] == '1' ? ERR_OK : ERR_INVALID_FILTER)) {
			print_error("%s: %s\n", filter.p, err_text(err));
			failed++;
		}
		arena_close(a);
	}
	assert_int_equal(failed, 0);
}

static void bare_names_and_sets__have_their_places(void **state)
{
	(void)state;

	static const struct verdict rows[] = {
		{"isSystem", true},
		{"tags.a", true},
		{"tags.a.b", true},
		{"token", false},
		{"createdAt", false},
		{"ipAddress", false},
		{"configTypes", false},
		{"isEmpty(configTypes)", true},
		{"isEmpty(token)", false},
		{"isEmpty(tags.a)", false},
		{"isEmpty(from configTypes where true)", false},
		{"isEmpty(from sessions where true)", false},
		{"count(from configTypes where true) = 1", false},
		{"Token = \"x\"", false},
		{"identity.id = \"x\"", false},
		{"identity.name.x = \"x\"", false},
		{"tagsx = 1", false},
		{"tags.a = 1 and tags.b-c_d = 2", true},
	};

	run_verdicts(rows, ARRAY_LEN(rows));
}

static void networks__are_checked_where_they_count(void **state)
{
	(void)state;

	static const struct verdict rows[] = {
		{"ipAddress = \"10.0.0.0/8\"", true},
		{"ipAddress != \"2001:db8::/32\"", true},
		{"ipAddress in [\"10.0.0.1\", \"10.0.0.0/33\"]", false},
		{"ipAddress not in [\"::1\", \"::/0\"]", true},
		{"ipAddress not in [\"x\", \"::/0\"]", false},
		{"ipAddress != \"typo\"", false},
		{"ipAddress = \"\"", false},
		{"ipAddress = \"10.9.8.7:443\"", false},
		{"ipAddress != 10.5", false},
		{"ipAddress in [10]", false},
		{"ipAddress != null", true},
		{"ipAddress < 10", true},
		{"ipAddress = \"10.0.0/8\"", false},
		{"ipAddress = \"/\"", false},
		{"ipAddress < \"a/b\"", true},
		{"ipAddress contains \"/\"", true},
		{"token = \"a/b\"", true},
	};

	run_verdicts(rows, ARRAY_LEN(rows));
}

static void the_first_fault__is_of_syntax_then_value_then_name_then_type(void **state)
{
	(void)state;

	static const struct {
		const char *in, *sort;
		enum err err;
		int line, column;
		const char *part;
	} rows[] = {
		{"token and nope and x = 1e999 and (", NULL, ERR_INVALID_FILTER, 1, 34,
			"found the end"},
		{"token and nope and x = 1e999", NULL, ERR_INVALID_FILTER, 1, 23, "too large"},
		{"token and\n (nope)", NULL, ERR_INVALID_FILTER, 2, 2, "unknown field 'nope'"},
		{"token sort by nope", NULL, ERR_INVALID_FILTER, 1, 14, "unknown field 'nope'"},
		{"token and isSystem < 5", NULL, ERR_INVALID_FILTER, 1, 0, "is a string"},
		{"isSystem and isSystem < 5", NULL, ERR_INVALID_FILTER, 1, 22, "a bool"},
		{"token = true", NULL, ERR_INVALID_FILTER, 1, 8, "a bool cannot"},
		{"token in [\"x\"] and createdAt in [1]", NULL, ERR_INVALID_FILTER, 1, 33,
			"datetime"},
		{"true sort by tags.a", NULL, ERR_INVALID_FILTER, 1, 13, "cannot sort by 'tags.a'"},
		{"true sort by configTypes", NULL, ERR_INVALID_FILTER, 1, 13, "cannot sort"},
		{"true skip 1.0", NULL, ERR_INVALID_FILTER, 1, 10, "skip takes an integer"},
		{"true limit 9223372036854775808", NULL, ERR_INVALID_FILTER, 1, 11, "limit takes"},
		{"nope", "nope", ERR_INVALID_FILTER, 1, 0, "nope"},
		{"true sort by id", "nope, (", ERR_OK, 0, 0, ""},
		{"true", "nope", ERR_INVALID_SORT, 1, 0, "unknown field 'nope'"},
		{"", "tags.a", ERR_INVALID_SORT, 1, 0, "cannot sort"},
		{"", "configTypes", ERR_INVALID_SORT, 1, 0, "cannot sort"},
		{"", "token desc,", ERR_INVALID_SORT, 1, 11, "the name of a field"},
		{"", "token down", ERR_INVALID_SORT, 1, 6, "\"desc\""},
		{"", "token desc limit 3", ERR_OK, 0, 0, ""},
		{"", "token skip 3 limit none", ERR_OK, 0, 0, ""},
		{"", "token limit 2.0", ERR_INVALID_SORT, 1, 12, "limit takes an integer"},
		{"", "token skip 9223372036854775808 limit 1", ERR_INVALID_SORT, 1, 11,
			"skip takes"},
		{"", "tags.a limit 2.0", ERR_INVALID_SORT, 1, 0, "cannot sort"},
		{"", "token limit 3 skip 3", ERR_INVALID_SORT, 1, 14, "the end"},
		{"", "sort by token", ERR_INVALID_SORT, 1, 0, "the name of a field"},
		{"", " ", ERR_INVALID_SORT, 1, 1, "the name of a field"},
		{"", "", ERR_OK, 0, 0, ""},
		{"", "id,id,id,id,id,id,id,id,id", ERR_INVALID_SORT, 1, 24, "limit of 8"},
		{"", "a #", ERR_INVALID_SORT, 1, 2, "found '#'"},
	};
	int failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_open();
		struct result r = checked(a, rows[i].in, rows[i].sort);

		if (r.err != rows[i].err ||
			(r.err && (r.error.code != r.err || r.error.line != rows[i].line ||
					  r.error.column != rows[i].column ||
					  !contains(r.error.message, rows[i].part)))) {
			print_error("%s | %s: %s: %.*s\n", rows[i].in,
				rows[i].sort != NULL ? rows[i].sort : "", err_text(r.err),
				STR_FMT(r.error.message));
			failed++;
		}
		arena_close(a);
	}
	assert_int_equal(failed, 0);
}

static void paging__prefers_the_filter_and_clamps(void **state)
{
	(void)state;

	static const struct {
		const char *filter;
		bool has_limit;
		int64_t limit;
		bool has_offset;
		int64_t offset, want_limit, want_offset, ceiling; /* 0: 9999 */
	} rows[] = {
		{"", false, 7, false, 7, 10, 0, 0},
		{"", true, 7, true, 8, 7, 8, 0},
		{"", true, 0, true, -1, 10, 0, 0},
		{"", true, -2, true, INT64_MIN, 10, 0, 0},
		{"", true, -1, true, 100000, 9999, 100000, 0},
		{"", true, 500, true, 100001, 500, 100000, 0},
		{"", true, 501, true, INT64_MAX, 500, 100000, 0},
		{"", true, INT64_MAX, false, 0, 500, 0, 0},
		{"limit 3", true, 7, true, 8, 3, 8, 0},
		{"skip 3", true, 7, true, 8, 7, 3, 0},
		{"skip 0 limit none", true, 7, true, 8, 9999, 0, 0},
		{"true skip -5 limit -1", true, 7, true, 8, 9999, 0, 0},
		{"true limit 0", true, 7, false, 0, 10, 0, 0},
		{"true limit -9", true, 7, false, 0, 10, 0, 0},
		{"true limit 1000", true, 7, false, 0, 500, 0, 0},
		{"true skip 1000000", true, 7, false, 0, 7, 100000, 0},
		{"", true, 500, false, 0, 100, 0, 100},
		{"", true, 99, false, 0, 99, 0, 100},
		{"", false, 0, false, 0, 5, 0, 5},
	};
	int failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_open();
		struct result r = checked(a, rows[i].filter, NULL);
		int64_t limit, offset;

		assert_int_equal(r.err, ERR_OK);
		query_paging(r.q, rows[i].has_limit, rows[i].limit, rows[i].has_offset,
			rows[i].offset, rows[i].ceiling > 0 ? rows[i].ceiling : 9999, &limit,
			&offset);
		if (limit != rows[i].want_limit || offset != rows[i].want_offset) {
			print_error("row %zu: limit %lld offset %lld\n", i, (long long)limit,
				(long long)offset);
			failed++;
		}
		arena_close(a);
	}
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worked_examples__are_decided_as_described),
		cmocka_unit_test(types__decide_what_a_left_side_can_be_tested_with),
		cmocka_unit_test(bare_names_and_sets__have_their_places),
		cmocka_unit_test(networks__are_checked_where_they_count),
		cmocka_unit_test(the_first_fault__is_of_syntax_then_value_then_name_then_type),
		cmocka_unit_test(paging__prefers_the_filter_and_clamps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
