/* SPDX-License-Identifier: MIT
 * Health and numbers of a running installation (schema/api.md 6), while workers are killed and
 * replaced. What needs a pool is skipped where the web server runs the program itself. */
/* e2e: no-valgrind */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/pool.h"

static bool ends_in(struct str s, const char *end)
{
	size_t n = strlen(end);

	return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0;
}

static bool only_grows(struct str series)
{
	struct str name;

	str_split(&series, '{', &name);
	return ends_in(name, "_total") || ends_in(name, "_bucket") || ends_in(name, "_sum") ||
	       ends_in(name, "_count");
}

/* Every counter of the earlier text is in the later one, and not smaller. */
static void check_monotonic(struct str earlier, struct str later)
{
	struct str line;

	while (str_split(&earlier, '\n', &line)) {
		const char *space =
			line.n > 0 && line.p[0] != '#' ? memchr(line.p, ' ', line.n) : NULL;
		struct str series = {line.p, space != NULL ? (size_t)(space - line.p) : 0};

		if (space != NULL && only_grows(series) &&
			pool_value(later, series) < strtod(space, NULL))
			fail_msg("%.*s fell to %f", STR_FMT(line), pool_value(later, series));
	}
}

#define ME_401 "rollcall_requests_total{route=\"v1.me.list\",status=\"401\"}"
#define ME_COUNT "rollcall_request_duration_seconds_count{route=\"v1.me.list\"}"
#define DIED "rollcall_worker_restarts_total{cause=\"died\"}"
#define RENEWED "rollcall_worker_restarts_total{cause=\"renewed\"}"

static void ask_me(struct e2e *t, int n)
{
	for (int i = 0; i < n; i++) {
		struct e2e_answer a = e2e_get(t, STR_NONE, "/api/v1/me/sessions");

		expect_status(&a, 401);
	}
}

static void healthz_and_readyz__are_200(void **state)
{
	struct e2e_answer a = e2e_get(*state, STR_NONE, "/healthz");

	expect_status(&a, 200);
	expect_body(&a, "{\"status\":\"ok\"}");
	a = e2e_get(*state, STR_NONE, "/readyz");
	expect_status(&a, 200);
	expect_body(&a, "{\"status\":\"ok\"}");
}

static void metrics__are_clean_for_promtool(void **state)
{
	static const char *const argv[] = {"promtool", "check", "metrics", NULL};
	struct e2e *t = *state;
	struct e2e_answer a;
	char file[] = "/tmp/test_ops.XXXXXX";
	int fd = mkstemp(file), status;
	struct str said;

	ask_me(t, 1);
	a = e2e_get(t, STR_NONE, "/metrics");
	expect_status(&a, 200);
	expect_str(e2e_header(&a, "Content-Type"), STR("text/plain; version=0.0.4; charset=utf-8"));
	assert_true(write(fd, a.body.p, a.body.n) == (ssize_t)a.body.n);
	close(fd);
	status = pool_run(t, argv, NULL, file, &said);
	unlink(file);
	if (status == 127)
		skip(); /* promtool is not installed */
	if (status != 0 || said.n > 0)
		fail_msg("promtool: %d: %.*s", status, STR_FMT(said));
}

static void active_sessions__are_counted(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	const struct str gauge = STR("rollcall_sessions_active");
	struct str id = e2e_put_session(t, tenant, STR("u"));
	double before;
	struct e2e_answer a = e2e_get(t, STR_NONE, "/metrics");

	before = pool_value(a.body, gauge);
	assert_true(before >= 1);
	a = e2e_delete(t, e2e_super_admin(t), "/api/v1/admin/sessions/%s", id.p);
	expect_status(&a, 204);
	a = e2e_get(t, STR_NONE, "/metrics");
	assert_true(pool_value(a.body, gauge) < before + 0.5);
	assert_int_equal((long)pool_value(a.body, gauge),
		e2e_count(t,
			SQL("SELECT COUNT(*) FROM session WHERE expires_at > UTC_TIMESTAMP(3)"),
			0));
}

static void head_of_metrics__has_no_body(void **state)
{
	const struct e2e_request r = {.method = "HEAD", .path = "/metrics"};
	struct e2e_answer a = e2e_send(*state, &r);

	expect_status(&a, 200);
	assert_int_equal(a.body.n, 0);
}

static void requests__are_counted_once_whoever_serves_them(void **state)
{
	struct e2e *t = *state;
	struct e2e_request r[40];
	struct e2e_answer out[40];
	struct str before;
	pid_t pids[POOL_WORKERS_MAX];

	if (pool_workers(t, pids) == 0)
		skip();
	before = pool_metrics(t);
	for (size_t i = 0; i < ARRAY_LEN(r); i++)
		r[i] = (struct e2e_request){.path = "/api/v1/me/sessions"};
	e2e_send_all(t, r, out, ARRAY_LEN(r));
	assert_true(pool_metric(t, ME_401) == pool_value(before, STR(ME_401)) + 40);
	assert_true(pool_metric(t, ME_COUNT) == pool_value(before, STR(ME_COUNT)) + 40);
}

static void ended_sessions_and_statements__are_counted(void **state)
{
	static const char revoked[] = "rollcall_sessions_revoked_total";
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	struct str user = e2e_name(t, "usr"), token, before;
	struct e2e_answer a;
	pid_t pids[POOL_WORKERS_MAX];

	if (pool_workers(t, pids) == 0)
		skip();
	token = e2e_token(t, "{\"sub\":\"%s\",\"tenant_id\":\"%s\"}", user.p, tenant.id.p);
	for (int i = 0; i < 3; i++)
		e2e_put_session(t, tenant, user);
	before = pool_metrics(t);
	a = e2e_post(t, token, NULL, "/api/v1/me/sessions/revoke-all");
	expect_status(&a, 200);
	assert_true(pool_metric(t, revoked) == pool_value(before, str_from(revoked)) + 3);
	/* Nothing is left to end. */
	a = e2e_post(t, token, NULL, "/api/v1/me/sessions/revoke-all");
	expect_status(&a, 200);
	assert_true(pool_metric(t, revoked) == pool_value(before, str_from(revoked)) + 3);
	assert_true(pool_metric(t, "rollcall_database_statements_total") >=
		    pool_value(before, STR("rollcall_database_statements_total")) + 4);
	assert_true(pool_metric(t, "rollcall_database_seconds_total") >
		    pool_value(before, STR("rollcall_database_seconds_total")));
	assert_true(pool_metric(t, "rollcall_database_connects_total") >= 1);
}

static void repeated_registration__is_no_error_of_the_database(void **state)
{
	static const char errors[] = "rollcall_database_errors_total";
	struct e2e *t = *state;
	struct str service = e2e_token(t, "{\"sub\":\"s\",\"platform_token\":true,"
					  "\"scope\":\"sessions:write\"}");
	const char *body =
		arena_printf(t->arena, "{\"id\":\"%s\",\"tenant_id\":\"%s\",\"user_id\":\"u\"}",
			e2e_name(t, "ses").p, e2e_name(t, "tnt").p);
	struct e2e_answer a;
	struct str before;
	pid_t pids[POOL_WORKERS_MAX];

	if (pool_workers(t, pids) == 0)
		skip();
	before = pool_metrics(t);
	for (int i = 0; i < 3; i++) {
		a = e2e_post(t, service, body, "/api/v1/sessions");
		expect_status(&a, i == 0 ? 201 : 200);
	}
	assert_true(pool_metric(t, errors) == pool_value(before, str_from(errors)));
}

/* Ends every connection to the server but our own. */
static void end_connections(struct e2e *t)
{
	int64_t id;

	while ((id = e2e_count(t,
			SQL("SELECT COALESCE(MIN(id), 0) FROM information_schema.processlist"
			    " WHERE id <> CONNECTION_ID() AND command = 'Sleep'"),
			0)) != 0)
		e2e_exec(t, SQL("KILL CONNECTION ?"), 1, db_i64(id));
}

static void ended_connections__are_made_again_and_counted(void **state)
{
	static const char connects[] = "rollcall_database_connects_total",
			  reconnects[] = "rollcall_database_reconnects_total";
	struct e2e *t = *state;
	int64_t deadline = pool_deadline();
	struct str before, after;
	double made, again;
	pid_t pids[POOL_WORKERS_MAX];

	if (pool_workers(t, pids) == 0)
		skip();
	assert_int_equal(e2e_get(t, STR_NONE, "/readyz").status, 200);
	before = pool_metrics(t);
	end_connections(t);
	do {
		assert_int_equal(e2e_get(t, STR_NONE, "/readyz").status, 200);
		after = pool_metrics(t);
		if (clock_monotonic_us() > deadline)
			fail_msg("%s stays", reconnects);
	} while (pool_value(after, str_from(reconnects)) ==
		 pool_value(before, str_from(reconnects)));
	made = pool_value(after, str_from(connects)) - pool_value(before, str_from(connects));
	again = pool_value(after, str_from(reconnects)) - pool_value(before, str_from(reconnects));
	assert_true(made >= again);
}

static void killed_workers__take_no_number_along(void **state)
{
	struct e2e *t = *state;
	pid_t pids[POOL_WORKERS_MAX];
	size_t n = pool_workers(t, pids);
	struct str before, after;

	if (n == 0)
		skip();
	ask_me(t, 20);
	before = pool_metrics(t);
	assert_true(pool_value(before, STR("rollcall_workers")) == (double)n);
	pool_kill(pids, n);
	pool_wait_for(t, DIED, pool_value(before, STR(DIED)) + (double)n);
	pool_wait_for(t, "rollcall_workers", (double)n);
	ask_me(t, 20);
	after = pool_metrics(t);
	check_monotonic(before, after);
	assert_true(pool_value(after, STR(ME_401)) == pool_value(before, STR(ME_401)) + 20);
	assert_true(pool_value(after, STR(DIED)) == pool_value(before, STR(DIED)) + (double)n);
	assert_true(pool_value(after, STR("process_start_time_seconds")) ==
		    pool_value(before, STR("process_start_time_seconds")));
}

static void renewed_workers__take_no_number_along(void **state)
{
	struct e2e *t = *state;
	pid_t pids[POOL_WORKERS_MAX];
	size_t n = pool_workers(t, pids);
	struct str before, after;

	if (n == 0)
		skip();
	for (int round = 1; round <= 3; round++) {
		before = pool_metrics(t);
		kill(pool_process(t, "pool.pid"), SIGHUP);
		ask_me(t, 20);
		pool_wait_for(t, RENEWED, pool_value(before, STR(RENEWED)) + (double)n);
		/* Counted when the old one is gone, not when it is told to go. */
		assert_int_equal(pool_workers(t, pids), n);
		after = pool_metrics(t);
		check_monotonic(before, after);
		assert_true(pool_value(after, STR(ME_401)) == pool_value(before, STR(ME_401)) + 20);
		assert_true(pool_value(after, STR(DIED)) == pool_value(before, STR(DIED)));
	}
}

#define KILLING_US 2000000

/* A process that kills one worker after the other for so long. */
static pid_t killer(struct e2e *t)
{
	int64_t end = clock_monotonic_us() + KILLING_US;
	pid_t child = fork();

	if (child != 0)
		return child;
	for (size_t turn = 0; clock_monotonic_us() < end; turn++) {
		pid_t pids[POOL_WORKERS_MAX];
		size_t n = pool_workers(t, pids);

		if (n > 0)
			kill(pids[turn % n], SIGKILL);
		pool_pause_ms(30);
	}
	_exit(0);
}

/* The numbers while nobody is killed: half of an answer would fail the test, and rightly. False
 * when the killer has ended. */
static bool metrics_in_peace(struct e2e *t, pid_t child, struct str *text)
{
	int status;

	kill(child, SIGSTOP);
	if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status))
		return false;
	*text = pool_metrics(t);
	kill(child, SIGCONT);
	return true;
}

static void kills_under_load__never_lower_a_sum(void **state)
{
	struct e2e *t = *state;
	struct str earlier, later;
	struct e2e_request r[16];
	struct e2e_answer out[16];
	pid_t pids[POOL_WORKERS_MAX], child;
	size_t n = pool_workers(t, pids);
	int64_t answered = 0, asked = 0;
	struct str before;

	if (n == 0)
		skip();
	for (size_t i = 0; i < ARRAY_LEN(r); i++)
		r[i] = (struct e2e_request){.path = "/api/v1/me/sessions"};
	before = earlier = pool_metrics(t);
	child = killer(t);
	while (metrics_in_peace(t, child, &later)) {
		check_monotonic(earlier, later);
		earlier = later;
		e2e_send_all(t, r, out, ARRAY_LEN(r));
		for (size_t i = 0; i < ARRAY_LEN(r); i++)
			answered += out[i].status == 401;
		asked += (int64_t)ARRAY_LEN(r);
	}
	later = pool_metrics(t);
	check_monotonic(earlier, later);
	assert_true(pool_value(later, STR(DIED)) > pool_value(before, STR(DIED)));
	pool_wait_for(t, "rollcall_workers", (double)n);
	/* A request may be counted and its worker die before it is sent; never the other way round,
	 * and never twice but for one that the web server repeats. */
	assert_true(answered > 0);
	assert_true(pool_value(later, STR(ME_401)) - pool_value(before, STR(ME_401)) >=
		    (double)answered);
	assert_true(pool_value(later, STR(ME_401)) - pool_value(before, STR(ME_401)) <=
		    2 * (double)asked);
}

#define KEYS_AGE "rollcall_keys_age_seconds"

static void age_of_the_keys__is_that_of_their_file(void **state)
{
	const struct timespec then[2] = {
		{.tv_nsec = UTIME_OMIT}, {clock_now_ms() / 1000 - 7200, 0}};
	struct e2e *t = *state;
	const char *file = pool_file(t, "jwks.json");
	int64_t until = pool_deadline();

	assert_int_equal(utimensat(AT_FDCWD, file, then, 0), 0);
	pool_wait_for(t, KEYS_AGE, 7200);
	assert_true(pool_metric(t, KEYS_AGE) < 7300);
	assert_int_equal(utimensat(AT_FDCWD, file, NULL, 0), 0);
	while (pool_metric(t, KEYS_AGE) >= 60) {
		assert_true(clock_monotonic_us() < until);
		pool_pause_ms(20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(healthz_and_readyz__are_200),
		cmocka_unit_test(metrics__are_clean_for_promtool),
		cmocka_unit_test(active_sessions__are_counted),
		cmocka_unit_test(head_of_metrics__has_no_body),
		cmocka_unit_test(requests__are_counted_once_whoever_serves_them),
		cmocka_unit_test(ended_sessions_and_statements__are_counted),
		cmocka_unit_test(repeated_registration__is_no_error_of_the_database),
		cmocka_unit_test(ended_connections__are_made_again_and_counted),
		cmocka_unit_test(killed_workers__take_no_number_along),
		cmocka_unit_test(renewed_workers__take_no_number_along),
		cmocka_unit_test(age_of_the_keys__is_that_of_their_file),
		cmocka_unit_test(kills_under_load__never_lower_a_sum),
	};

	return cmocka_run_group_tests(tests, e2e_open, e2e_close);
}
