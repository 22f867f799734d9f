/* SPDX-License-Identifier: MIT
 * What changes while an application is behind the Authorizer: sessions end, activity is noted, a
 * row is held by somebody else. The same through every web server; skipped where the stack has no
 * such page. */
/* e2e: every-server, no-valgrind */
#include "authorizer.h"

static void expect_closed(struct e2e *t, const struct guest *g)
{
	const char *ways[WAYS];

	ways_of(t, g, ways);
	for (size_t i = 0; i < WAYS; i++) {
		struct e2e_answer a = visit(t, "/protected/page.txt", ways[i]);

		expect_status(&a, 401);
		expect_str(e2e_header(&a, "WWW-Authenticate"), STR("Bearer"));
		assert_null(strstr(str_dup(t->arena, a.body).p, "protected page"));
	}
}

struct ending {
	const char *name, *method;
	const char *path, *body; /* $S session, $T tenant, $U user; body NULL: none */
	bool by_user;
};

static const struct ending endings[] = {
	{"admin delete", "DELETE", "/api/v1/admin/sessions/$S", NULL, false},
	{"admin revoke-all", "POST", "/api/v1/admin/sessions/revoke-all",
		"{\"tenant_id\":\"$T\",\"user_id\":\"$U\"}", false},
	{"admin revoke-by-filter", "POST", "/api/v1/admin/sessions/revoke-by-filter",
		"{\"filter\":\"id = \\\"$S\\\"\",\"confirm\":\"all\"}", false},
	{"me delete", "DELETE", "/api/v1/me/sessions/$S", NULL, true},
	{"me revoke-all", "POST", "/api/v1/me/sessions/revoke-all", NULL, true},
	{"tenant delete", "DELETE", "/api/v1/tenants/$T/sessions/$S", NULL, false},
	{"tenant revoke-all", "POST", "/api/v1/tenants/$T/sessions/revoke-all", NULL, false},
	{"tenant revoke-by-filter", "POST", "/api/v1/tenants/$T/sessions/revoke-by-filter",
		"{\"filter\":\"id = \\\"$S\\\"\",\"confirm\":\"all\"}", false},
	{"user revoke, by id", "POST", "/api/v1/tenants/$T/sessions/users/$U/revoke",
		"{\"session_ids\":[\"$S\"]}", false},
	{"user revoke, all", "POST", "/api/v1/tenants/$T/sessions/users/$U/revoke",
		"{\"revoke_all\":true}", false},
	{"edge delete", "DELETE", "/edge/management/v1/api-sessions/$S", NULL, false},
};

static const char *filled(struct e2e *t, const char *text, const struct guest *g)
{
	struct buf out;

	buf_init(&out, t->arena);
	for (; *text != '\0'; text++) {
		if (*text != '$') {
			buf_char(&out, *text);
			continue;
		}
		text++;
		buf_str(&out, *text == 'S' ? g->id : *text == 'T' ? g->tenant_id : g->user_id);
	}
	return str_dup(t->arena, buf_view(&out)).p;
}

static void end(struct e2e *t, const struct ending *e, const struct guest *g)
{
	struct e2e_request r = {
		.method = e->method,
		.path = filled(t, e->path, g),
		.token = e2e_super_admin(t),
	};
	struct e2e_answer a;

	if (e->by_user)
		r.token = e2e_token(
			t, "{\"sub\":\"%s\",\"tenant_id\":\"%s\"}", g->user_id.p, g->tenant_id.p);
	if (e->body != NULL)
		r.body = str_from(filled(t, e->body, g));
	a = e2e_send(t, &r);
	if (a.status != 204)
		expect_status(&a, 200);
}

static void every_revoking_endpoint__closes_the_page_at_the_next_request(void **state)
{
	struct e2e *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		struct guest g = sign_in(t), other = sign_in(t);

		print_message("           %s\n", endings[i].name);
		expect_open(t, &g);
		end(t, &endings[i], &g);
		expect_closed(t, &g);
		expect_open(t, &other);
	}
}

static struct str last_activity(struct e2e *t, struct str id)
{
	return e2e_column(t,
		SQL("SELECT CAST(last_activity_at AS CHAR) FROM test_session WHERE id = ?"), 1,
		db_str(id));
}

/* It is written behind the answer, so not necessarily at once. */
static struct str moved_from(struct e2e *t, struct str id, struct str before)
{
	int64_t end_us = clock_monotonic_us() + WAIT_US;
	struct str now;

	do {
		now = last_activity(t, id);
	} while (str_eq(now, before) && clock_monotonic_us() < end_us);
	return now;
}

static void last_activity__moves_once_per_interval(void **state)
{
	struct e2e *t = *state;
	struct guest g = sign_in(t);
	struct str before, after;

	e2e_exec(t,
		SQL("UPDATE session SET last_activity_at = UTC_TIMESTAMP(3) - INTERVAL 1 HOUR"
		    " WHERE id = ?"),
		1, db_str(g.id));
	before = last_activity(t, g.id);
	expect_open(t, &g);
	after = moved_from(t, g.id, before);
	assert_false(str_eq(after, before));
	/* The interval is a minute here: the next visits write nothing. When the last of them has
	 * been answered, the work behind all but the last answer of each worker is done. */
	for (int i = 0; i < 20; i++)
		expect_open(t, &g);
	expect_str(last_activity(t, g.id), after);
}

/* What holds sessions while everybody asks after them: a revocation, or an application's own
 * transaction. */
struct holder {
	struct e2e *t;
	struct guest guest;
	int64_t took_us[2];
};

static enum err ask_while_held(void *ctx)
{
	enum { MANY = 64 };
	static const struct db_col cols[] = {{'i', 0}};
	static const struct db_shape shape = {cols, 1};
	struct holder *h = ctx;
	struct e2e *t = h->t;
	struct e2e_request r[MANY];
	struct e2e_answer a[MANY];
	const char *activity =
		arena_printf(t->arena, "/api/v1/sessions/%.*s/activity", STR_FMT(h->guest.id));
	int64_t one, from;
	struct sql q;
	enum err err;

	sql_begin(&q, t->arena, SQL_READ, "i");
	sql_add(&q, SQL("SELECT 1 FROM session WHERE id = ? FOR UPDATE"));
	sql_arg(&q, db_str(h->guest.id));
	err = db_one(t->db, t->arena, &q, &shape, &one);
	if (err != ERR_OK)
		return err;
	for (int k = 0; k < 2; k++) {
		for (size_t i = 0; i < MANY; i++) {
			r[i] = (struct e2e_request){.path = "/authorize", .token = h->guest.token};
			if (k == 1)
				r[i] = (struct e2e_request){
					.method = "POST", .path = activity, .token = service(t)};
		}
		from = clock_monotonic_us();
		e2e_send_all(t, r, a, MANY);
		h->took_us[k] = clock_monotonic_us() - from;
		for (size_t i = 0; i < MANY; i++)
			expect_status(&a[i], k == 0 ? 200 : 204);
	}
	return ERR_OK;
}

/* A worker that waited for the row (2 s, ROLLCALL_DB_LOCK_WAIT_SECONDS) would let nobody in: with
 * eight of them, the last of 64 would have half a minute to wait. */
static void held_row__keeps_nobody_waiting(void **state)
{
	struct holder h = {.t = *state};

	h.guest = sign_in(h.t);
	assert_int_equal(db_tx(h.t->db, ask_while_held, &h), ERR_OK);
	assert_in_range(h.took_us[0], 0, WAIT_US);
	assert_in_range(h.took_us[1], 0, WAIT_US);
	/* When it is free again, activity is written. */
	assert_true(last_activity(h.t, h.guest.id).p == NULL);
	(void)visit(h.t, "/protected/page.txt",
		arena_printf(h.t->arena, "zt-session: %.*s", STR_FMT(h.guest.token)));
	assert_true(moved_from(h.t, h.guest.id, STR_NONE).p != NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_revoking_endpoint__closes_the_page_at_the_next_request),
		cmocka_unit_test(last_activity__moves_once_per_interval),
		cmocka_unit_test(held_row__keeps_nobody_waiting),
	};

	return cmocka_run_group_tests(tests, e2e_open, e2e_close);
}
