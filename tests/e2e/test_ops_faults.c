/* SPDX-License-Identifier: MIT
 * An installation in trouble (schema/api.md 6): a worker dies at work, the database hangs or is
 * away, a setting is wrong. What needs the pool or the database of httpd-conf/demo/stack is skipped
 * where they are not ours. */
/* e2e: once, no-valgrind */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/pool.h"

struct holder {
	struct e2e *t;
	struct db *db;
	struct str session_id;
	int ready;
};

/* Holds a session's row, waits until somebody else waits for it, kills the workers. */
static enum err hold_and_kill(void *ctx)
{
	struct holder *h = ctx;
	struct e2e child = *h->t;
	int64_t end = pool_deadline();
	pid_t pids[POOL_WORKERS_MAX];

	child.db = h->db;
	e2e_exec(&child, SQL("UPDATE session SET user_agent = 'held' WHERE id = ?"), 1,
		db_str(h->session_id));
	if (write(h->ready, "r", 1) != 1)
		return ERR_INTERNAL;
	while (clock_monotonic_us() < end &&
		e2e_count(&child,
			SQL("SELECT COUNT(*) FROM information_schema.processlist"
			    " WHERE command = 'Execute' AND time_ms > 20"
			    " AND id <> CONNECTION_ID()"),
			0) == 0)
		pool_pause_ms(10);
	pool_kill(pids, pool_workers(&child, pids));
	return ERR_NOT_FOUND; /* roll back */
}

static pid_t holder(struct e2e *t, struct str session_id, int *ready)
{
	const struct db_config cfg = {.defaults_file = getenv("ROLLCALL_DB_DEFAULTS"),
		.group = "rollcall",
		.connect_timeout_s = 5,
		.statement_ms = 60000,
		.lock_wait_s = 30};
	int ends[2];
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		struct holder h = {t, db_open(&cfg), session_id, ends[1]};

		_exit(db_tx(h.db, hold_and_kill, &h) != ERR_NOT_FOUND);
	}
	close(ends[1]);
	*ready = ends[0];
	return child;
}

static void dead_worker__is_logged_with_the_route_it_served(void **state)
{
	struct e2e *t = *state;
	const char *log = pool_file(t, "pool.log");
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	struct str user = e2e_name(t, "usr"), session = e2e_put_session(t, tenant, user), token,
		   said;
	pid_t pids[POOL_WORKERS_MAX], child;
	int ready, status;
	long from;
	char byte;

	if (pool_workers(t, pids) == 0)
		skip();
	token = e2e_token(t, "{\"sub\":\"%s\",\"tenant_id\":\"%s\"}", user.p, tenant.id.p);
	from = pool_file_size(log);
	child = holder(t, session, &ready);
	assert_int_equal(read(ready, &byte, 1), 1);
	close(ready);
	e2e_delete(t, token, "/api/v1/me/sessions/%s", session.p);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	for (int64_t end = pool_deadline();;) {
		said = pool_read(t, log, from);
		if (strstr(said.p, "event=\"worker died\"") != NULL &&
			strstr(said.p, " signal=9 route=v1.me.delete ") != NULL)
			break;
		if (clock_monotonic_us() > end)
			fail_msg("the log says: %s", said.p);
		pool_pause_ms(20);
	}
}

/* The database away */

static void wait_until_ready(struct e2e *t)
{
	int64_t end = pool_deadline();

	while (e2e_get(t, STR_NONE, "/readyz").status != 200) {
		if (clock_monotonic_us() > end)
			fail_msg("/readyz stays 503");
		pool_pause_ms(50);
	}
}

/* Only ours may be stopped. */
static pid_t our_database(struct e2e *t)
{
	pid_t pid = pool_process(t, "mariadb.pid");

	return access("httpd-conf/demo/stack", X_OK) == 0 ? pid : 0;
}

static int database_back(void **state)
{
	struct e2e *t = *state;
	pid_t pid = pool_process(t, "mariadb.pid");

	if (pid != 0)
		kill(pid, SIGCONT);
	if (access(pool_file(t, "data"), F_OK) == 0 && pid == 0)
		pool_stack(t, "db-up");
	wait_until_ready(t);
	return 0;
}

static void expect_unready(struct e2e *t, int64_t within_s)
{
	int64_t from = clock_monotonic_us();
	struct e2e_answer a = e2e_get(t, STR_NONE, "/readyz");

	expect_status(&a, 503);
	assert_true(e2e_header(&a, "Retry-After").p != NULL);
	if (clock_monotonic_us() - from > within_s * 1000000)
		fail_msg("/readyz took %lld us", (long long)(clock_monotonic_us() - from));
	a = e2e_get(t, STR_NONE, "/healthz");
	expect_status(&a, 200);
	assert_true(pool_metrics(t).n > 0);
}

/* DB_STATEMENT_MS is 5000: 7 seconds, and one for a busy machine. */
static void hung_database__is_503_within_the_time_limit(void **state)
{
	struct e2e *t = *state;
	pid_t pid = our_database(t);

	if (pid == 0)
		skip();
	for (int i = 0; i < 8; i++) /* workers with a connection */
		assert_int_equal(e2e_get(t, STR_NONE, "/readyz").status, 200);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	expect_unready(t, 8);
}

static int column_back(void **state)
{
	struct e2e *t = *state;

	e2e_exec(t, SQL("ALTER TABLE session RENAME COLUMN IF EXISTS location_ TO location"), 0);
	wait_until_ready(t);
	return 0;
}

/* As between the installation of a program and rollcall-admin migrate. */
static void tables_of_another_version__are_503_and_the_log_says_migrate(void **state)
{
	struct e2e *t = *state;
	const char *log = pool_file(t, "pool.log");
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	struct str id = e2e_put_session(t, tenant, STR("u")), said;
	long from = pool_file_size(log);
	pid_t pids[POOL_WORKERS_MAX];
	struct e2e_answer a;

	e2e_exec(t, SQL("ALTER TABLE session RENAME COLUMN location TO location_"), 0);
	a = e2e_get(t, e2e_super_admin(t), "/api/v1/admin/sessions/%s", id.p);
	expect_status(&a, 503);
	assert_true(e2e_header(&a, "Retry-After").p != NULL);
	a = e2e_get(t, e2e_super_admin(t), "/edge/management/v1/api-sessions");
	expect_status(&a, 200); /* asks nothing of that column */
	a = e2e_get(t, e2e_super_admin(t),
		"/edge/management/v1/api-sessions?filter=location%%20%%3D%%20%%22x%%22");
	expect_status(&a, 503);
	/* The workers of a program that is new have prepared nothing yet. */
	pool_kill(pids, pool_workers(t, pids));
	a = e2e_get(t, STR_NONE, "/readyz");
	for (int64_t end = pool_deadline(); a.status != 503 && clock_monotonic_us() < end;) {
		pool_pause_ms(20);
		a = e2e_get(t, STR_NONE, "/readyz");
	}
	expect_status(&a, 503);
	said = pool_read(t, log, from);
	assert_non_null(strstr(said.p,
		"outcome=\"tables do not fit this program (rollcall-admin migrate)\" "
		"why=\"1054 "));
	column_back(state);
	a = e2e_get(t, e2e_super_admin(t), "/api/v1/admin/sessions/%s", id.p);
	expect_status(&a, 200);
}

static size_t count(struct str text, const char *what)
{
	size_t n = 0;

	for (const char *p = text.p; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

/* One line of a fault would be one too many a thousand times. */
static void outage__is_503_at_once_and_does_not_flood_the_log(void **state)
{
	struct e2e *t = *state;
	struct e2e_request r[50];
	struct e2e_answer out[50];
	const char *log = pool_file(t, "pool.log");
	pid_t pids[POOL_WORKERS_MAX];
	size_t n = pool_workers(t, pids), faults, most;
	int64_t from_us;
	struct str said, before;
	long from;

	if (our_database(t) == 0)
		skip();
	before = pool_metrics(t);
	pool_stack(t, "db-down");
	expect_unready(t, 3);
	if (n == 0)
		return;
	from = pool_file_size(log);
	from_us = clock_monotonic_us();
	for (size_t i = 0; i < ARRAY_LEN(r); i++)
		r[i] = (struct e2e_request){.path = "/readyz"};
	while (clock_monotonic_us() - from_us < 1500000) {
		e2e_send_all(t, r, out, ARRAY_LEN(r));
		for (size_t i = 0; i < ARRAY_LEN(r); i++)
			expect_status(&out[i], 503);
	}
	said = pool_read(t, log, from);
	faults = count(said, "event=fault");
	most = n * 3 * (size_t)((clock_monotonic_us() - from_us) / 1000000 + 2);
	if (faults == 0 || faults > most || count(said, "event=\"left out\"") == 0)
		fail_msg("%zu faults, at most %zu: %s", faults, most, said.p);
	assert_true(pool_metric(t, "rollcall_database_errors_total") >
		    pool_value(before, STR("rollcall_database_errors_total")));
}

/* A logout token of the provider that tests/e2e/run sets, and the session that it ends. */
static struct e2e_request logout(struct e2e *t, struct str *session)
{
	struct session_new s = e2e_session(t, e2e_tenant(t, STR_NONE), e2e_name(t, "usr"));
	struct str token;

	s.idp_issuer = STR("https://id.example.org");
	s.idp_session_id = e2e_name(t, "sid");
	*session = e2e_put(t, &s);
	token = e2e_token(t,
		"{\"iss\":\"https://id.example.org\",\"aud\":\"shop\",\"iat\":%lld,\"jti\":\"%s\","
		"\"events\":{\"http://schemas.openid.net/event/backchannel-logout\":{}},"
		"\"sid\":\"%s\"}",
		(long long)(clock_now_ms() / 1000), e2e_name(t, "jti").p, s.idp_session_id.p);
	return (struct e2e_request){.method = "POST",
		.path = "/api/v1/backchannel-logout",
		.content_type = "application/x-www-form-urlencoded",
		.body = str_printf(t->arena, "logout_token=%.*s", STR_FMT(token))};
}

/* A provider sends again after 503: the pool is ready as soon as one worker is, and another may not
 * have tried the database again. */
static struct e2e_answer send_until_served(struct e2e *t, const struct e2e_request *r)
{
	int64_t end = pool_deadline();
	struct e2e_answer a = e2e_send(t, r);

	while (a.status == 503 && clock_monotonic_us() < end) {
		pool_pause_ms(50);
		a = e2e_send(t, r);
	}
	return a;
}

static void expect_works_once(struct e2e *t, const struct e2e_request *r, struct str session)
{
	struct e2e_answer a = send_until_served(t, r);

	expect_status(&a, 200);
	assert_int_equal(
		e2e_count(t, SQL("SELECT COUNT(*) FROM ended WHERE id = ?"), 1, db_str(session)),
		1);
	a = send_until_served(t, r);
	expect_status(&a, 400);
}

static void logout_during_an_outage__is_503_and_its_token_works_later(void **state)
{
	struct e2e *t = *state;
	struct str session;
	struct e2e_request r = logout(t, &session);
	struct e2e_answer a;

	if (our_database(t) == 0)
		skip();
	pool_stack(t, "db-down");
	a = e2e_send(t, &r);
	expect_status(&a, 503);
	assert_true(e2e_header(&a, "Retry-After").p != NULL);
	pool_stack(t, "db-up");
	wait_until_ready(t);
	expect_works_once(t, &r, session);
}

static void logout_whose_worker_dies__leaves_its_token_unused(void **state)
{
	struct e2e *t = *state;
	struct str session;
	struct e2e_request r = logout(t, &session);
	pid_t pids[POOL_WORKERS_MAX], child;
	struct e2e_answer a;
	int ready, status;
	char byte;

	if (pool_workers(t, pids) == 0)
		skip();
	child = holder(t, session, &ready);
	assert_int_equal(read(ready, &byte, 1), 1);
	close(ready);
	a = e2e_send(t, &r);
	assert_true(a.status >= 500);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	wait_until_ready(t);
	expect_works_once(t, &r, session);
}

/* --check */

static const char *program(struct e2e *t)
{
	pid_t pool = pool_process(t, "pool.pid");

	return pool != 0 ? arena_printf(t->arena, "/proc/%d/exe", pool) : NULL;
}

/* A copy of the option file with another line for the database, readable by `mode`. */
static const char *option_file(struct e2e *t, const char *database, unsigned mode)
{
	struct str rest = pool_read(t, getenv("ROLLCALL_DB_DEFAULTS"), 0), line;
	char *file = arena_printf(t->arena, "/tmp/test_ops.XXXXXX");
	FILE *f = fdopen(mkstemp(file), "w");

	assert_non_null(f);
	while (str_split(&rest, '\n', &line))
		if (database == NULL || !str_starts(line, STR("database")))
			fprintf(f, "%.*s\n", STR_FMT(line));
	if (database != NULL)
		fprintf(f, "[rollcall]\n%s\n", database);
	fclose(f);
	assert_int_equal(chmod(file, mode), 0);
	return file;
}

static void check__says_what_can_be_used_and_what_is_wrong(void **state)
{
	struct e2e *t = *state;
	const char *exe = program(t);
	const char *fits = option_file(t, NULL, 0600),
		   *empty = option_file(t, "database=information_schema", 0600),
		   *mistyped = option_file(t, "databse=rollcall", 0600),
		   *open_to_all = option_file(t, NULL, 0644);
	const struct {
		const char *setting, *defaults;
		int status;
		const char *says;
	} rows[] = {
		{"ROLLCALL_WORKERS=4", fits, 0, "settings: ok\n"},
		{"ROLLCALL_WORKERS=4", fits, 0, "keys: 1 can be used\n"},
		{"ROLLCALL_WORKERS=4", fits, 0, "warning: ROLLCALL_JWT_ISSUER is not set"},
		{"ROLLCALL_JWT_ISSUER=i", fits, 0,
			"used\nkeys: warning: ROLLCALL_JWT_AUDIENCE is not set"},
		{"ROLLCALL_JWT_AUDIENCE=a", fits, 0,
			"for any issuer (iss) is taken\ndatabase: answers"},
		{"ROLLCALL_WORKERS=4", fits, 0, "database: answers, and its tables fit\n"},
		{"ROLLCALL_WORKERS=4", fits, 0, "locations: none"},
		{"ROLLCALL_WORKERS=many", fits, 1,
			"rollcall: ROLLCALL_WORKERS is \"many\"; it has"},
		{"ROLLCALL_LOG_FORMAT=xml", fits, 1, "rollcall: ROLLCALL_LOG_FORMAT is \"xml\""},
		{"ROLLCALL_LOGIN_URL=sign-in", fits, 1,
			"rollcall: ROLLCALL_LOGIN_URL is \"sign-in\"; it has"},
		{"ROLLCALL_WORKER=4", fits, 0, "warning: ROLLCALL_WORKER is no setting"},
		{"ROLLCALL_JWKS_FILE=/nonexistent", fits, 1,
			"keys: ROLLCALL_JWKS_FILE is \"/nonexistent\"; it has to be a file with a key "
			"that can be used (No such file or directory)\n"},
		{"ROLLCALL_JWT_HS256_FILE=/nonexistent", fits, 1,
			"keys: ROLLCALL_JWT_HS256_FILE is \"/nonexistent\"; it has to be a "},
		{"ROLLCALL_JWKS_FILE=/dev/null", fits, 1,
			"keys: ROLLCALL_JWKS_FILE is \"/dev/null\"; it has to be a file"},
		{"ROLLCALL_JWKS_FILE=", fits, 1, "keys: neither ROLLCALL_JWKS_FILE nor"},
		{"ROLLCALL_GEO_FILE=/nonexistent", fits, 1,
			"locations: cannot read /nonexistent\n"},
		{"ROLLCALL_GEO_FILE=/dev/null", fits, 1, "locations: /dev/null is no database"},
		{"ROLLCALL_WORKERS=4", "/nonexistent", 1, "database: cannot read /nonexistent\n"},
		{"ROLLCALL_WORKERS=4", empty, 1, "tables do not fit this program"},
		{"ROLLCALL_WORKERS=4", mistyped, 1, "names no database in [client] or [rollcall]"},
		{"ROLLCALL_DB_GROUP=rolcall", mistyped, 1, "[client] or [rolcall] (it has: "},
		{"ROLLCALL_WORKERS=4", open_to_all, 1, "ROLLCALL_DB_DEFAULTS is \""},
	};

	for (size_t i = 0; exe != NULL && i < ARRAY_LEN(rows); i++) {
		const char *const argv[] = {exe, "--check", NULL};
		char *env[] = {
			arena_printf(t->arena, "ROLLCALL_JWKS_FILE=%s", pool_file(t, "jwks.json")),
			arena_printf(t->arena, "ROLLCALL_DB_DEFAULTS=%s", rows[i].defaults),
			arena_printf(t->arena, "%s", rows[i].setting), NULL};
		struct str said;
		int status = pool_run(t, argv, env, NULL, &said);

		if (status != rows[i].status || strstr(said.p, rows[i].says) == NULL)
			fail_msg("%s, %s: status %d: %s", rows[i].setting, rows[i].defaults, status,
				said.p);
	}
	unlink(fits);
	unlink(empty);
	unlink(mistyped);
	unlink(open_to_all);
	if (exe == NULL)
		skip();
}

static void wrong_setting__stops_the_start_with_its_name(void **state)
{
	static const struct {
		const char *setting, *says;
	} rows[] = {
		{"ROLLCALL_WORKERS=many", "rollcall: ROLLCALL_WORKERS is \"many\"; it has"},
		{"ROLLCALL_LOGIN_URL=/a b", "rollcall: ROLLCALL_LOGIN_URL is \"/a b\"; it has"},
		{"ROLLCALL_JWKS_FILE=/nonexistent",
			"rollcall: ROLLCALL_JWKS_FILE is \"/nonexistent\"; it has"},
		{"ROLLCALL_JWKS_FILE=/dev/null",
			"rollcall: ROLLCALL_JWKS_FILE is \"/dev/null\"; it has"},
		{"ROLLCALL_JWT_HS256_FILE=/nonexistent",
			"rollcall: ROLLCALL_JWT_HS256_FILE is \"/nonexistent\"; it has"},
	};
	struct e2e *t = *state;
	const char *exe = program(t);
	/* One that does start is ended by timeout, with status 124. */
	const char *const argv[] = {"timeout", "10", "spawn-fcgi", "-n", "-s",
		pool_file(t, "wrong.sock"), "--", exe, NULL};

	if (exe == NULL)
		skip();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *env[] = {
			arena_printf(t->arena, "ROLLCALL_JWKS_FILE=%s", pool_file(t, "jwks.json")),
			arena_printf(t->arena, "%s", rows[i].setting), NULL};
		struct str said;
		int status = pool_run(t, argv, env, NULL, &said);

		if (status != 1 || !str_starts(said, str_from(rows[i].says)) ||
			count(said, "\n") != 1)
			fail_msg("%s: status %d: %s", rows[i].setting, status, said.p);
	}
	unlink(pool_file(t, "wrong.sock"));
}

#define AWAY(name) cmocka_unit_test_teardown(name, database_back)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dead_worker__is_logged_with_the_route_it_served),
		cmocka_unit_test(check__says_what_can_be_used_and_what_is_wrong),
		cmocka_unit_test_teardown(
			tables_of_another_version__are_503_and_the_log_says_migrate, column_back),
		cmocka_unit_test(wrong_setting__stops_the_start_with_its_name),
		AWAY(hung_database__is_503_within_the_time_limit),
		AWAY(logout_during_an_outage__is_503_and_its_token_works_later),
		cmocka_unit_test(logout_whose_worker_dies__leaves_its_token_unused),
		AWAY(outage__is_503_at_once_and_does_not_flood_the_log),
	};

	return cmocka_run_group_tests(tests, e2e_open, e2e_close);
}
