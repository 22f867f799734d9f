/* SPDX-License-Identifier: MIT
 * The documented answers of the Sessions API's fourteen endpoints, member by member and in order
 * (schema/api.md 2.1, 2.4), through the running stack. */
/* e2e: shared-host */
#include "lib/e2e.h"

#define ITEM                                                                                       \
	"id user_id user_email ip_address user_agent device_type is_current created_at "           \
	"last_activity_at expires_at app_count *"
#define DETAIL                                                                                     \
	"id user_id user_email user_display_name ip_address user_agent device_type location "      \
	"is_current created_at last_activity_at expires_at sso_apps *"
#define STATS                                                                                      \
	"total_sessions active_sessions expired_sessions revoked_sessions unique_users "           \
	"by_device_type created_last_24h revoked_last_24h expiring_next_24h "                      \
	"average_duration_seconds last_activity_at"

/* What the tests of this file look at: one session that knows everything, one that knows nothing.
 */
struct world {
	struct e2e_tenant tenant;
	struct session_new full, bare;
	int64_t app_ms;
	struct str root;
};

static struct str put_full(struct e2e *t, struct world *w)
{
	const struct user_new user = {
		w->tenant.id, STR("usr_full"), STR("full@example.org"), STR("Full Name"), 0};

	w->full = e2e_session(t, w->tenant, user.id);
	w->full.ip_address = STR("2001:db8::1");
	w->full.user_agent = STR("Mozilla/5.0 (X11; Linux x86_64)");
	w->full.device_type = STR("desktop");
	w->full.location = STR("Utrecht, Netherlands");
	w->full.last_activity_ms = w->full.created_ms + 1234;
	w->app_ms = w->full.created_ms + 5;
	e2e_user(t, &user);
	w->full.app_count = 2;
	w->full.apps = str_printf(t->arena,
		"{\"app_a\":{\"at\":%lld},\"app_b\":{\"name\":\"Beta\",\"at\":%lld}}",
		(long long)w->app_ms, (long long)w->app_ms + 1);
	e2e_put(t, &w->full);
	return w->full.id;
}

static struct world world(struct e2e *t)
{
	struct world w = {.tenant = e2e_tenant(t, e2e_partner(t)), .root = e2e_super_admin(t)};

	put_full(t, &w);
	w.bare = e2e_session(t, w.tenant, STR("usr_bare"));
	w.bare.created_ms -= 1000;
	e2e_put(t, &w.bare);
	return w;
}

/* Envelope: what every answer with a body has. */
static void check_envelope(struct e2e *t, const struct e2e_answer *a, const char *members)
{
	int64_t now = e2e_now_ms(t), at;

	expect_status(a, 200);
	expect_str(e2e_header(a, "Content-Type"), STR("application/json"));
	expect_members(a->json, members);
	expect_members(e2e_at(a->json, "meta"), "request_id timestamp");
	expect_str(e2e_text(a->json, "meta.request_id"), e2e_header(a, "X-Request-Id"));
	at = e2e_ms(a->json, "meta.timestamp");
	assert_in_range(now - at + 5000, 0, 10000);
}

static void check_page(struct e2e *t, const struct e2e_answer *a, int64_t total)
{
	check_envelope(t, a, "data pagination meta");
	expect_members(e2e_at(a->json, "pagination"), "page per_page total_items total_pages");
	assert_int_equal(e2e_int(a->json, "pagination.page"), 1);
	assert_int_equal(e2e_int(a->json, "pagination.per_page"), 20);
	assert_int_equal(e2e_int(a->json, "pagination.total_items"), total);
	assert_int_equal(e2e_int(a->json, "pagination.total_pages"), total > 0);
	assert_int_equal(e2e_at(a->json, "data")->count, total);
}

static void check_full_common(const struct json *s, const struct world *w, bool current)
{
	expect_str(e2e_text(s, "id"), w->full.id);
	expect_str(e2e_text(s, "user_id"), STR("usr_full"));
	expect_str(e2e_text(s, "user_email"), STR("full@example.org"));
	expect_str(e2e_text(s, "ip_address"), w->full.ip_address);
	expect_str(e2e_text(s, "user_agent"), w->full.user_agent);
	expect_str(e2e_text(s, "device_type"), w->full.device_type);
	assert_int_equal(e2e_bool(s, "is_current"), current);
	assert_int_equal(e2e_ms(s, "created_at"), w->full.created_ms);
	assert_int_equal(e2e_ms(s, "last_activity_at"), w->full.last_activity_ms);
	assert_int_equal(e2e_ms(s, "expires_at"), w->full.expires_ms);
	/* Extensions. */
	expect_str(e2e_text(s, "tenant_id"), w->tenant.id);
	expect_str(e2e_text(s, "status"), STR("active"));
	assert_true(e2e_is_null(s, "revoked_at"));
	assert_true(e2e_is_null(s, "revoked_by"));
	assert_true(e2e_is_null(s, "revoke_reason"));
}

static void check_full_item(const struct json *s, const struct world *w, bool current)
{
	expect_members(s, ITEM);
	check_full_common(s, w, current);
	assert_int_equal(e2e_int(s, "app_count"), 2);
}

static void check_bare_common(const struct json *s, const struct world *w)
{
	static const char *const unknown[] = {
		"user_email",
		"ip_address",
		"user_agent",
		"device_type",
		"last_activity_at",
	};

	expect_str(e2e_text(s, "id"), w->bare.id);
	expect_str(e2e_text(s, "user_id"), STR("usr_bare"));
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
		assert_true(e2e_is_null(s, unknown[i]));
	assert_false(e2e_bool(s, "is_current"));
	assert_int_equal(e2e_ms(s, "created_at"), w->bare.created_ms);
	assert_int_equal(e2e_ms(s, "expires_at"), w->bare.expires_ms);
}

static void check_bare_item(const struct json *s, const struct world *w)
{
	expect_members(s, ITEM);
	check_bare_common(s, w);
	assert_int_equal(e2e_int(s, "app_count"), 0);
}

static void check_full_detail(const struct json *s, const struct world *w)
{
	expect_members(s, DETAIL);
	check_full_common(s, w, false);
	expect_str(e2e_text(s, "user_display_name"), STR("Full Name"));
	expect_str(e2e_text(s, "location"), w->full.location);
	assert_int_equal(e2e_at(s, "sso_apps")->count, 2);
	expect_members(e2e_at(s, "sso_apps.0"), "application_id application_name accessed_at");
	expect_str(e2e_text(s, "sso_apps.0.application_id"), STR("app_b"));
	expect_str(e2e_text(s, "sso_apps.0.application_name"), STR("Beta"));
	assert_int_equal(e2e_ms(s, "sso_apps.0.accessed_at"), w->app_ms + 1);
	/* An application that nobody named goes by its id: the documented field is no null. */
	expect_str(e2e_text(s, "sso_apps.1.application_id"), STR("app_a"));
	expect_str(e2e_text(s, "sso_apps.1.application_name"), STR("app_a"));
	assert_int_equal(e2e_ms(s, "sso_apps.1.accessed_at"), w->app_ms);
}

static void lists__are_pages_of_documented_items(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	struct e2e_answer a =
		e2e_get(t, w.root, "/api/v1/admin/sessions/?tenant_id=%s", w.tenant.id.p);

	check_page(t, &a, 2);
	check_full_item(e2e_at(a.json, "data.0"), &w, false);
	check_bare_item(e2e_at(a.json, "data.1"), &w);
	a = e2e_get(t, w.root, "/api/v1/tenants/%s/sessions", w.tenant.id.p);
	check_page(t, &a, 2);
	check_full_item(e2e_at(a.json, "data.0"), &w, false);
	check_bare_item(e2e_at(a.json, "data.1"), &w);
	a = e2e_get(t, w.root, "/api/v1/tenants/%s/sessions/users/usr_full", w.tenant.id.p);
	check_page(t, &a, 1);
	check_full_item(e2e_at(a.json, "data.0"), &w, false);
	a = e2e_get(t, w.root, "/api/v1/tenants/%s/sessions/users/usr_bare", w.tenant.id.p);
	check_page(t, &a, 1);
	check_bare_item(e2e_at(a.json, "data.0"), &w);
	a = e2e_get(t, w.root, "/api/v1/tenants/%s/sessions/users/usr_none", w.tenant.id.p);
	check_page(t, &a, 0);
}

static void own_list__has_no_pages_and_marks_the_current_session(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	struct session_new other = e2e_session(t, w.tenant, STR("usr_full"));
	struct str token =
		e2e_token(t, "{\"sub\":\"usr_full\",\"tenant_id\":\"%s\",\"sid\":\"%s\"}",
			w.tenant.id.p, w.full.id.p);
	struct e2e_answer a;

	other.created_ms -= 1000;
	e2e_put(t, &other);
	a = e2e_get(t, token, "/api/v1/me/sessions");
	check_envelope(t, &a, "data meta");
	assert_int_equal(e2e_at(a.json, "data")->count, 2);
	check_full_item(e2e_at(a.json, "data.0"), &w, true);
	expect_members(e2e_at(a.json, "data.1"), ITEM);
	expect_str(e2e_text(a.json, "data.1.id"), other.id);
	assert_false(e2e_bool(a.json, "data.1.is_current"));
	/* Nobody has signed in: no session, and no error. */
	a = e2e_get(
		t, e2e_token(t, "{\"sub\":\"%s\"}", e2e_name(t, "usr").p), "/api/v1/me/sessions");
	check_envelope(t, &a, "data meta");
	assert_int_equal(e2e_at(a.json, "data")->count, 0);
}

static void details__hold_every_documented_member(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	const char *tenant = w.tenant.id.p;
	struct e2e_answer a = e2e_get(t, w.root, "/api/v1/admin/sessions/%s", w.full.id.p);

	check_envelope(t, &a, "data meta");
	check_full_detail(e2e_at(a.json, "data"), &w);
	a = e2e_get(t, w.root, "/api/v1/tenants/%s/sessions/%s", tenant, w.full.id.p);
	check_envelope(t, &a, "data meta");
	check_full_detail(e2e_at(a.json, "data"), &w);
	a = e2e_get(t, w.root, "/api/v1/admin/sessions/%s", w.bare.id.p);
	check_envelope(t, &a, "data meta");
	expect_members(e2e_at(a.json, "data"), DETAIL);
	check_bare_common(e2e_at(a.json, "data"), &w);
	assert_true(e2e_is_null(a.json, "data.user_display_name"));
	assert_true(e2e_is_null(a.json, "data.location"));
	assert_int_equal(e2e_at(a.json, "data.sso_apps")->type, JSON_ARRAY);
	assert_int_equal(e2e_at(a.json, "data.sso_apps")->count, 0);
}

static void current_session__is_marked_in_every_shape(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	struct str token = e2e_token(
		t, "{\"sub\":\"usr_full\",\"role\":\"super_admin\",\"sid\":\"%s\"}", w.full.id.p);
	const char *tenant = w.tenant.id.p;
	struct e2e_answer a;

	a = e2e_get(t, token, "/api/v1/admin/sessions/%s", w.full.id.p);
	assert_true(e2e_bool(a.json, "data.is_current"));
	a = e2e_get(t, token, "/api/v1/admin/sessions/%s", w.bare.id.p);
	assert_false(e2e_bool(a.json, "data.is_current"));
	a = e2e_get(t, token, "/api/v1/tenants/%s/sessions", tenant);
	assert_true(e2e_bool(a.json, "data.0.is_current"));
	assert_false(e2e_bool(a.json, "data.1.is_current"));
}

static void check_revoked(struct e2e *t, const struct e2e_answer *a, struct str id)
{
	check_envelope(t, a, "data meta");
	expect_members(e2e_at(a->json, "data"), "revoked_count session_ids");
	assert_int_equal(e2e_int(a->json, "data.revoked_count"), id.p != NULL);
	assert_int_equal(e2e_at(a->json, "data.session_ids")->type, JSON_ARRAY);
	assert_int_equal(e2e_at(a->json, "data.session_ids")->count, id.p != NULL);
	if (id.p != NULL)
		expect_str(e2e_text(a->json, "data.session_ids.0"), id);
}

static void revocations__list_what_they_ended(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str root = e2e_super_admin(t), id = e2e_put_session(t, tn, STR("u"));
	struct str user = e2e_token(t, "{\"sub\":\"u\",\"tenant_id\":\"%s\"}", tn.id.p);
	const char *body = arena_printf(t->arena, "{\"tenant_id\":\"%s\"}", tn.id.p);
	struct e2e_answer a = e2e_post(t, root, body, "/api/v1/admin/sessions/revoke-all");

	check_revoked(t, &a, id);
	a = e2e_post(t, root, body, "/api/v1/admin/sessions/revoke-all");
	check_revoked(t, &a, STR_NONE);
	id = e2e_put_session(t, tn, STR("u"));
	a = e2e_post(t, user, NULL, "/api/v1/me/sessions/revoke-all");
	check_revoked(t, &a, id);
	id = e2e_put_session(t, tn, STR("u"));
	a = e2e_delete(t, user, "/api/v1/me/sessions/%s", id.p);
	check_revoked(t, &a, id);
	id = e2e_put_session(t, tn, STR("u"));
	a = e2e_post(t, root, NULL, "/api/v1/tenants/%s/sessions/revoke-all", tn.id.p);
	check_revoked(t, &a, id);
	id = e2e_put_session(t, tn, STR("u"));
	a = e2e_post(t, root, "{\"revoke_all\":true}", "/api/v1/tenants/%s/sessions/users/u/revoke",
		tn.id.p);
	check_revoked(t, &a, id);
}

static void check_empty(const struct e2e_answer *a)
{
	expect_status(a, 204);
	expect_body(a, "");
	expect_str(e2e_header(a, "Content-Type"), STR_NONE);
	assert_true(e2e_header(a, "X-Request-Id").n > 0);
}

static void administrators_deletes__are_204_without_a_body(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str root = e2e_super_admin(t);
	struct e2e_answer a;

	a = e2e_delete(t, root, "/api/v1/admin/sessions/%s", e2e_put_session(t, tn, STR("u")).p);
	check_empty(&a);
	a = e2e_delete(t, root, "/api/v1/tenants/%s/sessions/%s", tn.id.p,
		e2e_put_session(t, tn, STR("u")).p);
	check_empty(&a);
}

static void stats__hold_every_documented_member(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	struct e2e_answer a =
		e2e_get(t, w.root, "/api/v1/tenants/%s/sessions/stats", w.tenant.id.p);

	check_envelope(t, &a, "data meta");
	expect_members(e2e_at(a.json, "data"), STATS);
}

static void ended_sessions__say_how_they_ended(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct session_new s = e2e_session(t, tn, STR("u"));
	struct str root = e2e_super_admin(t);
	struct e2e_answer a;

	s.expires_ms = s.created_ms + 1;
	a = e2e_get(t, root, "/api/v1/admin/sessions/%s", e2e_put(t, &s).p);
	check_envelope(t, &a, "data meta");
	expect_members(e2e_at(a.json, "data"), DETAIL);
	expect_str(e2e_text(a.json, "data.status"), STR("expired"));
	s.id = e2e_name(t, "ses");
	s.revoked_ms = s.created_ms;
	s.revoked_by.subject = STR("usr_b");
	s.revoke_reason = STR("lost");
	a = e2e_get(t, root, "/api/v1/tenants/%s/sessions/%s", tn.id.p, e2e_put(t, &s).p);
	expect_str(e2e_text(a.json, "data.status"), STR("revoked"));
	assert_int_equal(e2e_ms(a.json, "data.revoked_at"), s.created_ms);
	expect_str(e2e_text(a.json, "data.revoked_by"), STR("usr_b"));
	expect_str(e2e_text(a.json, "data.revoke_reason"), STR("lost"));
}

static void odd_text__comes_back_as_it_is(void **state)
{
	static const struct {
		const char *name;
		struct str text;
	} rows[] = {
		{"emoji", {"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", 11}},
		{"quotes and backslashes", {"\"'\\/\\u0041\\\"`", 13}},
		{"right to left", {"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d\xe2\x80\xae x", 13}},
		{"control characters", {"\x01\x02\b\t\n\v\f\r\x1b\x1f\x7f", 11}},
		{"line separators", {"a\xe2\x80\xa8"
				     "b\xe2\x80\xa9"
				     "c",
					    9}},
		{"noncharacter and plane 16", {"\xef\xbf\xbf\xf4\x8f\xbf\xbf", 7}},
		{"markup", {"</script><b>&amp;", 17}},
		{"spaces at the end", {"x  ", 3}},
		{"nothing at all", {"", 0}},
	};
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str root = e2e_super_admin(t);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct session_new s = e2e_session(t, tn, e2e_name(t, "usr"));
		const struct user_new user = {tn.id, s.user_id, rows[i].text, rows[i].text, 0};
		struct e2e_answer a;

		print_message("           %s\n", rows[i].name);
		s.user_agent = s.location = rows[i].text;
		e2e_user(t, &user);
		a = e2e_get(t, root, "/api/v1/admin/sessions/%s", e2e_put(t, &s).p);
		expect_status(&a, 200);
		expect_str(e2e_text(a.json, "data.user_email"), rows[i].text);
		expect_str(e2e_text(a.json, "data.user_display_name"), rows[i].text);
		expect_str(e2e_text(a.json, "data.user_agent"), rows[i].text);
		expect_str(e2e_text(a.json, "data.location"), rows[i].text);
		for (size_t n = 0; n < a.body.n; n++)
			assert_true((unsigned char)a.body.p[n] >= ' ');
		a = e2e_get(t, root, "/api/v1/tenants/%s/sessions/users/%s", tn.id.p, s.user_id.p);
		expect_str(e2e_text(a.json, "data.0.user_agent"), rows[i].text);
	}
}

static void odd_ids__are_reached_percent_encoded(void **state)
{
	static const char *const stems[] = {
		"a b",
		"a+b",
		"a%b",
		"a%2Fb",
		"a?b",
		"a#b",
		"a&b=c",
		"a\"b",
		"a\\b",
		"a;b,c",
		"\xc3\xbc\xf0\x9f\x98\x80",
		"..",
		"a:b@c",
		"~._-",
	};
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t);

	for (size_t i = 0; i < ARRAY_LEN(stems); i++) {
		struct e2e_tenant tn = {e2e_name(t, stems[i]), STR_NONE};
		struct session_new s = e2e_session(t, tn, str_from(stems[i]));
		struct e2e_answer a;
		const char *tenant, *id;

		print_message("           %s\n", stems[i]);
		s.id = e2e_name(t, stems[i]);
		assert_int_equal(register_tenant(t->db, tn.id, STR_NONE, STR_NONE), ERR_OK);
		e2e_put(t, &s);
		tenant = str_percent_encode(t->arena, tn.id).p;
		id = str_percent_encode(t->arena, s.id).p;
		a = e2e_get(t, root, "/api/v1/tenants/%s/sessions/%s", tenant, id);
		expect_status(&a, 200);
		expect_str(e2e_text(a.json, "data.id"), s.id);
		expect_str(e2e_text(a.json, "data.user_id"), s.user_id);
		a = e2e_get(t, root, "/api/v1/admin/sessions?tenant_id=%s&user_id=%s", tenant,
			str_percent_encode(t->arena, s.user_id).p);
		assert_true(e2e_has(e2e_at(a.json, "data"), s.id));
		a = e2e_delete(t, root, "/api/v1/tenants/%s/sessions/%s", tenant, id);
		expect_status(&a, 204);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists__are_pages_of_documented_items),
		cmocka_unit_test(own_list__has_no_pages_and_marks_the_current_session),
		cmocka_unit_test(details__hold_every_documented_member),
		cmocka_unit_test(current_session__is_marked_in_every_shape),
		cmocka_unit_test(revocations__list_what_they_ended),
		cmocka_unit_test(administrators_deletes__are_204_without_a_body),
		cmocka_unit_test(stats__hold_every_documented_member),
		cmocka_unit_test(ended_sessions__say_how_they_ended),
		cmocka_unit_test(odd_text__comes_back_as_it_is),
		cmocka_unit_test(odd_ids__are_reached_percent_encoded),
	};

	return cmocka_run_group_tests_name("Sessions API: answers", tests, e2e_open, e2e_close);
}
