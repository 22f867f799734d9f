/* SPDX-License-Identifier: MIT
 * bench-data: fills an empty store with made-up sessions, for tests/bench/run. The numbers that the
 * store keeps (tally, ended_tally, ended_user, user.living) are written from the same rows, so they
 * are exact.
 *
 *   bench-data OPTION_FILE GROUP new|before ROWS END_ROWS DIRECTORY
 *
 * `new` is schema/0001_store.sql of this tree, `before` the one of the commit that the bench
 * compares with. END_ROWS > 0 adds a tenant of that many living sessions and one of a fifth, which
 * one case ends. Leaves in DIRECTORY: tenants.tsv (id, active sessions) and sessions.tsv (a sample
 * of active ones: id, tenant, user, token).
 *
 * The surprise: there are no files of data. The server loads from a pipe in the directory of its
 * database, which this program fills meanwhile; so both run as one user on one host, and the
 * account of OPTION_FILE needs the FILE privilege. With unique_checks and foreign_key_checks off
 * the server loads an empty table and its indexes in bulk. Two connections work at once. */
#include <errno.h>
#include <fcntl.h>
#include <mysql.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "data.h"

#define SAMPLE 20000 /* sessions in sessions.tsv, about */

/* The first connection loads from one pipe and the second from another. The names are relative to
 * the server's data directory. */
#define LOAD(pipe, columns) "LOAD DATA INFILE '" pipe "' INTO TABLE " columns
#define PIPE_1 "../files/bench-1.pipe"
#define PIPE_2 "../files/bench-2.pipe"

static void run_sql(MYSQL *db, const char *sql)
{
	if (mysql_query(db, sql) != 0)
		die(sql, mysql_error(db));
}

struct job {
	const char *pipe, *sql; /* NULL ends a list of them */
	bool (*next)(struct source *s, struct out *o);
};

#define SESSION_COLUMNS                                                                                        \
	"session CHARACTER SET binary (tenant_no, tenant_id, created_at, id, partner_no, user_id, user_email," \
	" user_display_name, role, token_digest, request_digest, ip_address, user_agent,"                      \
	" device_type, location, last_activity_at, expires_at, app_count, apps)"
#define ENDED_COLUMNS                                                                                      \
	"ended CHARACTER SET binary (tenant_no, tenant_id, how, ended_at, id, month, partner_no, user_id," \
	" user_email, user_display_name, request_digest, ip_address, user_agent, device_type,"             \
	" location, created_at, last_activity_at, expires_at, app_count, apps, revoked_by,"                \
	" revoked_by_kind, endpoint, request_id)"
#define BEFORE_COLUMNS                                                                             \
	"session CHARACTER SET binary (id, tenant_id, partner_id, user_id, token_digest,"          \
	" request_digest, ip_address, user_agent, device_type, location, created_at,"              \
	" last_activity_at, expires_at, revoked_at, revoked_by) SET updated_at = last_activity_at"

static const struct job new_first[] = {
	{PIPE_1, LOAD(PIPE_1, "partner (no, id, name)"), next_partner},
	{PIPE_1, LOAD(PIPE_1, "tenant (no, id, name, partner_no, @p)"), next_tenant},
	{NULL, NULL, NULL},
};
static const struct job new_living[] = {
	{PIPE_1, LOAD(PIPE_1, SESSION_COLUMNS), next_session},
	{PIPE_1, LOAD(PIPE_1, "user (tenant_no, @t, id, email, display_name, living)"), next_user},
	{PIPE_1, LOAD(PIPE_1, "tally (scope, no, what, bucket, device_type, shard, n)"),
		next_tally},
	{NULL, NULL, NULL},
};
static const struct job new_ended[] = {
	{PIPE_2, LOAD(PIPE_2, ENDED_COLUMNS), next_ended},
	{PIPE_2,
		LOAD(PIPE_2,
			"ended_tally (scope, no, what, bucket, shard, month, n, lived_ms, latest_ms)"),
		next_ended_tally},
	{PIPE_2, LOAD(PIPE_2, "ended_user (tenant_no, user_id, month, expired, revoked)"),
		next_ended_user},
	{NULL, NULL, NULL},
};
static const struct job before_first[] = {
	{PIPE_1, LOAD(PIPE_1, "partner (@n, id, name)"), next_partner},
	{PIPE_1, LOAD(PIPE_1, "tenant (@n, id, name, @p, partner_id)"), next_tenant},
	{PIPE_1, LOAD(PIPE_1, "application (tenant_id, id, name)"), next_before_application},
	{PIPE_1, LOAD(PIPE_1, "user (@n, tenant_id, id, email, display_name, @l)"), next_user},
	{NULL, NULL, NULL},
};
static const struct job before_sessions[] = {
	{PIPE_1, LOAD(PIPE_1, BEFORE_COLUMNS), next_before},
	{NULL, NULL, NULL},
};
static const struct job before_rest[] = {
	{PIPE_2, LOAD(PIPE_2, "session_app (session_id, application_id, accessed_at)"),
		next_before_app},
	{PIPE_2,
		LOAD(PIPE_2,
			"revocation (call_id, session_id, tenant_id, user_id, revoked_at, revoked_by,"
			" endpoint, request_id)"),
		next_before_revocation},
	{NULL, NULL, NULL},
};

static MYSQL *connect_to(const char *file, const char *group)
{
	MYSQL *db = mysql_init(NULL);

	if (db == NULL)
		die("memory", strerror(errno));
	mysql_options(db, MYSQL_READ_DEFAULT_FILE, file);
	mysql_options(db, MYSQL_READ_DEFAULT_GROUP, group);
	if (mysql_real_connect(db, NULL, NULL, NULL, NULL, 0, NULL, 0) == NULL)
		die("connect", mysql_error(db));
	run_sql(db, "SET unique_checks = 0, foreign_key_checks = 0, check_constraint_checks = 0,"
		    " time_zone = '+00:00'");
	return db;
}

static const char *first_warning(MYSQL *db)
{
	MYSQL_RES *res;
	MYSQL_ROW row;

	run_sql(db, "SHOW WARNINGS LIMIT 1");
	res = mysql_store_result(db);
	row = res == NULL ? NULL : mysql_fetch_row(res);
	return row == NULL ? "a warning" : row[2];
}

struct loading {
	MYSQL *db;
	const char *sql;
	bool finished, failed;
};

static void *load_thread(void *arg)
{
	struct loading *l = arg;

	mysql_thread_init();
	l->failed = mysql_query(l->db, l->sql) != 0;
	mysql_thread_end();
	__atomic_store_n(&l->finished, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Waits for the server to open its end, but not when the statement has failed before. */
static int open_pipe(const char *path, struct loading *l)
{
	int fd;

	while ((fd = open(path, O_WRONLY | O_NONBLOCK)) < 0) {
		if (__atomic_load_n(&l->finished, __ATOMIC_ACQUIRE))
			return -1;
		if (errno != ENXIO)
			die(path, strerror(errno));
		usleep(1000);
	}
	fcntl(fd, F_SETFL, 0);
	return fd;
}

static void feed(struct source *s, int fd)
{
	struct out *o = &s->out;

	do {
		o->n = 0;
		while (o->n < 65536 && s->next(s, o))
			continue;
		for (size_t done = 0; done < o->n;) {
			ssize_t n = write(fd, o->p + done, o->n - done);

			if (n < 0)
				return; /* the statement's error tells why */
			done += (size_t)n;
		}
	} while (o->n > 0);
}

static void run_job(MYSQL *db, const char *dir, const struct job *job, struct source *s)
{
	struct loading l = {.db = db, .sql = job->sql};
	pthread_t thread;
	char path[4200];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, job->pipe);
	unlink(path);
	if (mkfifo(path, 0600) != 0)
		die(path, strerror(errno));
	if (pthread_create(&thread, NULL, load_thread, &l) != 0)
		die("thread", strerror(errno));
	fd = open_pipe(path, &l);
	if (fd >= 0) {
		feed(s, fd);
		close(fd);
	}
	pthread_join(thread, NULL);
	unlink(path);
	if (l.failed)
		die(job->sql, mysql_error(db));
	if (mysql_warning_count(db) != 0)
		die(job->sql, first_warning(db));
}

static void data_dir(MYSQL *db, char *out, size_t room)
{
	MYSQL_RES *res;
	MYSQL_ROW row;

	run_sql(db, "SELECT @@datadir");
	res = mysql_store_result(db);
	row = res == NULL ? NULL : mysql_fetch_row(res);
	if (row == NULL)
		die("datadir", mysql_error(db));
	snprintf(out, room, "%s", row[0]);
	mysql_free_result(res);
}

static void run_jobs(const char *file, const char *group, const struct job *jobs,
	const struct plan *plan, struct numbers *numbers, struct progress *progress)
{
	MYSQL *db = connect_to(file, group);
	char dir[4096];

	data_dir(db, dir, sizeof(dir));
	for (; jobs->sql != NULL; jobs++) {
		struct source s = {
			.plan = plan, .numbers = numbers, .progress = progress, .next = jobs->next};
		time_t began = time(NULL);

		run_job(db, dir, jobs, &s);
		free(s.out.p);
		if (getenv("BENCH_VERBOSE") != NULL)
			fprintf(stderr, "\n%ld s %.60s\n", (long)(time(NULL) - began), jobs->sql);
	}
	mysql_close(db);
}

static void load_living(
	const char *file, const char *group, const struct plan *p, struct progress *progress)
{
	struct numbers n = {0};

	numbers_init(&n, p);
	n.user_living = zeroed((size_t)p->users, sizeof(*n.user_living));
	for (int scope = ALL; scope < SCOPES; scope++)
		n.living[scope] = zeroed(scope_count(p, scope), sizeof(struct living_numbers));
	run_jobs(file, group, new_living, p, &n, progress);
}

static void load_ended(
	const char *file, const char *group, const struct plan *p, struct progress *progress)
{
	struct numbers n = {0};

	numbers_init(&n, p);
	n.user_ended = zeroed((size_t)p->users, sizeof(*n.user_ended));
	for (int scope = ALL; scope <= PARTNER; scope++)
		n.ended_all[scope] = zeroed(scope_count(p, scope), sizeof(struct ended_numbers));
	run_jobs(file, group, new_ended, p, &n, progress);
}
/* Two processes, watched by the first one */

static void show(const struct progress *p, time_t began, bool tty, int *shown)
{
	int64_t done = __atomic_load_n(&p->done, __ATOMIC_RELAXED);
	int percent = (int)(done * 100 / (p->total == 0 ? 1 : p->total));
	char bar[41] = "........................................";

	if (tty) {
		memset(bar, '#', (size_t)percent * 40 / 100);
		fprintf(stderr, "\r  [%s] %3d %% of %lld rows, %ld s%s", bar, percent,
			(long long)p->total, (long)(time(NULL) - began),
			percent == 100 ? ", the server builds indexes" : "");
	} else if (percent / 10 > *shown) {
		fprintf(stderr, "  %d %% of %lld rows, %ld s\n", percent, (long long)p->total,
			(long)(time(NULL) - began));
	}
	*shown = percent / 10;
}

static void watch(const struct progress *p, const pid_t pids[2])
{
	time_t began = time(NULL);
	bool tty = isatty(2);
	int shown = 0, left = 2, status;

	while (left > 0) {
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid == 0) {
			show(p, began, tty, &shown);
			usleep(200000);
			continue;
		}
		left--;
		if (pid > 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
			kill(pid == pids[0] ? pids[1] : pids[0], SIGTERM);
		if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
			die("a loading process", pid == pids[0] ? "the sessions" : "what ended");
	}
	show(p, began, tty, &shown);
	fprintf(stderr, "%s  done in %ld s\n", tty ? "\n" : "", (long)(time(NULL) - began));
}

static FILE *open_in(const char *dir, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (f == NULL)
		die(path, strerror(errno));
	return f;
}

static void write_lists(const struct plan *p, const char *dir, int64_t rows)
{
	FILE *tenants = open_in(dir, "tenants.tsv"), *sessions = open_in(dir, "sessions.tsv");
	int64_t every = rows / SAMPLE + 1;
	struct made m;
	char user[40];

	for (size_t i = 0; i < p->count; i++) {
		const struct tenant *t = &p->tenants[i];

		fprintf(tenants, "%s\t%lld\n", t->id, (long long)t->living);
		/* The tenants that are to be ended give none. */
		if (strcmp(t->suffix, "end") == 0 || strcmp(t->suffix, "busy") == 0)
			continue;
		for (int64_t n = (int64_t)i % every; n < t->living; n += every) {
			make_living(p, t, n, &m);
			user_id(t, m.user, user);
			fprintf(sessions, "%s\t%s\t%s\t%s\n", m.id, t->id, user, m.token);
		}
	}
	if (fclose(tenants) != 0 || fclose(sessions) != 0)
		die(dir, strerror(errno));
}

int main(int argc, char **argv)
{
	struct plan p = {0};
	struct progress *progress;
	bool before;
	pid_t pids[2];

	if (argc != 7) {
		fputs("bench-data OPTION_FILE GROUP new|before ROWS END_ROWS DIRECTORY\n", stderr);
		return 2;
	}
	before = strcmp(argv[3], "before") == 0;
	make_plan(&p, strtoll(argv[4], NULL, 10), strtoll(argv[5], NULL, 10), before);
	progress = mmap(
		NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED)
		die("memory", strerror(errno));
	signal(SIGPIPE, SIG_IGN);
	progress->total = p.users + (p.living + p.ended) * (before ? 2 : 1);
	run_jobs(argv[1], argv[2], before ? before_first : new_first, &p, NULL, progress);
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			die("fork", strerror(errno));
		if (pids[i] > 0)
			continue;
		if (before)
			run_jobs(argv[1], argv[2], i == 0 ? before_sessions : before_rest, &p, NULL,
				progress);
		else
			(i == 0 ? load_living : load_ended)(argv[1], argv[2], &p, progress);
		_exit(0);
	}
	watch(progress, pids);
	if (!before)
		write_lists(&p, argv[6], p.living);
	return 0;
}
