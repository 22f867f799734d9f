/* SPDX-License-Identifier: MIT
 * How many statements the database runs for a request, as the table in schema/store.md 6 says. Each
 * request is sent many times, so that what the pool does by itself meanwhile, which only adds,
 * rounds away.
 */
/* e2e: once, no-valgrind */
#include "lib/e2e.h"

#define TIMES 100

/* Everything that clients had run, but for this question itself. */
static int64_t statements(struct e2e *t)
{
	return e2e_count(t,
		SQL("SELECT CAST(SUM(variable_value) AS SIGNED) FROM information_schema.global_status"
		    " WHERE variable_name IN ('COM_STMT_EXECUTE', 'COM_BEGIN', 'COM_COMMIT',"
		    " 'COM_ROLLBACK')"),
		0);
}

static struct e2e_answer ask(struct e2e *t, const struct e2e_request *r, int64_t want)
{
	struct e2e_answer a = e2e_send(t, r);
	int64_t before, ran;

	before = statements(t);
	for (int i = 0; i < TIMES; i++)
		a = e2e_send(t, r);
	ran = statements(t) - before - 1;
	if (ran / TIMES != want)
		fail_msg("%s: %lld statements for %d requests, expected %lld each", a.what,
			(long long)ran, TIMES, (long long)want);
	return a;
}

/* TIMES requests that can be sent only once. */
static void ask_each(struct e2e *t, const struct e2e_request *r, int status, int64_t want)
{
	int64_t before = statements(t), ran;

	for (size_t k = 0; k < TIMES; k++) {
		struct e2e_answer a = e2e_send(t, &r[k]);

		expect_status(&a, status);
	}
	ran = statements(t) - before - 1;
	if (ran / TIMES != want)
		fail_msg("%lld statements for %d of %s, expected %lld each", (long long)ran, TIMES,
			r[0].path, (long long)want);
}

struct world {
	struct e2e_tenant tenant;
	struct str id, ended, token, jwt, root, service;
};

static struct world world(struct e2e *t)
{
	struct world w = {.tenant = e2e_tenant(t, STR_NONE), .root = e2e_super_admin(t)};
	struct session_new ended = e2e_session(t, w.tenant, STR("u"));
	struct e2e_answer a;

	w.service = e2e_token(
		t, "{\"sub\":\"svc\",\"platform_token\":true,\"scope\":\"sessions:write\"}");
	a = e2e_post(t, w.service,
		arena_printf(t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"u\"}", w.tenant.id.p),
		"/api/v1/sessions");
	expect_status(&a, 201);
	w.id = e2e_text(a.json, "data.id");
	w.token = e2e_text(a.json, "data.token");
	w.jwt = e2e_token(
		t, "{\"sub\":\"u\",\"tenant_id\":\"%s\",\"sid\":\"%s\"}", w.tenant.id.p, w.id.p);
	ended.revoked_ms = ended.created_ms + 1;
	w.ended = e2e_put(t, &ended);
	e2e_put_many(t, w.tenant, STR("many"), 700);
	return w;
}

static void reads__take_the_documented_number_of_statements(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	const struct {
		const char *path;
		struct str token;
		int64_t want;
	} rows[] = {
		{"/api/v1/admin/sessions/%s", w.root, 1},
		{"/api/v1/tenants/$/sessions/%s", w.root, 1},
		{"/api/v1/tenants/$/sessions", w.root, 1},
		{"/api/v1/tenants/$/sessions?active_only=false", w.root, 1},
		{"/api/v1/tenants/$/sessions?page=26&per_page=20", w.root, 2},
		{"/api/v1/tenants/$/sessions/stats", w.root, 1},
		{"/api/v1/tenants/$/sessions/users/u", w.root, 1},
		{"/api/v1/tenants/$/audit", w.root, 1},
		{"/api/v1/me/sessions", w.jwt, 1},
		{"/edge/management/v1/api-sessions", w.root, 1},
		{"/edge/management/v1/api-sessions?sort=createdAt%%20desc", w.root, 2},
		{"/edge/management/v1/api-sessions/%s", w.root, 1},
		{"/authorize", w.token, 1},
		{"/authorize", w.jwt, 1},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *dollar = strchr(rows[i].path, '$');
		const char *path = rows[i].path;
		struct e2e_request r = {.token = rows[i].token};
		struct e2e_answer a;

		if (dollar != NULL)
			path = arena_printf(t->arena, "%.*s%s%s", (int)(dollar - path), path,
				w.tenant.id.p, dollar + 1);
		if (strstr(path, "%s") != NULL)
			path = arena_printf(
				t->arena, "%.*s%s", (int)(strstr(path, "%s") - path), path, w.id.p);
		if (strstr(path, "%%") != NULL)
			path = "/edge/management/v1/api-sessions?sort=createdAt%20desc";
		r.path = path;
		a = ask(t, &r, rows[i].want);
		expect_status(&a, 200);
	}
}

static void authorize__takes_one_with_a_policy_and_facts_of_the_sign_in(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	struct e2e_request r = {.path = "/authorize"};
	struct e2e_answer a;

	e2e_exec(t,
		SQL("UPDATE tenant SET idle_seconds = ?, absolute_seconds = ?, max_sessions = ?"
		    " WHERE id = ?"),
		4, db_i64(36000), db_i64(72000), db_i64(9), db_str(w.tenant.id));
	a = e2e_post(t, w.service,
		arena_printf(t->arena,
			"{\"tenant_id\":\"%s\",\"user_id\":\"p\",\"auth_time\":%lld,\"acr\":\"2\","
			"\"amr\":[\"pwd\"],\"idp_issuer\":\"https://id.example.org\","
			"\"idp_session_id\":\"%s\"}",
			w.tenant.id.p, (long long)(clock_now_ms() / 1000), e2e_name(t, "sid").p),
		"/api/v1/sessions");
	expect_status(&a, 201);
	r.token = e2e_text(a.json, "data.token");
	a = ask(t, &r, 1);
	expect_status(&a, 200);
}

static void ended_session__takes_two(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	struct e2e_request r = {.token = w.root,
		.path = arena_printf(t->arena, "/api/v1/admin/sessions/%s", w.ended.p)};
	struct e2e_answer a = ask(t, &r, 2);

	expect_status(&a, 200);
}

static void writes__take_the_documented_number_of_statements(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	struct e2e_request r = {.method = "POST",
		.token = w.service,
		.path = "/api/v1/sessions",
		.body = str_printf(
			t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"w\"}", w.tenant.id.p)};
	struct e2e_answer a = ask(t, &r, 6);

	expect_status(&a, 201);
	r.path = "/api/v1/sessions/introspect";
	r.body = str_printf(t->arena, "{\"token\":\"%s\"}", w.token.p);
	a = ask(t, &r, 1);
	assert_true(e2e_bool(a.json, "active"));
	r.path = arena_printf(t->arena, "/api/v1/sessions/%s/activity", w.id.p);
	r.body = STR_NONE;
	a = ask(t, &r, 1);
	expect_status(&a, 204);
}

/* A token of the provider that tests/e2e/run sets, for a sign-in of its own. */
static struct e2e_request logout(struct e2e *t, struct e2e_tenant tenant, bool is_known)
{
	struct session_new s = e2e_session(t, tenant, STR("u"));
	struct str token;

	s.idp_issuer = STR("https://id.example.org");
	s.idp_session_id = e2e_name(t, "sid");
	if (is_known)
		(void)e2e_put(t, &s);
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

static void logouts__take_the_documented_number_of_statements(void **state)
{
	static const struct {
		bool is_known;
		int64_t want;
	} rows[] = {{true, 11}, {false, 4}};
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	struct e2e_request r[TIMES];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t k = 0; k < TIMES; k++)
			r[k] = logout(t, tenant, rows[i].is_known);
		ask_each(t, r, 200, rows[i].want);
	}
}

static void only_a_known_user__is_asked_for_the_devices_of_before(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	struct e2e_request r[2][TIMES];

	for (size_t k = 0; k < (size_t)2 * TIMES; k++)
		r[k / TIMES][k % TIMES] = (struct e2e_request){.method = "POST",
			.token = w.service,
			.path = "/api/v1/sessions",
			.body = str_printf(t->arena,
				"{\"tenant_id\":\"%s\",\"user_id\":\"%s\",\"user_agent\":\"curl/7.88.1\","
				"\"ip_address\":\"10.0.%zu.1\"}",
				w.tenant.id.p,
				k < TIMES ? "u" : arena_printf(t->arena, "new%zu", k), k)};
	ask_each(t, r[0], 201, 7);
	ask_each(t, r[1], 201, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads__take_the_documented_number_of_statements),
		cmocka_unit_test(authorize__takes_one_with_a_policy_and_facts_of_the_sign_in),
		cmocka_unit_test(ended_session__takes_two),
		cmocka_unit_test(logouts__take_the_documented_number_of_statements),
		cmocka_unit_test(writes__take_the_documented_number_of_statements),
		cmocka_unit_test(only_a_known_user__is_asked_for_the_devices_of_before),
	};

	return cmocka_run_group_tests_name("round trips", tests, e2e_open, e2e_close);
}
