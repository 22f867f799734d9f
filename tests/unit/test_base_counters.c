/* SPDX-License-Identifier: MIT
 * The shared table of counters, written by real processes that are forked and killed. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/macros.h"
#include "base/counters.h"

#define CELLS 11

static int open_table(void **state)
{
	*state = counters_open(4, CELLS);
	return 0;
}

static int close_table(void **state)
{
	counters_close(*state);
	return 0;
}

static void new_table__is_all_zero(void **state)
{
	assert_int_equal(counters_slots(*state), 4);
	for (size_t slot = 0; slot < 4; slot++)
		for (size_t cell = 0; cell < CELLS; cell++)
			assert_int_equal(counters_get(*state, slot, cell), 0);
}

static void every_cell__is_a_place_of_its_own(void **state)
{
	for (size_t slot = 0; slot < 4; slot++)
		for (size_t cell = 0; cell < CELLS; cell++)
			counters_set(*state, slot, cell, slot * 100 + cell);
	for (size_t slot = 0; slot < 4; slot++)
		for (size_t cell = 0; cell < CELLS; cell++)
			assert_int_equal(counters_get(*state, slot, cell), slot * 100 + cell);
	assert_int_equal(counters_sum(*state, CELLS - 1), 0 + 100 + 200 + 300 + 4 * (CELLS - 1));
}

static void numbers__are_64_bits_wide(void **state)
{
	counters_set(*state, 1, 3, UINT64_C(1) << 40);
	counters_add(*state, 1, 3, 5);
	assert_true(counters_get(*state, 1, 3) == (UINT64_C(1) << 40) + 5);
}

/* Adds one in cell 0 for ever, or `n` times. */
static pid_t writer(struct counters *m, size_t slot, int n)
{
	pid_t child = fork();

	if (child != 0)
		return child;
	for (int i = 0; n < 0 || i < n; i++)
		counters_add(m, slot, 0, 1);
	_exit(0);
}

static void slots_of_several_processes__are_summed(void **state)
{
	pid_t children[4];

	for (size_t i = 0; i < 4; i++)
		children[i] = writer(*state, i, 50000);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(waitpid(children[i], NULL, 0), children[i]);
	assert_int_equal(counters_sum(*state, 0), 200000);
}

static void killed_writers_slot__is_kept_and_continued(void **state)
{
	pid_t child = writer(*state, 2, -1);
	uint64_t before;

	while (counters_get(*state, 2, 0) < 1000)
		;
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	before = counters_get(*state, 2, 0);
	assert_true(before >= 1000);
	child = writer(*state, 2, 7);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(counters_get(*state, 2, 0), before + 7);
}

static void outside_of_the_table__is_a_bug(void **state)
{
	static const struct {
		size_t slot, cell;
	} rows[] = {{4, 0}, {0, CELLS}, {SIZE_MAX, SIZE_MAX}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			signal(SIGABRT, SIG_DFL);
			log_setup(LOG_OFF, LOG_TEXT);
			counters_add(*state, rows[i].slot, rows[i].cell, 1);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
			fail_msg("row %zu: status %d", i, status);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_table, close_table)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(new_table__is_all_zero),
		TEST(every_cell__is_a_place_of_its_own),
		TEST(numbers__are_64_bits_wide),
		TEST(slots_of_several_processes__are_summed),
		TEST(killed_writers_slot__is_kept_and_continued),
		TEST(outside_of_the_table__is_a_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
