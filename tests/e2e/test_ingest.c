/* SPDX-License-Identifier: MIT
 * POST /api/v1/sessions (schema/api.md 5): what a registration answers, what it writes, and who
 * may do it for whom. What is wrong with a body is in test_ingest_faults.c, repeats are in
 * test_ingest_repeat.c, and what is done with the session in test_ingest_check.c. */
/* e2e: shared-host */
#include "lib/e2e.h"

#define PATH "/api/v1/sessions"
#define DETAIL                                                                                     \
	"id user_id user_email user_display_name ip_address user_agent device_type location "      \
	"is_current created_at last_activity_at expires_at sso_apps tenant_id status revoked_at "  \
	"revoked_by revoke_reason role device_label absolute_expires_at auth_time acr amr "        \
	"idp_issuer idp_session_id"

static struct str platform(struct e2e *t)
{
	return e2e_token(
		t, "{\"sub\":\"svc\",\"platform_token\":true,\"scope\":\"sessions:write\"}");
}

static struct str service_of(struct e2e *t, struct str tenant)
{
	return e2e_token(
		t, "{\"sub\":\"svc\",\"tenant_id\":\"%s\",\"scope\":\"sessions:write\"}", tenant.p);
}

/* A body of tenant, user u and what else is said. */
#define BODY(tenant, more)                                                                         \
	arena_printf(t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"u\"" more "}", (tenant).p)

static struct str user_column(struct e2e *t, struct sql_frag text, struct str tenant)
{
	return e2e_column(t, text, 1, db_str(tenant));
}

#define EMAIL SQL("SELECT email FROM test_user WHERE id = 'u' AND tenant_id = ?")
#define NAME SQL("SELECT display_name FROM test_user WHERE id = 'u' AND tenant_id = ?")
#define CHANGED                                                                                    \
	SQL("SELECT COUNT(*) FROM test_user WHERE tenant_id = ? AND updated_at > '2020-01-01'")
#define ADMINS SQL("SELECT COUNT(*) FROM test_user WHERE id = 'u' AND is_admin AND tenant_id = ?")
#define TENANTS SQL("SELECT COUNT(*) FROM tenant WHERE id = ?")
#define SESSIONS SQL("SELECT COUNT(*) FROM test_session WHERE tenant_id = ?")
#define PARTNER_OF                                                                                 \
	SQL("SELECT (SELECT p.id FROM partner p WHERE p.no = t.partner_no) FROM tenant t WHERE t.id = ?")

/* Answers */

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

/* Members */

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

/* Users */

static void users__are_created_and_updated(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct e2e_answer a;

	a = e2e_post(t, platform(t), BODY(tn.id, ""), PATH);
	expect_status(&a, 201);
	expect_str(user_column(t, EMAIL, tn.id), STR_NONE);
	a = e2e_post(
		t, platform(t), BODY(tn.id, ",\"user_email\":\"a@x\",\"is_admin\":true"), PATH);
	expect_status(&a, 201);
	expect_str(user_column(t, EMAIL, tn.id), STR("a@x"));
	expect_str(user_column(t, NAME, tn.id), STR_NONE);
	assert_int_equal(e2e_count(t, ADMINS, 1, db_str(tn.id)), 1);
	/* What is not said stays. */
	a = e2e_post(t, platform(t), BODY(tn.id, ",\"user_display_name\":\"A\""), PATH);
	expect_status(&a, 201);
	expect_str(e2e_text(a.json, "data.user_email"), STR("a@x"));
	expect_str(e2e_text(a.json, "data.user_display_name"), STR("A"));
	assert_int_equal(e2e_count(t, ADMINS, 1, db_str(tn.id)), 1);
	a = e2e_post(
		t, platform(t), BODY(tn.id, ",\"user_email\":\"b@x\",\"is_admin\":false"), PATH);
	expect_status(&a, 201);
	expect_str(user_column(t, EMAIL, tn.id), STR("b@x"));
	expect_str(user_column(t, NAME, tn.id), STR("A"));
	assert_int_equal(e2e_count(t, ADMINS, 1, db_str(tn.id)), 0);
	/* To become an administrator is a change, too. */
	e2e_exec(t,
		SQL("UPDATE user SET updated_at = '2020-01-01'"
		    " WHERE tenant_no = (SELECT no FROM tenant WHERE id = ?)"),
		1, db_str(tn.id));
	a = e2e_post(t, platform(t), BODY(tn.id, ""), PATH);
	expect_status(&a, 201);
	assert_int_equal(e2e_count(t, CHANGED, 1, db_str(tn.id)), 0);
	a = e2e_post(t, platform(t), BODY(tn.id, ",\"is_admin\":true"), PATH);
	expect_status(&a, 201);
	assert_int_equal(e2e_count(t, CHANGED, 1, db_str(tn.id)), 1);
	/* The same id in another tenant is somebody else. */
	a = e2e_post(t, platform(t), BODY(e2e_tenant(t, STR_NONE).id, ""), PATH);
	expect_status(&a, 201);
	assert_true(e2e_is_null(a.json, "data.user_email"));
}

/* Tenants */

static void unknown_tenant__is_created_for_the_platform_only(void **state)
{
	struct e2e *t = *state;
	struct str tenant = e2e_name(t, "tnt"), partner = e2e_name(t, "prt"), other;
	struct e2e_answer a;

	a = e2e_post(t, service_of(t, tenant), BODY(tenant, ""), PATH);
	expect_status(&a, 404);
	expect_body(&a, "{\"detail\":\"Tenant not found\"}");
	assert_int_equal(e2e_count(t, TENANTS, 1, db_str(tenant)), 0);

	a = e2e_post(t, platform(t),
		arena_printf(t->arena,
			"{\"tenant_id\":\"%s\",\"user_id\":\"u\",\"partner_id\":\"%s\"}", tenant.p,
			partner.p),
		PATH);
	expect_status(&a, 201);
	expect_str(e2e_column(t, PARTNER_OF, 1, db_str(tenant)), partner);
	expect_str(e2e_column(t, SQL("SELECT partner_id FROM test_session WHERE id = ?"), 1,
			   db_str(e2e_text(a.json, "data.id"))),
		partner);

	/* From now on it is known, to its own service too; the session's partner is the tenant's.
	 */
	a = e2e_post(t, service_of(t, tenant), BODY(tenant, ""), PATH);
	expect_status(&a, 201);
	expect_str(e2e_column(t, SQL("SELECT partner_id FROM test_session WHERE id = ?"), 1,
			   db_str(e2e_text(a.json, "data.id"))),
		partner);

	other = e2e_name(t, "tnt");
	a = e2e_post(t, platform(t), BODY(other, ""), PATH);
	expect_status(&a, 201);
	expect_str(e2e_column(t, PARTNER_OF, 1, db_str(other)), STR_NONE);
}

static void tenant__stays_with_its_partner(void **state)
{
	struct e2e *t = *state;
	struct str mine = e2e_partner(t), other = e2e_partner(t), nobody = e2e_name(t, "prt");
	struct e2e_tenant tn = e2e_tenant(t, mine), alone = e2e_tenant(t, STR_NONE);
	const struct {
		struct str tenant, partner;
		int want;
	} rows[] = {
		{tn.id, mine, 201},
		{tn.id, other, 409},
		{tn.id, nobody, 409},
		{alone.id, mine, 409},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_answer a = e2e_post(t, platform(t),
			arena_printf(t->arena,
				"{\"tenant_id\":\"%s\",\"user_id\":\"u\",\"partner_id\":\"%s\"}",
				rows[i].tenant.p, rows[i].partner.p),
			PATH);

		expect_status(&a, rows[i].want);
		if (rows[i].want == 409)
			expect_body(&a, "{\"detail\":\"Tenant belongs to another partner\"}");
	}
	assert_int_equal(e2e_count(t, SESSIONS, 1, db_str(alone.id)), 0);
	assert_int_equal(e2e_count(t, SQL("SELECT COUNT(*) FROM test_user WHERE tenant_id = ?"), 1,
				 db_str(alone.id)),
		0);
	assert_int_equal(
		e2e_count(t, SQL("SELECT COUNT(*) FROM partner WHERE id = ?"), 1, db_str(nobody)),
		0);
}

static void tenants_own_service__stays_within_its_tenant(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant mine = e2e_tenant(t, STR_NONE), other = e2e_tenant(t, STR_NONE);
	struct str service = service_of(t, mine.id);
	struct e2e_answer a;

	a = e2e_post(t, service, BODY(other.id, ""), PATH);
	expect_status(&a, 404);
	expect_body(&a, "{\"detail\":\"Tenant not found\"}");
	assert_int_equal(e2e_count(t, SESSIONS, 1, db_str(other.id)), 0);

	/* A role that nobody knows gives nothing, not even to a service of the platform. */
	a = e2e_post(t,
		e2e_token(t,
			"{\"sub\":\"s\",\"role\":\"auditor\",\"platform_token\":true,"
			"\"tenant_id\":\"%s\",\"scope\":\"sessions:write\"}",
			mine.id.p),
		BODY(mine.id, ""), PATH);
	expect_status(&a, 403);
	/* It neither makes platform administrators nor unmakes them. */
	a = e2e_post(t, service, BODY(mine.id, ",\"is_admin\":true"), PATH);
	expect_status(&a, 403);
	assert_int_equal(e2e_count(t, SESSIONS, 1, db_str(mine.id)), 0);
	a = e2e_post(t, platform(t), BODY(mine.id, ",\"is_admin\":true"), PATH);
	expect_status(&a, 201);
	a = e2e_post(t, service, BODY(mine.id, ",\"is_admin\":false"), PATH);
	expect_status(&a, 201);
	assert_true(e2e_is_null(a.json, "data.role"));
	assert_int_equal(e2e_count(t, ADMINS, 1, db_str(mine.id)), 1);
}

/* The role is the session's, so a tenant's own service may sign an administrator in: the token that
 * it gets opens no more than anybody else's, also when the user is promoted later. */
static void role__is_the_sessions_and_given_by_the_platform(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str service = service_of(t, tn.id), early, late;
	struct e2e_answer a = e2e_post(t, service, BODY(tn.id, ""), PATH);

	expect_status(&a, 201);
	early = e2e_text(a.json, "data.token");
	a = e2e_post(t, platform(t), BODY(tn.id, ",\"is_admin\":true"), PATH);
	expect_status(&a, 201);
	expect_str(e2e_text(a.json, "data.role"), STR("super_admin"));
	late = e2e_text(a.json, "data.token");
	a = e2e_get(t, late, "/api/v1/admin/sessions");
	expect_status(&a, 200);
	a = e2e_get(t, early, "/api/v1/admin/sessions");
	expect_status(&a, 403);
	a = e2e_post(t, service, BODY(tn.id, ""), PATH);
	expect_status(&a, 201);
	a = e2e_get(t, e2e_text(a.json, "data.token"), "/api/v1/admin/sessions");
	expect_status(&a, 403);
	/* Taken from the user, it is taken from all of that user's sessions at once. */
	a = e2e_post(t, platform(t), BODY(tn.id, ",\"is_admin\":false"), PATH);
	expect_status(&a, 201);
	a = e2e_get(t, late, "/api/v1/admin/sessions");
	expect_status(&a, 403);
	a = e2e_get(t, late, "/api/v1/me/sessions");
	expect_status(&a, 200);
}

static void higher_roles__are_the_platforms_to_give(void **state)
{
	static const struct {
		const char *role;
		int of_tenant, of_platform;
	} rows[] = {
		{"tenant_admin", 201, 201},
		{"partner_admin", 403, 201},
		{"super_admin", 403, 201},
		{"auditor", 422, 422},
		{"", 422, 422},
	};
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *body = arena_printf(t->arena,
			"{\"tenant_id\":\"%s\",\"user_id\":\"u\",\"role\":\"%s\"}", tn.id.p,
			rows[i].role);
		struct e2e_answer a = e2e_post(t, service_of(t, tn.id), body, PATH);

		expect_status(&a, rows[i].of_tenant);
		a = e2e_post(t, platform(t), body, PATH);
		expect_status(&a, rows[i].of_platform);
	}
}

static void only_sessions_write__may_register(void **state)
{
	static const struct {
		const char *claims;
		int want;
	} rows[] = {
		{"{\"sub\":\"s\",\"platform_token\":true,\"scope\":\"admin:read admin:write\"}",
			403},
		{"{\"sub\":\"s\",\"scope\":\"sessions:write\"}", 403},
		{"{\"sub\":\"s\",\"tenant_id\":\"$\",\"scope\":\"sessions:writer\"}", 403},
		{"{\"sub\":\"s\",\"tenant_id\":\"$\"}", 403},
		{"{\"sub\":\"s\",\"role\":\"super_admin\"}", 403},
		{"{\"sub\":\"s\",\"role\":\"tenant_admin\",\"tenant_id\":\"$\"}", 403},
		{"{\"sub\":\"s\",\"tenant_id\":\"$\",\"scope\":\"a sessions:write b\"}", 201},
		{"{\"sub\":\"s\",\"platform_token\":true,\"scope\":\"sessions:write\"}", 201},
	};
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct e2e_answer a = e2e_post(t, STR_NONE, BODY(tn.id, ""), PATH);

	expect_status(&a, 401);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str rest = str_from(rows[i].claims), head;

		str_split(&rest, '$', &head);
		a = e2e_post(t,
			e2e_token(t, "%.*s%s%.*s", STR_FMT(head), rest.p != NULL ? tn.id.p : "",
				STR_FMT(rest)),
			BODY(tn.id, ""), PATH);
		expect_status(&a, rows[i].want);
	}
	assert_int_equal(e2e_count(t, SESSIONS, 1, db_str(tn.id)), 2);
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
		cmocka_unit_test(users__are_created_and_updated),
		cmocka_unit_test(unknown_tenant__is_created_for_the_platform_only),
		cmocka_unit_test(tenant__stays_with_its_partner),
		cmocka_unit_test(tenants_own_service__stays_within_its_tenant),
		cmocka_unit_test(role__is_the_sessions_and_given_by_the_platform),
		cmocka_unit_test(higher_roles__are_the_platforms_to_give),
		cmocka_unit_test(only_sessions_write__may_register),
	};

	return cmocka_run_group_tests_name("Registration", tests, e2e_open, e2e_close);
}
