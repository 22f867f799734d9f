/* SPDX-License-Identifier: MIT
 * What a stack with settings of its own does: step-up (RFC 9470, schema/api.md 7.2), and the
 * settings as the policy of everybody (7.1). */
/* e2e: once, no-valgrind */
#include "lib/e2e.h"
#include "lib/stack.h"

static struct stack own;

#define STEP_UP_S 300

static int setup(void **state)
{
	static const char *const settings[] = {"WORKERS=2", "ROLLCALL_STEP_UP_SECONDS=300",
		"ROLLCALL_IDLE_SECONDS=1800", "ROLLCALL_ABSOLUTE_SECONDS=7200",
		"ROLLCALL_MAX_SESSIONS=4", NULL};

	stack_make(&own);
	stack_up(&own, settings);
	return e2e_open(state);
}

static int teardown(void **state)
{
	int bad = e2e_close(state);

	stack_down(&own);
	return bad;
}

static int64_t ago_s(struct e2e *t, int64_t seconds)
{
	return e2e_now_ms(t) / 1000 - seconds;
}

static void expect_step_up(const struct e2e_answer *a)
{
	expect_status(a, 401);
	expect_str(e2e_header(a, "WWW-Authenticate"),
		STR("Bearer error=\"insufficient_user_authentication\", "
		    "error_description=\"A more recent sign-in is required\", max_age=\"300\""));
}

/* Somebody with two sessions, whose token says when they signed in; -1: it does not. */
struct person {
	struct str tenant, current, other, token;
};

static struct person person(struct e2e *t, int64_t seconds_ago, const char *role)
{
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct person p = {.tenant = tn.id};
	struct session_new s = e2e_session(t, tn, STR("u"));

	s.created_ms -= 3600 * INT64_C(1000);
	p.current = e2e_put(t, &s);
	p.other = e2e_put_session(t, tn, STR("u"));
	p.token = e2e_token(t, "{\"sub\":\"u\",\"tenant_id\":\"%s\",\"sid\":\"%s\"%s%s}", tn.id.p,
		p.current.p,
		seconds_ago < 0 ? ""
				: arena_printf(t->arena, ",\"auth_time\":%lld",
					  (long long)ago_s(t, seconds_ago)),
		role);
	return p;
}

static int64_t living(struct e2e *t, struct str id)
{
	return e2e_count(t, SQL("SELECT COUNT(*) FROM session WHERE id = ?"), 1, db_str(id));
}

static void old_sign_in__ends_no_other_session(void **state)
{
	struct e2e *t = *state;
	struct person p = person(t, STEP_UP_S + 60, ",\"role\":\"super_admin\"");
	const struct {
		const char *method, *path, *body;
	} rows[] = {
		{"DELETE", "/api/v1/me/sessions/%s", NULL},
		{"POST", "/api/v1/me/sessions/revoke-all", NULL},
		{"DELETE", "/api/v1/admin/sessions/%s", NULL},
		{"POST", "/api/v1/admin/sessions/revoke-all", "{\"user_id\":\"u\"}"},
		{"POST", "/api/v1/admin/sessions/revoke-by-filter",
			"{\"filter\":\"identity = \\\"u\\\"\",\"if_count\":2}"},
		{"DELETE", "/api/v1/tenants/$/sessions/%s", NULL},
		{"POST", "/api/v1/tenants/$/sessions/revoke-all", NULL},
		{"POST", "/api/v1/tenants/$/sessions/users/u/revoke", "{\"revoke_all\":true}"},
		{"PUT", "/api/v1/tenants/$/session-policy", "{\"max_sessions_per_user\":1}"},
		{"DELETE", "/edge/management/v1/api-sessions/%s", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *dollar = strchr(rows[i].path, '$'), *path = rows[i].path;
		const char *id = strstr(path, "%s");
		struct e2e_request r = {.method = rows[i].method, .token = p.token};
		struct e2e_answer a;

		if (id != NULL)
			path = arena_printf(t->arena, "%.*s%s", (int)(id - path), path, p.other.p);
		if (dollar != NULL) {
			dollar = strchr(path, '$');
			path = arena_printf(t->arena, "%.*s%s%s", (int)(dollar - path), path,
				p.tenant.p, dollar + 1);
		}
		r.path = path;
		r.body = rows[i].body != NULL ? str_from(rows[i].body) : STR_NONE;
		a = e2e_send(t, &r);
		expect_step_up(&a);
		assert_int_equal(living(t, p.other), 1);
	}
}

static void old_sign_in__may_sign_out(void **state)
{
	struct e2e *t = *state;
	struct person p = person(t, STEP_UP_S + 60, "");
	struct e2e_answer a = e2e_delete(t, p.token, "/api/v1/me/sessions/%s", p.current.p);

	expect_status(&a, 200);
	assert_int_equal(e2e_int(a.json, "data.revoked_count"), 1);
}

static void new_sign_in__ends_them(void **state)
{
	struct e2e *t = *state;
	struct person p = person(t, STEP_UP_S - 60, "");
	struct e2e_answer a = e2e_delete(t, p.token, "/api/v1/me/sessions/%s", p.other.p);

	expect_status(&a, 200);
	assert_int_equal(living(t, p.other), 0);
}

static void token_without_auth_time__is_as_old_as_its_session(void **state)
{
	struct e2e *t = *state;
	struct person p = person(t, -1, "");
	struct e2e_answer a = e2e_delete(t, p.token, "/api/v1/me/sessions/%s", p.other.p);

	expect_step_up(&a);
	e2e_exec(t, SQL("UPDATE session SET auth_time = UTC_TIMESTAMP(3) WHERE id = ?"), 1,
		db_str(p.current));
	a = e2e_delete(t, p.token, "/api/v1/me/sessions/%s", p.other.p);
	expect_status(&a, 200);
	/* And without a session nobody knows. */
	a = e2e_post(t, e2e_token(t, "{\"sub\":\"u\",\"tenant_id\":\"%s\"}", p.tenant.p), NULL,
		"/api/v1/me/sessions/revoke-all");
	expect_step_up(&a);
}

static void service__is_exempt(void **state)
{
	struct e2e *t = *state;
	struct person p = person(t, -1, "");
	struct str service =
		e2e_token(t, "{\"sub\":\"svc\",\"platform_token\":true,\"scope\":\"admin:write\"}");
	struct e2e_answer a = e2e_delete(t, service, "/api/v1/admin/sessions/%s", p.other.p);

	expect_status(&a, 204);
}

static struct str register_now(struct e2e *t, struct str tenant, const char *more)
{
	struct e2e_answer a = e2e_post(t,
		e2e_token(t,
			"{\"sub\":\"svc\",\"platform_token\":true,\"scope\":\"sessions:write\"}"),
		arena_printf(
			t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"u\"%s}", tenant.p, more),
		"/api/v1/sessions");

	expect_status(&a, 201);
	return e2e_text(a.json, "data.token");
}

static void session__has_signed_in_when_it_was_registered(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str fresh = register_now(t, tn.id, "");
	struct str stale = register_now(
		t, tn.id, arena_printf(t->arena, ",\"auth_time\":%lld", (long long)ago_s(t, 3600)));
	struct e2e_answer a = e2e_post(t, stale, NULL, "/api/v1/me/sessions/revoke-all");

	expect_step_up(&a);
	a = e2e_post(t, fresh, NULL, "/api/v1/me/sessions/revoke-all");
	expect_status(&a, 200);
	assert_int_equal(e2e_int(a.json, "data.revoked_count"), 1);
}

/* By nobody, and by a caller who has signed in too long ago for anything else. */
static void holder_of_a_token__may_end_its_session(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	const char *old = arena_printf(t->arena, ",\"auth_time\":%lld", (long long)ago_s(t, 3600));
	const struct {
		struct str caller, token;
	} rows[] = {
		{STR_NONE, register_now(t, tn.id, old)},
		{register_now(t, tn.id, old), register_now(t, tn.id, old)},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct e2e_request r = {
			.method = "POST",
			.path = "/api/v1/sessions/revoke",
			.token = rows[i].caller,
			.content_type = "application/x-www-form-urlencoded",
			.body = str_printf(t->arena, "token=%.*s", STR_FMT(rows[i].token)),
		};
		struct e2e_answer a = e2e_send(t, &r);

		expect_status(&a, 200);
		a = e2e_get(t, rows[i].token, "/authorize");
		expect_status(&a, 401);
	}
}

static void settings__are_the_policy_of_everybody(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str admin =
		e2e_token(t, "{\"sub\":\"root\",\"role\":\"super_admin\",\"auth_time\":%lld}",
			(long long)ago_s(t, 0));
	struct e2e_request r = {
		.method = "PUT",
		.path = arena_printf(t->arena, "/api/v1/tenants/%s/session-policy", tn.id.p),
		.token = admin,
		.body = STR("{\"idle_timeout_seconds\":1801,\"absolute_timeout_seconds\":3600,"
			    "\"max_sessions_per_user\":5}"),
	};
	struct e2e_answer a = e2e_send(t, &r);

	expect_status(&a, 422);
	assert_int_equal(e2e_at(a.json, "detail")->count, 2);
	expect_str(e2e_text(a.json, "detail.0.loc.1"), STR("idle_timeout_seconds"));
	expect_str(e2e_text(a.json, "detail.0.msg"),
		STR("Input should be less than or equal to 1800, which ROLLCALL_IDLE_SECONDS "
		    "allows"));
	r.body = STR("{\"absolute_timeout_seconds\":3600}");
	a = e2e_send(t, &r);
	expect_status(&a, 200);
	assert_true(e2e_is_null(a.json, "data.idle_timeout_seconds"));
	assert_int_equal(e2e_int(a.json, "data.effective.idle_timeout_seconds"), 1800);
	assert_int_equal(e2e_int(a.json, "data.effective.absolute_timeout_seconds"), 3600);
	assert_int_equal(e2e_int(a.json, "data.effective.max_sessions_per_user"), 4);
	a = e2e_get(t, register_now(t, tn.id, ""), "/api/v1/me/sessions");
	assert_int_equal(
		e2e_ms(a.json, "data.0.expires_at") - e2e_ms(a.json, "data.0.created_at"), 1800000);
	for (int i = 0; i < 5; i++)
		register_now(t, tn.id, "");
	a = e2e_get(t, admin, "/api/v1/tenants/%s/sessions", tn.id.p);
	assert_int_equal(e2e_int(a.json, "pagination.total_items"), 4);
}

/* The tenant's rules are from before the settings were made stricter. */
static void settings_that_became_stricter__hold_over_a_policy(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct e2e_answer a;

	e2e_exec(t,
		SQL("UPDATE tenant SET idle_seconds = ?, absolute_seconds = ?, max_sessions = ?"
		    " WHERE id = ?"),
		4, db_i64(86400), db_i64(86400), db_i64(9), db_str(tn.id));
	a = e2e_get(t, e2e_super_admin(t), "/api/v1/tenants/%s/session-policy", tn.id.p);
	assert_int_equal(e2e_int(a.json, "data.idle_timeout_seconds"), 86400);
	assert_int_equal(e2e_int(a.json, "data.effective.idle_timeout_seconds"), 1800);
	a = e2e_get(t, register_now(t, tn.id, ""), "/api/v1/me/sessions");
	assert_int_equal(
		e2e_ms(a.json, "data.0.expires_at") - e2e_ms(a.json, "data.0.created_at"), 1800000);
	for (int i = 0; i < 5; i++)
		register_now(t, tn.id, "");
	a = e2e_get(t, e2e_super_admin(t), "/api/v1/tenants/%s/sessions", tn.id.p);
	assert_int_equal(e2e_int(a.json, "pagination.total_items"), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_sign_in__ends_no_other_session),
		cmocka_unit_test(old_sign_in__may_sign_out),
		cmocka_unit_test(new_sign_in__ends_them),
		cmocka_unit_test(token_without_auth_time__is_as_old_as_its_session),
		cmocka_unit_test(service__is_exempt),
		cmocka_unit_test(session__has_signed_in_when_it_was_registered),
		cmocka_unit_test(holder_of_a_token__may_end_its_session),
		cmocka_unit_test(settings__are_the_policy_of_everybody),
		cmocka_unit_test(settings_that_became_stricter__hold_over_a_policy),
	};

	return cmocka_run_group_tests_name("Step-up and settings", tests, setup, teardown);
}
