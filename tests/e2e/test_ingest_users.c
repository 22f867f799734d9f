/* SPDX-License-Identifier: MIT
 * The users, tenants and roles that a registration makes or changes, and who may do it
 * (schema/api.md 5). */
/* e2e: shared-host */
#include "ingest.h"

static struct str service_of(struct e2e *t, struct str tenant)
{
	return e2e_token(
		t, "{\"sub\":\"svc\",\"tenant_id\":\"%s\",\"scope\":\"sessions:write\"}", tenant.p);
}

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
