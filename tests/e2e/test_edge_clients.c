/* SPDX-License-Identifier: MIT
 * The requests of OpenZiti's console and command line, as their sources send them: which headers,
 * which slashes, which calls before the first list. */
/* e2e: every-server */
#include "edge.h"

#define CONSOLE_LIST                                                                               \
	EDGE_LIST "?limit=50&offset=0&sort=createdAt%20desc&filter=identity.name%20contains%20%22" \
		  "ann%22"

struct world {
	struct str admin, token, id, other;
};

/* An administrator of the platform who has signed in, and somebody else. */
static struct world world(struct e2e *t)
{
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	struct session_new s = e2e_session(t, tenant, e2e_name(t, "root"));
	struct world w;

	s.role = STR("super_admin");
	w.token = edge_token(t, &s);
	w.admin = s.user_id;
	w.id = e2e_put(t, &s);
	w.other = e2e_put_session(t, tenant, STR("u"));
	return w;
}

/* The console sends these with every request. */
static struct e2e_answer console(
	struct e2e *t, const struct world *w, const char *method, const char *path)
{
	return e2e_send(
		t, &(struct e2e_request){.method = method,
			   .path = path,
			   .headers = {zt_session(t, w->token), "Content-Type: application/json",
				   "Accept: application/json"}});
}

static void version__leads_to_the_api_without_a_credential(void **state)
{
	struct e2e *t = *state;
	struct e2e_answer a = e2e_get(t, STR_NONE, EDGE_API "/version");
	struct str path;

	expect_status(&a, 200);
	expect_members(a.json, "data meta");
	expect_members(e2e_at(a.json, "data"),
		"apiVersions buildDate capabilities revision runtimeVersion version");
	path = e2e_text(a.json, "data.apiVersions.edge-management.v1.path");
	assert_true(path.n >= strlen(EDGE_API));
	path.p += path.n - strlen(EDGE_API);
	path.n = strlen(EDGE_API);
	expect_str(path, STR(EDGE_API));
}

static void console__lists_opens_and_ends(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	const char *one = arena_printf(t->arena, EDGE_LIST "/%s//",
		edge_encode(t, arena_printf(t->arena, "%s", w.other.p)));
	struct e2e_answer a = console(t, &w, "GET", CONSOLE_LIST);

	expect_status(&a, 200);
	a = console(t, &w, "GET", one);
	expect_status(&a, 200);
	expect_str(e2e_text(a.json, "data.id"), w.other);
	a = console(t, &w, "DELETE", arena_printf(t->arena, EDGE_LIST "/%s", w.other.p));
	expect_status(&a, 200);
	a = console(t, &w, "GET", one);
	edge_expect_error(&a, 404, "NOT_FOUND",
		"The resource requested was not found or is no longer available");
}

static void command_line__lists_by_identity(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	struct e2e_answer a = edge_send(t, "GET",
		arena_printf(t->arena, EDGE_LIST "?filter=%s",
			edge_encode(
				t, arena_printf(t->arena, "identity=\"%s\" limit 10", w.admin.p))),
		zt_session(t, w.token), "Accept: application/json");

	expect_status(&a, 200);
	assert_int_equal(e2e_int(a.json, "meta.pagination.totalCount"), 1);
	expect_str(e2e_text(a.json, "data.0.id"), w.id);
}

static void own_session__is_shown_and_signed_out(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	struct e2e_answer a = console(t, &w, "GET", EDGE_API "/current-api-session");

	expect_status(&a, 200);
	expect_str(e2e_text(a.json, "data.id"), w.id);
	assert_true(e2e_ms(a.json, "data.expiresAt") > clock_now_ms());
	assert_in_range(e2e_int(a.json, "data.expirationSeconds"), 3000, 3600);
	a = console(t, &w, "DELETE", EDGE_API "/current-api-session");
	expect_status(&a, 200);
	expect_members(e2e_at(a.json, "data"), "");
	a = console(t, &w, "GET", EDGE_API "/current-api-session");
	edge_expect_error(&a, 401, "UNAUTHORIZED", EDGE_UNAUTHORIZED);
	a = e2e_get(t, e2e_super_admin(t), "/api/v1/admin/sessions/%s", w.id.p);
	expect_str(e2e_text(a.json, "data.revoked_by"), w.admin);
}

/* An ordinary user has a session, though it may not list others. */
static void own_session__needs_no_role(void **state)
{
	struct e2e *t = *state;
	struct session_new s = e2e_session(t, e2e_tenant(t, STR_NONE), STR("u"));
	struct str token = edge_token(t, &s), id = e2e_put(t, &s);
	struct e2e_answer a =
		edge_send(t, "GET", EDGE_API "/current-api-session", zt_session(t, token), NULL);

	expect_status(&a, 200);
	expect_str(e2e_text(a.json, "data.id"), id);
	a = edge_send(t, "GET", EDGE_LIST, zt_session(t, token), NULL);
	expect_status(&a, 403);
	a = e2e_get(t, e2e_token(t, "{\"sub\":\"u\"}"), EDGE_API "/current-api-session");
	edge_expect_error(&a, 404, "NOT_FOUND",
		"The resource requested was not found or is no longer available");
}

static void unknown_path_of_any_shape__is_404_in_this_dialect(void **state)
{
	static const char *const paths[] = {
		"/identities", "/identities//x", "/api-sessions/a/b/c", "//api-sessions//x"};
	struct e2e *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct e2e_answer a = e2e_get(t, STR_NONE, EDGE_API "%s", paths[i]);

		edge_expect_error(&a, 404, "NOT_FOUND",
			"The resource requested was not found or is no longer available");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version__leads_to_the_api_without_a_credential),
		cmocka_unit_test(console__lists_opens_and_ends),
		cmocka_unit_test(command_line__lists_by_identity),
		cmocka_unit_test(own_session__is_shown_and_signed_out),
		cmocka_unit_test(own_session__needs_no_role),
		cmocka_unit_test(unknown_path_of_any_shape__is_404_in_this_dialect),
	};

	return cmocka_run_group_tests_name("OpenZiti's clients", tests, e2e_open, e2e_close);
}
