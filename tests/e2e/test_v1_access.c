/* SPDX-License-Identifier: MIT
 * Whom the Sessions API lets in (schema/api.md 3.3): own sessions, the tenant of a token, lists by
 * partner, and what a refusal says. */
/* e2e: shared-host */
#include "v1_access.h"

static void own_sessions__are_open_to_all_but_services(void **state)
{
	static const struct {
		const char *name, *claims;
		int status;
	} rows[] = {
		{"user", "", 200},
		{"super_admin", ",\"role\":\"super_admin\"", 200},
		{"partner_admin", ",\"role\":\"partner_admin\",\"partner_id\":\"p\"", 200},
		{"partner_admin of no partner", ",\"role\":\"partner_admin\"", 200},
		{"tenant_admin", ",\"role\":\"tenant_admin\"", 200},
		{"unknown role", ",\"role\":\"x\"", 200},
		{"service", ",\"platform_token\":true,\"scope\":\"admin:read admin:write\"", 403},
	};
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str sub = e2e_name(t, "usr"), id = e2e_put_session(t, tn, sub);
		struct str token = e2e_token(t, "{\"sub\":\"%s\",\"tenant_id\":\"%s\"%s}", sub.p,
			tn.id.p, rows[i].claims);
		struct e2e_answer a = e2e_get(t, token, "/api/v1/me/sessions");

		a.what = rows[i].name;
		expect_status(&a, rows[i].status);
		if (a.status == 200)
			assert_true(e2e_has(e2e_at(a.json, "data"), id));
		a = e2e_delete(t, token, "/api/v1/me/sessions/%s", id.p);
		expect_status(&a, rows[i].status);
		assert_int_equal(is_revoked(t, id), rows[i].status == 200);
		id = e2e_put_session(t, tn, sub);
		a = e2e_post(t, token, NULL, "/api/v1/me/sessions/revoke-all");
		expect_status(&a, rows[i].status);
		assert_int_equal(is_revoked(t, id), rows[i].status == 200);
	}
	struct e2e_answer a = e2e_get(t, STR_NONE, "/api/v1/me/sessions");

	expect_status(&a, 401);
	a = e2e_delete(t, STR_NONE, "/api/v1/me/sessions/x");
	expect_status(&a, 401);
	a = e2e_post(t, STR_NONE, NULL, "/api/v1/me/sessions/revoke-all");
	expect_status(&a, 401);
}

/* A user id is unique within its tenant only. */
static void me__is_the_subject_within_the_tenant_of_the_token(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant one = e2e_tenant(t, STR_NONE), two = e2e_tenant(t, STR_NONE);
	struct str sub = e2e_name(t, "usr");
	struct str mine = e2e_put_session(t, one, sub), namesake = e2e_put_session(t, two, sub);
	struct str other = e2e_put_session(t, one, e2e_name(t, "usr"));
	struct str token = e2e_token(t, "{\"sub\":\"%s\",\"tenant_id\":\"%s\"}", sub.p, one.id.p);
	struct e2e_answer a = e2e_get(t, token, "/api/v1/me/sessions");

	assert_int_equal(e2e_at(a.json, "data")->count, 1);
	assert_true(e2e_has(e2e_at(a.json, "data"), mine));
	a = e2e_delete(t, token, "/api/v1/me/sessions/%s", namesake.p);
	expect_status(&a, 404);
	expect_body(&a, "{\"detail\":\"Session not found\"}");
	a = e2e_delete(t, token, "/api/v1/me/sessions/%s", other.p);
	expect_status(&a, 404);
	expect_body(&a, "{\"detail\":\"Session not found\"}");
	a = e2e_post(t, token, NULL, "/api/v1/me/sessions/revoke-all");
	assert_int_equal(e2e_int(a.json, "data.revoked_count"), 1);
	assert_false(is_revoked(t, namesake));
	assert_false(is_revoked(t, other));
	/* Without a tenant in the token: the subject, wherever it is signed in. */
	mine = e2e_put_session(t, one, sub);
	a = e2e_get(t, e2e_token(t, "{\"sub\":\"%s\"}", sub.p), "/api/v1/me/sessions");
	assert_int_equal(e2e_at(a.json, "data")->count, 2);
	assert_true(e2e_has(e2e_at(a.json, "data"), mine));
	assert_true(e2e_has(e2e_at(a.json, "data"), namesake));
}

static void existence__is_never_disclosed(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	struct str theirs = e2e_put_session(t, w.tenants[FOREIGN], STR("u"));
	struct str sibling = e2e_put_session(t, w.tenants[SIBLING], STR("u"));
	struct str partner = e2e_token(
		t, "{\"sub\":\"c\",\"role\":\"partner_admin\",\"partner_id\":\"%s\"}", w.partner.p);
	struct str tenant =
		e2e_token(t, "{\"sub\":\"c\",\"role\":\"tenant_admin\",\"tenant_id\":\"%s\"}",
			w.tenants[OWN].id.p);
	const struct {
		struct str token;
		const char *there, *not_there;
	} rows[] = {
		{partner, arena_printf(t->arena, "/api/v1/admin/sessions/%s", theirs.p),
			"/api/v1/admin/sessions/none"},
		{partner,
			arena_printf(
				t->arena, "/api/v1/tenants/%s/sessions", w.tenants[FOREIGN].id.p),
			arena_printf(
				t->arena, "/api/v1/tenants/%s/sessions", w.tenants[NOWHERE].id.p)},
		{partner,
			arena_printf(t->arena, "/api/v1/tenants/%s/sessions/%s",
				w.tenants[OWN].id.p, theirs.p),
			arena_printf(
				t->arena, "/api/v1/tenants/%s/sessions/none", w.tenants[OWN].id.p)},
		{tenant,
			arena_printf(t->arena, "/api/v1/tenants/%s/sessions/%s",
				w.tenants[OWN].id.p, sibling.p),
			arena_printf(
				t->arena, "/api/v1/tenants/%s/sessions/none", w.tenants[OWN].id.p)},
		{tenant,
			arena_printf(
				t->arena, "/api/v1/tenants/%s/sessions", w.tenants[SIBLING].id.p),
			arena_printf(
				t->arena, "/api/v1/tenants/%s/sessions", w.tenants[NOWHERE].id.p)},
		{e2e_super_admin(t),
			arena_printf(t->arena, "/api/v1/tenants/%s/sessions/%s",
				w.tenants[OWN].id.p, sibling.p),
			arena_printf(
				t->arena, "/api/v1/tenants/%s/sessions/none", w.tenants[OWN].id.p)},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_answer a = e2e_get(t, rows[i].token, "%s", rows[i].there);
		struct e2e_answer b = e2e_get(t, rows[i].token, "%s", rows[i].not_there);

		assert_in_range(a.status, 403, 404);
		expect_status(&b, a.status);
		expect_str(a.body, b.body);
		a = e2e_delete(t, rows[i].token, "%s", rows[i].there);
		b = e2e_delete(t, rows[i].token, "%s", rows[i].not_there);
		expect_status(&b, a.status);
		expect_str(a.body, b.body);
	}
	assert_false(is_revoked(t, theirs));
	assert_false(is_revoked(t, sibling));
}

static void partner_administrators_lists__are_narrowed_silently(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	struct str sub = e2e_name(t, "usr"), other = w.tenants[FOREIGN].partner_id;
	struct str own = e2e_put_session(t, w.tenants[OWN], sub);
	struct str sibling = e2e_put_session(t, w.tenants[SIBLING], sub);
	struct str foreign = e2e_put_session(t, w.tenants[FOREIGN], sub);
	struct str token = e2e_token(
		t, "{\"sub\":\"c\",\"role\":\"partner_admin\",\"partner_id\":\"%s\"}", w.partner.p);
	const struct {
		const char *query;
		int64_t total;
	} rows[] = {
		{"", 2},
		{arena_printf(t->arena, "?user_id=%s", sub.p), 2},
		{arena_printf(t->arena, "?partner_id=%s", w.partner.p), 2},
		{arena_printf(t->arena, "?partner_id=%s", other.p), 0},
		{arena_printf(t->arena, "?tenant_id=%s", w.tenants[SIBLING].id.p), 1},
		{arena_printf(t->arena, "?tenant_id=%s", w.tenants[FOREIGN].id.p), 0},
		{arena_printf(
			 t->arena, "?tenant_id=%s&partner_id=%s", w.tenants[FOREIGN].id.p, other.p),
			0},
		{arena_printf(
			 t->arena, "?tenant_id=%s&partner_id=%s", w.tenants[OWN].id.p, other.p),
			0},
		{"?user_id=nobody", 0},
	};
	struct e2e_answer a;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		a = e2e_get(t, token, "/api/v1/admin/sessions/%s", rows[i].query);
		expect_status(&a, 200);
		assert_int_equal(e2e_int(a.json, "pagination.total_items"), rows[i].total);
		assert_int_equal(e2e_at(a.json, "data")->count, rows[i].total);
		assert_false(e2e_has(e2e_at(a.json, "data"), foreign));
	}
	/* By user id alone: those of the partner, and nobody else's. */
	a = e2e_post(t, token, arena_printf(t->arena, "{\"user_id\":\"%s\"}", sub.p),
		"/api/v1/admin/sessions/revoke-all");
	expect_status(&a, 200);
	assert_int_equal(e2e_int(a.json, "data.revoked_count"), 2);
	assert_true(is_revoked(t, own));
	assert_true(is_revoked(t, sibling));
	assert_false(is_revoked(t, foreign));
}

/* The tenant's row says whose it is, not what its sessions were written with. */
static void moved_tenant__is_out_of_its_old_partners_reach(void **state)
{
	struct e2e *t = *state;
	struct str old = e2e_partner(t), next = e2e_partner(t);
	struct e2e_tenant tenant = e2e_tenant(t, old);
	struct str id = e2e_put_session(t, tenant, e2e_name(t, "usr"));
	struct str token = e2e_token(
		t, "{\"sub\":\"c\",\"role\":\"partner_admin\",\"partner_id\":\"%s\"}", old.p);
	struct e2e_answer a;

	a = e2e_get(t, token, "/api/v1/admin/sessions/");
	assert_int_equal(e2e_int(a.json, "pagination.total_items"), 1);
	/* As schema/store.md says it. */
	e2e_exec(t,
		SQL("UPDATE tenant SET partner_no = (SELECT no FROM partner WHERE id = ?)"
		    " WHERE id = ?"),
		2, db_str(next), db_str(tenant.id));
	e2e_exec(t,
		SQL("UPDATE session s JOIN tenant t ON t.no = s.tenant_no"
		    " SET s.partner_no = t.partner_no WHERE t.id = ?"),
		1, db_str(tenant.id));
	e2e_recount(t);
	a = e2e_get(t, token, "/api/v1/admin/sessions/");
	assert_int_equal(e2e_int(a.json, "pagination.total_items"), 0);
	a = e2e_get(t, token, "/api/v1/admin/sessions/%s", id.p);
	expect_status(&a, 404);
	a = e2e_post(t, token, "{\"filter\":\"true\",\"confirm\":\"all\"}",
		"/api/v1/admin/sessions/revoke-by-filter");
	expect_status(&a, 200);
	assert_int_equal(e2e_int(a.json, "data.revoked_count"), 0);
	assert_false(is_revoked(t, id));
}

static void refusals__say_why_in_the_challenge(void **state)
{
	struct e2e *t = *state;
	struct e2e_answer a = e2e_get(t, STR_NONE, "/api/v1/me/sessions");

	expect_status(&a, 401);
	expect_body(&a, "{\"detail\":\"Not authenticated\"}");
	expect_str(e2e_header(&a, "WWW-Authenticate"), STR("Bearer"));
	a = e2e_get(t, e2e_token(t, "{\"sub\":\"u\"}"), "/api/v1/admin/sessions/");
	expect_status(&a, 403);
	expect_body(&a, "{\"detail\":\"Not enough permissions: needs the role super_admin or "
			"partner_admin\"}");
	expect_str(e2e_header(&a, "WWW-Authenticate"), STR("Bearer error=\"insufficient_scope\""));
	a = e2e_get(t,
		e2e_token(t, "{\"sub\":\"a\",\"role\":\"tenant_admin\",\"tenant_id\":\"mine\"}"),
		"/api/v1/tenants/other/sessions");
	expect_status(&a, 403);
	expect_body(&a, "{\"detail\":\"Not enough permissions: the token is for another tenant\"}");
	a = e2e_post(t,
		e2e_token(t, "{\"sub\":\"p\",\"role\":\"partner_admin\",\"partner_id\":\"mine\"}"),
		"{\"tenant_id\":\"other\"}", "/api/v1/admin/sessions/revoke-all");
	expect_status(&a, 403);
	expect_body(&a, "{\"detail\":\"Not enough permissions: the token is for the tenants of "
			"another partner\"}");
	a = e2e_post(t,
		e2e_token(t, "{\"sub\":\"s\",\"tenant_id\":\"mine\",\"scope\":\"sessions:write\"}"),
		"{\"tenant_id\":\"mine\",\"user_id\":\"u\",\"role\":\"super_admin\"}",
		"/api/v1/sessions");
	expect_status(&a, 403);
	expect_body(&a, "{\"detail\":\"Not enough permissions: is_admin and roles above "
			"tenant_admin need platform_token\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_sessions__are_open_to_all_but_services),
		cmocka_unit_test(me__is_the_subject_within_the_tenant_of_the_token),
		cmocka_unit_test(existence__is_never_disclosed),
		cmocka_unit_test(partner_administrators_lists__are_narrowed_silently),
		cmocka_unit_test(moved_tenant__is_out_of_its_old_partners_reach),
		cmocka_unit_test(refusals__say_why_in_the_challenge),
	};

	return cmocka_run_group_tests_name("Sessions API: access", tests, e2e_open, e2e_close);
}
