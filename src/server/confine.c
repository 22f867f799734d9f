/* SPDX-License-Identifier: MIT
 * Gives up rights; see the header. A kernel may lack a step or refuse it, which is logged and not
 * fatal. */
#define _GNU_SOURCE /* O_PATH */
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

static void note(const char *what, int status)
{
	if (status != 0)
		log_event(LOG_WARN, "process not confined", "what", what, "why", strerror(errno),
			NULL);
}

void confine_process(void)
{
	const struct rlimit none = {0, 0};

	note("core files", setrlimit(RLIMIT_CORE, &none));
	note("new privileges", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	/* The C library does this with all but small pieces: buffers of libraries hold tokens. */
	(void)mallopt(M_PERTURB, 0xa5);
}

/* Allows the files of base/spool.h, in which large answers wait. */
static void allow_spools(int rules)
{
	struct landlock_path_beneath_attr spools = {
		.allowed_access = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
				  LANDLOCK_ACCESS_FS_REMOVE_FILE,
		.parent_fd = open(P_tmpdir, O_PATH | O_CLOEXEC)};

	if (spools.parent_fd < 0)
		return;
	note("spools",
		(int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &spools, 0));
	close(spools.parent_fd);
}

/* These are refused everywhere; allow_spools permits some below the directory of temporary files. A
 * kernel without Landlock (before 5.13, or not enabled) is not logged, because the operator often
 * cannot change it, and Landlock is only a second protection. */
void confine_files(void)
{
	const struct landlock_ruleset_attr refused = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
				     LANDLOCK_ACCESS_FS_REMOVE_DIR |
				     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
				     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
				     LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
				     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM};
	int rules;

	rules = (int)syscall(SYS_landlock_create_ruleset, &refused, sizeof(refused), 0);
	if (rules < 0) {
		if (errno != ENOSYS && errno != EOPNOTSUPP)
			note("files", -1);
		return;
	}
	allow_spools(rules);
	note("files", (int)syscall(SYS_landlock_restrict_self, rules, 0));
	close(rules);
}

void confine_worker(void)
{
	note("dumpable", prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}
