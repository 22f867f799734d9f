/* SPDX-License-Identifier: MIT
 * Revoking more than fits into one transaction or one answer's buffer (schema/api.md 2.3):
 * complete, each session once, safe to repeat, finishing what an interrupted call began. */
/* e2e: once, no-valgrind */
#include <stdlib.h>

#include "lib/e2e.h"

static int64_t alive(struct e2e *t, struct e2e_tenant tn)
{
	return e2e_count(t,
		SQL("SELECT COUNT(*) FROM test_session WHERE tenant_id = ? AND revoked_at IS NULL"),
		1, db_str(tn.id));
}

static int by_text(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	return strcmp(x->p, y->p);
}

static void check_many(struct e2e *t, const struct e2e_answer *a, struct e2e_tenant tn, size_t n)
{
	const struct json *list;
	struct str *ids = arena_array(t->arena, n + 1, sizeof(*ids));
	size_t count = 0;

	expect_status(a, 200);
	assert_non_null(a->json);
	expect_members(a->json, "data meta");
	assert_int_equal(e2e_int(a->json, "data.revoked_count"), n);
	list = e2e_at(a->json, "data.session_ids");
	assert_int_equal(list->count, n);
	for (const struct json *m = list->first; m != NULL; m = m->next)
		ids[count++] = m->text;
	qsort(ids, n, sizeof(*ids), by_text);
	for (size_t i = 1; i < n; i++)
		assert_true(strcmp(ids[i - 1].p, ids[i].p) != 0);
	expect_str(e2e_text(a->json, "meta.request_id"), e2e_header(a, "X-Request-Id"));
	e2e_ms(a->json, "meta.timestamp");
	assert_int_equal(alive(t, tn), 0);
	assert_int_equal(e2e_count(t,
				 SQL("SELECT COUNT(DISTINCT session_id) FROM test_revocation"
				     " WHERE tenant_id = ?"),
				 1, db_str(tn.id)),
		n);
	assert_int_equal(
		e2e_count(t, SQL("SELECT COUNT(*) FROM test_revocation WHERE tenant_id = ?"), 1,
			db_str(tn.id)),
		n);
}

static void whole_tenants__end_in_one_call(void **state)
{
	/* Around what is read back at a time, and what one transaction ends. */
	static const int64_t sizes[] = {999, 1000, 1001, 10000, 12000};
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t);

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
		struct e2e_answer a;

		print_message("           %d sessions\n", (int)sizes[i]);
		e2e_put_many(t, tn, STR("u"), sizes[i]);
		a = e2e_post(t, root, NULL, "/api/v1/tenants/%s/sessions/revoke-all", tn.id.p);
		check_many(t, &a, tn, (size_t)sizes[i]);
		a = e2e_post(t, root, NULL, "/api/v1/tenants/%s/sessions/revoke-all", tn.id.p);
		expect_status(&a, 200);
		assert_int_equal(e2e_int(a.json, "data.revoked_count"), 0);
		assert_int_equal(e2e_at(a.json, "data.session_ids")->count, 0);
	}
}

static void head_of_the_answer__is_complete_when_it_is_streamed(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct e2e_request r = {.method = "POST",
		.token = e2e_super_admin(t),
		.headers = {"X-Request-Id: many"},
		.path = arena_printf(t->arena, "/api/v1/tenants/%s/sessions/revoke-all", tn.id.p)};
	struct e2e_answer a;

	e2e_put_many(t, tn, STR("u"), 10500);
	a = e2e_send(t, &r);
	check_many(t, &a, tn, 10500);
	expect_str(e2e_header(&a, "Content-Type"), STR("application/json"));
	expect_str(e2e_header(&a, "X-Request-Id"), STR("many"));
}

static void interrupted_call__is_finished_by_a_repeat(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct e2e_answer a;

	e2e_put_many(t, tn, STR("u"), 11000);
	e2e_exec(t,
		SQL("DELETE FROM session WHERE tenant_no = (SELECT no FROM tenant WHERE id = ?)"
		    " LIMIT 10000"),
		1, db_str(tn.id));
	a = e2e_post(
		t, e2e_super_admin(t), NULL, "/api/v1/tenants/%s/sessions/revoke-all", tn.id.p);
	check_many(t, &a, tn, 1000);
}

static void thousands_of_named_ids__end_in_one_call(void **state)
{
	enum { NAMED = 10100, UNKNOWN = 5000 }; /* more than a batch */
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct e2e_answer a;
	const struct json *row;
	struct buf b;

	e2e_put_many(t, tn, STR("u"), NAMED);
	e2e_put_many(t, tn, STR("v"), 1);
	/* The ids as the API itself tells them. */
	buf_init(&b, t->arena);
	for (int page = 1; page <= NAMED / 100; page++) {
		a = e2e_get(t, e2e_super_admin(t),
			"/api/v1/tenants/%s/sessions/users/u?per_page=100&page=%d", tn.id.p, page);
		for (row = e2e_at(a.json, "data")->first; row != NULL; row = row->next)
			buf_printf(&b, "%s\"%.*s\"", b.n > 0 ? "," : "{\"session_ids\":[",
				STR_FMT(e2e_text(row, "id")));
	}
	for (int i = 0; i < UNKNOWN; i++)
		buf_printf(&b, ",\"nobody%d\"", i);
	buf_str(&b, STR("]}"));
	buf_char(&b, '\0');
	a = e2e_post(
		t, e2e_super_admin(t), b.p, "/api/v1/tenants/%s/sessions/users/u/revoke", tn.id.p);
	expect_status(&a, 200);
	assert_int_equal(e2e_int(a.json, "data.revoked_count"), NAMED);
	assert_int_equal(e2e_at(a.json, "data.session_ids")->count, NAMED);
	assert_int_equal(alive(t, tn), 1);
}

static void racing_revokers__share_a_large_tenant(void **state)
{
	enum { RACERS = 8, SESSIONS = 12000 };
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str root = e2e_super_admin(t);
	struct e2e_request r[RACERS];
	struct e2e_answer a[RACERS];
	int64_t total = 0;

	e2e_put_many(t, tn, STR("u"), SESSIONS);
	for (size_t i = 0; i < RACERS; i++)
		r[i] = (struct e2e_request){.method = "POST",
			.token = root,
			.path = arena_printf(
				t->arena, "/api/v1/tenants/%s/sessions/revoke-all", tn.id.p)};
	e2e_send_all(t, r, a, RACERS);
	for (size_t i = 0; i < RACERS; i++) {
		expect_status(&a[i], 200);
		assert_int_equal(e2e_int(a[i].json, "data.revoked_count"),
			e2e_at(a[i].json, "data.session_ids")->count);
		total += e2e_int(a[i].json, "data.revoked_count");
	}
	assert_int_equal(total, SESSIONS);
	assert_int_equal(alive(t, tn), 0);
	assert_int_equal(e2e_count(t,
				 SQL("SELECT COUNT(DISTINCT session_id) FROM test_revocation"
				     " WHERE tenant_id = ?"),
				 1, db_str(tn.id)),
		SESSIONS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_tenants__end_in_one_call),
		cmocka_unit_test(head_of_the_answer__is_complete_when_it_is_streamed),
		cmocka_unit_test(interrupted_call__is_finished_by_a_repeat),
		cmocka_unit_test(thousands_of_named_ids__end_in_one_call),
		cmocka_unit_test(racing_revokers__share_a_large_tenant),
	};

	return cmocka_run_group_tests_name(
		"Sessions API: revoking many", tests, e2e_open, e2e_close);
}
