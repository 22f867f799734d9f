/* SPDX-License-Identifier: MIT
 * Matching over a table of rows as the Sessions API has it. Own program. */
#include "unit/test_http_env.h"

#include "http/router.h"

struct named_row {
	struct route_key key;
	const char *name;
};

/* Literals stand behind the variables here: the order must not matter. */
static const struct named_row rows[] = {
	{{HTTP_GET, "api", "/admin/sessions/{session_id}"}, "admin.get"},
	{{HTTP_DELETE, "api", "/admin/sessions/{session_id}"}, "admin.delete"},
	{{HTTP_POST, "api", "/admin/sessions/revoke-all"}, "admin.revoke_all"},
	{{HTTP_GET, "api", "/admin/sessions/"}, "admin.list"},
	{{HTTP_GET, "api", "/tenants/{tenant_id}/sessions/{session_id}"}, "tenant.get"},
	{{HTTP_GET, "api", "/tenants/{tenant_id}/sessions"}, "tenant.list"},
	{{HTTP_GET, "api", "/tenants/{tenant_id}/sessions/stats"}, "tenant.stats"},
	{{HTTP_POST, "api", "/tenants/{t}/sessions/users/{user_id}/revoke"}, "tenant.user_revoke"},
	{{HTTP_GET, "api", "/tenants/{tenant_id}/sessions/users/{user_id}"}, "tenant.user_list"},
	{{HTTP_POST, "api", "/tenants/{tenant_id}/sessions/revoke-all"}, "tenant.revoke_all"},
	{{HTTP_GET, "edge", "/api-sessions"}, "edge.list"},
	{{HTTP_GET, "health", ""}, "health"},
	{{HTTP_HEAD, "ready", "/"}, "ready.head"},
	{{HTTP_GET, "ready", "/"}, "ready"},
};

static const struct str prefix_texts[] = {
	{"/api", 4},
	{"/edge", 5},
	{"/health", 7},
	{"/ready", 6},
};

/* "name var=value …", "405 allow" or "404". */
static struct str shown(struct arena *a, const struct route_match *m)
{
	const struct named_row *row = m->row;
	struct str s;

	if (row == NULL)
		return m->path_known ? str_printf(a, "405 %.*s", STR_FMT(m->allow)) : STR("404");
	s = str_from(row->name);
	for (size_t i = 0; i < m->var_count; i++)
		s = str_printf(a, "%.*s %.*s=%.*s", STR_FMT(s), (int)strcspn(m->var_names[i], "}"),
			m->var_names[i], STR_FMT(m->vars[i]));
	return s;
}

static bool takes(struct str variable, struct str value)
{
	return !str_eq(variable, STR("{session_id}")) || !str_eq(value, STR("stats"));
}

static struct str match(struct arena *a, const char *method, const char *uri)
{
	struct fake_env f = {.vars = {{"REQUEST_METHOD", method}, {"REQUEST_URI", uri}}};
	struct http_env env = fake_http_env(&f);
	struct http_request *r = arena_zalloc(a, sizeof(*r));
	struct route_match m;

	http_request_parse(r, a, &env, prefix_texts, ARRAY_LEN(prefix_texts), STR(""));
	m = router_match(rows, ARRAY_LEN(rows), sizeof(rows[0]), takes,
		r->prefix.n ? str_dup(a, r->prefix).p + 1 : "", r);
	return shown(a, &m);
}

static void path_and_method__find_their_row(void **state)
{
	static const struct {
		const char *method, *uri, *want;
	} cases[] = {
		{"GET", "/api/admin/sessions", "admin.list"},
		{"GET", "/api/admin/sessions/", "admin.list"},
		{"HEAD", "/api/admin/sessions/", "admin.list"},
		{"GET", "/api/admin/sessions/s1", "admin.get session_id=s1"},
		{"GET", "/api/admin/sessions/s1/", "admin.get session_id=s1"},
		{"HEAD", "/api/admin/sessions/s1", "admin.get session_id=s1"},
		{"DELETE", "/api/admin/sessions/a%2Fb", "admin.delete session_id=a/b"},
		{"POST", "/api/admin/sessions/revoke-all", "admin.revoke_all"},
		{"GET", "/api/admin/sessions/revoke-all", "405 POST"},
		{"DELETE", "/api/admin/sessions/revoke-all", "405 POST"},
		{"GET", "/api/admin/sessions/%72evoke-all", "405 POST"},
		{"GET", "/api/admin/sessions/revoke-all2", "admin.get session_id=revoke-all2"},
		{"GET", "/api/admin/sessions/Stats", "admin.get session_id=Stats"},
		{"POST", "/api/admin/sessions/s1", "405 GET, HEAD, DELETE"},
		{"OPTIONS", "/api/admin/sessions/s1", "405 GET, HEAD, DELETE"},
		{"PROPFIND", "/api/admin/sessions/", "405 GET, HEAD"},
		{"GET", "/api/tenants/t/sessions/stats", "tenant.stats tenant_id=t"},
		{"GET", "/api/tenants/t/sessions/stats/", "tenant.stats tenant_id=t"},
		{"DELETE", "/api/tenants/t/sessions/stats", "405 GET, HEAD"},
		{"GET", "/api/tenants/t/sessions/revoke-all", "405 POST"},
		{"GET", "/api/tenants/t/sessions/users", "404"},
		{"GET", "/api/tenants/t/sessions/users/u",
			"tenant.user_list tenant_id=t user_id=u"},
		{"POST", "/api/tenants/t/sessions/users/u/revoke",
			"tenant.user_revoke t=t user_id=u"},
		{"GET", "/api/admin/sessions/stats", "404"},
		{"DELETE", "/api/admin/sessions/%73tats/", "404"},
		{"GET", "/api/admin/sessions/stats2", "admin.get session_id=stats2"},
		{"GET", "/api/tenants/stats/sessions/s", "tenant.get tenant_id=stats session_id=s"},
		{"GET", "/api/tenants/t/sessions/s/x", "404"},
		{"GET", "/api/tenants", "404"},
		{"GET", "/api/admin/sessions/{session_id}", "admin.get session_id={session_id}"},
		{"GET", "/api", "404"},
		{"GET", "/api/nowhere", "404"},
		{"GET", "/edge/admin/sessions", "404"},
		{"GET", "/edge/api-sessions", "edge.list"},
		{"GET", "/health", "health"},
		{"GET", "/health/", "health"},
		{"POST", "/health", "405 GET, HEAD"},
		{"GET", "/health/x", "404"},
		{"HEAD", "/ready", "ready.head"},
		{"GET", "/ready/", "ready"},
		{"GET", "/api//admin/sessions", "404"},
		{"GET", "/elsewhere", "404"},
	};
	int failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *a = arena_open();

		failed += differs(cases[i].uri, cases[i].method,
			match(a, cases[i].method, cases[i].uri), cases[i].want);
		arena_close(a);
	}
	assert_int_equal(failed, 0);
}

static void id__is_bounded_text(void **state)
{
	static const struct {
		const char *name, *piece, *end;
		size_t times;
		bool want;
	} cases[] = {
		{"longest", "a", "", LIMIT_ID_BYTES, true},
		{"too long", "a", "", LIMIT_ID_BYTES + 1, false},
		{"longest, escaped", "%61", "", LIMIT_ID_BYTES, true},
		{"too long in bytes, not characters", "%C3%A9", "", LIMIT_ID_BYTES / 2 + 1, false},
		{"NUL", "a", "%00", 1, false},
		{"not UTF-8", "a", "%FF", 1, false},
		{"overlong UTF-8", "a", "%C0%AF", 1, false},
		{"UTF-8", "%C3%A9", "", 1, true},
		{"newline", "a", "%0A", 1, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *a = arena_open();
		struct str uri = STR("/api/admin/sessions/");
		bool found;

		for (size_t k = 0; k < cases[i].times; k++)
			uri = str_printf(a, "%.*s%s", STR_FMT(uri), cases[i].piece);
		uri = str_printf(a, "%.*s%s", STR_FMT(uri), cases[i].end);
		found = str_starts(match(a, "GET", uri.p), STR("admin.get"));
		if (found != cases[i].want)
			print_error("%s\n", cases[i].name);
		assert_int_equal(found, cases[i].want);
		arena_close(a);
	}
}

static void path_that_is_not_ok__matches_nothing(void **state)
{
	struct arena *a = arena_open();
	struct http_request r = {.arena = a, .method = HTTP_GET, .path_ok = false};
	struct route_match m =
		router_match(rows, ARRAY_LEN(rows), sizeof(rows[0]), takes, "health", &r);

	(void)state;
	assert_null(m.row);
	assert_false(m.path_known);
	assert_null(m.allow.p);
	arena_close(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_and_method__find_their_row),
		cmocka_unit_test(id__is_bounded_text),
		cmocka_unit_test(path_that_is_not_ok__matches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
