/* SPDX-License-Identifier: MIT
 * The processes behind the web server; see the header. Reads /proc and the run directory, and sends
 * signals to nothing but the pool's workers. */
#include "lib/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void pool_pause_ms(long ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

int64_t pool_deadline(void)
{
	return clock_monotonic_us() + POOL_WAIT_SECONDS * INT64_C(1000000);
}

const char *pool_file(struct e2e *t, const char *name)
{
	const char *run = getenv("ROLLCALL_TEST_RUN");

	return arena_printf(t->arena, "%s/%s", run != NULL ? run : ".", name);
}

struct str pool_read(struct e2e *t, const char *path, long from)
{
	FILE *f = fopen(path, "r");
	char part[4096];
	struct buf b;
	size_t n;

	if (f == NULL)
		return STR_NONE;
	buf_init(&b, t->arena);
	fseek(f, from, SEEK_SET);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(&b, part, n);
	fclose(f);
	buf_char(&b, '\0');
	b.n--;
	return buf_view(&b);
}

long pool_file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (long)st.st_size : 0;
}

pid_t pool_process(struct e2e *t, const char *name)
{
	struct str text = pool_read(t, pool_file(t, name), 0);
	int64_t pid = 0;

	if (text.p == NULL)
		return 0;
	text.n -= text.n > 0 && text.p[text.n - 1] == '\n';
	return str_to_i64(text, &pid) == STR_INT_OK && kill((pid_t)pid, 0) == 0 ? (pid_t)pid : 0;
}

size_t pool_workers(struct e2e *t, pid_t out[POOL_WORKERS_MAX])
{
	pid_t pool = pool_process(t, "pool.pid");
	struct str rest, part;
	size_t n = 0;

	if (pool == 0)
		return 0;
	rest = pool_read(t, arena_printf(t->arena, "/proc/%d/task/%d/children", pool, pool), 0);
	while (str_split(&rest, ' ', &part)) {
		int64_t pid;

		if (n < POOL_WORKERS_MAX && str_to_i64(part, &pid) == STR_INT_OK)
			out[n++] = (pid_t)pid;
	}
	return n;
}

void pool_kill(const pid_t *pids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
}

int pool_run(struct e2e *t, const char *const argv[], char *const env[], const char *input,
	struct str *said)
{
	char out[] = "/tmp/test_ops.XXXXXX";
	int fd = mkstemp(out), status;
	pid_t child;

	assert_true(fd >= 0);
	child = fork();
	if (child == 0) {
		int in = open(input != NULL ? input : "/dev/null", O_RDONLY);

		dup2(in, STDIN_FILENO);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		for (; env != NULL && *env != NULL; env++)
			putenv(*env);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(errno == ENOENT ? 127 : 126);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	close(fd);
	*said = pool_read(t, out, 0);
	unlink(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void pool_stack(struct e2e *t, const char *command)
{
	const char *const argv[] = {"httpd-conf/demo/stack", command, NULL};
	char *env[] = {arena_printf(t->arena, "RUN_DIR=%s", getenv("ROLLCALL_TEST_RUN")), NULL};
	struct str said;

	if (pool_run(t, argv, env, NULL, &said) != 0)
		fail_msg("stack %s: %.*s", command, STR_FMT(said));
}

/* p == NULL while nobody answers, because a worker was killed a moment ago. */
static struct str try_metrics(struct e2e *t)
{
	struct e2e_answer a = e2e_get(t, STR_NONE, "/metrics");
	struct str text = str_dup(t->arena, a.body);

	return a.status == 200 ? text : STR_NONE;
}

struct str pool_metrics(struct e2e *t)
{
	int64_t end = pool_deadline();
	struct str text;

	while ((text = try_metrics(t)).p == NULL) {
		if (clock_monotonic_us() > end)
			fail_msg("no metrics");
		pool_pause_ms(20);
	}
	return text;
}

double pool_value(struct str metrics, struct str series)
{
	struct str line;

	while (str_split(&metrics, '\n', &line))
		if (line.n > series.n + 1 && str_starts(line, series) && line.p[series.n] == ' ')
			return strtod(line.p + series.n, NULL);
	return 0;
}

double pool_metric(struct e2e *t, const char *series)
{
	return pool_value(pool_metrics(t), str_from(series));
}

void pool_wait_for(struct e2e *t, const char *series, double at_least)
{
	int64_t end = pool_deadline();

	while (pool_metric(t, series) < at_least) {
		if (clock_monotonic_us() > end)
			fail_msg("%s does not reach %f", series, at_least);
		pool_pause_ms(20);
	}
}
