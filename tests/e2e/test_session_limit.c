/* SPDX-License-Identifier: MIT
 * How many sessions a policy leaves to a user, and which device is a new one (schema/api.md 5.6).
 */
/* e2e: once */
#include "policy.h"

static void send_at_once(struct e2e *t, struct str tenant, struct e2e_answer out[AT_ONCE])
{
	struct e2e_request r[AT_ONCE];
	struct str token = service(t);

	for (size_t i = 0; i < AT_ONCE; i++)
		r[i] = (struct e2e_request){.method = "POST",
			.path = SESSIONS,
			.token = token,
			.body = str_from(registration(t, tenant, ""))};
	e2e_send_all(t, r, out, AT_ONCE);
}

static int64_t living(struct e2e *t, struct str tenant)
{
	struct e2e_answer a =
		e2e_get(t, e2e_super_admin(t), "/api/v1/tenants/%s/sessions", tenant.p);

	return e2e_int(a.json, "pagination.total_items");
}

static void fifty_at_once__leave_three_of_which_the_oldest_end(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = tenant_with(t, "{\"max_sessions_per_user\":3}");
	struct e2e_answer answers[AT_ONCE], a;
	int64_t open = 0;

	e2e_recount(t);
	send_at_once(t, tn.id, answers);
	for (size_t i = 0; i < AT_ONCE; i++)
		expect_status(&answers[i], 201);
	assert_int_equal(living(t, tn.id), 3);
	assert_int_equal(
		e2e_count(t,
			SQL("SELECT COUNT(*) FROM test_revocation WHERE tenant_id = ?"
			    " AND reason = 'session_limit' AND revoked_by_kind = 'policy'"),
			1, db_str(tn.id)),
		AT_ONCE - 3);
	for (size_t i = 0; i < AT_ONCE; i++) {
		a = e2e_get(t, e2e_text(answers[i].json, "data.token"), "/authorize");
		open += a.status == 200;
	}
	assert_int_equal(open, 3);
	expect_exact_numbers(t);
}

static void fifty_at_once__leave_three_and_refuse_the_others(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn =
		tenant_with(t, "{\"max_sessions_per_user\":3,\"on_limit\":\"refuse\"}");
	struct e2e_answer answers[AT_ONCE];
	int64_t made = 0, refused = 0;

	e2e_recount(t);
	send_at_once(t, tn.id, answers);
	for (size_t i = 0; i < AT_ONCE; i++) {
		made += answers[i].status == 201;
		refused += answers[i].status == 409;
	}
	assert_int_equal(made, 3);
	assert_int_equal(refused, AT_ONCE - 3);
	assert_int_equal(living(t, tn.id), 3);
	expect_exact_numbers(t);
}

static void sign_in_beyond_the_limit__ends_the_oldest(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = tenant_with(t, "{\"max_sessions_per_user\":2}");
	struct str ids[3];

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct e2e_answer a = register_one(t, tn.id, "");

		ids[i] = e2e_text(a.json, "data.id");
		if (i < 2)
			pass(t, ids[i], i == 0 ? 600 : 300);
	}
	e2e_recount(t);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct e2e_answer a = detail(t, ids[i]);

		expect_str(
			e2e_text(a.json, "data.status"), i == 0 ? STR("revoked") : STR("active"));
	}
}

static void expired_session__does_not_count_for_the_limit(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn =
		tenant_with(t, "{\"max_sessions_per_user\":1,\"on_limit\":\"refuse\"}");
	struct e2e_answer a = register_one(t, tn.id, "");

	pass(t, e2e_text(a.json, "data.id"), 86401);
	a = register_one(t, tn.id, "");
	a = e2e_post(t, service(t), registration(t, tn.id, ""), SESSIONS);
	expect_status(&a, 409);
	/* Another user has a limit of their own. */
	a = e2e_post(t, service(t),
		arena_printf(t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"v\"}", tn.id.p),
		SESSIONS);
	expect_status(&a, 201);
	e2e_recount(t);
}

static void repeated_registration__ends_nobody(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = tenant_with(t, "{\"max_sessions_per_user\":1}");
	const char *own = arena_printf(t->arena, ",\"id\":\"%s\"", e2e_name(t, "own").p);
	struct e2e_answer a = register_one(t, tn.id, own);

	a = e2e_post(t, service(t), registration(t, tn.id, own), SESSIONS);
	expect_status(&a, 200);
	assert_int_equal(living(t, tn.id), 1);
}

static bool is_new(struct e2e *t, struct str tenant, const char *agent, const char *address)
{
	struct e2e_answer a = register_one(t, tenant,
		arena_printf(
			t->arena, ",\"user_agent\":\"%s\",\"ip_address\":\"%s\"", agent, address));

	return e2e_bool(a.json, "data.new_device");
}

static void new_device__is_another_label_or_network(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct e2e_answer a;

	assert_true(is_new(t, tn.id, FIREFOX, "192.0.2.1"));
	assert_false(is_new(t, tn.id, FIREFOX, "192.0.2.77"));
	assert_true(is_new(t, tn.id, "curl/8", "192.0.2.1"));
	assert_true(is_new(t, tn.id, FIREFOX, "192.0.3.1"));
	assert_true(is_new(t, tn.id, FIREFOX, "2001:db8:1::1"));
	assert_false(is_new(t, tn.id, FIREFOX, "2001:db8:1:2::1"));
	a = register_one(t, tn.id, "");
	assert_true(e2e_is_null(a.json, "data.new_device"));
	/* It is the user's device. */
	a = e2e_post(t, service(t),
		arena_printf(t->arena,
			"{\"tenant_id\":\"%s\",\"user_id\":\"v\",\"user_agent\":\"" FIREFOX
			"\",\"ip_address\":\"192.0.2.1\"}",
			tn.id.p),
		SESSIONS);
	assert_true(e2e_bool(a.json, "data.new_device"));
}

static void device__is_known_for_ninety_days_behind_the_end(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct session_new old = e2e_session(t, tn, STR("u"));
	int64_t day_ms = 86400 * SECOND_MS;

	old.user_agent = STR(FIREFOX);
	old.ip_address = STR("192.0.2.1");
	old.created_ms -= 200 * day_ms;
	old.revoked_ms = e2e_now_ms(t) - 91 * day_ms;
	e2e_put(t, &old);
	assert_true(is_new(t, tn.id, FIREFOX, "198.51.100.1"));
	old.id = e2e_name(t, "old");
	old.ip_address = STR("203.0.113.1");
	old.revoked_ms = e2e_now_ms(t) - 89 * day_ms;
	e2e_put(t, &old);
	assert_true(is_new(t, tn.id, FIREFOX, "192.0.2.1"));
	assert_false(is_new(t, tn.id, FIREFOX, "203.0.113.1"));
}

static void except_session_id__spares_that_session(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str kept = e2e_put_session(t, tn, STR("u"));
	struct e2e_answer a;

	e2e_put_session(t, tn, STR("u"));
	e2e_put_session(t, tn, STR("u"));
	a = e2e_post(t, e2e_super_admin(t),
		arena_printf(
			t->arena, "{\"revoke_all\":true,\"except_session_id\":\"%s\"}", kept.p),
		"/api/v1/tenants/%s/sessions/users/u/revoke", tn.id.p);
	expect_status(&a, 200);
	assert_int_equal(e2e_int(a.json, "data.revoked_count"), 2);
	a = detail(t, kept);
	expect_str(e2e_text(a.json, "data.status"), STR("active"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fifty_at_once__leave_three_of_which_the_oldest_end),
		cmocka_unit_test(fifty_at_once__leave_three_and_refuse_the_others),
		cmocka_unit_test(sign_in_beyond_the_limit__ends_the_oldest),
		cmocka_unit_test(expired_session__does_not_count_for_the_limit),
		cmocka_unit_test(repeated_registration__ends_nobody),
		cmocka_unit_test(new_device__is_another_label_or_network),
		cmocka_unit_test(device__is_known_for_ninety_days_behind_the_end),
		cmocka_unit_test(except_session_id__spares_that_session),
	};

	return cmocka_run_group_tests_name("Session policy", tests, e2e_open, e2e_close);
}
