/* SPDX-License-Identifier: MIT
 * The small ones: outcomes, faults, randomness. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/random.h"

static void every_outcome__has_its_text(void **state)
{
	(void)state;
	assert_string_equal(err_text(ERR_OK), "ok");
	assert_string_equal(err_text(ERR_LOST), "connection lost");
	for (int e = 0; e < ERR__COUNT; e++)
		assert_true(err_text((enum err)e)[0] != '\0');
	assert_string_equal(err_text(ERR__COUNT), "unknown error");
	assert_string_equal(err_text((enum err) - 1), "unknown error");
}

static void faults__carry_their_place(void **state)
{
	struct faults f = {.count = 0};
	struct fault *one = fault_add(&f, "query", "page", -1, "int_parsing", "not a number");
	struct fault *two = fault_add(&f, "body", NULL, 0, "json_invalid", "JSON decode error");

	(void)state;
	assert_int_equal(f.count, 2);
	assert_ptr_equal(one, &f.list[0]);
	assert_int_equal(one->depth, 2);
	assert_true(
		str_eq(one->loc[0].name, STR("query")) && str_eq(one->loc[1].name, STR("page")));
	assert_string_equal(one->type, "int_parsing");
	assert_string_equal(one->msg, "not a number");
	assert_null(one->value.p);
	assert_int_equal(two->depth, 2);
	assert_null(two->loc[1].name.p);
	assert_int_equal(two->loc[1].index, 0);
}

static void too_many_faults__are_dropped(void **state)
{
	struct faults f = {.count = 0};

	(void)state;
	for (int i = 0; i < LIMIT_FAULTS * 2; i++)
		assert_non_null(fault_add(&f, "body", "ids", i, "t", "m"));
	assert_int_equal(f.count, LIMIT_FAULTS);
	assert_int_equal(f.list[LIMIT_FAULTS - 1].loc[2].index, LIMIT_FAULTS - 1);
}

static void random_bytes__fill_exactly(void **state)
{
	unsigned char b[66] = {0};
	unsigned char seen[64] = {0};

	(void)state;
	for (int round = 0; round < 64; round++) {
		random_bytes(b + 1, 64);
		for (int i = 0; i < 64; i++)
			seen[i] |= b[i + 1];
	}
	for (int i = 0; i < 64; i++)
		assert_int_equal(seen[i], 0xFF);
	assert_int_equal(b[0] | b[65], 0);
}

static void random_integers__are_positive_and_differ(void **state)
{
	int64_t before = 0, all = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t v = random_i64();

		assert_true(v > 0 && v != before);
		before = v;
		all |= v;
	}
	assert_int_equal(all, INT64_MAX);
}

static void uuids__are_version_4(void **state)
{
	char a[UUID_BYTES], b[UUID_BYTES];

	(void)state;
	random_uuid(b);
	for (int i = 0; i < 200; i++) {
		random_uuid(a);
		assert_int_equal(strlen(a), 36);
		assert_int_equal(strspn(a, "0123456789abcdef-"), 36);
		assert_true(a[8] == '-' && a[13] == '-' && a[18] == '-' && a[23] == '-');
		assert_int_equal(a[14], '4');
		assert_non_null(strchr("89ab", a[19]));
		assert_string_not_equal(a, b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_outcome__has_its_text),
		cmocka_unit_test(faults__carry_their_place),
		cmocka_unit_test(too_many_faults__are_dropped),
		cmocka_unit_test(random_bytes__fill_exactly),
		cmocka_unit_test(random_integers__are_positive_and_differ),
		cmocka_unit_test(uuids__are_version_4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
