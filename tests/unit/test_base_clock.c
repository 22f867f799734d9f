/* SPDX-License-Identifier: MIT
 * The calendar against gmtime_r, and the strict RFC 3339 reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/clock.h"

static void the_calendar__agrees_with_the_c_library(void **state)
{
	(void)state;
	/* Steps of 11 hours and some, from before the year 0 to after 9999. */
	for (int64_t s = -INT64_C(62300000000); s < INT64_C(253500000000); s += 40000003) {
		time_t t = (time_t)s;
		struct tm tm;
		struct calendar c = clock_calendar(s * 1000 + 7);

		assert_non_null(gmtime_r(&t, &tm));
		if (c.year != tm.tm_year + 1900 || c.month != tm.tm_mon + 1 ||
			c.day != tm.tm_mday || c.hour != tm.tm_hour || c.minute != tm.tm_min ||
			c.second != tm.tm_sec || c.millisecond != 7)
			fail_msg("instant %lld differs", (long long)s);
		if (clock_instant_ms(&c) != s * 1000 + 7)
			fail_msg("instant %lld does not come back", (long long)s);
	}
}

static void every_day_of_four_centuries__comes_back(void **state)
{
	int64_t ms = 0;

	(void)state;
	for (int year = 1970; year < 2370; year++)
		for (int month = 1; month <= 12; month++)
			for (int day = 1; day <= clock_days_in_month(year, month); day++) {
				struct calendar c = {.year = year, .month = month, .day = day};
				struct calendar d = clock_calendar(ms);

				if (clock_instant_ms(&c) != ms || d.year != year ||
					d.month != month || d.day != day)
					fail_msg("%d-%d-%d", year, month, day);
				ms += 86400000;
			}
}

static void a_month_past_the_year__carries(void **state)
{
	struct calendar a = {.year = 2025, .month = 14, .day = 1};
	struct calendar b = {.year = 2026, .month = 2, .day = 1};
	struct calendar c = {.year = 2027, .month = -10, .day = 1};

	(void)state;
	assert_int_equal(clock_instant_ms(&a), clock_instant_ms(&b));
	assert_int_equal(clock_instant_ms(&c), clock_instant_ms(&b));
}

static void the_ends_of_int64__are_no_trouble(void **state)
{
	(void)state;
	assert_true(clock_calendar(INT64_MAX).year > 200000000);
	assert_true(clock_calendar(INT64_MIN).year < -200000000);
}

static void instants__are_written_in_utc_with_milliseconds(void **state)
{
	static const struct {
		int64_t in;
		const char *want;
	} rows[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{-1, "1969-12-31T23:59:59.999Z"},
		{INT64_C(1779020446123), "2026-05-17T12:20:46.123Z"},
		{INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
		{INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
		{INT64_C(253402300800000), "9999-12-31T23:59:59.999Z"},
		{INT64_MAX, "9999-12-31T23:59:59.999Z"},
		{-INT64_C(62167219200000), "0000-01-01T00:00:00.000Z"},
		{INT64_MIN, "0000-01-01T00:00:00.000Z"},
	};
	char out[CLOCK_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		clock_format(rows[i].in, out);
		if (strcmp(out, rows[i].want))
			fail_msg("%lld: got %s, want %s", (long long)rows[i].in, out, rows[i].want);
	}
}

static void real_instants__are_read(void **state)
{
	static const struct {
		const char *in;
		int64_t ms;
		int32_t ns;
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0, 0},
		{"2026-05-17T12:20:46.123Z", INT64_C(1779020446123), 0},
		{"2026-05-17t12:20:46.123z", INT64_C(1779020446123), 0},
		{"2026-05-17T14:20:46.123+02:00", INT64_C(1779020446123), 0},
		{"2026-05-17T06:50:46.123-05:30", INT64_C(1779020446123), 0},
		{"2026-05-18T12:19:46.123+23:59", INT64_C(1779020446123), 0},
		{"2026-05-17T12:20:46.123-00:00", INT64_C(1779020446123), 0},
		{"2026-05-17T12:20:46.1Z", INT64_C(1779020446100), 0},
		{"2026-05-17T12:20:46.123456789Z", INT64_C(1779020446123), 456789},
		{"2026-05-17T12:20:46.1234567899999999999Z", INT64_C(1779020446123), 456789},
		{"2026-05-17T12:20:46.000000001Z", INT64_C(1779020446000), 1},
		{"1969-12-31T23:59:59.9995Z", -1, 500000},
		{"2024-02-29T23:59:59Z", INT64_C(1709251199000), 0},
		{"2000-02-29T00:00:00Z", INT64_C(951782400000), 0},
		{"0001-01-01T00:00:00Z", -INT64_C(62135596800000), 0},
		{"0000-01-01T00:00:00Z", -INT64_C(62167219200000), 0},
		{"9999-12-31T23:59:59.999Z", INT64_C(253402300799999), 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t ms = -5;
		int32_t ns = -5;

		if (!clock_parse(str_from(rows[i].in), &ms, &ns) || ms != rows[i].ms ||
			ns != rows[i].ns)
			fail_msg("%s: got %lld and %d", rows[i].in, (long long)ms, ns);
		assert_true(clock_parse(str_from(rows[i].in), &ms, NULL));
	}
}

static void what_is_no_instant__is_refused(void **state)
{
	/* clang-format off */
	static const char *const rows[] = {
		"", "2026", "2026-05-17", "2026-05-17T12:20:46", "2026-05-17 12:20:46Z",
		"2026-05-17T12:20:46.Z", "2026-05-17T12:20Z", "2026-02-30T00:00:00Z",
		"2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
		"2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
		"2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
		"2026-12-31T23:59:60Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60",
		"2026-01-01T00:00:00+0000", "2026-01-01T00:00:00+00", "2026-01-01T00:00:00+00:00x",
		"2026-01-01T00:00:00Zx", "2026-01-01T00:00:00Z ", " 2026-01-01T00:00:00Z",
		"12026-01-01T00:00:00Z", "026-01-01T00:00:00Z", "-026-01-01T00:00:00Z",
		"+2026-01-01T00:00:00Z", "2026-1-01T00:00:00Z", "2026-01-01T00:00:00,5Z",
		"20260101T000000Z", "2026-01-01T0a:00:00Z", "2026/01/01T00:00:00Z",
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t ms;

		if (clock_parse(str_from(rows[i]), &ms, NULL))
			fail_msg("\"%s\" was taken for %lld", rows[i], (long long)ms);
	}
	assert_false(clock_parse(STR_NONE, &(int64_t){0}, NULL));
	assert_false(clock_parse((struct str){"2026-01-01T00:00:00Z\0", 21}, &(int64_t){0}, NULL));
}

static void a_cut_text__is_never_read_past_its_end(void **state)
{
	const char whole[] = "2026-05-17T12:20:46.123+02:00";
	struct arena *a = arena_open();

	(void)state;
	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		char *p = arena_alloc(a, n); /* no NUL: an overrun is found under ASan */
		int64_t ms;

		memcpy(p, whole, n);
		if (clock_parse((struct str){p, n}, &ms, NULL))
			fail_msg("%.*s", (int)n, p);
	}
	arena_close(a);
}

static void now__is_now(void **state)
{
	int64_t before = (int64_t)time(NULL), got = clock_now_ms(), us = clock_monotonic_us();

	(void)state;
	assert_true(got / 1000 >= before - 1 && got / 1000 <= (int64_t)time(NULL) + 1);
	assert_true(clock_monotonic_us() >= us);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_calendar__agrees_with_the_c_library),
		cmocka_unit_test(every_day_of_four_centuries__comes_back),
		cmocka_unit_test(a_month_past_the_year__carries),
		cmocka_unit_test(the_ends_of_int64__are_no_trouble),
		cmocka_unit_test(instants__are_written_in_utc_with_milliseconds),
		cmocka_unit_test(real_instants__are_read),
		cmocka_unit_test(what_is_no_instant__is_refused),
		cmocka_unit_test(a_cut_text__is_never_read_past_its_end),
		cmocka_unit_test(now__is_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
