/* SPDX-License-Identifier: MIT
 * Revokers that race for the same sessions (schema/api.md 2.3): together they end every one, none
 * of them claims what another did, and all get their answer however their locks cross. */
/* e2e: once, no-valgrind */
#include <stdlib.h>

#include "lib/e2e.h"

enum { RACERS = 16, SESSIONS = 200, ROUNDS = 4 };

static int by_text(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	return strcmp(x->p, y->p);
}

/* The answers together hold each of the n ids once. */
static void check_shares(struct e2e *t, const struct e2e_answer *a, size_t answers, size_t n)
{
	struct str *ids = arena_array(t->arena, n, sizeof(*ids));
	size_t count = 0, winners = 0;

	for (size_t i = 0; i < answers; i++) {
		const struct json *list;

		expect_status(&a[i], 200);
		list = e2e_at(a[i].json, "data.session_ids");
		assert_int_equal(e2e_int(a[i].json, "data.revoked_count"), list->count);
		winners += list->count > 0;
		for (const struct json *m = list->first; m != NULL; m = m->next) {
			assert_true(count < n);
			ids[count++] = m->text;
		}
	}
	assert_int_equal(count, n);
	assert_true(winners > 0);
	qsort(ids, n, sizeof(*ids), by_text);
	for (size_t i = 1; i < n; i++)
		assert_true(strcmp(ids[i - 1].p, ids[i].p) != 0);
}

/* A body that names all of them, from the one at `from` on. */
static struct str name_all(struct e2e *t, const struct str *ids, size_t n, size_t from, size_t step)
{
	struct buf b;

	buf_init(&b, t->arena);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s\"%s\"", i > 0 ? "," : "{\"session_ids\":[",
			ids[(from + i * step) % n].p);
	buf_str(&b, STR("]}"));
	return buf_view(&b);
}

/* Everything of one user, asked for in one of four ways, and so locked in as many orders. */
static struct e2e_request racer(
	struct e2e *t, int kind, struct str user, const char *tenant, const struct str *ids)
{
	struct e2e_request r = {.method = "POST", .path = "/api/v1/admin/sessions/revoke-all"};

	r.token = e2e_super_admin(t);
	switch (kind) {
	case 0:
		r.path = arena_printf(t->arena, "/api/v1/tenants/%s/sessions/revoke-all", tenant);
		break;
	case 1:
		r.path = arena_printf(
			t->arena, "/api/v1/tenants/%s/sessions/users/%s/revoke", tenant, user.p);
		r.body = STR("{\"revoke_all\":true}");
		break;
	case 2:
		r.body = str_printf(t->arena, "{\"user_id\":\"%s\"}", user.p);
		break;
	default:
		r.path = arena_printf(
			t->arena, "/api/v1/tenants/%s/sessions/users/%s/revoke", tenant, user.p);
		r.body = name_all(t, ids, SESSIONS, 0, 1);
		break;
	}
	return r;
}

static void racing_revokers__never_claim_one_session_twice(void **state)
{
	struct e2e *t = *state;

	for (int round = 0; round < ROUNDS; round++) {
		struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
		struct str user = e2e_name(t, "usr"), ids[SESSIONS];
		struct e2e_request r[RACERS];
		struct e2e_answer a[RACERS];

		for (int i = 0; i < SESSIONS; i++)
			ids[i] = e2e_put_session(t, tn, user);
		for (int i = 0; i < RACERS; i++)
			r[i] = racer(t, i % 4, user, tn.id.p, ids);
		e2e_send_all(t, r, a, RACERS);
		check_shares(t, a, RACERS, SESSIONS);
		assert_int_equal(
			e2e_count(t,
				SQL("SELECT COUNT(*) FROM test_revocation WHERE tenant_id = ?"), 1,
				db_str(tn.id)),
			SESSIONS);
		assert_int_equal(e2e_count(t,
					 SQL("SELECT COUNT(*) FROM test_session WHERE tenant_id = ?"
					     " AND revoked_at IS NULL"),
					 1, db_str(tn.id)),
			0);
	}
}

/* Each racer names the same ids, each in another order: a recipe for deadlocks. */
static void racers_in_different_orders__all_get_their_answer(void **state)
{
	enum { IDS = 60 };
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t);

	for (int round = 0; round < ROUNDS; round++) {
		struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
		struct e2e_request r[RACERS];
		struct e2e_answer a[RACERS];
		struct str ids[IDS];

		for (size_t i = 0; i < IDS; i++)
			ids[i] = e2e_put_session(t, tn, STR("u"));
		for (size_t i = 0; i < RACERS; i++) {
			r[i] = (struct e2e_request){.method = "POST", .token = root};
			r[i].body = name_all(t, ids, IDS, i * 11, i % 2 ? 7 : 53);
			r[i].path = arena_printf(
				t->arena, "/api/v1/tenants/%s/sessions/users/u/revoke", tn.id.p);
		}
		e2e_send_all(t, r, a, RACERS);
		check_shares(t, a, RACERS, IDS);
	}
}

static void racing_deletes__end_each_session_once(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str user = e2e_token(t, "{\"sub\":\"u\",\"tenant_id\":\"%s\"}", tn.id.p);
	struct e2e_request r[RACERS];
	struct e2e_answer a[RACERS];

	for (int round = 0; round < ROUNDS; round++) {
		struct str id = e2e_put_session(t, tn, STR("u"));

		for (size_t i = 0; i < RACERS; i++)
			r[i] = (struct e2e_request){.method = "DELETE",
				.token = user,
				.path = arena_printf(t->arena, "/api/v1/me/sessions/%s", id.p)};
		e2e_send_all(t, r, a, RACERS);
		check_shares(t, a, RACERS, 1);
		assert_int_equal(
			e2e_count(t,
				SQL("SELECT COUNT(*) FROM test_revocation WHERE session_id = ?"), 1,
				db_str(id)),
			1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(racing_revokers__never_claim_one_session_twice),
		cmocka_unit_test(racers_in_different_orders__all_get_their_answer),
		cmocka_unit_test(racing_deletes__end_each_session_once),
	};

	return cmocka_run_group_tests_name("Sessions API: races", tests, e2e_open, e2e_close);
}
