/* SPDX-License-Identifier: MIT
 * What a process of ours gives up, tried in children. */
#define _GNU_SOURCE /* memfd_create */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

/* What a worker has to go on doing, and what it cannot do any more. */
static bool only_reads_files(void)
{
	char made[64], text[8];
	int kept = open("/dev/null", O_WRONLY), read_too;

	snprintf(made, sizeof(made), "/var/tmp/rollcall-confine-%ld", (long)getpid());
	confine_process();
	confine_files();
	read_too = open("/proc/self/status", O_RDONLY);
	return write(kept, "x", 1) == 1 && read(read_too, text, sizeof(text)) > 0 &&
	       socket(AF_UNIX, SOCK_STREAM, 0) >= 0 && memfd_create("m", 0) >= 0 &&
	       open(made, O_WRONLY | O_CREAT, 0600) < 0 && errno == EACCES && tmpfile() != NULL &&
	       open("/dev/null", O_WRONLY) < 0 && errno == EACCES && mkdir(made, 0700) < 0 &&
	       errno == EACCES && execl("/bin/false", "false", (char *)NULL) < 0 && errno == EACCES;
}

static void worker__only_reads_files(void **state)
{
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 0)
		skip();
	assert_true(in_child(only_reads_files));
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
		cmocka_unit_test(worker__only_reads_files),
		cmocka_unit_test(worker__is_closed_to_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
