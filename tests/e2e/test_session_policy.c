/* SPDX-License-Identifier: MIT
 * The session policy of a tenant (schema/api.md 7): who may set it, what it does to sessions that
 * come and to those that live already. Time passes by moving the instants of a session back. */
/* e2e: once */
#include "policy.h"

static struct e2e_answer get_policy(struct e2e *t, struct str token, struct str tenant)
{
	return e2e_get(t, token, "/api/v1/tenants/%s/session-policy", tenant.p);
}

static struct e2e_answer activity(struct e2e *t, struct str id)
{
	return e2e_post(t, service(t), "{}", SESSIONS "/%s/activity", id.p);
}

static void policy__is_none_until_somebody_sets_one(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str root = e2e_super_admin(t);
	struct e2e_answer a = get_policy(t, root, tn.id);

	expect_status(&a, 200);
	expect_members(e2e_at(a.json, "data"),
		"tenant_id idle_timeout_seconds absolute_timeout_seconds max_sessions_per_user "
		"on_limit effective");
	assert_true(e2e_is_null(a.json, "data.idle_timeout_seconds"));
	expect_str(e2e_text(a.json, "data.on_limit"), STR("end_oldest"));
	a = put_policy(t, root, tn.id,
		"{\"idle_timeout_seconds\":900,\"max_sessions_per_user\":3,\"on_limit\":"
		"\"refuse\"}");
	expect_status(&a, 200);
	assert_int_equal(e2e_int(a.json, "data.revoked_count"), 0);
	a = get_policy(t, root, tn.id);
	assert_int_equal(e2e_int(a.json, "data.idle_timeout_seconds"), 900);
	assert_true(e2e_is_null(a.json, "data.absolute_timeout_seconds"));
	assert_int_equal(e2e_int(a.json, "data.effective.max_sessions_per_user"), 3);
	expect_str(e2e_text(a.json, "data.effective.on_limit"), STR("refuse"));
	/* A PUT is the whole policy. */
	a = put_policy(t, root, tn.id, "{}");
	assert_true(e2e_is_null(a.json, "data.idle_timeout_seconds"));
	expect_str(e2e_text(a.json, "data.on_limit"), STR("end_oldest"));
}

static void policy__is_for_administrators_of_the_tenant(void **state)
{
	struct e2e *t = *state;
	struct str partner = e2e_partner(t);
	struct e2e_tenant tn = e2e_tenant(t, partner), other = e2e_tenant(t, STR_NONE);
	const struct {
		struct str token;
		int own, other;
	} rows[] = {
		{e2e_token(t, "{\"sub\":\"u\",\"tenant_id\":\"%s\"}", tn.id.p), 403, 403},
		{e2e_token(t, "{\"sub\":\"a\",\"role\":\"tenant_admin\",\"tenant_id\":\"%s\"}",
			 tn.id.p),
			200, 403},
		{e2e_token(t, "{\"sub\":\"p\",\"role\":\"partner_admin\",\"partner_id\":\"%s\"}",
			 partner.p),
			200, 404},
		{e2e_super_admin(t), 200, 200},
		{service(t), 403, 403},
		{STR_NONE, 401, 401},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_answer a = get_policy(t, rows[i].token, tn.id);

		expect_status(&a, rows[i].own);
		a = get_policy(t, rows[i].token, other.id);
		expect_status(&a, rows[i].other);
		a = put_policy(t, rows[i].token, tn.id, "{\"max_sessions_per_user\":2}");
		expect_status(&a, rows[i].own);
		a = put_policy(t, rows[i].token, other.id, "{\"max_sessions_per_user\":2}");
		expect_status(&a, rows[i].other);
	}
	{
		struct e2e_answer a = get_policy(t, e2e_super_admin(t), STR("nobody"));

		expect_status(&a, 404);
	}
}

static void wrong_rule__is_named(void **state)
{
	static const struct {
		const char *body, *name, *type;
	} rows[] = {
		{"{\"idle_timeout_seconds\":59}", "idle_timeout_seconds", "greater_than_equal"},
		{"{\"idle_timeout_seconds\":\"60\"}", "idle_timeout_seconds", "int_type"},
		{"{\"absolute_timeout_seconds\":315360001}", "absolute_timeout_seconds",
			"less_than_equal"},
		{"{\"max_sessions_per_user\":0}", "max_sessions_per_user", "greater_than_equal"},
		{"{\"on_limit\":\"ask\"}", "on_limit", "literal_error"},
	};
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_answer a = put_policy(t, e2e_super_admin(t), tn.id, rows[i].body);

		expect_status(&a, 422);
		expect_str(e2e_text(a.json, "detail.0.loc.1"), str_from(rows[i].name));
		expect_str(e2e_text(a.json, "detail.0.type"), str_from(rows[i].type));
	}
}

static void idle_session__dies_on_time(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = tenant_with(t, "{\"idle_timeout_seconds\":600}");
	struct e2e_answer a = register_one(t, tn.id, "");
	struct str id = e2e_text(a.json, "data.id"), token = e2e_text(a.json, "data.token");

	assert_int_equal(e2e_ms(a.json, "data.expires_at") - e2e_ms(a.json, "data.created_at"),
		600 * SECOND_MS);
	assert_int_equal(
		e2e_ms(a.json, "data.absolute_expires_at") - e2e_ms(a.json, "data.created_at"),
		86400 * SECOND_MS);
	pass(t, id, 570);
	a = e2e_get(t, token, "/api/v1/me/sessions");
	expect_status(&a, 200);
	pass(t, id, 30);
	a = e2e_get(t, token, "/api/v1/me/sessions");
	expect_status(&a, 401);
	a = e2e_get(t, token, "/authorize");
	expect_status(&a, 401);
	a = activity(t, id);
	expect_status(&a, 409);
	e2e_recount(t);
}

static void busy_session__lives_to_its_absolute_end(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = tenant_with(
		t, "{\"idle_timeout_seconds\":6000,\"absolute_timeout_seconds\":36000}");
	struct e2e_answer a = register_one(t, tn.id, "");
	struct str id = e2e_text(a.json, "data.id");

	for (int passed = 5000; passed <= 35000; passed += 5000) {
		pass(t, id, 5000);
		e2e_recount(t);
		a = activity(t, id);
		expect_status(&a, 204);
		expect_exact_numbers(t);
	}
	a = detail(t, id);
	assert_int_equal(e2e_ms(a.json, "data.expires_at") - e2e_ms(a.json, "data.created_at"),
		36000 * SECOND_MS);
	expect_str(
		e2e_text(a.json, "data.absolute_expires_at"), e2e_text(a.json, "data.expires_at"));
	pass(t, id, 1000);
	a = activity(t, id);
	expect_status(&a, 409);
	e2e_recount(t);
}

static void passing_the_authorizer__is_activity(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = tenant_with(t, "{\"idle_timeout_seconds\":600}");
	struct e2e_answer a = register_one(t, tn.id, "");
	struct str id = e2e_text(a.json, "data.id"), token = e2e_text(a.json, "data.token");
	int64_t deadline = pool_deadline();

	pass(t, id, 300);
	e2e_recount(t);
	/* It is written behind the answer, and left to the next request where a lock is in the way.
	 */
	do {
		assert_true(clock_monotonic_us() < deadline);
		a = e2e_get(t, token, "/authorize");
		expect_status(&a, 200);
		a = detail(t, id);
	} while (e2e_ms(a.json, "data.expires_at") <= e2e_now_ms(t) + 400 * SECOND_MS);
	expect_exact_numbers(t);
}

/* Else a busy session could die between two notes, which are a minute apart. */
static void short_idle_time__has_activity_noted_more_often(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = tenant_with(t, "{\"idle_timeout_seconds\":60}");
	struct e2e_answer a = register_one(t, tn.id, "");
	struct str id = e2e_text(a.json, "data.id");

	a = activity(t, id);
	expect_status(&a, 204);
	pass(t, id, 20);
	a = activity(t, id);
	expect_status(&a, 204);
	a = detail(t, id);
	assert_true(e2e_ms(a.json, "data.expires_at") - e2e_ms(a.json, "data.created_at") >=
		    80 * SECOND_MS);
	e2e_recount(t);
}

static void asked_end__stays_the_latest(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = tenant_with(t, "{\"idle_timeout_seconds\":600}");
	struct e2e_answer a = register_one(t, tn.id, ",\"expires_in\":700");
	struct str id = e2e_text(a.json, "data.id");

	assert_int_equal(
		e2e_ms(a.json, "data.absolute_expires_at") - e2e_ms(a.json, "data.created_at"),
		700 * SECOND_MS);
	pass(t, id, 500);
	a = activity(t, id);
	expect_status(&a, 204);
	a = detail(t, id);
	assert_int_equal(e2e_ms(a.json, "data.expires_at") - e2e_ms(a.json, "data.created_at"),
		700 * SECOND_MS);
	e2e_recount(t);
}

static void stricter_policy__ends_what_it_forbids(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str admin = e2e_token(
		t, "{\"sub\":\"boss\",\"role\":\"tenant_admin\",\"tenant_id\":\"%s\"}", tn.id.p);
	struct e2e_answer old = register_one(t, tn.id, ""), fresh = register_one(t, tn.id, ""), a;
	struct str old_id = e2e_text(old.json, "data.id");

	pass(t, old_id, 7200);
	e2e_recount(t);
	a = put_policy(t, admin, tn.id, "{\"idle_timeout_seconds\":3600}");
	expect_status(&a, 200);
	assert_int_equal(e2e_int(a.json, "data.revoked_count"), 1);
	expect_exact_numbers(t);
	a = e2e_get(t, e2e_text(old.json, "data.token"), "/authorize");
	expect_status(&a, 401);
	a = detail(t, old_id);
	expect_str(e2e_text(a.json, "data.status"), STR("revoked"));
	expect_str(e2e_text(a.json, "data.revoked_by"), STR("boss"));
	expect_str(e2e_text(a.json, "data.revoke_reason"), STR("session_policy"));
	a = detail(t, e2e_text(fresh.json, "data.id"));
	assert_int_equal(e2e_ms(a.json, "data.expires_at") - e2e_ms(a.json, "data.created_at"),
		3600 * SECOND_MS);
	a = put_policy(t, admin, tn.id, "{\"absolute_timeout_seconds\":1800}");
	a = detail(t, e2e_text(fresh.json, "data.id"));
	assert_int_equal(
		e2e_ms(a.json, "data.absolute_expires_at") - e2e_ms(a.json, "data.created_at"),
		1800 * SECOND_MS);
	expect_exact_numbers(t);
}

static void stricter_policy__holds_for_all_when_it_is_answered(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct e2e_answer a;

	e2e_put_many(t, tn, STR("many"), 1300);
	a = put_policy(t, e2e_super_admin(t), tn.id, "{\"absolute_timeout_seconds\":900}");
	expect_status(&a, 200);
	assert_int_equal(
		e2e_count(t,
			SQL("SELECT COUNT(*) FROM session s JOIN tenant t ON t.no = s.tenant_no WHERE"
			    " t.id = ? AND s.expires_at > s.created_at + INTERVAL 900 SECOND"),
			1, db_str(tn.id)),
		0);
	assert_int_equal(e2e_count(t, SQL("SELECT COUNT(*) FROM test_session WHERE tenant_id = ?"),
				 1, db_str(tn.id)),
		1300);
	expect_exact_numbers(t);
	a = put_policy(t, e2e_super_admin(t), tn.id, "{\"max_sessions_per_user\":5}");
	expect_status(&a, 200);
	assert_int_equal(e2e_int(a.json, "data.revoked_count"), 1295);
	expect_exact_numbers(t);
}

static void laxer_policy__lets_a_busy_session_live_longer(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = tenant_with(t, "{\"idle_timeout_seconds\":600}");
	struct e2e_answer a = register_one(t, tn.id, "");
	struct str id = e2e_text(a.json, "data.id");

	/* Not by the policy itself: somebody has to use the session. */
	a = put_policy(t, e2e_super_admin(t), tn.id, "{\"idle_timeout_seconds\":1200}");
	expect_status(&a, 200);
	a = detail(t, id);
	assert_int_equal(e2e_ms(a.json, "data.expires_at") - e2e_ms(a.json, "data.created_at"),
		600 * SECOND_MS);
	a = put_policy(t, e2e_super_admin(t), tn.id, "{}");
	expect_status(&a, 200);
	a = activity(t, id);
	expect_status(&a, 204);
	a = detail(t, id);
	assert_int_equal(e2e_ms(a.json, "data.expires_at") - e2e_ms(a.json, "data.created_at"),
		86400 * SECOND_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policy__is_none_until_somebody_sets_one),
		cmocka_unit_test(policy__is_for_administrators_of_the_tenant),
		cmocka_unit_test(wrong_rule__is_named),
		cmocka_unit_test(idle_session__dies_on_time),
		cmocka_unit_test(busy_session__lives_to_its_absolute_end),
		cmocka_unit_test(passing_the_authorizer__is_activity),
		cmocka_unit_test(short_idle_time__has_activity_noted_more_often),
		cmocka_unit_test(asked_end__stays_the_latest),
		cmocka_unit_test(stricter_policy__ends_what_it_forbids),
		cmocka_unit_test(stricter_policy__holds_for_all_when_it_is_answered),
		cmocka_unit_test(laxer_policy__lets_a_busy_session_live_longer),
	};

	return cmocka_run_group_tests_name("Session policy", tests, e2e_open, e2e_close);
}
