/* SPDX-License-Identifier: MIT
 * What the tests of rollcall-admin share: the real program run against the private server, its
 * output and its exit status. Included by tests/db/test_admin_*.c and by tests that want a migrated
 * store. The program is found in $BIN_DIR, else beside the tests' directory; tests run from the top
 * of the tree. */
#ifndef TESTS_DB_ADMIN_H
#define TESTS_DB_ADMIN_H

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pty.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

struct ran {
	int status; /* exit status, or -signal */
	struct str out, err;
};

/* A program that runs. */
struct running {
	pid_t pid;
	int out, err; /* files, unlinked */
};

static inline const char *admin_program(struct fix *f)
{
	const char *dir = getenv("BIN_DIR");
	char self[PATH_MAX];
	ssize_t n;

	if (dir != NULL && *dir != '\0')
		return arena_printf(f->arena, "%s/rollcall-admin", dir);
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	assert_true(n > 0);
	self[n] = '\0';
	return arena_printf(f->arena, "%s/rollcall-admin", dirname(dirname(dirname(self))));
}

static inline const char *file_path(struct fix *f, const char *name)
{
	return arena_printf(f->arena, "%s/%s", mariadb_dir(f->server), name);
}

/* A file of that text in the run's directory. Returns its path. */
static inline const char *put_file(struct fix *f, const char *name, struct str text)
{
	const char *path = file_path(f, name);
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(text.p, 1, text.n, out), text.n);
	assert_int_equal(fclose(out), 0);
	return path;
}

static inline struct str whole_file(struct fix *f, int fd)
{
	off_t n = lseek(fd, 0, SEEK_END);
	char *p = arena_alloc(f->arena, (size_t)n + 1);

	assert_int_equal(pread(fd, p, (size_t)n, 0), n);
	p[n] = '\0';
	return (struct str){p, (size_t)n};
}

static inline struct str get_file(struct fix *f, const char *path)
{
	int fd = open(path, O_RDONLY);
	struct str text;

	assert_true(fd >= 0);
	text = whole_file(f, fd);
	close(fd);
	return text;
}

static inline int scratch_file(struct fix *f)
{
	char *path = arena_printf(f->arena, "%s/out-XXXXXX", mariadb_dir(f->server));
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

#define ADMIN_WORDS_MAX 12

/* words: behind the program's name, ended by NULL. Settings of the host are not read. input:
 * standard input, -1 for none. */
static inline struct running admin_start(struct fix *f, int input, const char *const *words)
{
	const char *argv[ADMIN_WORDS_MAX + 4] = {admin_program(f), "--config", "/dev/null"};
	struct running r = {.out = scratch_file(f), .err = scratch_file(f)};
	int in = input >= 0 ? input : open("/dev/null", O_RDONLY);

	for (size_t i = 0; words[i] != NULL && i < ADMIN_WORDS_MAX; i++)
		argv[i + 3] = words[i];
	r.pid = fork();
	assert_true(r.pid >= 0);
	if (r.pid == 0) {
		setenv("ROLLCALL_DB_DEFAULTS", mariadb_defaults(f->server), 1);
		dup2(in, STDIN_FILENO);
		dup2(r.out, STDOUT_FILENO);
		dup2(r.err, STDERR_FILENO);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	if (input < 0)
		close(in);
	return r;
}

static inline struct ran admin_wait(struct fix *f, struct running r)
{
	struct ran ran;
	int status;

	assert_int_equal(waitpid(r.pid, &status, 0), r.pid);
	ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	ran.out = whole_file(f, r.out);
	ran.err = whole_file(f, r.err);
	close(r.out);
	close(r.err);
	return ran;
}

/* admin(f, "purge", "--older-than", "90d") */
#define ADMIN_WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define admin(f, ...) admin_wait(f, admin_start(f, -1, ADMIN_WORDS(__VA_ARGS__)))

/* The same with a terminal for standard error; what is drawn on it is ran.err. */
static inline struct ran admin_on_terminal(struct fix *f, const char *const *words)
{
	const char *argv[ADMIN_WORDS_MAX + 4] = {admin_program(f), "--config", "/dev/null"};
	char *drawn = arena_alloc(f->arena, 1 << 20);
	struct ran ran = {.err = {drawn, 0}};
	int master, status;
	ssize_t got;
	pid_t pid;

	for (size_t i = 0; words[i] != NULL && i < ADMIN_WORDS_MAX; i++)
		argv[i + 3] = words[i];
	pid = forkpty(&master, NULL, NULL, NULL);
	assert_true(pid >= 0);
	if (pid == 0) {
		setenv("ROLLCALL_DB_DEFAULTS", mariadb_defaults(f->server), 1);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	/* Reading fails once the other side is gone. */
	while ((got = read(master, drawn + ran.err.n, ((size_t)1 << 20) - 1 - ran.err.n)) > 0)
		ran.err.n += (size_t)got;
	drawn[ran.err.n] = '\0';
	close(master);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	return ran;
}

static inline bool contains(struct str text, const char *part)
{
	return strstr(text.p, part) != NULL;
}

static inline size_t line_count(struct str text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

/* One line of complaint, and nothing else. */
static inline void assert_refused(const struct ran *r, int status, const char *part)
{
	if (r->status != status || !contains(r->err, part))
		fail_msg("status %d, wanted %d and \"%s\"; out: %s err: %s", r->status, status,
			part, r->out.p, r->err.p);
}

static inline void assert_done(const struct ran *r, const char *out)
{
	if (r->status != 0 || strcmp(r->out.p, out) != 0 || r->err.n != 0)
		fail_msg("status %d, wanted \"%s\"; out: %s err: %s", r->status, out, r->out.p,
			r->err.p);
}

static inline int64_t number_of(struct fix *f, struct sql_frag text)
{
	int64_t n = -1;

	assert_ok(f->db, read_int(f->db, f->arena, &n, text, 0));
	return n;
}

/* An empty database, for which connections are opened again. */
static inline void fresh_database(struct fix *f)
{
	struct db_config cfg = fix_config(f);

	f->migrated = false;
	assert_ok(f->db, exec(f->db, f->arena, SQL("DROP DATABASE rollcall"), 0));
	assert_ok(f->db, exec(f->db, f->arena, SQL("CREATE DATABASE rollcall"), 0));
	db_close(f->db);
	db_close(f->other);
	f->db = db_open(&cfg);
	f->other = db_open(&cfg);
}

static inline int fix_open_fresh(void **state)
{
	fix_open(state);
	fresh_database(*state);
	return 0;
}

static inline void migrate(struct fix *f)
{
	struct ran r;

	fresh_database(f);
	r = admin(f, "migrate", "--schema", "schema");
	if (r.status != 0)
		fail_msg("migrate: %s", r.err.p);
	mariadb_load(f->server, "tests/lib/views.sql");
	f->migrated = true;
}

/* With the tables of schema/, and the views of lib/views.sql to look at them. They are made by the
 * first test of a program; each further one finds them empty. */
static inline int fix_open_migrated(void **state)
{
	struct fix *f = *state;

	f->patient = true;
	fix_open(state);
	if (f->migrated)
		mariadb_load(f->server, "tests/lib/empty.sql");
	else
		migrate(f);
	return 0;
}

/* With tenant t of partner p, and partner other. */
static inline int fix_open_tenant(void **state)
{
	struct fix *f = *state;

	fix_open_migrated(state);
	assert_ok(f->db,
		exec(f->db, f->arena, SQL("INSERT INTO partner (id) VALUES ('p'), ('other')"), 0));
	assert_ok(
		f->db, exec(f->db, f->arena,
			       SQL("INSERT INTO tenant (id, partner_no) SELECT 't', no FROM partner"
				   " WHERE id = 'p'"),
			       0));
	return 0;
}

/* Living and ended ones. */
static inline int64_t session_count_of(struct fix *f)
{
	return number_of(f, SQL("SELECT COUNT(*) FROM test_session"));
}

/* No sessions, no users, and numbers that say so. */
static inline void clear_sessions(struct fix *f)
{
	static const struct sql_frag texts[] = {SQL_INIT("DELETE FROM session"),
		SQL_INIT("DELETE FROM ended"), SQL_INIT("DELETE FROM tally"),
		SQL_INIT("DELETE FROM ended_tally"), SQL_INIT("DELETE FROM ended_user"),
		SQL_INIT("DELETE FROM user")};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_ok(f->db, exec(f->db, f->arena, texts[i], 0));
}

/* The maintained numbers are those of the sessions. */
static inline void assert_numbers_right(struct fix *f)
{
	struct ran r = admin(f, "recount", "--dry-run");

	assert_done(&r, "0 numbers are wrong\n");
}

#endif
