/* SPDX-License-Identifier: MIT
 * Walking through lists of the Sessions API (schema/api.md 2.1): every session once, newest first,
 * exact totals, whatever the page size; and the filters of the lists. */
/* e2e: every-server, shared-host */
#include <stdlib.h>

#include "lib/e2e.h"

enum { TABLE = 230, DEAD = 40, INSTANTS = 9 };

struct seen {
	struct str id;
	int64_t created_ms;
};

/* TABLE active sessions of a tenant on INSTANTS instants, of users a and b, with ids that collate
 * differently in different languages; and DEAD dead ones between them. */
static struct e2e_tenant table(struct e2e *t, struct str partner)
{
	static const char *const stems[] = {
		"a", "B", "Z", "\xc3\xa9", "_", "~", "0", "\xf0\x9f\x98\x80"};
	struct e2e_tenant tn = e2e_tenant(t, partner);
	int64_t now = e2e_now_ms(t);

	for (int i = 0; i < TABLE + DEAD; i++) {
		struct session_new s = e2e_session(t, tn, i % 4 != 0 ? STR("a") : STR("b"));

		s.id = e2e_name(t, stems[(size_t)i % ARRAY_LEN(stems)]);
		s.created_ms = now - 100000 - i % INSTANTS;
		if (i >= TABLE + DEAD / 2)
			s.revoked_ms = s.created_ms;
		else if (i >= TABLE)
			s.expires_ms = s.created_ms + 1;
		e2e_put(t, &s);
	}
	return tn;
}

static int newest_first(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	if (x->created_ms != y->created_ms)
		return x->created_ms < y->created_ms ? 1 : -1;
	return -strcmp(x->id.p, y->id.p);
}

/* Walks the list to its end and past it. */
static void check_walk(struct e2e *t, const char *list, int64_t per_page, int64_t total)
{
	struct seen *rows = arena_array(t->arena, (size_t)total + 1, sizeof(*rows));
	struct str root = e2e_super_admin(t);
	int64_t pages = (total + per_page - 1) / per_page, count = 0;

	for (int64_t page = 1; page <= pages + 1; page++) {
		struct e2e_answer a = e2e_get(t, root, "%s%sper_page=%lld&page=%lld", list,
			strchr(list, '?') != NULL ? "&" : "?", (long long)per_page,
			(long long)page);
		int64_t want = page < pages    ? per_page
			       : page == pages ? total - per_page * (pages - 1)
					       : 0;

		expect_status(&a, 200);
		assert_int_equal(e2e_int(a.json, "pagination.page"), page);
		assert_int_equal(e2e_int(a.json, "pagination.per_page"), per_page);
		assert_int_equal(e2e_int(a.json, "pagination.total_items"), total);
		assert_int_equal(e2e_int(a.json, "pagination.total_pages"), pages);
		assert_int_equal(e2e_at(a.json, "data")->count, want);
		for (const struct json *m = e2e_at(a.json, "data")->first; m != NULL; m = m->next) {
			rows[count].id = e2e_text(m, "id");
			rows[count++].created_ms = e2e_ms(m, "created_at");
		}
	}
	assert_int_equal(count, total);
	/* Strictly in order, so none twice; as many as there are, so none left out. */
	for (int64_t i = 1; i < count; i++)
		assert_true(newest_first(&rows[i - 1], &rows[i]) < 0);
}

static void walk_through_all_pages__sees_every_session_once(void **state)
{
	static const int64_t sizes[] = {1, 7, 20, 23, 100};
	struct e2e *t = *state;
	struct str partner = e2e_partner(t);
	struct e2e_tenant tn = table(t, partner);
	const struct {
		const char *list;
		int64_t total;
	} lists[] = {
		{arena_printf(t->arena, "/api/v1/tenants/%s/sessions", tn.id.p), TABLE},
		{arena_printf(t->arena, "/api/v1/tenants/%s/sessions?active_only=false", tn.id.p),
			TABLE + DEAD},
		{arena_printf(t->arena, "/api/v1/tenants/%s/sessions/users/a", tn.id.p), 172},
		{arena_printf(
			 t->arena, "/api/v1/tenants/%s/sessions/users/b?active_only=0", tn.id.p),
			68},
		{arena_printf(t->arena, "/api/v1/admin/sessions/?tenant_id=%s", tn.id.p), TABLE},
		{arena_printf(t->arena, "/api/v1/admin/sessions/?partner_id=%s", partner.p), TABLE},
		{arena_printf(t->arena, "/api/v1/admin/sessions/?tenant_id=%s&user_id=b", tn.id.p),
			58},
	};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		for (size_t n = i == 0 ? 0 : 2; n < ARRAY_LEN(sizes); n++)
			check_walk(t, lists[i].list, sizes[n], lists[i].total);
}

static void defaults__are_the_first_page_of_twenty(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str root = e2e_super_admin(t);
	struct e2e_answer a;

	for (int i = 0; i < 21; i++)
		e2e_put_session(t, tn, STR("u"));
	a = e2e_get(t, root, "/api/v1/tenants/%s/sessions", tn.id.p);
	assert_int_equal(e2e_at(a.json, "data")->count, 20);
	assert_int_equal(e2e_int(a.json, "pagination.page"), 1);
	assert_int_equal(e2e_int(a.json, "pagination.per_page"), 20);
	assert_int_equal(e2e_int(a.json, "pagination.total_items"), 21);
	assert_int_equal(e2e_int(a.json, "pagination.total_pages"), 2);
}

static void nothing__has_no_pages(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	const char *const lists[] = {
		arena_printf(t->arena, "/api/v1/tenants/%s/sessions", tn.id.p),
		arena_printf(t->arena, "/api/v1/tenants/%s/sessions?page=7", tn.id.p),
		arena_printf(t->arena, "/api/v1/tenants/%s/sessions/users/u", tn.id.p),
		arena_printf(t->arena, "/api/v1/admin/sessions/?tenant_id=%s", tn.id.p),
		"/api/v1/admin/sessions/?user_id=nobody-at-all",
		"/api/v1/admin/sessions/?tenant_id=no-such-tenant",
		"/api/v1/admin/sessions/?partner_id=no-such-partner",
	};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct e2e_answer a = e2e_get(t, e2e_super_admin(t), "%s", lists[i]);

		expect_status(&a, 200);
		assert_int_equal(e2e_at(a.json, "data")->type, JSON_ARRAY);
		assert_int_equal(e2e_at(a.json, "data")->count, 0);
		assert_int_equal(e2e_int(a.json, "pagination.total_items"), 0);
		assert_int_equal(e2e_int(a.json, "pagination.total_pages"), 0);
	}
}

static void filters__narrow_and_combine(void **state)
{
	struct e2e *t = *state;
	struct str user = e2e_name(t, "usr"), other = e2e_name(t, "usr");
	struct str p1 = e2e_partner(t), p2 = e2e_partner(t);
	struct e2e_tenant a1 = e2e_tenant(t, p1), b1 = e2e_tenant(t, p1), c2 = e2e_tenant(t, p2);
	struct e2e_tenant none = e2e_tenant(t, STR_NONE);
	const struct {
		const char *query;
		int64_t total;
	} rows[] = {
		{arena_printf(t->arena, "user_id=%s", user.p), 4},
		{arena_printf(t->arena, "partner_id=%s", p1.p), 3},
		{arena_printf(t->arena, "partner_id=%s&user_id=%s", p1.p, user.p), 2},
		{arena_printf(t->arena, "partner_id=%s&user_id=%s", p2.p, other.p), 0},
		{arena_printf(t->arena, "tenant_id=%s", a1.id.p), 2},
		{arena_printf(t->arena, "tenant_id=%s&user_id=%s", a1.id.p, other.p), 1},
		{arena_printf(t->arena, "tenant_id=%s&partner_id=%s", a1.id.p, p1.p), 2},
		{arena_printf(t->arena, "tenant_id=%s&partner_id=%s", a1.id.p, p2.p), 0},
		{arena_printf(
			 t->arena, "tenant_id=%s&partner_id=%s&user_id=%s", c2.id.p, p2.p, user.p),
			1},
		{arena_printf(t->arena, "tenant_id=%s&partner_id=%s", none.id.p, p1.p), 0},
		{arena_printf(t->arena, "tenant_id=%s&tenant_id=%s", a1.id.p, b1.id.p), 1},
	};
	struct session_new dead = e2e_session(t, a1, user);

	e2e_put_session(t, a1, user);
	e2e_put_session(t, a1, other);
	e2e_put_session(t, b1, user);
	e2e_put_session(t, c2, user);
	e2e_put_session(t, none, user);
	dead.expires_ms = dead.created_ms;
	e2e_put(t, &dead);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_answer a =
			e2e_get(t, e2e_super_admin(t), "/api/v1/admin/sessions/?%s", rows[i].query);

		expect_status(&a, 200);
		if (e2e_int(a.json, "pagination.total_items") != rows[i].total)
			print_error("%s\n", rows[i].query);
		assert_int_equal(e2e_int(a.json, "pagination.total_items"), rows[i].total);
		assert_int_equal(e2e_at(a.json, "data")->count, rows[i].total);
	}
}

/* By bytes, not by a language's idea of sameness. */
static void filters__match_exactly(void **state)
{
	static const char *const others[] = {"U", "u ", " u", "\xc3\xbc", "u%00", "%25", "_", "u*"};
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str root = e2e_super_admin(t);
	struct e2e_answer a;

	e2e_put_session(t, tn, STR("u"));
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		a = e2e_get(t, root, "/api/v1/tenants/%s/sessions?user_id=%s", tn.id.p,
			strchr(others[i], '%') != NULL
				? others[i]
				: str_percent_encode(t->arena, str_from(others[i])).p);
		if (a.status == 400 && strstr(others[i], "%00") != NULL)
			continue;
		expect_status(&a, 200);
		assert_int_equal(e2e_int(a.json, "pagination.total_items"), 0);
	}
	a = e2e_get(t, root, "/api/v1/tenants/%s/sessions?user_id=%%75", tn.id.p);
	assert_int_equal(e2e_int(a.json, "pagination.total_items"), 1);
}

static void active__means_active_now(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str id = e2e_put_session(t, tn, STR("u")), root = e2e_super_admin(t);
	struct e2e_answer a = e2e_get(t, root, "/api/v1/tenants/%s/sessions", tn.id.p);

	assert_int_equal(e2e_int(a.json, "pagination.total_items"), 1);
	e2e_exec(t, SQL("UPDATE session SET expires_at = UTC_TIMESTAMP(3) WHERE id = ?"), 1,
		db_str(id));
	a = e2e_get(t, root, "/api/v1/tenants/%s/sessions", tn.id.p);
	assert_int_equal(e2e_int(a.json, "pagination.total_items"), 0);
	a = e2e_get(t, root, "/api/v1/tenants/%s/sessions?active_only=no", tn.id.p);
	assert_int_equal(e2e_int(a.json, "pagination.total_items"), 1);
	expect_str(e2e_text(a.json, "data.0.status"), STR("expired"));
}

/* Own sessions come without pages. */
static void own_list__has_the_current_one_among_the_newest(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct session_new old = e2e_session(t, tn, STR("u"));
	struct str newest = STR_NONE, token;
	const struct json *last;
	struct e2e_answer a;

	old.created_ms -= 1000000;
	e2e_put(t, &old);
	for (int i = 0; i < LIMIT_ME_SESSIONS; i++) {
		struct session_new s = e2e_session(t, tn, STR("u"));

		s.created_ms += i;
		newest = e2e_put(t, &s);
	}
	a = e2e_get(t, e2e_token(t, "{\"sub\":\"u\",\"tenant_id\":\"%s\"}", tn.id.p),
		"/api/v1/me/sessions");
	assert_int_equal(e2e_at(a.json, "data")->count, LIMIT_ME_SESSIONS);
	assert_false(e2e_has(e2e_at(a.json, "data"), old.id));
	token = e2e_token(
		t, "{\"sub\":\"u\",\"tenant_id\":\"%s\",\"sid\":\"%s\"}", tn.id.p, old.id.p);
	a = e2e_get(t, token, "/api/v1/me/sessions");
	assert_int_equal(e2e_at(a.json, "data")->count, LIMIT_ME_SESSIONS);
	expect_str(e2e_text(a.json, "data.0.id"), newest);
	last = e2e_at(a.json, arena_printf(t->arena, "data.%d", LIMIT_ME_SESSIONS - 1));
	expect_str(e2e_text(last, "id"), old.id);
	assert_true(e2e_bool(last, "is_current"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walk_through_all_pages__sees_every_session_once),
		cmocka_unit_test(defaults__are_the_first_page_of_twenty),
		cmocka_unit_test(nothing__has_no_pages),
		cmocka_unit_test(filters__narrow_and_combine),
		cmocka_unit_test(filters__match_exactly),
		cmocka_unit_test(active__means_active_now),
		cmocka_unit_test(own_list__has_the_current_one_among_the_newest),
	};

	return cmocka_run_group_tests_name("Sessions API: lists", tests, e2e_open, e2e_close);
}
