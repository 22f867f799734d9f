/* SPDX-License-Identifier: MIT
 * Health, numbers, and the log lines of requests, through dispatch and the Authorizer with an
 * environment made of literals. There is no database: the connection's option file is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/authorizer.h"
#include "api/handlers.h"
#include "api/routes.h"
#include "base/log.h"
#include "call/metric.h"
#include "db/db.h"
#include "http/response.h"
#include "server/setup.h"

#define VARS_MAX 8

struct world {
	struct arena *arena;
	struct jwks *keys;
	struct app app;
	struct metric metric;
	const char *bearer; /* NULL: one that no key has signed */
	const char *vars[VARS_MAX][2];
	struct http_response res;
	struct buf sent;
	char log[8192];
};

static const char *get(void *ctx, const char *name)
{
	const struct world *w = ctx;

	for (size_t i = 0; i < VARS_MAX && w->vars[i][0] != NULL; i++)
		if (strcmp(w->vars[i][0], name) == 0)
			return w->vars[i][1];
	return NULL;
}

static long no_body(void *ctx, char *out, size_t n)
{
	(void)ctx;
	(void)out;
	(void)n;
	return 0;
}

static void send_to_buf(void *ctx, const char *p, size_t n)
{
	buf_add(ctx, p, n);
}

static int opened(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));
	struct config cfg;

	clearenv();
	setenv("ROLLCALL_DB_DEFAULTS", "/nonexistent/rollcall.cnf", 1);
	setenv("ROLLCALL_METRICS_ALLOW", "127.0.0.1,::1,192.0.2.7", 1);
	assert_true(config_read(&cfg, stderr));
	w->arena = arena_open();
	w->keys = setup_keys(&cfg, stderr);
	assert_non_null(w->keys);
	setup_open(&w->app, &cfg, w->keys);
	w->metric.all = metric_open(&api_routes, 2);
	w->metric.routes = &api_routes;
	w->metric.slot = 1;
	w->app.metric = &w->metric;
	log_setup(LOG_DEBUG, LOG_TEXT);
	*state = w;
	return 0;
}

static int closed(void **state)
{
	struct world *w = *state;

	log_setup(LOG_OFF, LOG_TEXT);
	setup_close(&w->app);
	jwks_close(w->keys);
	counters_close(w->metric.all);
	arena_close(w->arena);
	test_free(w);
	return 0;
}

/* Standard error of one request, into w->log. */
static void answer(struct world *w, bool authorizer)
{
	const struct http_env env = {.ctx = w, .get = get, .read = no_body};
	struct after after = {.touch_session = STR_NONE};
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	buf_init(&w->sent, w->arena);
	http_response_init(&w->res, w->arena, send_to_buf, &w->sent);
	if (authorizer)
		authorizer_answer(&w->app, w->arena, &env, &w->res, &after);
	else
		dispatch(&w->app, w->arena, &env, &w->res, &after);
	http_response_finish(&w->res);
	after_answer(&w->app, &after);
	log_flush();
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = read(ends[0], w->log, sizeof(w->log) - 1);
	close(ends[0]);
	w->log[n > 0 ? n : 0] = '\0';
}

static void request(struct world *w, const char *method, const char *uri, const char *peer)
{
	const char *vars[][2] = {{"REQUEST_METHOD", method}, {"REQUEST_URI", uri},
		{"SCRIPT_NAME", uri}, {"REMOTE_ADDR", peer}, {"HTTP_X_REQUEST_ID", "req-1"},
		{"HTTP_AUTHORIZATION",
			w->bearer != NULL ? w->bearer : "Bearer s3cr3t.s3cr3t.s3cr3t"}};

	memset(w->vars, 0, sizeof(w->vars));
	memcpy(w->vars, vars, sizeof(vars));
	answer(w, false);
}

static bool has(struct world *w, const char *text)
{
	buf_char(&w->sent, '\0');
	w->sent.n--;
	return strstr(w->sent.p, text) != NULL;
}

#define assert_has(w, text)                                                                        \
	do {                                                                                       \
		if (!has((w), (text)))                                                             \
			fail_msg("no \"%s\" in: %s", (text), (w)->sent.p);                         \
	} while (0)

static void addresses__are_compared_and_not_their_spelling(void **state)
{
	static const struct {
		const char *list, *address;
		bool listed;
	} rows[] = {
		{"127.0.0.1,::1", "127.0.0.1", true},
		{"127.0.0.1,::1", "::1", true},
		{"127.0.0.1,::1", "0:0:0:0:0:0:0:1", true},
		{"127.0.0.1", "::ffff:127.0.0.1", true},
		{"::ffff:127.0.0.1", "127.0.0.1", true},
		{"10.0.0.1 , 2001:db8::1", "2001:DB8:0::1", true},
		{"127.0.0.1,::1", "127.0.0.2", false},
		{"127.0.0.1,::1", "::2", false},
		{"127.0.0.1", "::1", false},
		{"127.0.0.1", "::127.0.0.1", false},
		{"127.0.0.1", "", false},
		{"127.0.0.1", NULL, false},
		{"127.0.0.1", "127.0.0.1.example.org", false},
		{"127.0.0.1", "127.0.0.1,10.0.0.1", false},
		{"127.0.0.1", "localhost", false},
		{"10.0.0.1,", "", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (ops_is_listed(rows[i].list, str_from(rows[i].address)) != rows[i].listed)
			fail_msg("%s in %s", rows[i].address, rows[i].list);
}

static void metrics__exist_for_listed_addresses_only(void **state)
{
	static const struct {
		const char *peer;
		int status;
	} rows[] = {{"127.0.0.1", 200}, {"::1", 200}, {"192.0.2.7", 200}, {"192.0.2.8", 404},
		{"", 404}, {NULL, 404}};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		request(w, "GET", "/metrics", rows[i].peer);
		if (w->res.status != rows[i].status)
			fail_msg("%s: %d", rows[i].peer, w->res.status);
		if (has(w, "rollcall_workers") != (rows[i].status == 200))
			fail_msg("%s: %s", rows[i].peer, w->sent.p);
	}
}

static void forwarded_address__opens_nothing(void **state)
{
	struct world *w = *state;

	request(w, "GET", "/metrics", "192.0.2.8");
	w->vars[6][0] = "HTTP_X_FORWARDED_FOR";
	w->vars[6][1] = "127.0.0.1";
	answer(w, false);
	assert_int_equal(w->res.status, 404);
}

static void healthz__touches_no_database(void **state)
{
	struct world *w = *state;

	request(w, "GET", "/healthz", "192.0.2.8");
	assert_int_equal(w->res.status, 200);
	assert_has(w, "\r\n\r\n{\"status\":\"ok\"}");
	assert_int_equal(db_stats(w->app.db)->statements, 0);
	assert_int_equal(db_stats(w->app.db)->errors, 0);
}

static void readyz_without_database__is_503_with_retry_after(void **state)
{
	struct world *w = *state;

	request(w, "GET", "/readyz", "192.0.2.8");
	assert_int_equal(w->res.status, 503);
	assert_has(w, "\r\nRetry-After: 5\r\n");
	assert_non_null(strstr(w->log, "level=error event=fault request=req-1 route=ops.readyz "
				       "outcome="));
	assert_non_null(strstr(w->log, "why=\"cannot read the option file "
				       "/nonexistent/rollcall.cnf\"\n"));
}

static void answers__may_be_kept_by_nobody_but_the_document(void **state)
{
	static const char *const uris[] = {"/healthz", "/readyz", "/metrics", "/authorize",
		"/api/v1/me/sessions", "/edge/management/v1/version", "/nowhere", "/api/v1/%00"};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(uris); i++) {
		request(w, "GET", uris[i], "192.0.2.8");
		assert_has(w, "\r\nCache-Control: no-store\r\n");
		assert_has(w, "\r\nVary: Cookie, Authorization\r\n");
		assert_has(w, "\r\nX-Content-Type-Options: nosniff\r\n");
	}
	request(w, "GET", "/api/v1/openapi.json", "192.0.2.8");
	assert_has(w, "\r\nCache-Control: public, max-age=300\r\n");
	assert_false(has(w, "no-store\r"));
	assert_has(w, "\r\nX-Content-Type-Options: nosniff\r\n");
}

static void request_line__names_request_route_status_and_times_and_no_more(void **state)
{
	struct world *w = *state;

	request(w, "GET", "/api/v1/me/sessions?user_id=u%40example.org", "192.0.2.8");
	assert_int_equal(w->res.status, 401);
	assert_non_null(strstr(w->log, "level=info event=request request=req-1 route=v1.me.list "
				       "method=GET caller=- status=401 us="));
	assert_non_null(strstr(w->log, " db_us=0\n"));
	assert_null(strstr(w->log, "fault"));
	assert_null(strstr(w->log, "s3cr3t"));
	assert_null(strstr(w->log, "example.org"));
	assert_null(strstr(w->log, "192.0.2.8"));
	request(w, "GET", "/elsewhere", "192.0.2.8");
	assert_non_null(strstr(w->log, " route=none method=GET caller=- status=404 us="));
	assert_null(strstr(w->log, "elsewhere"));
}

static void why__is_not_of_an_earlier_request(void **state)
{
	struct world *w = *state;

	request(w, "GET", "/readyz", "192.0.2.8");
	assert_non_null(strstr(w->log, "option file"));
	request(w, "GET", "/api/v1/me/sessions", "192.0.2.8");
	assert_null(strstr(w->log, "option file"));
}

static void authorizer__is_logged_at_debug_and_its_faults_as_errors(void **state)
{
	struct world *w = *state;

	w->bearer = "Bearer opaque";
	request(w, "GET", "/authorize", "192.0.2.8");
	assert_non_null(strstr(w->log, "level=debug event=request request=req-1 route=authorize "));
	w->vars[5][1] = NULL; /* nothing presented */
	answer(w, true);
	assert_int_equal(w->res.status, 401);
	assert_has(w, "\r\nX-Request-Id: req-1\r\n");
	assert_non_null(strstr(w->log, "level=debug event=request request=req-1 route=authorizer "
				       "method=GET caller=- status=401 us="));
	w->vars[5][1] = "Bearer opaque";
	answer(w, true);
	assert_int_equal(w->res.status, 503);
	assert_non_null(strstr(w->log, "level=error event=fault request=req-1 route=authorizer "));
	assert_non_null(strstr(w->log, "level=debug event=request "));
	request(w, "GET", "/metrics", "127.0.0.1");
	assert_has(w, "rollcall_authorizer_decisions_total{decision=\"allow\"} 0\n");
	assert_has(w, "rollcall_authorizer_decisions_total{decision=\"deny\"} 1\n");
	/* The opaque token of /authorize and of the role. */
	assert_has(w, "rollcall_authorizer_decisions_total{decision=\"error\"} 2\n");
	assert_has(w, "rollcall_requests_total{route=\"authorizer\",status=\"401\"} 1\n");
	assert_has(w, "rollcall_requests_total{route=\"authorizer\",status=\"503\"} 1\n");
}

static void numbers__count_by_route_and_status(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 3; i++)
		request(w, "GET", "/healthz", NULL);
	request(w, "POST", "/healthz", NULL);
	request(w, "GET", "/api/v1/me/sessions", NULL);
	request(w, "GET", "/metrics", "127.0.0.1");
	assert_has(w, "rollcall_requests_total{route=\"ops.healthz\",status=\"200\"} 3\n");
	assert_has(w, "rollcall_requests_total{route=\"none\",status=\"405\"} 1\n");
	assert_has(w, "rollcall_requests_total{route=\"v1.me.list\",status=\"401\"} 1\n");
	assert_has(w, "_bucket{route=\"ops.healthz\",le=\"+Inf\"} 3\n");
	assert_has(w, "rollcall_request_duration_seconds_count{route=\"ops.healthz\"} 3\n");
	assert_has(w, "rollcall_workers_busy 1\n"); /* this very request */
	assert_has(w, "rollcall_build_info{version=\"");
	assert_false(has(w, "rollcall_keys_age_seconds")); /* no file of keys is set */
	assert_has(w, "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
	assert_false(has(w, "route=\"ops.metrics\"")); /* not before it is answered */
	request(w, "GET", "/metrics", "127.0.0.1");
	assert_has(w, "rollcall_requests_total{route=\"ops.metrics\",status=\"200\"} 1\n");
}

static void buckets__are_cumulative_and_bounds_belong_to_them(void **state)
{
	static const struct {
		int64_t us;
		const char *in, *not_in; /* the first bucket that counts it, the one before */
	} rows[] = {
		{0, "0.00025", NULL},
		{250, "0.00025", NULL},
		{251, "0.0005", "0.00025"},
		{1000000, "1", "0.5"},
		{5000000, "5", "2.5"},
		{5000001, "+Inf", "5"},
	};
	struct world *w = *state;

	buf_init(&w->sent, w->arena);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char want[128];

		metric_request(&w->metric, i, 200, rows[i].us);
		w->sent.n = 0;
		metric_print(&w->metric, "0", &w->sent);
		snprintf(want, sizeof(want), "_bucket{route=\"%s\",le=\"%s\"} 1\n",
			api_routes.rows[i].name, rows[i].in);
		assert_has(w, want);
		snprintf(want, sizeof(want), "_bucket{route=\"%s\",le=\"%s\"} 0\n",
			api_routes.rows[i].name, rows[i].not_in);
		if (rows[i].not_in != NULL)
			assert_has(w, want);
		snprintf(want, sizeof(want), "_sum{route=\"%s\"} %lld.%06lld\n",
			api_routes.rows[i].name, (long long)rows[i].us / 1000000,
			(long long)rows[i].us % 1000000);
		assert_has(w, want);
	}
}

static void slots__are_summed_and_a_successor_counts_on(void **state)
{
	struct world *w = *state;
	struct metric other = {.all = w->metric.all, .slot = 0};
	struct metric parent = metric_parent(&api_routes, other.all);

	buf_init(&w->sent, w->arena);
	metric_add(&w->metric, METRIC_REVOKED, 3);
	metric_add(&other, METRIC_REVOKED, 4);
	other = (struct metric){.all = w->metric.all, .slot = 0};
	metric_add(&other, METRIC_REVOKED, 5);
	metric_add(&other, METRIC_CONNECTS, 3);
	metric_add(&other, METRIC_RECONNECTS, 2);
	metric_set(&parent, METRIC_WORKERS, 2);
	metric_add(&parent, METRIC_DIED, 1);
	metric_set(&parent, METRIC_START_MS, 1700000000007);
	metric_print(&w->metric, "1.2.3", &w->sent);
	assert_has(w, "\nrollcall_sessions_revoked_total 12\n");
	assert_has(w, "\nrollcall_database_connects_total 3\n");
	assert_has(w, "\nrollcall_database_reconnects_total 2\n");
	assert_has(w, "\nrollcall_workers 2\n");
	assert_has(w, "\nrollcall_worker_restarts_total{cause=\"died\"} 1\n");
	assert_has(w, "\nprocess_start_time_seconds 1700000000.007\n");
	assert_has(w, "\nrollcall_build_info{version=\"1.2.3\"} 1\n");
}

static void what_is_served__is_known_until_the_slot_is_vacated(void **state)
{
	struct world *w = *state;

	assert_null(metric_serving(&w->metric, 1));
	metric_busy(&w->metric, metric_route(&api_routes, NULL));
	assert_string_equal(metric_serving(&w->metric, 1), "none");
	metric_busy(&w->metric, metric_route(&api_routes, &api_routes.rows[3]));
	assert_string_equal(metric_serving(&w->metric, 1), api_routes.rows[3].name);
	assert_null(metric_serving(&w->metric, 0));
	metric_busy(&w->metric, metric_authorizer(&api_routes));
	assert_string_equal(metric_serving(&w->metric, 1), "authorizer");
	metric_idle(&w->metric);
	assert_null(metric_serving(&w->metric, 1));
}

static void without_metrics__requests_are_answered_all_the_same(void **state)
{
	struct world *w = *state;

	w->app.metric = NULL;
	request(w, "GET", "/healthz", "127.0.0.1");
	assert_int_equal(w->res.status, 200);
	request(w, "GET", "/metrics", "127.0.0.1");
	assert_int_equal(w->res.status, 404);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, opened, closed)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(addresses__are_compared_and_not_their_spelling),
		TEST(metrics__exist_for_listed_addresses_only),
		TEST(forwarded_address__opens_nothing),
		TEST(healthz__touches_no_database),
		TEST(readyz_without_database__is_503_with_retry_after),
		TEST(answers__may_be_kept_by_nobody_but_the_document),
		TEST(request_line__names_request_route_status_and_times_and_no_more),
		TEST(why__is_not_of_an_earlier_request),
		TEST(authorizer__is_logged_at_debug_and_its_faults_as_errors),
		TEST(numbers__count_by_route_and_status),
		TEST(buckets__are_cumulative_and_bounds_belong_to_them),
		TEST(slots__are_summed_and_a_successor_counts_on),
		TEST(what_is_served__is_known_until_the_slot_is_vacated),
		TEST(without_metrics__requests_are_answered_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
