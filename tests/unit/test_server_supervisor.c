/* SPDX-License-Identifier: MIT
 * The parent of a pool whose forks fail and whose workers do not stop: told by its log, which the
 * test reads line by line. Workers need no database as long as nobody asks them anything. This
 * program has a fork of its own, so the linker sends the parent's calls here. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "server/config.h"
#include "server/setup.h"
#include "server/supervisor.h"

#define PATIENCE_S 60

static int *forks_to_fail; /* of the pool; shared with it */

pid_t fork(void)
{
	pid_t (*real)(void);
	void *found = dlsym(RTLD_NEXT, "fork");

	memcpy(&real, &found, sizeof(real));
	if (*forks_to_fail == 0)
		return real();
	--*forks_to_fail;
	errno = EAGAIN;
	return -1;
}

struct pool {
	pid_t parent;
	FILE *log;
	char line[1024];
};

static NORETURN void be_parent(int listening, int log, const char *drain_s)
{
	struct jwks *keys;
	struct config cfg;
	int status;

	dup2(listening, STDIN_FILENO);
	dup2(log, STDERR_FILENO);
	setenv("ROLLCALL_WORKERS", "2", 1);
	setenv("ROLLCALL_DRAIN_SECONDS", drain_s, 1);
	if (!config_read(&cfg, stderr))
		exit(3);
	log_setup(LOG_INFO, LOG_TEXT);
	keys = setup_keys(&cfg, stderr);
	status = supervisor_run(&cfg, keys);
	jwks_close(keys);
	exit(status);
}

static struct pool pool_start(const char *drain_s)
{
	struct sockaddr_un any = {.sun_family = AF_UNIX};
	int listening = socket(AF_UNIX, SOCK_STREAM, 0), ends[2], failing = *forks_to_fail;
	struct pool p;

	assert_int_equal(bind(listening, (struct sockaddr *)&any, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(listening, 8), 0);
	assert_int_equal(pipe(ends), 0);
	*forks_to_fail = 0;
	p.parent = fork();
	assert_true(p.parent >= 0);
	if (p.parent == 0) {
		*forks_to_fail = failing;
		close(ends[0]);
		be_parent(listening, ends[1], drain_s);
	}
	close(listening);
	close(ends[1]);
	p.log = fdopen(ends[0], "r");
	assert_non_null(p.log);
	alarm(PATIENCE_S); /* a line that never comes ends the program */
	return p;
}

/* The next line that holds the text; those before it are passed over. */
static const char *until(struct pool *p, const char *text)
{
	while (fgets(p->line, sizeof(p->line), p->log) != NULL)
		if (strstr(p->line, text) != NULL)
			return p->line;
	fail_msg("the log ends without \"%s\"", text);
	return NULL;
}

static pid_t pid_of(const char *line)
{
	return (pid_t)strtol(strstr(line, "pid=") + 4, NULL, 10);
}

static pid_t next_worker(struct pool *p)
{
	return pid_of(until(p, "event=\"worker started\" pid="));
}

static pid_t next_end(struct pool *p)
{
	return pid_of(until(p, "event=\"worker ended\" pid="));
}

/* Told to stop, it ends well, and nothing is left of it. */
static void pool_stop(struct pool *p)
{
	int status;

	assert_int_equal(kill(p->parent, SIGTERM), 0);
	until(p, "event=\"pool stopped\"");
	assert_int_equal(waitpid(p->parent, &status, 0), p->parent);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
	fclose(p->log);
	alarm(0);
}

static void worker_that_cannot_be_started__is_tried_again(void **state)
{
	struct pool p;

	(void)state;
	*forks_to_fail = 3;
	p = pool_start("10");
	for (int i = 0; i < 3; i++)
		until(&p, "level=error event=\"worker not started\" why=\"Resource temporarily");
	assert_int_not_equal(next_worker(&p), next_worker(&p));
	pool_stop(&p);
}

static void renewal_without_a_new_worker__keeps_the_old_one(void **state)
{
	struct pool p = pool_start("10");
	pid_t first = next_worker(&p), second = next_worker(&p), third, end;

	(void)state;
	*forks_to_fail = 1;
	assert_int_equal(kill(p.parent, SIGHUP), 0);
	until(&p, "event=\"worker not started\"");
	third = next_worker(&p);
	assert_int_equal(next_end(&p), second);
	/* It is still the parent's: told to stop with the others. */
	assert_int_equal(kill(p.parent, SIGTERM), 0);
	end = next_end(&p);
	assert_true(end == first || end == third);
	assert_int_equal(next_end(&p), end == first ? third : first);
	pool_stop(&p);
}

static void worker_that_does_not_leave_its_place__is_killed(void **state)
{
	struct pool p = pool_start("0");
	pid_t first = next_worker(&p);

	(void)state;
	(void)next_worker(&p);
	assert_int_equal(kill(first, SIGSTOP), 0); /* does not hear that it should stop */
	assert_int_equal(kill(p.parent, SIGHUP), 0);
	until(&p, "level=warn event=\"drain time is over\"");
	until(&p, "event=\"worker died\"");
	assert_non_null(strstr(p.line, " signal=9"));
	assert_int_equal(pid_of(p.line), first);
	pool_stop(&p);
}

static void worker_that_does_not_stop__is_killed_with_the_pool(void **state)
{
	struct pool p = pool_start("0");

	(void)state;
	assert_int_equal(kill(next_worker(&p), SIGSTOP), 0);
	(void)next_worker(&p);
	assert_int_equal(kill(p.parent, SIGTERM), 0);
	until(&p, "event=\"pool stops\"");
	until(&p, "level=warn event=\"drain time is over\"");
	pool_stop(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worker_that_cannot_be_started__is_tried_again),
		cmocka_unit_test(renewal_without_a_new_worker__keeps_the_old_one),
		cmocka_unit_test(worker_that_does_not_leave_its_place__is_killed),
		cmocka_unit_test(worker_that_does_not_stop__is_killed_with_the_pool),
	};

	clearenv();
	forks_to_fail = mmap(NULL, sizeof(*forks_to_fail), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
