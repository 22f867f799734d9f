/* SPDX-License-Identifier: MIT
 * POST /api/v1/sessions (schema/api.md 5): what a registration answers, what it writes, and who
 * may do it for whom. What is wrong with a body is in test_ingest_faults.c, repeats are in
 * test_ingest_repeat.c, and what is done with the session in test_ingest_check.c. */
/* e2e: shared-host */
#include "ingest.h"

static void registration__answers_the_session_and_its_token_once(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct e2e_answer a = e2e_post(t, platform(t),
		BODY(tn.id,
			",\"user_email\":\"ada@example.com\",\"user_display_name\":\"Ada \\u00c5\","
			"\"ip_address\":\"2001:db8::1\",\"user_agent\":\"Mozilla/5.0 (X11; Linux "
			"x86_64; rv:128.0)"
			" Gecko/20100101 Firefox/128.0\",\"location\":\"Turin, "
			"Italy\",\"expires_in\":600,"
			"\"authenticator_id\":\"auth-1\",\"config_types\":[\"a\",\"b\"],"
			"\"tags\":{\"k\":\"v\",\"flag\":true,\"none\":null},"
			"\"is_mfa_required\":true,\"is_mfa_complete\":true"),
		PATH);
	struct str id, token;

	expect_status(&a, 201);
	expect_members(a.json, "data meta");
	expect_members(e2e_at(a.json, "data"), DETAIL " new_device token");
	expect_str(e2e_header(&a, "Content-Type"), STR("application/json"));
	expect_str(e2e_header(&a, "Cache-Control"), STR("no-store"));
	expect_str(e2e_text(a.json, "data.user_id"), STR("u"));
	expect_str(e2e_text(a.json, "data.user_email"), STR("ada@example.com"));
	expect_str(e2e_text(a.json, "data.user_display_name"), STR("Ada Å"));
	expect_str(e2e_text(a.json, "data.ip_address"), STR("2001:db8::1"));
	expect_str(e2e_text(a.json, "data.device_type"), STR("desktop"));
	expect_str(e2e_text(a.json, "data.location"), STR("Turin, Italy"));
	expect_str(e2e_text(a.json, "data.tenant_id"), tn.id);
	expect_str(e2e_text(a.json, "data.status"), STR("active"));
	assert_false(e2e_bool(a.json, "data.is_current"));
	assert_true(e2e_is_null(a.json, "data.last_activity_at"));
	assert_int_equal(e2e_at(a.json, "data.sso_apps")->count, 0);
	assert_int_equal(
		e2e_ms(a.json, "data.expires_at") - e2e_ms(a.json, "data.created_at"), 600000);

	id = e2e_text(a.json, "data.id");
	token = e2e_text(a.json, "data.token");
	assert_int_equal(str_base64url_decode(t->arena, token).n, 32);
	assert_int_equal(
		e2e_count(t,
			SQL("SELECT COUNT(*) FROM session s JOIN tenant t ON t.no = s.tenant_no WHERE s.id = ?"
			    " AND token_digest = UNHEX(SHA2(?, 256)) AND authenticator_id "
			    "= 'auth-1'"
			    " AND is_mfa_required AND is_mfa_complete AND tags = ? AND "
			    "config_types = ?"),
			4, db_str(id), db_str(token),
			db_str(STR("{\"k\":\"v\",\"flag\":true,\"none\":null}")),
			db_str(STR("[\"a\",\"b\"]"))),
		1);

	a = e2e_get(t, e2e_super_admin(t), "/api/v1/admin/sessions/%s", id.p);
	expect_status(&a, 200);
	expect_members(e2e_at(a.json, "data"), DETAIL);
	expect_str(e2e_text(a.json, "data.location"), STR("Turin, Italy"));
}

static void least_registration__leaves_the_rest_unknown(void **state)
{
	static const char *const unknown[] = {"data.user_email", "data.user_display_name",
		"data.ip_address", "data.user_agent", "data.device_type", "data.location",
		"data.last_activity_at", "data.revoked_at", "data.revoked_by",
		"data.revoke_reason"};
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	const char *bodies[] = {
		BODY(tn.id, ""),
		/* What is null is not there; what nobody knows is ignored. */
		BODY(tn.id,
			",\"id\":null,\"user_email\":null,\"ip_address\":null,\"user_agent\":null,"
			"\"expires_in\":null,\"expires_at\":null,\"device_type\":null,\"location\":"
			"null,"
			"\"partner_id\":null,\"authenticator_id\":null,\"config_types\":null,"
			"\"tags\":null,\"user_display_name\":null,\"x\":[{}],\"token\":\"mine\""),
	};

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct e2e_answer a = e2e_post(t, platform(t), bodies[i], PATH);

		expect_status(&a, 201);
		for (size_t k = 0; k < ARRAY_LEN(unknown); k++)
			assert_true(e2e_is_null(a.json, unknown[k]));
		assert_int_equal(e2e_text(a.json, "data.id").n, 36);
		assert_int_equal(e2e_text(a.json, "data.token").n, 43);
		/* ROLLCALL_SESSION_SECONDS */
		assert_int_equal(
			e2e_ms(a.json, "data.expires_at") - e2e_ms(a.json, "data.created_at"),
			86400000);
		assert_in_range(e2e_now_ms(t) - e2e_ms(a.json, "data.created_at"), 0, 10000);
	}
}

static void tokens__are_never_the_same(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct e2e_request r[32];
	struct e2e_answer a[32];

	for (size_t i = 0; i < ARRAY_LEN(r); i++)
		r[i] = (struct e2e_request){.method = "POST",
			.path = PATH,
			.token = platform(t),
			.body = str_from(BODY(tn.id, ""))};
	e2e_send_all(t, r, a, ARRAY_LEN(r));
	for (size_t i = 0; i < ARRAY_LEN(r); i++) {
		expect_status(&a[i], 201);
		for (size_t k = 0; k < i; k++)
			assert_false(str_eq(e2e_text(a[i].json, "data.token"),
				e2e_text(a[k].json, "data.token")));
	}
	assert_int_equal(e2e_count(t,
				 SQL("SELECT COUNT(DISTINCT token_digest) FROM test_session"
				     " WHERE tenant_id = ?"),
				 1, db_str(tn.id)),
		32);
}

static void expiry__is_the_callers(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct e2e_answer a = e2e_post(t, platform(t), BODY(tn.id, ",\"expires_in\":1"), PATH);

	expect_status(&a, 201);
	assert_int_equal(
		e2e_ms(a.json, "data.expires_at") - e2e_ms(a.json, "data.created_at"), 1000);
	a = e2e_post(t, platform(t), BODY(tn.id, ",\"expires_in\":315360000"), PATH);
	expect_status(&a, 201);
	a = e2e_post(t, platform(t),
		BODY(tn.id, ",\"expires_at\":\"2999-12-31T23:30:00.1239+01:30\""), PATH);
	expect_status(&a, 201);
	expect_str(e2e_text(a.json, "data.expires_at"), STR("2999-12-31T22:00:00.123Z"));
}

static void device_type__is_derived_unless_given(void **state)
{
	static const struct {
		const char *more, *want;
	} rows[] = {
		{",\"user_agent\":\"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) "
		 "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 "
		 "Safari/604.1\"",
			"mobile"},
		{",\"user_agent\":\"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) "
		 "AppleWebKit/605.1.15 "
		 "(KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1\"",
			"tablet"},
		{",\"user_agent\":\"Mozilla/5.0 (compatible; Googlebot/2.1; "
		 "+http://www.google.com/bot.html)\"",
			"bot"},
		{",\"user_agent\":\"curl/8.5.0\"", "api"},
		{",\"user_agent\":\"curl/8.5.0\",\"device_type\":\"kiosk\"", "kiosk"},
		{",\"user_agent\":\"\"", NULL},
		{",\"user_agent\":\"something else\"", NULL},
	};
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_answer a = e2e_post(t, platform(t),
			arena_printf(t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"u\"%s}",
				tn.id.p, rows[i].more),
			PATH);

		expect_status(&a, 201);
		if (rows[i].want == NULL)
			assert_true(e2e_is_null(a.json, "data.device_type"));
		else
			expect_str(e2e_text(a.json, "data.device_type"), str_from(rows[i].want));
	}
}

/* Whatever a browser sends, its user signs in. */
static void long_user_agent__is_cut_between_characters(void **state)
{
	static const struct {
		size_t fill; /* bytes of "a" in front */
		const char *rest;
		size_t want; /* bytes that are left */
	} rows[] = {
		{1024, "", 1024},
		{1023, "é", 1023},
		{1022, "é", 1024},
		{1021, "😀", 1021},
		{1020, "😀", 1024},
		{1024, "é", 1024},
		{5000, "é", 1024},
	};
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *agent = arena_alloc(t->arena, rows[i].fill + 8);
		struct e2e_answer a;

		memset(agent, 'a', rows[i].fill);
		memcpy(agent + rows[i].fill, rows[i].rest, strlen(rows[i].rest) + 1);
		a = e2e_post(t, platform(t),
			arena_printf(t->arena,
				"{\"tenant_id\":\"%s\",\"user_id\":\"u\",\"user_agent\":\"%s\"}",
				tn.id.p, agent),
			PATH);
		expect_status(&a, 201);
		expect_str(
			e2e_text(a.json, "data.user_agent"), ((struct str){agent, rows[i].want}));
	}
}

static void address__is_kept_as_what_it_is(void **state)
{
	static const char *const rows[][2] = {
		{"203.0.113.7", "203.0.113.7"},
		{"2001:DB8::1", "2001:DB8::1"},
		{"::ffff:203.0.113.7", "203.0.113.7"},
		{"::FFFF:cb00:7107", "203.0.113.7"},
		{"::203.0.113.7", "::203.0.113.7"},
	};
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_answer a = e2e_post(t, platform(t),
			arena_printf(t->arena,
				"{\"tenant_id\":\"%s\",\"user_id\":\"u\",\"ip_address\":\"%s\"}",
				tn.id.p, rows[i][0]),
			PATH);

		expect_status(&a, 201);
		expect_str(e2e_text(a.json, "data.ip_address"), str_from(rows[i][1]));
	}
}

static void config_types__are_a_set(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct e2e_answer a = e2e_post(t, platform(t),
		BODY(tn.id, ",\"config_types\":[\"b\",\"a\",\"b\",\"a\",\"c\"]"), PATH);

	expect_status(&a, 201);
	expect_str(e2e_column(t, SQL("SELECT config_types FROM test_session WHERE id = ?"), 1,
			   db_str(e2e_text(a.json, "data.id"))),
		STR("[\"b\",\"a\",\"c\"]"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registration__answers_the_session_and_its_token_once),
		cmocka_unit_test(least_registration__leaves_the_rest_unknown),
		cmocka_unit_test(tokens__are_never_the_same),
		cmocka_unit_test(expiry__is_the_callers),
		cmocka_unit_test(device_type__is_derived_unless_given),
		cmocka_unit_test(long_user_agent__is_cut_between_characters),
		cmocka_unit_test(address__is_kept_as_what_it_is),
		cmocka_unit_test(config_types__are_a_set),
	};

	return cmocka_run_group_tests_name("Registration", tests, e2e_open, e2e_close);
}
