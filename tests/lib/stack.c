/* SPDX-License-Identifier: MIT
 * A stack of a test program's own; see the header. Changes the environment of the test program, and
 * starts processes through httpd-conf/demo/stack and nothing else. */
#include "lib/stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"

#define SCRIPT "httpd-conf/demo/stack"

NORETURN static void give_up(const char *what, const char *which)
{
	fprintf(stderr, "stack: %s: %s: %s\n", what, which, strerror(errno));
	exit(2);
}

static void set(const char *name, const char *value)
{
	if (setenv(name, value, 1) != 0)
		give_up("cannot set", name);
}

static void apply(const struct stack *s, const char *setting)
{
	const char *equals = strchr(setting, '=');
	char name[64], value[512];

	if (equals == NULL || (size_t)(equals - setting) >= sizeof(name))
		give_up("no setting", setting);
	snprintf(name, sizeof(name), "%.*s", (int)(equals - setting), setting);
	snprintf(value, sizeof(value), "%s%s", equals[1] == '@' ? s->dir : "",
		equals + 1 + (equals[1] == '@'));
	set(name, value);
}

static pid_t run(const char *const *argv)
{
	pid_t child = fork();

	if (child == 0) {
		/* Its words are of interest only when it fails, and then they are in its log. */
		if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
			_exit(126);
		execv(argv[0], (char **)(void *)argv);
		_exit(127);
	}
	if (child < 0)
		give_up("cannot start", argv[0]);
	return child;
}

static void await(pid_t child, const char *what)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			give_up("cannot wait for", what);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "stack: %s failed\n", what);
		exit(2);
	}
}

pid_t stack_begin(const struct stack *s, const char *command)
{
	const char *const argv[] = {SCRIPT, command, NULL};

	set("RUN_DIR", s->dir);
	return run(argv);
}

bool stack_ended(pid_t child)
{
	int status;
	pid_t got = waitpid(child, &status, WNOHANG);

	if (got == 0)
		return false;
	if (got != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		give_up("a command failed", "httpd-conf/demo/stack");
	return true;
}

void stack_do(const struct stack *s, const char *command)
{
	await(stack_begin(s, command), command);
}

/* The lines NAME='value' of the env file. */
static void read_env(const struct stack *s)
{
	char path[512], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/env", s->dir);
	f = fopen(path, "r");
	if (f == NULL)
		give_up("cannot read", path);
	while (fgets(line, sizeof(line), f) != NULL) {
		char *value = strstr(line, "='"), *end = strrchr(line, '\'');

		if (value == NULL || end <= value + 1)
			continue;
		*value = *end = '\0';
		set(line, value + 2);
	}
	fclose(f);
	set("ROLLCALL_TEST_RUN", s->dir);
	if (unsetenv("ROLLCALL_TEST_BASE") != 0)
		give_up("cannot unset", "ROLLCALL_TEST_BASE");
}

void stack_make(struct stack *s)
{
	const char *run_dir = getenv("ROLLCALL_TEST_RUN");

	*s = (struct stack){0};
	snprintf(s->dir, sizeof(s->dir), "%s/own-XXXXXX", run_dir != NULL ? run_dir : "/tmp");
	if (mkdtemp(s->dir) == NULL)
		give_up("cannot make", s->dir);
}

/* The views by which a test looks at the tables. */
static void load_views(const struct stack *s)
{
	char defaults[512];
	const char *const argv[] = {
		"/usr/bin/mariadb", defaults, "-e", "source tests/lib/views.sql", NULL};

	snprintf(defaults, sizeof(defaults), "--defaults-file=%s/my.cnf", s->dir);
	await(run(argv), "mariadb");
}

/* What the stack would otherwise make itself, in seconds. */
static void make_data(const struct stack *s)
{
	char data[512];
	const char *const argv[] = {"tests/lib/mariadb-data", data, NULL};

	snprintf(data, sizeof(data), "%s/data", s->dir);
	await(run(argv), argv[0]);
}

void stack_up(struct stack *s, const char *const *settings)
{
	set("PORT", "0");
	set("DATA", "none");
	set("BUFFER_POOL", "64M");
	/* What tests/e2e/run may have set for the shared stack. */
	set("WEB", "lighttpd");
	set("FCGI", "socket");
	set("MOUNT", "");
	set("EXTRA", "");
	for (; *settings != NULL; settings++)
		apply(s, *settings);
	make_data(s);
	stack_do(s, "up");
	load_views(s);
	read_env(s);
}

void stack_down(struct stack *s)
{
	const char *const remove[] = {"/bin/rm", "-rf", s->dir, NULL};
	const char *keep = getenv("KEEP");

	if (s->dir[0] == '\0')
		return;
	stack_do(s, "down");
	if (keep == NULL || *keep == '\0')
		await(run(remove), "rm");
	else
		fprintf(stderr, "kept: %s\n", s->dir);
	s->dir[0] = '\0';
}
