/* SPDX-License-Identifier: MIT
 * The identity provider signs people out (schema/api.md 5.7): which sessions end, and that a token
 * works once, whichever worker gets it. */
/* e2e: shared-host */
#include "logout.h"

/* A session, and whether the logout ends it. */
struct fate {
	const char *name;
	struct str id;
	bool ends;
};

static void expect_ended(struct e2e *t, const struct fate *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_active(t, rows[i].id) == rows[i].ends)
			fail_msg("%s: %s", rows[i].name, rows[i].ends ? "lives" : "has ended");
}

static void sid__ends_the_sessions_of_that_sign_in_and_no_others(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE), elsewhere = e2e_tenant(t, STR_NONE);
	struct str user = e2e_name(t, "usr"), other = e2e_name(t, "usr");
	const char *sid = e2e_name(t, "sid").p;
	const struct fate rows[] = {
		{"of that sign-in", put(t, tenant, user, ISSUER, sid), true},
		{"of that sign-in, again", put(t, tenant, user, ISSUER, sid), true},
		{"in another tenant", put(t, elsewhere, other, ISSUER, sid), true},
		{"of another sign-in", put(t, tenant, user, ISSUER, e2e_name(t, "sid").p), false},
		{"of another provider", put(t, tenant, user, "https://other.example.org", sid),
			false},
		{"of no provider", put(t, tenant, user, NULL, NULL), false},
	};
	/* The user in the token is not asked: applications may call them otherwise. */
	struct str token =
		good_token(t, arena_printf(t->arena, ",\"sid\":\"%s\",\"sub\":\"nobody\"", sid));
	struct e2e_answer a = post(t, token);

	expect_status(&a, 200);
	expect_body(&a, "");
	expect_str(e2e_header(&a, "Cache-Control"), STR("no-store"));
	expect_ended(t, rows, ARRAY_LEN(rows));
}

static void sub_alone__ends_all_of_that_user_from_that_provider(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE), elsewhere = e2e_tenant(t, STR_NONE);
	struct str user = e2e_name(t, "usr"), other = e2e_name(t, "usr");
	const char *sid = e2e_name(t, "sid").p;
	const struct fate rows[] = {
		{"with a sid", put(t, tenant, user, ISSUER, sid), true},
		{"without a sid", put(t, tenant, user, ISSUER, NULL), true},
		{"in another tenant", put(t, elsewhere, user, ISSUER, NULL), true},
		{"of another provider", put(t, tenant, user, "https://other.example.org", NULL),
			false},
		{"of no provider", put(t, tenant, user, NULL, NULL), false},
		{"of another user", put(t, tenant, other, ISSUER, sid), false},
	};
	struct e2e_answer a =
		post(t, good_token(t, arena_printf(t->arena, ",\"sub\":\"%s\"", user.p)));

	expect_status(&a, 200);
	expect_ended(t, rows, ARRAY_LEN(rows));
}

static void audit__names_the_provider_and_the_token(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	const char *sid = e2e_name(t, "sid").p, *jti = e2e_name(t, "jti").p;
	struct str id = put(t, tenant, e2e_name(t, "usr"), ISSUER, sid);
	struct e2e_request r = post_of(t,
		good_token(t, arena_printf(t->arena, ",\"sid\":\"%s\",\"jti\":\"%s\"", sid, jti)));
	struct e2e_answer a;
	const struct json *row;

	r.headers[0] = "X-Request-Id: logout-1";
	a = e2e_send(t, &r);
	expect_status(&a, 200);
	a = e2e_get(t, e2e_super_admin(t), "/api/v1/tenants/%s/audit", tenant.id.p);
	expect_status(&a, 200);
	assert_int_equal(e2e_at(a.json, "data")->count, 1);
	row = e2e_at(a.json, "data.0");
	expect_str(e2e_text(row, "session_id"), id);
	expect_str(e2e_text(row, "revoked_by"), STR(ISSUER));
	expect_str(e2e_text(row, "revoked_by_kind"), STR("identity provider"));
	assert_true(e2e_is_null(row, "revoked_by_tenant"));
	expect_str(e2e_text(row, "endpoint"), STR("v1.backchannel_logout"));
	expect_str(e2e_text(row, "request_id"), STR("logout-1"));
	expect_str(e2e_text(row, "reason"), str_printf(t->arena, "logout token %s", jti));
}

static void used_token__is_400_and_ends_nothing_more(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	const char *sid = e2e_name(t, "sid").p;
	struct str user = e2e_name(t, "usr"), first = put(t, tenant, user, ISSUER, sid), second;
	struct str token = with(t, sid, "");
	struct e2e_answer a = post(t, token);

	expect_status(&a, 200);
	assert_false(is_active(t, first));
	second = put(t, tenant, user, ISSUER, sid);
	for (int i = 0; i < 8; i++) {
		a = post(t, token);
		expect_refused(&a, "the token was used before");
		assert_true(is_active(t, second));
	}
	/* The same jti in another token is the same to the provider. */
	a = post(t, with(t, sid, arena_printf(t->arena, ",\"jti\":\"%s\"", e2e_name(t, "x").p)));
	expect_status(&a, 200);
	assert_false(is_active(t, second));
}

static void token_sent_many_times_at_once__works_once(void **state)
{
	enum { ROUNDS = 8, SESSIONS = 5 };
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	struct e2e_request r[AT_ONCE];
	struct e2e_answer a[AT_ONCE];

	for (int round = 0; round < ROUNDS; round++) {
		const char *sid = e2e_name(t, "sid").p;
		struct str token = with(t, sid, ""), ids[SESSIONS];
		size_t taken = 0;

		for (size_t i = 0; i < SESSIONS; i++)
			ids[i] = put(t, tenant, e2e_name(t, "usr"), ISSUER, sid);
		for (size_t i = 0; i < AT_ONCE; i++)
			r[i] = post_of(t, token);
		e2e_send_all(t, r, a, AT_ONCE);
		for (size_t i = 0; i < AT_ONCE; i++) {
			taken += a[i].status == 200;
			if (a[i].status != 200)
				expect_refused(&a[i], "the token was used before");
		}
		assert_int_equal(taken, 1);
		for (size_t i = 0; i < SESSIONS; i++)
			assert_false(is_active(t, ids[i]));
	}
	assert_int_equal(e2e_count(t,
				 SQL("SELECT COUNT(*) FROM ended e JOIN tenant n ON n.no = "
				     "e.tenant_no WHERE n.id = ?"),
				 1, db_str(tenant.id)),
		ROUNDS * SESSIONS);
}

/* Tokens of one sign-in that the provider sends to each of its clients at the same time. */
static void several_tokens_of_one_sign_in_at_once__are_all_taken(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	const char *sid = e2e_name(t, "sid").p;
	struct e2e_request r[AT_ONCE];
	struct e2e_answer a[AT_ONCE];

	for (size_t i = 0; i < AT_ONCE; i++) {
		(void)put(t, tenant, e2e_name(t, "usr"), ISSUER, sid);
		r[i] = post_of(t, with(t, sid, ""));
	}
	e2e_send_all(t, r, a, AT_ONCE);
	for (size_t i = 0; i < AT_ONCE; i++)
		expect_status(&a[i], 200);
	assert_int_equal(e2e_count(t,
				 SQL("SELECT COUNT(*) FROM session s JOIN tenant n ON n.no = "
				     "s.tenant_no WHERE n.id = ?"),
				 1, db_str(tenant.id)),
		0);
}

static void session_of_that_sign_in__is_refused_by_every_worker(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	const char *sid = e2e_name(t, "sid").p;
	struct str user = e2e_name(t, "usr"), id = put(t, tenant, user, ISSUER, sid);
	struct str token = e2e_token(t, "{\"sub\":\"%s\",\"tenant_id\":\"%s\",\"sid\":\"%s\"}",
		user.p, tenant.id.p, id.p);
	struct e2e_request r[AT_ONCE];
	struct e2e_answer a[AT_ONCE];

	for (size_t i = 0; i < AT_ONCE; i++)
		r[i] = (struct e2e_request){.path = "/api/v1/me/sessions", .token = token};
	e2e_send_all(t, r, a, AT_ONCE);
	for (size_t i = 0; i < AT_ONCE; i++)
		expect_status(&a[i], 200);
	a[0] = post(t, with(t, sid, ""));
	expect_status(&a[0], 200);
	e2e_send_all(t, r, a, AT_ONCE);
	for (size_t i = 0; i < AT_ONCE; i++)
		expect_status(&a[i], 401);
}

/* More than one transaction ends: the token is used up with the last of them. */
static void user_with_more_sessions_than_a_transaction_ends__has_none_left(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	struct str user = e2e_name(t, "usr");
	struct str token = good_token(t, arena_printf(t->arena, ",\"sub\":\"%s\"", user.p));
	struct e2e_answer a;

	(void)e2e_put_many(t, tenant, user, REVOKE_BATCH + 100);
	e2e_exec(t, SQL("UPDATE session SET idp_issuer = ? WHERE user_id = ?"), 2,
		db_str(STR(ISSUER)), db_str(user));
	a = post(t, token);
	expect_status(&a, 200);
	assert_int_equal(e2e_count(t, SQL("SELECT COUNT(*) FROM session WHERE user_id = ?"), 1,
				 db_str(user)),
		0);
	a = post(t, token);
	expect_refused(&a, "the token was used before");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sid__ends_the_sessions_of_that_sign_in_and_no_others),
		cmocka_unit_test(sub_alone__ends_all_of_that_user_from_that_provider),
		cmocka_unit_test(audit__names_the_provider_and_the_token),
		cmocka_unit_test(used_token__is_400_and_ends_nothing_more),
		cmocka_unit_test(token_sent_many_times_at_once__works_once),
		cmocka_unit_test(several_tokens_of_one_sign_in_at_once__are_all_taken),
		cmocka_unit_test(session_of_that_sign_in__is_refused_by_every_worker),
		cmocka_unit_test(user_with_more_sessions_than_a_transaction_ends__has_none_left),
	};

	return cmocka_run_group_tests(tests, e2e_open, e2e_close);
}
