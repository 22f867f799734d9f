/* SPDX-License-Identifier: MIT
 * The rules of revoking (schema/api.md 2.3) through every endpoint that revokes: what an answer
 * lists, what is spared, what is left behind in the audit. Revokers that race: test_v1_race.c. */
/* e2e: every-server, shared-host */
#include "lib/e2e.h"

#define NO_SESSION "{\"detail\":\"Session not found\"}"

static bool is_revoked(struct e2e *t, struct str id)
{
	return e2e_count(t, SQL("SELECT COUNT(*) FROM ended WHERE id = ? AND how = 'revoked'"), 1,
		       db_str(id)) == 1;
}

static int64_t audit_rows(struct e2e *t, struct str id)
{
	return e2e_count(
		t, SQL("SELECT COUNT(*) FROM test_revocation WHERE session_id = ?"), 1, db_str(id));
}

/* Just these, in any order. */
static void expect_ended(struct e2e *t, const struct e2e_answer *a, const struct str *ids, size_t n)
{
	expect_status(a, 200);
	if (e2e_int(a->json, "data.revoked_count") != (int64_t)n)
		print_error("%.*s\n", STR_FMT(a->body));
	assert_int_equal(e2e_int(a->json, "data.revoked_count"), n);
	assert_int_equal(e2e_at(a->json, "data.session_ids")->count, n);
	for (size_t i = 0; i < n; i++) {
		assert_true(e2e_has(e2e_at(a->json, "data.session_ids"), ids[i]));
		assert_true(is_revoked(t, ids[i]));
		assert_int_equal(audit_rows(t, ids[i]), 1);
	}
}

static void expect_spared(struct e2e *t, struct str id)
{
	assert_false(is_revoked(t, id));
	assert_int_equal(audit_rows(t, id), 0);
}

static struct str put_expired(struct e2e *t, struct e2e_tenant tn, struct str user)
{
	struct session_new s = e2e_session(t, tn, user);

	s.expires_ms = s.created_ms + 1000;
	return e2e_put(t, &s);
}

static struct str put_revoked(struct e2e *t, struct e2e_tenant tn, struct str user)
{
	struct session_new s = e2e_session(t, tn, user);

	s.revoked_ms = s.created_ms + 1000;
	s.revoked_by.subject = STR("somebody");
	return e2e_put(t, &s);
}

static void named_ids__end_if_they_are_that_users_and_alive(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE), elsewhere = e2e_tenant(t, STR_NONE);
	struct str root = e2e_super_admin(t);
	struct str ended[] = {e2e_put_session(t, tn, STR("u")), e2e_put_session(t, tn, STR("u"))};
	struct str unnamed = e2e_put_session(t, tn, STR("u"));
	struct str anothers = e2e_put_session(t, tn, STR("v"));
	struct str namesakes = e2e_put_session(t, elsewhere, STR("u"));
	struct str expired = put_expired(t, tn, STR("u")), dead = put_revoked(t, tn, STR("u"));
	/* One twice; one in other letters, one with a space behind, an empty one: other ids. */
	struct str upper = str_dup(t->arena, unnamed);
	const char *body;
	struct e2e_answer a;

	memcpy((char *)(uintptr_t)upper.p, "SES", 3);
	body = arena_printf(t->arena,
		"{\"session_ids\":[\"%s\",\"%s\",\"%s\",\"%s\",\"%s\",\"%s\",\"%s\",\"unknown\",\"%"
		"s\","
		"\"%s \",\"\"]}",
		ended[0].p, anothers.p, ended[1].p, ended[0].p, namesakes.p, expired.p, dead.p,
		upper.p, unnamed.p);
	a = e2e_post(t, root, body, "/api/v1/tenants/%s/sessions/users/u/revoke", tn.id.p);
	expect_ended(t, &a, ended, 2);
	expect_spared(t, unnamed);
	expect_spared(t, anothers);
	expect_spared(t, namesakes);
	expect_spared(t, expired);
	assert_int_equal(audit_rows(t, dead), 1);
	expect_str(e2e_column(t, SQL("SELECT revoked_by FROM test_session WHERE id = ?"), 1,
			   db_str(dead)),
		STR("somebody"));
	/* Again: safe, and nothing is claimed twice. */
	a = e2e_post(t, root, body, "/api/v1/tenants/%s/sessions/users/u/revoke", tn.id.p);
	expect_ended(t, &a, NULL, 0);
	assert_int_equal(audit_rows(t, ended[0]), 1);
}

static void odd_ids__can_be_named(void **state)
{
	static const char *const stems[] = {
		"\xf0\x9f\x98\x80",
		"a\\\"b",
		"a b",
		"\xc3\xa9",
		"%",
		"_",
		"[1]",
		"$[*]",
		"'; --",
	};
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str ids[ARRAY_LEN(stems)];
	struct e2e_answer a;
	struct buf body;

	buf_init(&body, t->arena);
	buf_str(&body, STR("{\"session_ids\":["));
	for (size_t i = 0; i < ARRAY_LEN(stems); i++) {
		struct session_new s = e2e_session(t, tn, STR("u"));

		s.id = ids[i] = e2e_name(t, stems[i]);
		e2e_put(t, &s);
		buf_str(&body, i > 0 ? STR(",\"") : STR("\""));
		for (size_t n = 0; n < ids[i].n; n++) {
			if (strchr("\"\\", ids[i].p[n]) != NULL)
				buf_char(&body, '\\');
			buf_char(&body, ids[i].p[n]);
		}
		buf_char(&body, '"');
	}
	buf_str(&body, STR("]}"));
	buf_char(&body, '\0');
	a = e2e_post(t, e2e_super_admin(t), body.p, "/api/v1/tenants/%s/sessions/users/u/revoke",
		tn.id.p);
	expect_ended(t, &a, ids, ARRAY_LEN(ids));
}

static void id_of_any_form__is_an_unknown_one(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str id = e2e_put_session(t, tn, STR("u"));
	char *many = arena_zalloc(t->arena, 10001);
	struct e2e_answer a;

	memset(many, 'x', 10000);
	a = e2e_post(t, e2e_super_admin(t),
		arena_printf(t->arena,
			"{\"session_ids\":[\"%s\",\"%.256s\",\"a\\u0000b\",\"\",\"%s\"]}", many,
			many, id.p),
		"/api/v1/tenants/%s/sessions/users/u/revoke", tn.id.p);
	expect_ended(t, &a, &id, 1);
	a = e2e_post(t, e2e_super_admin(t),
		arena_printf(t->arena, "{\"session_ids\":[\"%.256s\"]}", many),
		"/api/v1/tenants/%s/sessions/users/u/revoke", tn.id.p);
	expect_ended(t, &a, NULL, 0);
}

static void current_session__is_spared_unless_told_otherwise(void **state)
{
	static const struct {
		const char *name, *body;
		bool with_sid, ends_current;
	} rows[] = {
		{"all, by default", "{\"revoke_all\":true}", true, false},
		{"all, spared", "{\"revoke_all\":true,\"except_current\":true}", true, false},
		{"all, not spared", "{\"revoke_all\":true,\"except_current\":false}", true, true},
		{"all, token without sid", "{\"revoke_all\":true}", false, true},
		{"named, by default", "{\"session_ids\":[\"%s\",\"%s\"]}", true, false},
		{"named, not spared", "{\"session_ids\":[\"%s\",\"%s\"],\"except_current\":false}",
			true, true},
		{"named, token without sid", "{\"session_ids\":[\"%s\",\"%s\"]}", false, true},
	};
	struct e2e *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
		struct str ids[] = {
			e2e_put_session(t, tn, STR("u")), e2e_put_session(t, tn, STR("u"))};
		struct str sid = rows[i].with_sid
					 ? str_printf(t->arena, ",\"sid\":\"%s\"", ids[1].p)
					 : STR("");
		struct str token = e2e_token(t,
			"{\"sub\":\"u\",\"role\":\"tenant_admin\",\"tenant_id\":\"%s\"%s}", tn.id.p,
			sid.p);
		struct buf body;
		struct e2e_answer a;
		size_t next = 0;

		buf_init(&body, t->arena);
		for (const char *p = rows[i].body; *p != '\0'; p++) {
			if (*p == '%') {
				buf_str(&body, ids[next++]);
				p++;
			} else {
				buf_char(&body, *p);
			}
		}
		buf_char(&body, '\0');
		print_message("           %s\n", rows[i].name);
		a = e2e_post(
			t, token, body.p, "/api/v1/tenants/%s/sessions/users/u/revoke", tn.id.p);
		expect_ended(t, &a, ids, rows[i].ends_current ? 2 : 1);
		if (!rows[i].ends_current)
			expect_spared(t, ids[1]);
		a = e2e_get(t, token, "/api/v1/me/sessions");
		expect_status(&a, rows[i].with_sid && rows[i].ends_current ? 401 : 200);
	}
}

static void own_revoke_all__spares_the_current_one_only(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str ids[] = {e2e_put_session(t, tn, STR("u")), e2e_put_session(t, tn, STR("u"))};
	struct str current = e2e_put_session(t, tn, STR("u")),
		   other = e2e_put_session(t, tn, STR("v"));
	struct str token = e2e_token(
		t, "{\"sub\":\"u\",\"tenant_id\":\"%s\",\"sid\":\"%s\"}", tn.id.p, current.p);
	struct e2e_answer a = e2e_post(t, token, NULL, "/api/v1/me/sessions/revoke-all");

	expect_ended(t, &a, ids, 2);
	expect_spared(t, current);
	expect_spared(t, other);
	a = e2e_post(t, token, "{\"except_current\":false}", "/api/v1/me/sessions/revoke-all");
	expect_ended(t, &a, NULL, 0);
	expect_spared(t, current);
	/* A token of no session has no current one. */
	a = e2e_post(t, e2e_token(t, "{\"sub\":\"u\",\"tenant_id\":\"%s\"}", tn.id.p), NULL,
		"/api/v1/me/sessions/revoke-all");
	expect_ended(t, &a, &current, 1);
}

static void tenant_revoke_all__ends_the_callers_own_too(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE), elsewhere = e2e_tenant(t, STR_NONE);
	struct str ids[] = {e2e_put_session(t, tn, STR("u")), e2e_put_session(t, tn, STR("v"))};
	struct str other = e2e_put_session(t, elsewhere, STR("u"));
	struct str token = e2e_token(t,
		"{\"sub\":\"u\",\"role\":\"tenant_admin\",\"tenant_id\":\"%s\",\"sid\":\"%s\"}",
		tn.id.p, ids[0].p);
	struct e2e_answer a =
		e2e_post(t, token, NULL, "/api/v1/tenants/%s/sessions/revoke-all", tn.id.p);

	expect_ended(t, &a, ids, 2);
	expect_spared(t, other);
	a = e2e_post(t, token, NULL, "/api/v1/tenants/%s/sessions/revoke-all", tn.id.p);
	expect_status(&a, 401);
}

static void admin_revoke_all__takes_user_tenant_or_both(void **state)
{
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t), user = e2e_name(t, "usr");
	struct e2e_tenant one = e2e_tenant(t, STR_NONE), two = e2e_tenant(t, STR_NONE);
	struct str in_one = e2e_put_session(t, one, user), in_two = e2e_put_session(t, two, user);
	struct str other = e2e_put_session(t, one, STR("v"));
	struct str again[2];
	struct e2e_answer a;

	a = e2e_post(t, root,
		arena_printf(
			t->arena, "{\"user_id\":\"%s\",\"tenant_id\":\"%s\"}", user.p, one.id.p),
		"/api/v1/admin/sessions/revoke-all");
	expect_ended(t, &a, &in_one, 1);
	expect_spared(t, in_two);
	expect_spared(t, other);
	again[0] = e2e_put_session(t, one, user);
	again[1] = in_two;
	a = e2e_post(t, root, arena_printf(t->arena, "{\"user_id\":\"%s\"}", user.p),
		"/api/v1/admin/sessions/revoke-all");
	expect_ended(t, &a, again, 2);
	expect_spared(t, other);
	again[0] = e2e_put_session(t, one, user);
	again[1] = other;
	a = e2e_post(t, root, arena_printf(t->arena, "{\"tenant_id\":\"%s\"}", one.id.p),
		"/api/v1/admin/sessions/revoke-all");
	expect_ended(t, &a, again, 2);
}

static void deleting_the_dead__succeeds_again(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str root = e2e_super_admin(t);
	struct str user = e2e_token(t, "{\"sub\":\"u\",\"tenant_id\":\"%s\"}", tn.id.p);
	struct str live = e2e_put_session(t, tn, STR("u"));
	const struct str dead[] = {
		put_revoked(t, tn, STR("u")), put_expired(t, tn, STR("u")), live};
	struct e2e_answer a = e2e_delete(t, user, "/api/v1/me/sessions/%s", live.p);

	expect_ended(t, &a, &live, 1);
	for (size_t i = 0; i < ARRAY_LEN(dead); i++) {
		int64_t rows = audit_rows(t, dead[i]);
		bool revoked = is_revoked(t, dead[i]);

		a = e2e_delete(t, user, "/api/v1/me/sessions/%s", dead[i].p);
		expect_ended(t, &a, NULL, 0);
		a = e2e_delete(t, root, "/api/v1/admin/sessions/%s", dead[i].p);
		expect_status(&a, 204);
		a = e2e_delete(t, root, "/api/v1/tenants/%s/sessions/%s", tn.id.p, dead[i].p);
		expect_status(&a, 204);
		assert_int_equal(audit_rows(t, dead[i]), rows);
		assert_int_equal(is_revoked(t, dead[i]), revoked);
	}
	a = e2e_delete(t, user, "/api/v1/me/sessions/never-was");
	expect_status(&a, 404);
	expect_body(&a, NO_SESSION);
	a = e2e_delete(t, root, "/api/v1/admin/sessions/never-was");
	expect_status(&a, 404);
	expect_body(&a, NO_SESSION);
	a = e2e_delete(t, root, "/api/v1/tenants/%s/sessions/never-was", tn.id.p);
	expect_status(&a, 404);
	expect_body(&a, NO_SESSION);
}

static void ended_sessions__leave_the_lists_and_stay_readable(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str root = e2e_super_admin(t), id = e2e_put_session(t, tn, STR("u"));
	int64_t before = e2e_now_ms(t), at;
	struct e2e_answer a = e2e_delete(t, root, "/api/v1/admin/sessions/%s", id.p);

	expect_status(&a, 204);
	a = e2e_get(t, root, "/api/v1/admin/sessions/?tenant_id=%s", tn.id.p);
	assert_int_equal(e2e_int(a.json, "pagination.total_items"), 0);
	a = e2e_get(t, root, "/api/v1/tenants/%s/sessions", tn.id.p);
	assert_int_equal(e2e_int(a.json, "pagination.total_items"), 0);
	a = e2e_get(t, root, "/api/v1/tenants/%s/sessions?active_only=false", tn.id.p);
	assert_int_equal(e2e_int(a.json, "pagination.total_items"), 1);
	expect_str(e2e_text(a.json, "data.0.status"), STR("revoked"));
	a = e2e_get(t, root, "/api/v1/admin/sessions/%s", id.p);
	expect_status(&a, 200);
	expect_str(e2e_text(a.json, "data.status"), STR("revoked"));
	expect_str(e2e_text(a.json, "data.revoked_by"), STR("usr_root"));
	at = e2e_ms(a.json, "data.revoked_at");
	assert_in_range(at - before, 0, 10000);
}

/* Audit */

static void check_audit(struct e2e *t, struct e2e_tenant tn, struct str id, const char *request_id,
	const char *endpoint)
{
	static const struct {
		const char *name;
		struct sql_frag sql;
	} columns[] = {
		{"tenant_id",
			SQL_INIT("SELECT tenant_id FROM test_revocation WHERE session_id = ?")},
		{"user_id", SQL_INIT("SELECT user_id FROM test_revocation WHERE session_id = ?")},
		{"revoked_by",
			SQL_INIT("SELECT revoked_by FROM test_revocation WHERE session_id = ?")},
		{"endpoint", SQL_INIT("SELECT endpoint FROM test_revocation WHERE session_id = ?")},
		{"request_id",
			SQL_INIT("SELECT request_id FROM test_revocation WHERE session_id = ?")},
	};
	const struct str want[ARRAY_LEN(columns)] = {
		tn.id, STR("u"), STR("u"), str_from(endpoint), str_from(request_id)};

	assert_int_equal(audit_rows(t, id), 1);
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		expect_str(e2e_column(t, columns[i].sql, 1, db_str(id)), want[i]);
	assert_int_equal(
		e2e_count(t,
			SQL("SELECT COUNT(*) FROM test_revocation r JOIN test_session s"
			    " ON s.id = r.session_id WHERE s.id = ? AND s.revoked_at = r.revoked_at"
			    " AND s.revoked_by = r.revoked_by"
			    " AND r.revoked_at BETWEEN UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE AND "
			    "UTC_TIMESTAMP(3)"),
			1, db_str(id)),
		1);
}

/* $T and $S: tenant and session. */
static const char *fill(struct e2e *t, const char *form, struct str tenant, struct str session)
{
	struct buf b;

	buf_init(&b, t->arena);
	for (const char *p = form; *p != '\0'; p++) {
		if (*p == '$')
			buf_str(&b, *++p == 'T' ? tenant : session);
		else
			buf_char(&b, *p);
	}
	buf_char(&b, '\0');
	return b.p;
}

static void every_revocation__leaves_an_audit_row(void **state)
{
	static const struct {
		const char *method, *path, *body, *endpoint, *claims;
	} rows[] = {
		{"POST", "/api/v1/admin/sessions/revoke-all", "{\"tenant_id\":\"$T\"}",
			"v1.admin.revoke_all", "\"role\":\"super_admin\""},
		{"DELETE", "/api/v1/admin/sessions/$S", NULL, "v1.admin.delete",
			"\"platform_token\":true,\"scope\":\"admin:write\""},
		{"POST", "/api/v1/me/sessions/revoke-all", NULL, "v1.me.revoke_all",
			"\"tenant_id\":\"$T\""},
		{"DELETE", "/api/v1/me/sessions/$S", NULL, "v1.me.delete", "\"tenant_id\":\"$T\""},
		{"POST", "/api/v1/tenants/$T/sessions/revoke-all", NULL, "v1.tenant.revoke_all",
			"\"role\":\"tenant_admin\",\"tenant_id\":\"$T\""},
		{"POST", "/api/v1/tenants/$T/sessions/users/u/revoke", "{\"session_ids\":[\"$S\"]}",
			"v1.tenant.user_revoke", "\"role\":\"tenant_admin\",\"tenant_id\":\"$T\""},
		{"DELETE", "/api/v1/tenants/$T/sessions/$S", NULL, "v1.tenant.delete",
			"\"role\":\"tenant_admin\",\"tenant_id\":\"$T\""},
	};
	struct e2e *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_tenant tn = e2e_tenant(t, i % 2 ? STR_NONE : e2e_partner(t));
		struct str id = e2e_put_session(t, tn, STR("u"));
		struct str request = e2e_name(t, "req");
		struct e2e_request r = {
			.method = rows[i].method,
			.path = fill(t, rows[i].path, tn.id, id),
			.token = e2e_token(
				t, "{\"sub\":\"u\",%s}", fill(t, rows[i].claims, tn.id, id)),
			.headers = {arena_printf(t->arena, "X-Request-Id: %s", request.p)},
		};
		struct e2e_answer a;

		if (rows[i].body != NULL)
			r.body = str_from(fill(t, rows[i].body, tn.id, id));
		a = e2e_send(t, &r);
		assert_in_range(a.status, 200, 204);
		check_audit(t, tn, id, request.p, rows[i].endpoint);
		/* Again: nothing ends, so nothing is added. */
		a = e2e_send(t, &r);
		assert_in_range(a.status, 200, 204);
		assert_int_equal(audit_rows(t, id), 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(named_ids__end_if_they_are_that_users_and_alive),
		cmocka_unit_test(odd_ids__can_be_named),
		cmocka_unit_test(id_of_any_form__is_an_unknown_one),
		cmocka_unit_test(current_session__is_spared_unless_told_otherwise),
		cmocka_unit_test(own_revoke_all__spares_the_current_one_only),
		cmocka_unit_test(tenant_revoke_all__ends_the_callers_own_too),
		cmocka_unit_test(admin_revoke_all__takes_user_tenant_or_both),
		cmocka_unit_test(deleting_the_dead__succeeds_again),
		cmocka_unit_test(ended_sessions__leave_the_lists_and_stay_readable),
		cmocka_unit_test(every_revocation__leaves_an_audit_row),
	};

	return cmocka_run_group_tests_name("Sessions API: revoking", tests, e2e_open, e2e_close);
}
