/* SPDX-License-Identifier: MIT
 * Signing in by the session's cookie (schema/api.md 3.2): what it opens is what the role of the
 * session opens, it ends with the session, and a page of another site cannot use it to change
 * anything. */
#include "lib/e2e.h"

struct visitor {
	struct str id, tenant_id;
	const char *cookie;
};

static struct visitor sign_in(struct e2e *t, struct str tenant_id, const char *role)
{
	struct str service = e2e_token(
		t, "{\"sub\":\"svc\",\"platform_token\":true,\"scope\":\"sessions:write\"}");
	struct e2e_answer a = e2e_post(t, service,
		arena_printf(
			t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"u\"%s}", tenant_id.p, role),
		"/api/v1/sessions");
	struct str token;

	expect_status(&a, 201);
	token = e2e_text(a.json, "data.token");
	return (struct visitor){e2e_text(a.json, "data.id"), tenant_id,
		arena_printf(t->arena, "Cookie: a=b; rollcall_session=%.*s", STR_FMT(token))};
}

static struct e2e_answer send(struct e2e *t, const struct visitor *v, const char *method,
	const char *path, const char *how)
{
	const struct e2e_request r = {.method = method, .path = path, .headers = {v->cookie, how}};

	return e2e_send(t, &r);
}

static void cookie__opens_what_the_role_opens(void **state)
{
	struct e2e *t = *state;
	struct str tenant_id = e2e_name(t, "tnt");
	const struct visitor user = sign_in(t, tenant_id, ""),
			     admin = sign_in(t, tenant_id, ",\"role\":\"tenant_admin\"");
	const char *list = arena_printf(t->arena, "/api/v1/tenants/%s/sessions", tenant_id.p);
	struct e2e_answer a = send(t, &user, NULL, "/api/v1/me/sessions", NULL);

	expect_status(&a, 200);
	assert_int_equal(e2e_at(a.json, "data")->count, 2);
	for (const struct json *s = e2e_at(a.json, "data")->first; s != NULL; s = s->next)
		assert_int_equal(e2e_bool(s, "is_current"), str_eq(e2e_text(s, "id"), user.id));
	a = send(t, &user, NULL, list, NULL);
	expect_status(&a, 403);
	a = send(t, &admin, NULL, list, NULL);
	expect_status(&a, 200);
	a = send(t, &admin, NULL, "/api/v1/admin/sessions", NULL);
	expect_status(&a, 403);
	/* OpenZiti's clients have no cookie. */
	a = send(t, &admin, NULL, "/edge/management/v1/api-sessions", NULL);
	expect_status(&a, 401);
}

static void cookie__ends_with_its_session(void **state)
{
	struct e2e *t = *state;
	const struct visitor v = sign_in(t, e2e_name(t, "tnt"), "");
	struct e2e_answer a =
		e2e_delete(t, e2e_super_admin(t), "/api/v1/admin/sessions/%.*s", STR_FMT(v.id));

	expect_status(&a, 204);
	a = send(t, &v, NULL, "/api/v1/me/sessions", NULL);
	expect_status(&a, 401);
}

static void role__is_taken_away_with_is_admin_and_never_gained(void **state)
{
	struct e2e *t = *state;
	struct str tenant_id = e2e_name(t, "tnt");
	const struct visitor before = sign_in(t, tenant_id, "");
	const struct visitor admin = sign_in(t, tenant_id, ",\"is_admin\":true");
	struct e2e_answer a = send(t, &admin, NULL, "/api/v1/admin/sessions?per_page=1", NULL);

	expect_status(&a, 200);
	a = send(t, &before, NULL, "/api/v1/admin/sessions?per_page=1", NULL);
	expect_status(&a, 403);
	sign_in(t, tenant_id, ",\"is_admin\":false");
	a = send(t, &admin, NULL, "/api/v1/admin/sessions?per_page=1", NULL);
	expect_status(&a, 403);
}

/* The host's own origin, as the web server sees it. */
static const char *own_origin(struct e2e *t)
{
	struct str url = str_from(t->url), host = url;

	host.p += strlen("http://");
	host.n -= strlen("http://");
	for (size_t i = 0; i < host.n; i++)
		if (host.p[i] == '/')
			host.n = i;
	return arena_printf(t->arena, "Origin: http://%.*s", STR_FMT(host));
}

struct origin {
	const char *site, *origin;
};

static struct e2e_answer send_from(struct e2e *t, const struct visitor *v, const char *method,
	const char *path, const struct origin *from)
{
	struct e2e_request r = {.method = method, .path = path, .headers = {v->cookie}};
	size_t n = 1;

	if (from->site != NULL)
		r.headers[n++] = from->site;
	if (from->origin != NULL)
		r.headers[n++] = from->origin;
	return e2e_send(t, &r);
}

static void other_site__cannot_end_anything(void **state)
{
	struct e2e *t = *state;
	const struct visitor v = sign_in(t, e2e_name(t, "tnt"), "");
	const struct visitor other = sign_in(t, v.tenant_id, "");
	const char *path = arena_printf(t->arena, "/api/v1/me/sessions/%.*s", STR_FMT(other.id));
	const char *own = own_origin(t);
	const struct origin refused[] = {
		{NULL, NULL},
		{NULL, "Origin: null"},
		{NULL, "Origin: http://evil.example"},
		{NULL, arena_printf(t->arena, "Origin: https%s", own + strlen("Origin: http"))},
		{"Sec-Fetch-Site: cross-site", NULL},
		{"Sec-Fetch-Site: same-site", NULL},
		/* A browser that sends the first header is right about it. */
		{"Sec-Fetch-Site: cross-site", own},
	};
	struct e2e_answer a;

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		a = send_from(t, &v, "DELETE", path, &refused[i]);
		expect_status(&a, 403);
		expect_str(e2e_text(a.json, "detail"), STR("Cross-site request refused"));
		a = send_from(t, &v, "HEAD", "/api/v1/me/sessions", &refused[i]);
		expect_status(&a, 200);
		a = send_from(t, &v, NULL, "/api/v1/me/sessions", &refused[i]);
		expect_status(&a, 200);
		assert_int_equal(e2e_at(a.json, "data")->count, 2);
	}
}

static void own_pages_and_the_address_bar__may_end_sessions(void **state)
{
	struct e2e *t = *state;
	const struct visitor v = sign_in(t, e2e_name(t, "tnt"), "");
	const struct origin taken[] = {
		{"Sec-Fetch-Site: same-origin", NULL},
		{"Sec-Fetch-Site: none", NULL},
		{"Sec-Fetch-Site: same-origin", "Origin: null"},
		{NULL, own_origin(t)},
	};

	for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
		const struct visitor other = sign_in(t, v.tenant_id, "");
		struct e2e_answer a = send_from(t, &v, "DELETE",
			arena_printf(t->arena, "/api/v1/me/sessions/%.*s", STR_FMT(other.id)),
			&taken[i]);

		expect_status(&a, 200);
		assert_int_equal(e2e_int(a.json, "data.revoked_count"), 1);
	}
}

/* And a header is nothing that a browser adds for another site. */
static void header__counts_before_the_cookie(void **state)
{
	struct e2e *t = *state;
	struct str tenant_id = e2e_name(t, "tnt");
	const struct visitor v = sign_in(t, tenant_id, ""), other = sign_in(t, tenant_id, "");
	struct e2e_request r = {.path = "/api/v1/me/sessions",
		.token = str_from(strrchr(other.cookie, '=') + 1),
		.headers = {v.cookie, "Sec-Fetch-Site: cross-site"}};
	struct e2e_answer a = e2e_send(t, &r);

	expect_status(&a, 200);
	for (const struct json *s = e2e_at(a.json, "data")->first; s != NULL; s = s->next)
		assert_int_equal(e2e_bool(s, "is_current"), str_eq(e2e_text(s, "id"), other.id));
	r.method = "POST";
	r.path = "/api/v1/me/sessions/revoke-all";
	a = e2e_send(t, &r);
	expect_status(&a, 200);
	assert_true(e2e_has(e2e_at(a.json, "data.session_ids"), v.id));
}

static void partner_administrator__has_the_partners_tenants(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant own = e2e_tenant(t, e2e_partner(t)),
			  other = e2e_tenant(t, e2e_partner(t));
	const struct visitor v = sign_in(t, own.id, ",\"role\":\"partner_admin\"");
	struct e2e_answer a = send(
		t, &v, NULL, arena_printf(t->arena, "/api/v1/tenants/%s/sessions", own.id.p), NULL);

	expect_status(&a, 200);
	a = send(t, &v, NULL, arena_printf(t->arena, "/api/v1/tenants/%s/sessions", other.id.p),
		NULL);
	expect_status(&a, 404);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cookie__opens_what_the_role_opens),
		cmocka_unit_test(cookie__ends_with_its_session),
		cmocka_unit_test(role__is_taken_away_with_is_admin_and_never_gained),
		cmocka_unit_test(other_site__cannot_end_anything),
		cmocka_unit_test(own_pages_and_the_address_bar__may_end_sessions),
		cmocka_unit_test(header__counts_before_the_cookie),
		cmocka_unit_test(partner_administrator__has_the_partners_tenants),
	};

	return cmocka_run_group_tests(tests, e2e_open, e2e_close);
}
