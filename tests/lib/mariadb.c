/* SPDX-License-Identifier: MIT
 * Starts and stops the private MariaDB server of a test program (see lib/mariadb.h). The surprise:
 * account and database are made by the server's init file, so no administrator ever connects. */
#define _XOPEN_SOURCE 700

#include "lib/mariadb.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <mysql.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"

#define START_SECONDS 60
#define OPTIONS_MAX 8

struct mariadb {
	bool ours;
	pid_t pid;          /* 0: not running */
	char dir[PATH_MAX]; /* data, log, option file */
	char socket_dir[PATH_MAX];
	char defaults[PATH_MAX + 16];
	const char *const *options; /* further ones for the server, ended by NULL */
};

static void die(const struct mariadb *m, const char *what)
{
	fprintf(stderr, "mariadb of this test (%s): %s\n", m->dir, what);
	exit(99);
}

static const char *path(const struct mariadb *m, char out[PATH_MAX + 16], const char *name)
{
	snprintf(out, PATH_MAX + 16, "%s/%s", m->dir, name);
	return out;
}

static const char *base_dir(void)
{
	const char *dir = getenv("ROLLCALL_TEST_DIR");

	if (dir == NULL || !*dir)
		dir = getenv("TMPDIR");
	return dir != NULL && *dir ? dir : "/tmp";
}

/* The name of a socket is short; a build directory may not be. */
static void make_dirs(struct mariadb *m)
{
	char base[PATH_MAX];

	if (mkdir(base_dir(), 0700) != 0 && errno != EEXIST)
		die(m, "cannot make the test directory");
	if (realpath(base_dir(), base) == NULL || strlen(base) > PATH_MAX - 64)
		die(m, "cannot use the test directory");
	snprintf(m->dir, sizeof(m->dir), "%.4000s/db-XXXXXX", base);
	if (mkdtemp(m->dir) == NULL)
		die(m, "cannot make a directory");
	snprintf(m->socket_dir, sizeof(m->socket_dir), "%s", m->dir);
	if (strlen(m->dir) + 3 < sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return;
	snprintf(m->socket_dir, sizeof(m->socket_dir), "/tmp/db-XXXXXX");
	if (mkdtemp(m->socket_dir) == NULL)
		die(m, "cannot make a directory for the socket");
}

static void write_file(const struct mariadb *m, const char *name, const char *text)
{
	char file[PATH_MAX + 16];
	int fd = open(path(m, file, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (f == NULL || fputs(text, f) == EOF || fclose(f) != 0)
		die(m, "cannot write a file");
}

/* In the child. Standard output and error go to the log. */
static void run_program(const struct mariadb *m, pid_t parent, const char *const argv[])
{
	char file[PATH_MAX + 16], search[4096];
	const char *old = getenv("PATH");
	int log = open(path(m, file, "log"), O_WRONLY | O_CREAT | O_APPEND, 0600);

	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	/* An ordinary user's PATH has no place for servers. */
	snprintf(search, sizeof(search), "%s:/usr/local/sbin:/usr/sbin",
		old != NULL ? old : "/usr/bin:/bin");
	setenv("PATH", search, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent)
		execvp(argv[0], (char *const *)argv);
	_exit(127);
}

static pid_t spawn(const struct mariadb *m, const char *const argv[])
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid < 0)
		die(m, "cannot fork");
	if (pid == 0) {
		int in = open("/dev/null", O_RDONLY);

		dup2(in, STDIN_FILENO);
		run_program(m, parent, argv);
	}
	return pid;
}

static void show_log(const struct mariadb *m)
{
	char file[PATH_MAX + 16], line[1024];
	FILE *f = fopen(path(m, file, "log"), "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		fputs(line, stderr);
	if (f != NULL)
		fclose(f);
}

static void run(const struct mariadb *m, const char *const argv[])
{
	pid_t pid = spawn(m, argv);
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		show_log(m);
		die(m, argv[0]);
	}
}

static void install(const struct mariadb *m)
{
	char data[PATH_MAX + 32];
	const char *argv[] = {"tests/lib/mariadb-data", data, NULL};

	snprintf(data, sizeof(data), "%s/data", m->dir);
	run(m, argv);
}

static MYSQL *connection(const struct mariadb *m, unsigned long flags)
{
	MYSQL *my = mysql_init(NULL);
	unsigned seconds = 5;

	mysql_options(my, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
	mysql_options(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_options(my, MYSQL_READ_DEFAULT_FILE, m->defaults);
	mysql_options(my, MYSQL_READ_DEFAULT_GROUP, "rollcall");
	if (mysql_real_connect(my, NULL, NULL, NULL, NULL, 0, NULL, flags) != NULL)
		return my;
	mysql_close(my);
	return NULL;
}

static bool answers(const struct mariadb *m)
{
	MYSQL *my = connection(m, 0);

	if (my != NULL)
		mysql_close(my);
	return my != NULL;
}

static void wait_for_server(struct mariadb *m)
{
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};

	for (int i = 0; i < START_SECONDS * 50; i++) {
		if (answers(m))
			return;
		if (waitpid(m->pid, NULL, WNOHANG) != 0) {
			show_log(m);
			die(m, "the server has ended");
		}
		nanosleep(&pause, NULL);
	}
	show_log(m);
	die(m, "the server does not answer");
}

static void launch(struct mariadb *m)
{
	char data[PATH_MAX + 32], sock[PATH_MAX + 32], init[PATH_MAX + 32], pid[PATH_MAX + 32],
		tmp[PATH_MAX + 32], files[PATH_MAX + 32];
	/* The disk is never waited for: these data have to outlive the server, not the machine. */
	const char *argv[16 + OPTIONS_MAX + 1] = {"mariadbd", "--no-defaults", data, sock, init,
		pid, tmp, files, "--skip-networking", "--skip-log-bin", "--innodb-log-file-size=8M",
		"--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=2",
		"--innodb-flush-method=nosync", "--debug-no-sync"};
	size_t n = 15;

	snprintf(data, sizeof(data), "--datadir=%s/data", m->dir);
	snprintf(sock, sizeof(sock), "--socket=%s/s", m->socket_dir);
	snprintf(init, sizeof(init), "--init-file=%s/init.sql", m->dir);
	snprintf(pid, sizeof(pid), "--pid-file=%s/pid", m->dir);
	snprintf(tmp, sizeof(tmp), "--tmpdir=%s", m->dir);
	snprintf(files, sizeof(files), "--secure-file-priv=%s/files", m->dir);
	if (geteuid() == 0)
		argv[n++] = "--user=root";
	for (size_t i = 0; m->options != NULL && m->options[i] != NULL && i < OPTIONS_MAX; i++)
		argv[n++] = m->options[i];
	m->pid = spawn(m, argv);
	wait_for_server(m);
}

struct mariadb *mariadb_start(const char *const *options)
{
	struct mariadb *m = calloc(1, sizeof(*m));
	const char *given = getenv("ROLLCALL_DB_DEFAULTS");
	char text[PATH_MAX + 256];

	if (m == NULL)
		abort();
	m->options = options;
	if (given != NULL && *given && options == NULL) {
		snprintf(m->defaults, sizeof(m->defaults), "%s", given);
		if (!answers(m))
			die(m, "the server of ROLLCALL_DB_DEFAULTS does not answer");
		return m;
	}
	m->ours = true;
	make_dirs(m);
	path(m, m->defaults, "my.cnf");
	snprintf(text, sizeof(text),
		"[client]\nsocket=%s/s\nuser=rollcall\npassword=throwaway\n"
		"[rollcall]\ndatabase=rollcall\n",
		m->socket_dir);
	write_file(m, "my.cnf", text);
	write_file(m, "init.sql",
		"CREATE DATABASE IF NOT EXISTS rollcall;\n"
		"CREATE USER IF NOT EXISTS 'rollcall'@'localhost' IDENTIFIED BY 'throwaway';\n"
		"GRANT ALL ON rollcall.* TO 'rollcall'@'localhost';\n");
	if (mkdir(path(m, text, "files"), 0700) != 0)
		die(m, "cannot make a directory");
	install(m);
	launch(m);
	return m;
}

static int remove_entry(const char *name, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(name);
}

static void stop(struct mariadb *m, int sig)
{
	if (m->pid == 0)
		return;
	kill(m->pid, sig);
	while (waitpid(m->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	m->pid = 0;
}

/* Nothing in it is worth an orderly shutdown. */
void mariadb_end(struct mariadb *m)
{
	if (m == NULL)
		return;
	if (m->ours) {
		stop(m, SIGKILL);
		nftw(m->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
		if (strcmp(m->dir, m->socket_dir) != 0)
			nftw(m->socket_dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	}
	free(m);
}

const char *mariadb_defaults(const struct mariadb *m)
{
	return m->defaults;
}

bool mariadb_is_ours(const struct mariadb *m)
{
	return m->ours;
}

const char *mariadb_dir(const struct mariadb *m)
{
	return m->dir;
}

static char *read_file(const struct mariadb *m, const char *name, size_t *n)
{
	FILE *f = fopen(name, "r");
	char *text = NULL;
	size_t cap = 0;
	ssize_t got = f != NULL ? getdelim(&text, &cap, '\0', f) : -1;

	if (got < 0)
		die(m, name);
	fclose(f);
	*n = (size_t)got;
	return text;
}

void mariadb_load(const struct mariadb *m, const char *sql)
{
	size_t n;
	char *text = read_file(m, sql, &n);
	MYSQL *my = connection(m, CLIENT_MULTI_STATEMENTS);
	int more = 0;

	if (my == NULL)
		die(m, "cannot connect");
	if (mysql_real_query(my, text, (unsigned long)n) != 0)
		more = 1;
	while (more == 0) {
		mysql_free_result(mysql_store_result(my));
		more = mysql_next_result(my);
	}
	if (more > 0) {
		fprintf(stderr, "%s: %s\n", sql, mysql_error(my));
		die(m, "cannot load a file");
	}
	mysql_close(my);
	free(text);
}

void mariadb_crash(struct mariadb *m)
{
	stop(m, SIGKILL);
}

void mariadb_restart(struct mariadb *m)
{
	launch(m);
}

void mariadb_pause(struct mariadb *m)
{
	int status;

	kill(m->pid, SIGSTOP);
	if (waitpid(m->pid, &status, WUNTRACED) != m->pid || !WIFSTOPPED(status))
		die(m, "cannot stop the server");
}

void mariadb_resume(struct mariadb *m)
{
	kill(m->pid, SIGCONT);
}
