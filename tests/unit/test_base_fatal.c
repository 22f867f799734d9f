/* SPDX-License-Identifier: MIT
 * The two ends that nothing survives: no memory, and a mistake of our own. Each is tried in a
 * child, whose last words are read; memory lacks where more is asked for than a machine has. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/counters.h"
#include "base/heap.h"
#include "base/log.h"

/* AddressSanitizer would rather end the program itself. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1:handle_abort=0";
}

/* Of gcov, where the program has its counters: abort does not write them. */
void __gcov_dump(void) __attribute__((weak));

static void write_counters(int signo)
{
	(void)signo;
	if (__gcov_dump != NULL)
		__gcov_dump();
}

/* Not a constant, so that the compiler does not look through it. */
static volatile size_t no_machine_has = SIZE_MAX / 8;

static void heap(void)
{
	free(heap_zalloc(no_machine_has, 1));
}

static void arena_chunk(void)
{
	(void)arena_alloc(arena_open(), no_machine_has);
}

static void arena_beyond_addresses(void)
{
	(void)arena_alloc(arena_open(), 4 * no_machine_has);
}

static void buffer(void)
{
	struct buf b;

	buf_init(&b, arena_open());
	buf_str(&b, STR("x"));
	buf_add(&b, "", 4 * no_machine_has);
}

static void mapping_of_counters(void)
{
	counters_close(counters_open(1, no_machine_has / 8));
}

static void mistake(void)
{
	BUG_ON(no_machine_has > 0);
}

/* Runs it in a child, which has to abort. Returns what it wrote. */
static const char *last_words(void (*end)(void), char out[1024])
{
	size_t n = 0;
	ssize_t got;
	int ends[2], status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		signal(SIGABRT, write_counters);
		log_setup(LOG_ERROR, LOG_TEXT);
		end();
		_exit(0);
	}
	close(ends[1]);
	while ((got = read(ends[0], out + n, 1023 - n)) > 0)
		n += (size_t)got;
	close(ends[0]);
	out[n] = '\0';
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
		fail_msg("status %d, said: %s", status, out);
	return out;
}

static void no_memory__ends_the_process_and_is_logged(void **state)
{
	static const struct {
		const char *name;
		void (*end)(void);
	} rows[] = {
		{"heap", heap},
		{"arena", arena_chunk},
		{"arena, beyond all addresses", arena_beyond_addresses},
		{"buffer", buffer},
		{"counters", mapping_of_counters},
	};
	char said[1024];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strstr(last_words(rows[i].end, said), "event=\"out of memory\" wanted=") ==
			NULL)
			fail_msg("%s: %s", rows[i].name, said);
}

static void mistake_of_ours__ends_the_process_and_says_where(void **state)
{
	char said[1024];

	last_words(mistake, said);
	assert_non_null(strstr(said, "event=bug file=tests/unit/test_base_fatal.c line="));
	assert_non_null(strstr(said, " what=\"no_machine_has > 0\"\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_memory__ends_the_process_and_is_logged),
		cmocka_unit_test(mistake_of_ours__ends_the_process_and_says_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
