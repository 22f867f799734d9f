/* SPDX-License-Identifier: MIT
 * The file of an import's state: written whole or not at all. A limit on the size of files stands
 * in for a full disk. Reading it is the matter of tests/fuzz, the lock that of tests/db. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/import_parts.h"

struct world {
	struct arena *a;
	char dir[32];
	const char *state, *draft;
};

static int opened(void **state)
{
	static struct world w = {.dir = "/tmp/import-state-XXXXXX"};

	w.a = arena_open();
	if (mkdtemp(w.dir) == NULL)
		return -1;
	w.state = arena_printf(w.a, "%s/state", w.dir);
	w.draft = arena_printf(w.a, "%s.new", w.state);
	*state = &w;
	return 0;
}

static int closed(void **state)
{
	struct world *w = *state;

	unlink(w->state);
	unlink(w->draft);
	rmdir(w->dir);
	arena_close(w->a);
	return 0;
}

static bool write_place(struct world *w, int64_t offset)
{
	struct import_place place = {.offset = offset, .line = 2, .told = STR("1 bad\n")};

	return import_state_write(w->a, w->state, STR("id\n"), &place);
}

static int64_t offset_there(struct world *w)
{
	struct import_place place = {0};

	assert_null(import_state_read(w->a, w->state, STR("id\n"), &place));
	return place.offset;
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void state_without_space__stays_as_it_was_and_leaves_no_draft(void **state)
{
	struct world *w = *state;
	struct rlimit all, little;
	int why;

	assert_true(write_place(w, 100));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
	little = (struct rlimit){.rlim_cur = 20, .rlim_max = all.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	assert_false(write_place(w, 200));
	why = errno;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
	assert_int_equal(why, EFBIG);
	assert_false(is_there(w->draft));
	assert_int_equal(offset_there(w), 100);
}

static void state_that_cannot_be_replaced__leaves_no_draft(void **state)
{
	struct world *w = *state;

	unlink(w->state);
	assert_int_equal(mkdir(w->state, 0700), 0);
	assert_false(write_place(w, 200));
	assert_int_equal(errno, EISDIR);
	assert_false(is_there(w->draft));
	assert_int_equal(rmdir(w->state), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_without_space__stays_as_it_was_and_leaves_no_draft),
		cmocka_unit_test(state_that_cannot_be_replaced__leaves_no_draft),
	};

	return cmocka_run_group_tests(tests, opened, closed);
}
