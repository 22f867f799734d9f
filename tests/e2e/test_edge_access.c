/* SPDX-License-Identifier: MIT
 * Who may use the Edge Management API (schema/api.md 3), by zt-session and by Bearer, and that
 * what ends in one API has ended in the other: gone from lists, and its tokens open nothing. */
#include "edge.h"

enum { LIST, DETAIL, DELETE, CALLS };

/* One call of each kind on a session of the test's own; statuses by kind. */
static void call_all(struct e2e *t, struct str bearer, const char *header, struct str id,
	struct e2e_answer out[CALLS])
{
	struct e2e_request r = {.path = EDGE_LIST "?limit=1", .token = bearer, .headers = {header}};

	out[LIST] = e2e_send(t, &r);
	r.path = arena_printf(t->arena, EDGE_LIST "/%s", id.p);
	out[DETAIL] = e2e_send(t, &r);
	r.method = "DELETE";
	out[DELETE] = e2e_send(t, &r);
}

static void check_statuses(
	const char *who, const struct e2e_answer got[CALLS], const int want[CALLS])
{
	for (size_t i = 0; i < CALLS; i++) {
		if (got[i].status != want[i])
			print_error("%s\n", who);
		expect_status(&got[i], want[i]);
		if (want[i] == 200)
			continue;
		edge_expect_error(&got[i], want[i], "UNAUTHORIZED", EDGE_UNAUTHORIZED);
		assert_int_equal(e2e_header(&got[i], "WWW-Authenticate").p != NULL, want[i] == 401);
	}
}

static const struct caller {
	const char *claims;
	int want[CALLS];
} callers[] = {
	{"{\"sub\":\"r\",\"role\":\"super_admin\"}", {200, 200, 200}},
	{"{\"sub\":\"s\",\"platform_token\":true,\"scope\":\"admin:read\"}", {200, 200, 403}},
	{"{\"sub\":\"s\",\"platform_token\":true,\"scope\":\"admin:write\"}", {403, 403, 200}},
	{"{\"sub\":\"s\",\"platform_token\":true,\"scope\":\"admin:write admin:read\"}",
		{200, 200, 200}},
	{"{\"sub\":\"s\",\"platform_token\":true,\"scope\":\"sessions:write\"}", {403, 403, 403}},
	{"{\"sub\":\"s\",\"platform_token\":true,\"scope\":\"admin:readadmin:write\"}",
		{403, 403, 403}},
	{"{\"sub\":\"s\",\"platform_token\":true}", {403, 403, 403}},
	{"{\"sub\":\"s\",\"scope\":\"admin:read admin:write\"}", {403, 403, 403}},
	{"{\"sub\":\"p\",\"role\":\"partner_admin\",\"partner_id\":\"x\"}", {403, 403, 403}},
	{"{\"sub\":\"a\",\"role\":\"tenant_admin\",\"tenant_id\":\"x\"}", {403, 403, 403}},
	{"{\"sub\":\"u\",\"tenant_id\":\"x\"}", {403, 403, 403}},
	{"{\"sub\":\"u\",\"role\":\"emperor\"}", {403, 403, 403}},
	{"{\"sub\":\"u\",\"role\":\"super_admin\",\"exp\":1000000000}", {401, 401, 401}},
	{"{\"sub\":\"u\",\"role\":\"super_admin\",\"sid\":\"no such session\"}", {401, 401, 401}},
};

static void bearer__opens_what_the_matrix_says(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);

	for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
		struct str id = e2e_put_session(t, tenant, STR("u"));
		struct str token = e2e_token(t, "%s", callers[i].claims);
		struct e2e_answer got[CALLS];

		call_all(t, token, NULL, id, got);
		check_statuses(callers[i].claims, got, callers[i].want);
	}
}

static void nobody_and_garbage__are_401(void **state)
{
	static const char *const headers[] = {
		NULL,
		"zt-session: x",
		"zt-session: ' OR 1=1 -- ",
		"zt-session: ../../etc/passwd",
		"zt-session: \xff\xfe",
		"Authorization: Bearer x.y.z",
		"Authorization: Bearer",
		"Authorization: Basic cm9vdDpyb290",
		"Authorization: zt-session x",
		"zt-session: sha256:0000000000000000",
		"Cookie: zt-session=x",
	};
	static const int want[CALLS] = {401, 401, 401};
	struct e2e *t = *state;
	struct str id = e2e_put_session(t, e2e_tenant(t, STR_NONE), STR("u"));
	struct e2e_answer got[CALLS];

	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		call_all(t, STR_NONE, headers[i], id, got);
		check_statuses(headers[i] != NULL ? headers[i] : "no header", got, want);
	}
	call_all(t, STR_NONE, arena_printf(t->arena, "zt-session: %04000d", 7), id, got);
	check_statuses("a long token", got, want);
}

/* A session of each kind, by what its token opens. */
static void zt_session__must_be_active_and_an_administrators(void **state)
{
	static const struct {
		const char *who;
		bool is_admin, expired, revoked;
		int status;
	} rows[] = {
		{"administrator", true, false, false, 200},
		{"ordinary user", false, false, false, 403},
		{"expired", true, true, false, 401},
		{"revoked", true, false, true, 401},
		{"expired ordinary user", false, true, false, 401},
	};
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct session_new s = e2e_session(t, tenant, e2e_name(t, "usr"));
		struct str token = edge_token(t, &s), id = e2e_put_session(t, tenant, STR("u"));
		const int want[CALLS] = {rows[i].status, rows[i].status, rows[i].status};
		struct e2e_answer got[CALLS];

		edge_user(t, tenant, s.user_id, rows[i].is_admin);
		if (rows[i].expired)
			s.expires_ms = s.created_ms + 1;
		if (rows[i].revoked)
			s.revoked_ms = s.created_ms + 1;
		e2e_put(t, &s);
		call_all(t, STR_NONE, zt_session(t, token), id, got);
		check_statuses(rows[i].who, got, want);
	}
}

/* A session may be written with a user that has no row of its own. */
static void zt_session_of_an_unknown_user__is_403(void **state)
{
	struct e2e *t = *state;
	struct session_new s = e2e_session(t, e2e_tenant(t, STR_NONE), STR("nobody"));
	struct str token = edge_token(t, &s);
	struct e2e_answer a;

	e2e_put(t, &s);
	a = edge_send(t, "GET", EDGE_LIST, zt_session(t, token), NULL);
	edge_expect_error(&a, 403, "UNAUTHORIZED", EDGE_UNAUTHORIZED);
}

static void lost_rank__counts_at_once(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	struct session_new s = e2e_session(t, tenant, e2e_name(t, "adm"));
	struct str token = edge_token(t, &s);
	struct e2e_answer a;

	edge_user(t, tenant, s.user_id, true);
	e2e_put(t, &s);
	a = edge_send(t, "GET", EDGE_LIST, zt_session(t, token), NULL);
	expect_status(&a, 200);
	a = e2e_post(t,
		e2e_token(t,
			"{\"sub\":\"svc\",\"platform_token\":true,\"scope\":\"sessions:write\"}"),
		arena_printf(t->arena,
			"{\"tenant_id\":\"%s\",\"user_id\":\"%s\",\"is_admin\":false}", tenant.id.p,
			s.user_id.p),
		"/api/v1/sessions");
	expect_status(&a, 201);
	a = edge_send(t, "GET", EDGE_LIST, zt_session(t, token), NULL);
	expect_status(&a, 403);
}

/* The same user id in another tenant is another user. */
static void rank__is_of_the_tenant(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant here = e2e_tenant(t, STR_NONE), there = e2e_tenant(t, STR_NONE);
	struct session_new s = e2e_session(t, here, STR("same"));
	struct str token = edge_token(t, &s);
	struct e2e_answer a;

	edge_user(t, here, STR("same"), false);
	edge_user(t, there, STR("same"), true);
	e2e_put(t, &s);
	a = edge_send(t, "GET", EDGE_LIST, zt_session(t, token), NULL);
	expect_status(&a, 403);
}

static void two_credentials__zt_session_decides(void **state)
{
	struct e2e *t = *state;
	struct str id, token = edge_admin(t, e2e_tenant(t, STR_NONE), &id);
	struct str root = e2e_super_admin(t);
	struct e2e_request r = {.path = EDGE_LIST, .token = root, .headers = {"zt-session: wrong"}};
	struct e2e_answer a = e2e_send(t, &r);

	expect_status(&a, 401);
	r.token = STR("wrong");
	r.headers[0] = zt_session(t, token);
	a = e2e_send(t, &r);
	expect_status(&a, 200);
	r.token = root;
	r.headers[0] = "zt-session;"; /* the client sends it empty */
	a = e2e_send(t, &r);
	expect_status(&a, 200);
}

/* The token of a session opens both APIs, in both headers. */
static void opaque_token__is_a_bearer_too(void **state)
{
	struct e2e *t = *state;
	struct str id, token = edge_admin(t, e2e_tenant(t, STR_NONE), &id);
	struct e2e_answer a = e2e_get(t, token, EDGE_LIST);

	expect_status(&a, 200);
	a = e2e_get(t, token, "/api/v1/me/sessions");
	expect_status(&a, 200);
	expect_str(e2e_text(a.json, "data.0.id"), id);
	assert_true(e2e_bool(a.json, "data.0.is_current"));
	a = edge_send(t, "GET", "/api/v1/me/sessions", zt_session(t, token), NULL);
	expect_status(&a, 200);
}

/* What the Sessions API, the Edge API and introspection say of a session and its two tokens. */
struct victim {
	struct e2e_tenant tenant;
	struct str id, token, jwt, root, service;
};

static struct victim victim(struct e2e *t)
{
	struct victim v = {.tenant = e2e_tenant(t, STR_NONE), .root = e2e_super_admin(t)};
	struct e2e_answer a;

	v.service = e2e_token(t, "{\"sub\":\"svc\",\"platform_token\":true,"
				 "\"scope\":\"sessions:write\"}");
	a = e2e_post(t, v.service,
		arena_printf(t->arena,
			"{\"tenant_id\":\"%s\",\"user_id\":\"boss\",\"is_admin\":true,"
			"\"expires_in\":3600}",
			v.tenant.id.p),
		"/api/v1/sessions");
	expect_status(&a, 201);
	v.id = str_dup(t->arena, e2e_text(a.json, "data.id"));
	v.token = str_dup(t->arena, e2e_text(a.json, "data.token"));
	v.jwt = e2e_token(t,
		"{\"sub\":\"boss\",\"tenant_id\":\"%s\",\"role\":\"super_admin\","
		"\"sid\":\"%s\"}",
		v.tenant.id.p, v.id.p);
	return v;
}

static bool introspects(struct e2e *t, const struct victim *v, struct str token)
{
	struct e2e_request r = {.method = "POST",
		.path = "/api/v1/sessions/introspect",
		.token = v->service,
		.body = str_printf(t->arena, "token=%.*s", STR_FMT(token)),
		.content_type = "application/x-www-form-urlencoded"};
	struct e2e_answer a = e2e_send(t, &r);

	expect_status(&a, 200);
	return e2e_bool(a.json, "active");
}

static void check_life(struct e2e *t, const struct victim *v, bool alive)
{
	const char *mine = arena_printf(t->arena, "tenantId = \"%s\"", v->tenant.id.p);
	int let_in = alive ? 200 : 401;
	struct e2e_answer a = edge_list(t, v->root, mine, "");

	assert_int_equal(e2e_has(e2e_at(a.json, "data"), v->id), alive);
	assert_int_equal(edge_total(&a), alive);
	a = e2e_get(t, v->root, EDGE_LIST "/%s", v->id.p);
	expect_status(&a, alive ? 200 : 404);
	a = e2e_get(t, v->root, "/api/v1/admin/sessions/?tenant_id=%s", v->tenant.id.p);
	assert_int_equal(e2e_has(e2e_at(a.json, "data"), v->id), alive);
	a = e2e_get(t, v->root, "/api/v1/tenants/%s/sessions", v->tenant.id.p);
	assert_int_equal(e2e_has(e2e_at(a.json, "data"), v->id), alive);
	a = edge_send(t, "GET", EDGE_LIST, zt_session(t, v->token), NULL);
	expect_status(&a, let_in);
	a = e2e_get(t, v->jwt, EDGE_LIST);
	expect_status(&a, let_in);
	a = e2e_get(t, v->jwt, "/api/v1/me/sessions");
	expect_status(&a, let_in);
	assert_int_equal(introspects(t, v, v->token), alive);
	assert_int_equal(introspects(t, v, v->jwt), alive);
}

static void check_audit(
	struct e2e *t, struct str id, struct str by, const char *endpoint, struct str request_id)
{
	assert_int_equal(
		e2e_count(t, SQL("SELECT COUNT(*) FROM test_revocation WHERE session_id = ?"), 1,
			db_str(id)),
		1);
	expect_str(e2e_column(t, SQL("SELECT endpoint FROM test_revocation WHERE session_id = ?"),
			   1, db_str(id)),
		str_from(endpoint));
	expect_str(e2e_column(t, SQL("SELECT revoked_by FROM test_revocation WHERE session_id = ?"),
			   1, db_str(id)),
		by);
	expect_str(e2e_column(t, SQL("SELECT request_id FROM test_revocation WHERE session_id = ?"),
			   1, db_str(id)),
		request_id);
}

static void deleted_here__is_gone_there(void **state)
{
	struct e2e *t = *state;
	struct victim v = victim(t);
	struct str request_id;
	struct e2e_answer a;

	check_life(t, &v, true);
	a = e2e_delete(t, v.root, EDGE_LIST "/%s", v.id.p);
	edge_expect(&a, "apiEnrollmentVersion apiVersion");
	expect_members(e2e_at(a.json, "data"), "");
	request_id = e2e_header(&a, "X-Request-Id");
	check_life(t, &v, false);
	check_audit(t, v.id, STR("usr_root"), "edge.delete", request_id);
	a = e2e_delete(t, v.root, EDGE_LIST "/%s", v.id.p);
	expect_status(&a, 404);
	check_audit(t, v.id, STR("usr_root"), "edge.delete", request_id);
}

static void deleted_there__is_gone_here(void **state)
{
	struct e2e *t = *state;
	struct victim v = victim(t);
	struct e2e_answer a;

	check_life(t, &v, true);
	a = e2e_delete(t, v.root, "/api/v1/admin/sessions/%s", v.id.p);
	expect_status(&a, 204);
	check_life(t, &v, false);
}

static void own_session__can_end_itself(void **state)
{
	struct e2e *t = *state;
	struct victim v = victim(t);
	const char *path = arena_printf(t->arena, EDGE_LIST "/%s", v.id.p);
	struct e2e_answer a = edge_send(t, "DELETE", path, zt_session(t, v.token), NULL);

	expect_status(&a, 200);
	check_life(t, &v, false);
	check_audit(t, v.id, STR("boss"), "edge.delete", e2e_header(&a, "X-Request-Id"));
	a = edge_send(t, "DELETE", path, zt_session(t, v.token), NULL);
	expect_status(&a, 401);
}

static void racing_deletes__one_wins(void **state)
{
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t),
		   id = e2e_put_session(t, e2e_tenant(t, STR_NONE), STR("u"));
	struct e2e_request r[8];
	struct e2e_answer a[ARRAY_LEN(r)];
	int won = 0;

	for (size_t i = 0; i < ARRAY_LEN(r); i++)
		r[i] = (struct e2e_request){.method = "DELETE",
			.token = root,
			.path = arena_printf(t->arena, EDGE_LIST "/%s", id.p)};
	e2e_send_all(t, r, a, ARRAY_LEN(r));
	for (size_t i = 0; i < ARRAY_LEN(r); i++) {
		won += a[i].status == 200;
		if (a[i].status != 200)
			expect_status(&a[i], 404);
	}
	assert_int_equal(won, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bearer__opens_what_the_matrix_says),
		cmocka_unit_test(nobody_and_garbage__are_401),
		cmocka_unit_test(zt_session__must_be_active_and_an_administrators),
		cmocka_unit_test(zt_session_of_an_unknown_user__is_403),
		cmocka_unit_test(lost_rank__counts_at_once),
		cmocka_unit_test(rank__is_of_the_tenant),
		cmocka_unit_test(two_credentials__zt_session_decides),
		cmocka_unit_test(opaque_token__is_a_bearer_too),
		cmocka_unit_test(deleted_here__is_gone_there),
		cmocka_unit_test(deleted_there__is_gone_here),
		cmocka_unit_test(own_session__can_end_itself),
		cmocka_unit_test(racing_deletes__one_wins),
	};

	return cmocka_run_group_tests(tests, e2e_open, e2e_close);
}
