/* SPDX-License-Identifier: MIT
 * What a process of ours gives up, tried in children. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/confine.h"

static bool in_child(bool (*check)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(check() ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool has_no_core(void)
{
	struct rlimit limit;

	confine_process();
	return getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0;
}

static void process__leaves_no_core_file(void **state)
{
	assert_true(in_child(has_no_core));
}

static bool gains_nothing(void)
{
	confine_process();
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

static void process__gains_no_rights(void **state)
{
	assert_true(in_child(gains_nothing));
}

static bool is_closed(void)
{
	confine_worker();
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
}

static void worker__is_closed_to_others(void **state)
{
	assert_true(in_child(is_closed));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(process__leaves_no_core_file),
		cmocka_unit_test(process__gains_no_rights),
		cmocka_unit_test(worker__is_closed_to_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
