/* SPDX-License-Identifier: MIT
 * Log lines, as they arrive on a pipe in place of standard error; and the two fatal checks. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"

static char line[65536];
static int saved, pipe_end;

static void capture(void)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	saved = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	pipe_end = ends[0];
}

/* Everything written since capture(), in `line`, without the time, which is checked. */
static const char *captured(void)
{
	size_t n = 0;
	ssize_t got;

	dup2(saved, STDERR_FILENO);
	close(saved);
	while ((got = read(pipe_end, line + n, sizeof(line) - 1 - n)) > 0)
		n += (size_t)got;
	close(pipe_end);
	line[n] = '\0';
	if (n == 0)
		return line;

	bool json = line[0] == '{';
	const char *at = line + (json ? strlen("{\"time\":\"") : strlen("time="));

	assert_memory_equal(line, json ? "{\"time\":\"20" : "time=20", json ? 11 : 7);
	assert_int_equal(at[23], 'Z');
	return at + 24 + (json ? 2 : 1);
}

static void text_lines__are_key_value_and_escaped(void **state)
{
	static const struct {
		const char *value, *want;
	} rows[] = {
		{"plain/path-1.2", "k=plain/path-1.2"},
		{"two words", "k=\"two words\""},
		{"", "k=\"\""},
		{NULL, "k=-"},
		{"a=b", "k=\"a=b\""},
		{"quote\"back\\slash", "k=\"quote\\\"back\\\\slash\""},
		{"x\nlevel=error", "k=\"x\\nlevel=error\""},
		{"\r\t\x1b[31m\x7f", "k=\"\\r\\t\\x1b[31m\\x7f\""},
		{"\xC3\xA4\xFF", "k=\"\\xc3\\xa4\\xff\""},
	};

	(void)state;
	log_setup(LOG_INFO, LOG_TEXT);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char want[256] = "level=warn event=\"it happened\" ";

		strncat(want, rows[i].want, 200);
		strncat(want, "\n", 2);
		capture();
		log_event(LOG_WARN, "it happened", "k", rows[i].value, NULL);
		assert_string_equal(captured(), want);
	}
}

static void json_lines__are_ascii_json(void **state)
{
	static const struct {
		const char *value, *want;
	} rows[] = {
		{"two words", "two words"},
		{NULL, "-"},
		{"\"\\\n\x01", "\\\"\\\\\\n\\u0001"},
		{"\xC3\xA4\xE2\x82\xAC", "\\u00e4\\u20ac"},
		{"\xF0\x9F\x98\x80", "\\ud83d\\ude00"},
		{"a\xFFz", "a\\ufffdz"},
	};

	(void)state;
	log_setup(LOG_INFO, LOG_JSON);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char want[256] = "\"level\":\"error\",\"event\":\"e\",\"k\":\"";

		strncat(want, rows[i].want, 200);
		strncat(want, "\",\"n\":\"1\"}\n", 20);
		capture();
		log_event(LOG_ERROR, "e", "k", rows[i].value, "n", "1", NULL);
		assert_string_equal(captured(), want);
	}
}

static bool ends_in(const char *s, const char *end)
{
	return strcmp(s + strlen(s) - strlen(end), end) == 0;
}

/* Longer than what is kept free for the end of a line. */
#define AFTER "a-value-that-would-not-fit-behind-the-end-of-a-line-that-is-cut-already-0123456789"

static void a_long_value__is_cut_and_the_line_stays_whole(void **state)
{
	static const char fillers[] = {'x', '\x01', ' '};

	(void)state;
	for (size_t f = 0; f < sizeof(fillers); f++) {
		for (size_t i = 2 * 3800; i < 2 * 4200; i++) {
			enum log_format format = i % 2 ? LOG_JSON : LOG_TEXT;
			size_t n = i / 2;
			bool json = format == LOG_JSON;
			const char *cut = json ? "\",\"cut\":\"yes\"}\n" : " cut=yes\n";
			const char *whole =
				json ? ",\"after\":\"" AFTER "\"}\n" : " after=" AFTER "\n";
			char *value = malloc(n + 1);

			assert_non_null(value);
			memset(value, fillers[f], n);
			value[n] = '\0';
			log_setup(LOG_INFO, format);
			capture();
			log_event(LOG_INFO, "e", "k", value, "after", AFTER, NULL);
			captured();
			free(value);

			size_t got = strlen(line);

			assert_true(got <= 4096);
			assert_ptr_equal(strchr(line, '\n'), line + got - 1);
			if (n == 3800 && f == 0)
				assert_true(ends_in(line, whole));
			else if (n >= 4064)
				assert_true(ends_in(line, cut));
			else if (ends_in(line, whole) == ends_in(line, cut))
				fail_msg("%zu of %d: %s", n, fillers[f], line + got - 40);
		}
	}
}

static void quiet_levels__write_nothing(void **state)
{
	(void)state;
	log_setup(LOG_WARN, LOG_TEXT);
	capture();
	log_event(LOG_INFO, "no", NULL);
	assert_string_equal(captured(), "");
	capture();
	log_event(LOG_WARN, "yes", NULL);
	assert_string_equal(captured(), "level=warn event=yes\n");
	log_setup(LOG_OFF, LOG_TEXT);
	capture();
	log_event(LOG_ERROR, "no", NULL);
	log_event(LOG_OFF, "no", NULL);
	assert_string_equal(captured(), "");
}

static void a_bug__is_logged_and_aborts(void **state)
{
	int status;
	pid_t child;

	(void)state;
	log_setup(LOG_INFO, LOG_TEXT);
	capture();
	child = fork();
	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		arena_array(arena_open(), SIZE_MAX / 2, 4);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);

	const char *got = captured();

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_memory_equal(got, "level=error event=bug file=src/base/arena.c line=", 49);
	assert_non_null(strstr(got, "what=\"bytes != 0"));
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	while ((text = strstr(text, what)) != NULL) {
		text += strlen(what);
		n++;
	}
	return n;
}

/* Each row is logged 10 times; `varies` says which value changes each time. */
static void equal_lines__are_limited_and_the_rest_is_counted(void **state)
{
	static const struct {
		const char *name;
		enum log_level level;
		bool request_varies, why_varies;
		size_t lines, left_out;
	} rows[] = {
		{"equal errors", LOG_ERROR, false, false, LOG_EQUAL_MOST, 10 - LOG_EQUAL_MOST},
		{"equal warnings", LOG_WARN, false, false, LOG_EQUAL_MOST, 10 - LOG_EQUAL_MOST},
		{"only the request differs", LOG_ERROR, true, false, LOG_EQUAL_MOST,
			10 - LOG_EQUAL_MOST},
		{"the cause differs", LOG_ERROR, true, true, 10, 0},
		{"no fault", LOG_INFO, false, false, 10, 0},
	};

	(void)state;
	log_setup(LOG_INFO, LOG_TEXT);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char want[128];

		capture();
		for (int n = 0; n < 10; n++) {
			char request[8] = "r-0", why[8] = "down-0";

			request[2] = (char)('0' + (rows[i].request_varies ? n : 0));
			why[5] = (char)('0' + (rows[i].why_varies ? n : 0));
			log_event(
				rows[i].level, rows[i].name, "request", request, "why", why, NULL);
		}
		log_flush();
		captured();
		snprintf(want, sizeof(want), "event=\"left out\" lines=%zu of=\"%s\" like=r-%d\n",
			rows[i].left_out, rows[i].name,
			rows[i].request_varies ? LOG_EQUAL_MOST - 1 : 0);
		if (count(line, " request=r-") != rows[i].lines ||
			count(line, "left out") != (rows[i].left_out > 0) ||
			(rows[i].left_out > 0 && strstr(line, want) == NULL))
			fail_msg("%s: %s", rows[i].name, line);
		capture();
		log_flush();
		assert_string_equal(captured(), "");
	}
}

static void after_a_second__the_count_comes_first_and_equal_lines_again(void **state)
{
	int64_t from = clock_monotonic_us(), seconds;
	const char *got;

	(void)state;
	log_setup(LOG_INFO, LOG_TEXT);
	capture();
	do
		log_event(LOG_ERROR, "again", "request", "r", NULL);
	while (clock_monotonic_us() - from < 1010000);
	log_event(LOG_ERROR, "again", "request", "r", NULL);
	seconds = (clock_monotonic_us() - from) / 1000000;
	log_flush();
	got = captured();
	assert_true(count(line, "event=again") > LOG_EQUAL_MOST);
	assert_true((int64_t)count(line, "event=again") <= (seconds + 1) * LOG_EQUAL_MOST);
	for (int i = 0; i < LOG_EQUAL_MOST; i++)
		got = strchr(got, '\n') + 1;
	assert_non_null(strstr(got, "event=\"left out\""));
	assert_true(strstr(got, "event=\"left out\"") < strstr(got, "event=again"));
}

/* Debug is not logged here: even then the count is not kept back. */
static void the_count__comes_with_any_event(void **state)
{
	int64_t from;

	(void)state;
	log_setup(LOG_INFO, LOG_TEXT);
	capture();
	/* All of them within a second, which a busy machine may not give at once. */
	do {
		log_flush();
		from = clock_monotonic_us();
		for (int i = 0; i <= LOG_EQUAL_MOST; i++)
			log_event(LOG_ERROR, "over", NULL);
	} while (clock_monotonic_us() - from > 900000);
	while (clock_monotonic_us() - from < 1010000)
		log_event(LOG_DEBUG, "idle", NULL);
	log_event(LOG_DEBUG, "idle", NULL);
	captured();
	assert_non_null(strstr(line, "event=\"left out\" lines=1 of=over like=-\n"));
}

static void more_kinds_than_are_remembered__lose_no_count(void **state)
{
	size_t left_out = 0;

	(void)state;
	log_setup(LOG_INFO, LOG_TEXT);
	capture();
	for (int kind = 0; kind < 100; kind++) {
		char why[16];

		snprintf(why, sizeof(why), "w%d", kind);
		for (int i = 0; i < LOG_EQUAL_MOST + 2; i++)
			log_event(LOG_ERROR, "many", "why", why, NULL);
	}
	log_flush();
	captured();
	assert_int_equal(count(line, "event=many"), 100 * LOG_EQUAL_MOST);
	left_out = count(line, "lines=2 of=many");
	assert_int_equal(left_out, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_lines__are_key_value_and_escaped),
		cmocka_unit_test(json_lines__are_ascii_json),
		cmocka_unit_test(a_long_value__is_cut_and_the_line_stays_whole),
		cmocka_unit_test(quiet_levels__write_nothing),
		cmocka_unit_test(equal_lines__are_limited_and_the_rest_is_counted),
		cmocka_unit_test(after_a_second__the_count_comes_first_and_equal_lines_again),
		cmocka_unit_test(the_count__comes_with_any_event),
		cmocka_unit_test(more_kinds_than_are_remembered__lose_no_count),
		cmocka_unit_test(a_bug__is_logged_and_aborts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
