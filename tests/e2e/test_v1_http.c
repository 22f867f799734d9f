/* SPDX-License-Identifier: MIT
 * How the Sessions API behaves as HTTP, whatever the endpoint: request ids, HEAD, wrong methods,
 * bodies that are none (schema/api.md 2, 2.1, 2.5). */
#include "v1_http.h"

static bool is_uuid4(struct str s)
{
	static const char form[] = "xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx";

	if (s.n != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		const char *set = form[i] == 'x'   ? "0123456789abcdef"
				  : form[i] == 'v' ? "89ab"
						   : NULL;

		if (set != NULL ? strchr(set, s.p[i]) == NULL : s.p[i] != form[i])
			return false;
	}
	return true;
}

static void request_id__is_echoed_when_sane_else_fresh(void **state)
{
	struct e2e *t = *state;
	const struct {
		const char *name, *header;
		bool echoed;
	} rows[] = {
		{"plain", "abc", true},
		{"one character", "-", true},
		{"every kind of character", "AZaz09._-", true},
		{"128 characters", repeat(t, 'x', 128).p, true},
		{"129 characters", repeat(t, 'x', 129).p, false},
		{"a space inside", "a b", false},
		{"a slash", "a/b", false},
		{"a quote", "a\"b", false},
		{"not ASCII", "\xc3\xbc", false},
		{"a colon", "a:b", false},
	};
	struct str token = e2e_super_admin(t);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_request r = {.path = "/api/v1/me/sessions",
			.token = token,
			.headers = {arena_printf(t->arena, "X-Request-Id: %s", rows[i].header)}};
		struct e2e_answer a = e2e_send(t, &r);
		struct str id = e2e_header(&a, "X-Request-Id");

		print_message("           %s\n", rows[i].name);
		expect_status(&a, 200);
		expect_str(e2e_text(a.json, "meta.request_id"), id);
		if (rows[i].echoed)
			expect_str(id, str_from(rows[i].header));
		else
			assert_true(is_uuid4(id));
	}
}

static void request_id__is_fresh_for_every_request(void **state)
{
	struct e2e *t = *state;
	struct str token = e2e_super_admin(t);
	struct e2e_request r = {.path = "/api/v1/me/sessions",
		.token = token,
		.headers = {"X-Request-Id;"}}; /* sent, but empty */
	struct e2e_answer a = e2e_get(t, token, "/api/v1/me/sessions"), b = e2e_send(t, &r);

	assert_true(is_uuid4(e2e_header(&a, "X-Request-Id")));
	assert_true(is_uuid4(e2e_header(&b, "X-Request-Id")));
	assert_false(str_eq(e2e_header(&a, "X-Request-Id"), e2e_header(&b, "X-Request-Id")));
}

static void every_answer__carries_the_request_id(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str root = e2e_super_admin(t), user = e2e_token(t, "{\"sub\":\"u\"}");
	struct str dead = e2e_put_session(t, tn, STR("u"));
	const struct {
		int status;
		struct e2e_request r;
	} rows[] = {
		{204, {.method = "DELETE",
			      .token = root,
			      .path = arena_printf(t->arena, "/api/v1/admin/sessions/%s", dead.p)}},
		{401, {.path = "/api/v1/me/sessions"}},
		{403, {.path = "/api/v1/admin/sessions/", .token = user}},
		{404, {.path = "/api/v1/admin/sessions/none", .token = root}},
		{404, {.path = "/api/v1/nothing", .token = root}},
		{404, {.path = "/nothing"}},
		{405, {.method = "DELETE", .path = "/api/v1/me/sessions", .token = root}},
		{413, {.method = "POST",
			      .path = "/api/v1/admin/sessions/revoke-all",
			      .token = root,
			      .body = repeat(t, ' ', BODY_LIMIT + 1)}},
		{415, {.method = "POST",
			      .path = "/api/v1/admin/sessions/revoke-all",
			      .token = root,
			      .body = STR("{}"),
			      .content_type = "text/plain"}},
		{422, {.path = "/api/v1/admin/sessions/?page=0", .token = root}},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_request r = rows[i].r;
		struct e2e_answer a;

		r.headers[0] = "X-Request-Id: e2e.7-b_C";
		a = e2e_send(t, &r);
		expect_status(&a, rows[i].status);
		expect_str(e2e_header(&a, "X-Request-Id"), STR("e2e.7-b_C"));
		if (a.status != 204) {
			expect_str(e2e_header(&a, "Content-Type"), STR("application/json"));
			expect_members(a.json, "detail");
		}
	}
}

static void head__answers_as_get_without_the_body(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str id = e2e_put_session(t, tn, STR("u")), root = e2e_super_admin(t);

	for (size_t i = 0; i < ARRAY_LEN(readable); i++) {
		const char *path = path_of(t, readable[i], tn.id, id);
		struct e2e_request r = {.method = "HEAD", .path = path, .token = root};
		struct e2e_answer head = e2e_send(t, &r), get = e2e_get(t, root, "%s", path);

		expect_status(&get, 200);
		expect_status(&head, 200);
		expect_body(&head, "");
		expect_str(e2e_header(&head, "Content-Type"), e2e_header(&get, "Content-Type"));
		assert_true(e2e_header(&head, "X-Request-Id").n > 0);
		/* Not every web server hands it on; what it does hand on is true. */
		if (e2e_header(&head, "Content-Length").p != NULL)
			expect_str(e2e_header(&head, "Content-Length"),
				str_printf(t->arena, "%zu", get.body.n));
	}
	struct e2e_request r = {.method = "HEAD", .path = "/api/v1/me/sessions"};
	struct e2e_answer a = e2e_send(t, &r);

	expect_status(&a, 401);
	expect_body(&a, "");
	expect_str(e2e_header(&a, "WWW-Authenticate"), STR("Bearer"));
}

/* Every method of `all` that is not in `allow` is refused, with those of `allow` named. */
static void check_methods(struct e2e *t, struct str token, const char *path, const char *allow)
{
	static const char *const all[] = {
		"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct e2e_request r = {.method = all[i], .path = path, .token = token};
		struct e2e_answer a;

		if (strstr(allow, all[i]) != NULL)
			continue;
		if (strncmp(all[i], "P", 1) == 0)
			r.body = STR("{}");
		a = e2e_send(t, &r);
		expect_status(&a, 405);
		expect_str(e2e_header(&a, "Allow"), str_from(allow));
		expect_body(&a,
			strcmp(all[i], "HEAD") == 0 ? "" : "{\"detail\":\"Method Not Allowed\"}");
	}
}

static void wrong_method__is_405_and_names_the_right_ones(void **state)
{
	static const struct {
		const char *path, *allow;
	} rows[] = {
		{"/api/v1/admin/sessions/", "GET, HEAD"},
		{"/api/v1/admin/sessions/revoke-all", "POST"},
		{"/api/v1/admin/sessions/x", "GET, HEAD, DELETE"},
		{"/api/v1/me/sessions", "GET, HEAD"},
		{"/api/v1/me/sessions/revoke-all", "POST"},
		{"/api/v1/me/sessions/x", "DELETE"},
		{"/api/v1/tenants/x/sessions", "GET, HEAD"},
		{"/api/v1/tenants/x/sessions/revoke-all", "POST"},
		{"/api/v1/tenants/x/sessions/stats", "GET, HEAD"},
		{"/api/v1/tenants/x/sessions/users/u", "GET, HEAD"},
		{"/api/v1/tenants/x/sessions/users/u/revoke", "POST"},
		{"/api/v1/tenants/x/sessions/x", "GET, HEAD, DELETE"},
	};
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		print_message("           %s\n", rows[i].path);
		check_methods(t, root, rows[i].path, rows[i].allow);
	}
}

static void oversized_body__is_413(void **state)
{
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t);
	struct str fits = repeat(t, ' ', BODY_LIMIT);
	struct e2e_request r = {.method = "POST",
		.path = "/api/v1/admin/sessions/revoke-all",
		.token = root,
		.body = fits};
	struct e2e_answer a;

	memcpy((char *)(uintptr_t)fits.p, "{\"user_id\":\"nobody\"}", 20);
	for (int chunked = 0; chunked < 2; chunked++) {
		r.chunked = chunked != 0;
		r.body = fits;
		a = e2e_send(t, &r);
		expect_status(&a, 200);
		r.body = repeat(t, ' ', BODY_LIMIT + 1);
		a = e2e_send(t, &r);
		expect_status(&a, 413);
		expect_members(a.json, "detail");
		assert_true(e2e_text(a.json, "detail").n > 0);
	}
}

static void body_that_is_not_declared_json__is_415(void **state)
{
	static const struct {
		const char *type;
		int status;
	} rows[] = {
		{"", 415},
		{"text/plain", 415},
		{"application/x-www-form-urlencoded", 415},
		{"multipart/form-data; boundary=x", 415},
		{"text/json", 415},
		{"application/jsonx", 415},
		{"application/json", 200},
		{"application/json; charset=utf-8", 200},
		{"APPLICATION/JSON", 200},
		{"application/merge-patch+json", 200},
	};
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_request r = {.method = "POST",
			.token = root,
			.content_type = rows[i].type,
			.path = "/api/v1/admin/sessions/revoke-all",
			.body = STR("{\"user_id\":\"nobody\"}")};
		struct e2e_answer a = e2e_send(t, &r);

		print_message("           %s\n", rows[i].type);
		expect_status(&a, rows[i].status);
		if (a.status == 415)
			expect_members(a.json, "detail");
	}
}

static void endpoints_without_a_body__do_not_look_at_one(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str root = e2e_super_admin(t);
	struct e2e_request r = {.method = "POST",
		.token = root,
		.content_type = "text/plain",
		.path = arena_printf(t->arena, "/api/v1/tenants/%s/sessions/revoke-all", tn.id.p),
		.body = STR("this is no JSON")};
	struct e2e_answer a = e2e_send(t, &r);

	expect_status(&a, 200);
	r.path = "/api/v1/me/sessions/revoke-all";
	r.body = repeat(t, 'x', 300000);
	a = e2e_send(t, &r);
	expect_status(&a, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_id__is_echoed_when_sane_else_fresh),
		cmocka_unit_test(request_id__is_fresh_for_every_request),
		cmocka_unit_test(every_answer__carries_the_request_id),
		cmocka_unit_test(head__answers_as_get_without_the_body),
		cmocka_unit_test(wrong_method__is_405_and_names_the_right_ones),
		cmocka_unit_test(oversized_body__is_413),
		cmocka_unit_test(body_that_is_not_declared_json__is_415),
		cmocka_unit_test(endpoints_without_a_body__do_not_look_at_one),
	};

	return cmocka_run_group_tests_name("Sessions API: HTTP", tests, e2e_open, e2e_close);
}
