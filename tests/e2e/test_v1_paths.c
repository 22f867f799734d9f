/* SPDX-License-Identifier: MIT
 * Paths of the Sessions API: trailing slashes, unknown ones, ids that are none (schema/api.md 2).
 */
#include "v1_http.h"

static void trailing_slash__is_the_same_resource(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str id = e2e_put_session(t, tn, STR("u")), root = e2e_super_admin(t);
	struct str user = e2e_token(t, "{\"sub\":\"u\",\"tenant_id\":\"%s\"}", tn.id.p);
	struct e2e_answer a;

	for (size_t i = 0; i < ARRAY_LEN(readable); i++) {
		a = e2e_get(t, root, "%s", path_of(t, readable[i], tn.id, id));
		expect_status(&a, 200);
		a = e2e_get(t, root, "%s/", path_of(t, readable[i], tn.id, id));
		expect_status(&a, 200);
		a = e2e_get(t, root, "%s/?page=1", path_of(t, readable[i], tn.id, id));
		expect_status(&a, 200);
	}
	a = e2e_post(t, root, "{\"user_id\":\"nobody\"}", "/api/v1/admin/sessions/revoke-all/");
	expect_status(&a, 200);
	a = e2e_post(t, user, NULL, "/api/v1/me/sessions/revoke-all/");
	expect_status(&a, 200);
	a = e2e_delete(t, user, "/api/v1/me/sessions/%s/", id.p);
	expect_status(&a, 200);
	a = e2e_delete(t, root, "/api/v1/admin/sessions/%s/", id.p);
	expect_status(&a, 204);
	a = e2e_delete(t, root, "/api/v1/tenants/%s/sessions/%s/", tn.id.p, id.p);
	expect_status(&a, 204);
	a = e2e_post(t, root, NULL, "/api/v1/tenants/%s/sessions/revoke-all/", tn.id.p);
	expect_status(&a, 200);
	a = e2e_post(t, root, "{\"revoke_all\":1}", "/api/v1/tenants/%s/sessions/users/u/revoke/",
		tn.id.p);
	expect_status(&a, 200);
}

static void unknown_path__is_404(void **state)
{
	static const char *const paths[] = {
		"/nothing",
		"/api",
		"/api/v1",
		"/api/v1/",
		"/api/v2/me/sessions",
		"/api/v1x/me/sessions",
		"/api/v1/nothing",
		"/api/v1/me",
		"/api/v1/me/session",
		"/api/v1/Me/Sessions",
		"/api/v1/admin",
		"/api/v1/admin/sessions/a/b",
		"/api/v1/tenants",
		"/api/v1/tenants/x",
		"/api/v1/tenants/x/sessions/users",
		"/api/v1/tenants/x/sessions/users/",
		"/api/v1/tenants/x/sessions/users/u/revoked",
		"/api/v1/tenants/x/sessions/users/u/revoke/x",
		"/api/v1/tenants/x/sessions/stats/x",
		"/api/v1/me/sessions/a/b",
		"/API/V1/me/sessions",
	};
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t);

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct e2e_answer a = e2e_get(t, root, "%s", paths[i]);

		expect_status(&a, 404);
		expect_body(&a, UNKNOWN);
	}
}

/* The store may well hold such ids; the paths are taken. */
static void literals__are_never_read_as_ids(void **state)
{
	static const char *const names[] = {"stats", "users", "revoke-all"};
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str root = e2e_super_admin(t);
	struct str user = e2e_token(t, "{\"sub\":\"u\",\"tenant_id\":\"%s\"}", tn.id.p);
	struct e2e_answer a;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		e2e_exec(t, SQL("DELETE FROM session WHERE id = ?"), 1, db_str(str_from(names[i])));
		struct session_new s = e2e_session(t, tn, STR("u"));

		s.id = str_from(names[i]);
		e2e_put(t, &s);
	}
	a = e2e_get(t, root, "/api/v1/tenants/%s/sessions/stats", tn.id.p);
	assert_int_equal(e2e_int(a.json, "data.total_sessions"), 3);
	a = e2e_delete(t, root, "/api/v1/tenants/%s/sessions/stats", tn.id.p);
	expect_status(&a, 405);
	a = e2e_get(t, root, "/api/v1/tenants/%s/sessions/users", tn.id.p);
	expect_status(&a, 404);
	a = e2e_delete(t, root, "/api/v1/tenants/%s/sessions/users", tn.id.p);
	expect_status(&a, 404);
	a = e2e_get(t, root, "/api/v1/tenants/%s/sessions/revoke-all", tn.id.p);
	expect_status(&a, 405);
	a = e2e_delete(t, root, "/api/v1/tenants/%s/sessions/revoke-all", tn.id.p);
	expect_status(&a, 405);
	a = e2e_get(t, root, "/api/v1/admin/sessions/revoke-all");
	expect_status(&a, 405);
	a = e2e_delete(t, root, "/api/v1/admin/sessions/revoke-all");
	expect_status(&a, 405);
	a = e2e_delete(t, user, "/api/v1/me/sessions/revoke-all");
	expect_status(&a, 405);
	/* Nor where they are nothing else: schema/api.md 2 says never. */
	a = e2e_get(t, root, "/api/v1/admin/sessions/stats");
	expect_status(&a, 404);
	a = e2e_delete(t, root, "/api/v1/admin/sessions/users");
	expect_status(&a, 404);
	a = e2e_get(t, user, "/api/v1/me/sessions/stats");
	expect_status(&a, 404);
	a = e2e_delete(t, user, "/api/v1/me/sessions/stats");
	expect_status(&a, 404);
	assert_int_equal(e2e_count(t,
				 SQL("SELECT COUNT(*) FROM test_session WHERE tenant_id = ? AND"
				     " revoked_at IS NULL"),
				 1, db_str(tn.id)),
		3);
	e2e_exec(t,
		SQL("DELETE FROM session WHERE tenant_no = (SELECT no FROM tenant WHERE id = ?)"),
		1, db_str(tn.id));
	e2e_recount(t);
}

/* A web server may refuse some of these itself, with a page of its own. */
static void expect_no_such_path(const struct e2e_answer *a, const char *body)
{
	if ((a->status == 400 || a->status == 403) && e2e_header(a, "X-Request-Id").p == NULL)
		return;
	expect_status(a, 404);
	if (e2e_header(a, "X-Request-Id").p != NULL)
		expect_body(a, body);
}

static void ids_that_are_none__are_simply_not_found(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	const struct {
		const char *name, *id;
		bool routed; /* an id by its form, but no session's */
	} rows[] = {
		{"255 bytes", repeat(t, 'x', 255).p, true},
		{"256 bytes", repeat(t, 'x', 256).p, false},
		{"4000 bytes", repeat(t, 'x', 4000).p, false},
		{"a NUL", "a%00b", false},
		{"only a NUL", "%00", false},
		{"not UTF-8", "a%FFb", false},
		{"overlong UTF-8", "%C0%80", false},
		{"half a surrogate pair", "%ED%A0%80", false},
	};
	struct str root = e2e_super_admin(t);
	struct e2e_answer a;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *body = rows[i].routed ? NO_SESSION : UNKNOWN;

		print_message("           %s\n", rows[i].name);
		a = e2e_get(t, root, "/api/v1/admin/sessions/%s", rows[i].id);
		expect_no_such_path(&a, body);
		a = e2e_delete(t, root, "/api/v1/admin/sessions/%s", rows[i].id);
		expect_no_such_path(&a, body);
		a = e2e_delete(t, root, "/api/v1/me/sessions/%s", rows[i].id);
		expect_no_such_path(&a, body);
		a = e2e_get(t, root, "/api/v1/tenants/%s/sessions/%s", tn.id.p, rows[i].id);
		expect_no_such_path(&a, body);
		a = e2e_get(t, root, "/api/v1/tenants/%s/sessions", rows[i].id);
		expect_no_such_path(
			&a, rows[i].routed ? "{\"detail\":\"Tenant not found\"}" : UNKNOWN);
		a = e2e_post(t, root, "{\"revoke_all\":true}",
			"/api/v1/tenants/%s/sessions/users/%s/revoke", tn.id.p, rows[i].id);
		if (!rows[i].routed)
			expect_no_such_path(&a, UNKNOWN);
		else
			expect_status(&a, 200);
	}
}

static void an_id_of_255_bytes__is_an_id(void **state)
{
	struct e2e *t = *state;
	struct session_new s = e2e_session(t, e2e_tenant(t, STR_NONE), STR("u"));
	struct e2e_answer a;

	s.id = str_printf(t->arena, "%s%s", e2e_name(t, "ses").p, repeat(t, 'x', 235).p);
	assert_int_equal(s.id.n, 255);
	a = e2e_get(t, e2e_super_admin(t), "/api/v1/admin/sessions/%s", e2e_put(t, &s).p);
	expect_status(&a, 200);
	expect_str(e2e_text(a.json, "data.id"), s.id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trailing_slash__is_the_same_resource),
		cmocka_unit_test(unknown_path__is_404),
		cmocka_unit_test(literals__are_never_read_as_ids),
		cmocka_unit_test(ids_that_are_none__are_simply_not_found),
		cmocka_unit_test(an_id_of_255_bytes__is_an_id),
	};

	return cmocka_run_group_tests_name("Sessions API: HTTP", tests, e2e_open, e2e_close);
}
