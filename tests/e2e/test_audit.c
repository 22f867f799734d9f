/* SPDX-License-Identifier: MIT
 * GET /api/v1/admin/audit and /api/v1/tenants/{tenant_id}/audit (extension): who ended what, newest
 * first, page by page without a gap or a repeat, and nobody sees another's. */
#include "lib/e2e.h"

#define ADMIN "/api/v1/admin/audit"
#define ENTRY                                                                                      \
	"session_id tenant_id user_id revoked_at revoked_by endpoint request_id reason "           \
	"revoked_by_tenant revoked_by_kind"

static struct e2e_answer list(struct e2e *t, const char *query)
{
	struct e2e_answer a = e2e_get(t, e2e_super_admin(t), ADMIN "%s", query);

	expect_status(&a, 200);
	return a;
}

#define OF(tenant, more) arena_printf(t->arena, "?tenant_id=%s" more, (tenant).id.p)

static int64_t total(const struct e2e_answer *a)
{
	return e2e_int(a->json, "pagination.total_items");
}

/* n sessions of the user, ended in one call with that reason. */
static void end_some(
	struct e2e *t, struct e2e_tenant tn, const char *user, int n, const char *reason)
{
	struct e2e_answer a;

	for (int i = 0; i < n; i++)
		e2e_put_session(t, tn, str_from(user));
	a = e2e_post(t, e2e_super_admin(t),
		arena_printf(t->arena,
			"{\"filter\":\"identity = \\\"%s\\\"\",\"if_count\":%d,\"reason\":%s}",
			user, n, reason),
		"/api/v1/tenants/%s/sessions/revoke-by-filter", tn.id.p);
	expect_status(&a, 200);
	assert_int_equal(e2e_int(a.json, "data.revoked_count"), n);
}

static void entry__says_who_ended_what_and_how(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str id = e2e_put_session(t, tn, STR("u"));
	struct e2e_request r = {.method = "POST",
		.headers = {"X-Request-Id: the-request"},
		.token = e2e_token(t,
			"{\"sub\":\"boss\",\"role\":\"tenant_admin\",\"tenant_id\":\"%s\"}",
			tn.id.p),
		.path = arena_printf(
			t->arena, "/api/v1/tenants/%s/sessions/revoke-by-filter", tn.id.p),
		.body = STR(
			"{\"filter\":\"true\",\"confirm\":\"all\",\"reason\":\"left the company\"}")};
	struct e2e_answer a = e2e_send(t, &r);

	expect_status(&a, 200);
	a = list(t, OF(tn, ""));
	expect_members(a.json, "data pagination meta");
	expect_members(e2e_at(a.json, "pagination"), "page per_page total_items total_pages");
	assert_int_equal(total(&a), 1);
	expect_members(e2e_at(a.json, "data.0"), ENTRY);
	expect_str(e2e_text(a.json, "data.0.session_id"), id);
	expect_str(e2e_text(a.json, "data.0.tenant_id"), tn.id);
	expect_str(e2e_text(a.json, "data.0.user_id"), STR("u"));
	expect_str(e2e_text(a.json, "data.0.revoked_by"), STR("boss"));
	expect_str(e2e_text(a.json, "data.0.endpoint"), STR("v1.tenant.revoke_by_filter"));
	expect_str(e2e_text(a.json, "data.0.request_id"), STR("the-request"));
	expect_str(e2e_text(a.json, "data.0.reason"), STR("left the company"));
	assert_in_range(e2e_now_ms(t) - e2e_ms(a.json, "data.0.revoked_at"), 0, 20000);

	/* The session says the same. */
	r = (struct e2e_request){.path = arena_printf(t->arena, "/api/v1/admin/sessions/%s", id.p),
		.token = e2e_super_admin(t)};
	struct e2e_answer s = e2e_send(t, &r);

	expect_str(e2e_text(s.json, "data.revoked_at"), e2e_text(a.json, "data.0.revoked_at"));
	expect_str(e2e_text(s.json, "data.revoked_by"), STR("boss"));
	expect_str(e2e_text(s.json, "data.revoke_reason"), STR("left the company"));

	e2e_put_session(t, tn, STR("v"));
	a = e2e_post(
		t, e2e_super_admin(t), NULL, "/api/v1/tenants/%s/sessions/revoke-all", tn.id.p);
	expect_status(&a, 200);
	a = list(t, OF(tn, "&user_id=v"));
	assert_true(e2e_is_null(a.json, "data.0.reason"));
}

/* A subject is unique in its tenant only, so the entry says the tenant and the kind too. */
static void entry__tells_the_same_name_of_two_callers_apart(void **state)
{
	struct e2e *t = *state;
	struct str partner = e2e_partner(t);
	struct e2e_tenant tn = e2e_tenant(t, partner);
	const char *of_tenant = arena_printf(t->arena, "\"tenant_id\":\"%s\"", tn.id.p);
	const struct {
		const char *kind, *place, *claims;
		bool has_tenant;
	} rows[] = {
		{"user", "me", of_tenant, true},
		{"tenant_admin", "tenants",
			arena_printf(t->arena, "\"role\":\"tenant_admin\",%s", of_tenant), true},
		{"partner_admin", "tenants",
			arena_printf(t->arena, "\"role\":\"partner_admin\",\"partner_id\":\"%s\"",
				partner.p),
			false},
		{"super_admin", "admin", "\"role\":\"super_admin\"", false},
		{"service", "tenants",
			arena_printf(t->arena,
				"\"platform_token\":true,\"scope\":\"admin:write\",%s", of_tenant),
			true},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str id = e2e_put_session(t, tn, STR("ada"));
		bool by_tenant = strcmp(rows[i].place, "tenants") == 0;
		struct e2e_answer a =
			e2e_delete(t, e2e_token(t, "{\"sub\":\"ada\",%s}", rows[i].claims),
				"/api/v1/%s%s%s/sessions/%s", rows[i].place, by_tenant ? "/" : "",
				by_tenant ? tn.id.p : "", id.p);

		assert_true(a.status == 200 || a.status == 204);
		a = list(t, OF(tn, "&per_page=1"));
		expect_str(e2e_text(a.json, "data.0.session_id"), id);
		expect_str(e2e_text(a.json, "data.0.revoked_by"), STR("ada"));
		expect_str(e2e_text(a.json, "data.0.revoked_by_kind"), str_from(rows[i].kind));
		if (rows[i].has_tenant)
			expect_str(e2e_text(a.json, "data.0.revoked_by_tenant"), tn.id);
		else
			assert_true(e2e_is_null(a.json, "data.0.revoked_by_tenant"));
	}
}

static void pages__show_each_entry_once_newest_first(void **state)
{
	enum { CALLS = 9, EACH = 5, ENTRIES = CALLS * EACH };
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	static const int sizes[] = {1, 7, 20, ENTRIES, 100};

	/* Those of one call share their instant. */
	for (int i = 0; i < CALLS; i++)
		end_some(t, tn, "u", EACH, "null");
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		int pages = (ENTRIES + sizes[i] - 1) / sizes[i], seen = 0;
		struct str shown[ENTRIES];
		int64_t before = INT64_MAX;
		struct e2e_answer a = {0};

		for (int page = 1; page <= pages + 1; page++) {
			a = list(t, arena_printf(t->arena, "?tenant_id=%s&per_page=%d&page=%d",
					    tn.id.p, sizes[i], page));
			assert_int_equal(total(&a), ENTRIES);
			assert_int_equal(e2e_int(a.json, "pagination.page"), page);
			assert_int_equal(e2e_int(a.json, "pagination.per_page"), sizes[i]);
			assert_int_equal(e2e_int(a.json, "pagination.total_pages"), pages);
			for (const struct json *e = e2e_at(a.json, "data")->first; e != NULL;
				e = e->next) {
				int64_t at = e2e_ms(e, "revoked_at");

				assert_true(at <= before && seen < ENTRIES);
				before = at;
				shown[seen] = e2e_text(e, "session_id");
				for (int k = 0; k < seen; k++)
					assert_false(str_eq(shown[k], shown[seen]));
				seen++;
			}
		}
		assert_int_equal(e2e_at(a.json, "data")->count, 0);
		assert_int_equal(seen, ENTRIES);
	}
	struct e2e_answer a = list(t, OF(tn, "&page=9223372036854775807&per_page=100"));

	assert_int_equal(e2e_at(a.json, "data")->count, 0);
	assert_int_equal(total(&a), ENTRIES);
	a = list(t, "?tenant_id=no-such-tenant");
	assert_int_equal(total(&a), 0);
	assert_int_equal(e2e_int(a.json, "pagination.total_pages"), 0);
}

static void filters__narrow_together(void **state)
{
	struct e2e *t = *state;
	struct str partner = e2e_partner(t), user = e2e_name(t, "usr");
	struct e2e_tenant a = e2e_tenant(t, partner), b = e2e_tenant(t, partner);
	struct e2e_tenant c = e2e_tenant(t, e2e_partner(t)), d = e2e_tenant(t, STR_NONE);
	const struct e2e_tenant tenants[] = {a, b, c, d};

	for (size_t i = 0; i < ARRAY_LEN(tenants); i++) {
		end_some(t, tenants[i], user.p, (int)i + 1, "null");
		end_some(t, tenants[i], "other", 10, "null");
	}

	const struct {
		const char *query;
		int64_t want;
	} rows[] = {
		{arena_printf(t->arena, "?user_id=%s", user.p), 1 + 2 + 3 + 4},
		{arena_printf(t->arena, "?tenant_id=%s", b.id.p), 12},
		{arena_printf(t->arena, "?tenant_id=%s&user_id=%s", b.id.p, user.p), 2},
		{arena_printf(t->arena, "?partner_id=%s", partner.p), 1 + 2 + 20},
		{arena_printf(t->arena, "?partner_id=%s&user_id=%s", partner.p, user.p), 3},
		{arena_printf(t->arena, "?partner_id=%s&tenant_id=%s", partner.p, a.id.p), 11},
		{arena_printf(t->arena, "?partner_id=%s&tenant_id=%s", partner.p, c.id.p), 0},
		{arena_printf(t->arena, "?partner_id=%s&tenant_id=%s", partner.p, d.id.p), 0},
		{arena_printf(t->arena, "?user_id=%s&tenant_id=no-such-tenant", user.p), 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_answer got = list(t, rows[i].query);

		if (total(&got) != rows[i].want)
			fail_msg("%s: %lld, expected %lld", rows[i].query, (long long)total(&got),
				(long long)rows[i].want);
	}
	struct e2e_answer got = e2e_get(
		t, e2e_super_admin(t), "/api/v1/tenants/%s/audit?user_id=%s", c.id.p, user.p);

	expect_status(&got, 200);
	assert_int_equal(total(&got), 3);
	for (const struct json *e = e2e_at(got.json, "data")->first; e != NULL; e = e->next) {
		expect_members(e, ENTRY);
		expect_str(e2e_text(e, "tenant_id"), c.id);
		expect_str(e2e_text(e, "user_id"), user);
	}
	/* What only the platform may ask is ignored here. */
	got = e2e_get(t, e2e_super_admin(t), "/api/v1/tenants/%s/audit?tenant_id=%s&partner_id=%s",
		c.id.p, a.id.p, partner.p);
	assert_int_equal(total(&got), 13);
}

static void administrators__see_their_own_only(void **state)
{
	struct e2e *t = *state;
	struct str partner = e2e_partner(t);
	struct e2e_tenant mine = e2e_tenant(t, partner), also = e2e_tenant(t, partner);
	struct e2e_tenant other = e2e_tenant(t, e2e_partner(t));
	struct str tenant_admin = e2e_token(t,
		"{\"sub\":\"a\",\"role\":\"tenant_admin\","
		"\"tenant_id\":\"%s\"}",
		mine.id.p);
	struct str partner_admin = e2e_token(t,
		"{\"sub\":\"p\",\"role\":\"partner_admin\","
		"\"partner_id\":\"%s\"}",
		partner.p);
	struct e2e_answer a;

	end_some(t, mine, "u", 1, "null");
	end_some(t, also, "u", 2, "null");
	end_some(t, other, "u", 4, "null");

	a = e2e_get(t, tenant_admin, "/api/v1/tenants/%s/audit", mine.id.p);
	expect_status(&a, 200);
	assert_int_equal(total(&a), 1);
	a = e2e_get(t, tenant_admin, "/api/v1/tenants/%s/audit/", also.id.p);
	expect_status(&a, 403);
	a = e2e_get(t, tenant_admin, ADMIN);
	expect_status(&a, 403);

	a = e2e_get(t, partner_admin, ADMIN);
	expect_status(&a, 200);
	assert_int_equal(total(&a), 3);
	a = e2e_get(t, partner_admin, ADMIN "?tenant_id=%s", other.id.p);
	expect_status(&a, 200);
	assert_int_equal(total(&a), 0);
	a = e2e_get(t, partner_admin, ADMIN "?partner_id=%s", other.partner_id.p);
	assert_int_equal(total(&a), 0);
	a = e2e_get(t, partner_admin, "/api/v1/tenants/%s/audit", also.id.p);
	assert_int_equal(total(&a), 2);
	a = e2e_get(t, partner_admin, "/api/v1/tenants/%s/audit", other.id.p);
	expect_status(&a, 404);
	a = e2e_get(t, e2e_super_admin(t), "/api/v1/tenants/no-such-tenant/audit");
	expect_status(&a, 404);
}

static void others__may_not(void **state)
{
	static const struct {
		const char *claims;
		int want;
	} rows[] = {
		{"{\"sub\":\"u\",\"tenant_id\":\"t\"}", 403},
		{"{\"sub\":\"s\",\"platform_token\":true,\"scope\":\"admin:write sessions:write\"}",
			403},
		{"{\"sub\":\"s\",\"platform_token\":true,\"scope\":\"admin:read\"}", 200},
	};
	struct e2e *t = *state;
	struct e2e_answer a = e2e_get(t, STR_NONE, ADMIN);

	expect_status(&a, 401);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		a = e2e_get(t, e2e_token(t, "%s", rows[i].claims), ADMIN "/?per_page=1");
		expect_status(&a, rows[i].want);
	}
	a = e2e_delete(t, e2e_super_admin(t), ADMIN);
	expect_status(&a, 405);
	expect_str(e2e_header(&a, "Allow"), STR("GET, HEAD"));
}

static void parameters__are_validated(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	const char *paths[] = {ADMIN, arena_printf(t->arena, "/api/v1/tenants/%s/audit", tn.id.p)};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct e2e_answer a =
			e2e_get(t, e2e_super_admin(t), "%s?per_page=101&page=x", paths[i]);

		expect_status(&a, 422);
		expect_body(&a, "{\"detail\":[{\"loc\":[\"query\",\"page\"],"
				"\"msg\":\"Input should be a valid integer, unable to parse string "
				"as an integer\","
				"\"type\":\"int_parsing\"},{\"loc\":[\"query\",\"per_page\"],"
				"\"msg\":\"Input should be less than or equal to 100\","
				"\"type\":\"less_than_equal\"}]}");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entry__says_who_ended_what_and_how),
		cmocka_unit_test(entry__tells_the_same_name_of_two_callers_apart),
		cmocka_unit_test(pages__show_each_entry_once_newest_first),
		cmocka_unit_test(filters__narrow_together),
		cmocka_unit_test(administrators__see_their_own_only),
		cmocka_unit_test(others__may_not),
		cmocka_unit_test(parameters__are_validated),
	};

	return cmocka_run_group_tests_name("Audit", tests, e2e_open, e2e_close);
}
