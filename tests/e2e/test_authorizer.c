/* SPDX-License-Identifier: MIT
 * An application behind the Authorizer (httpd-conf, rollcall-authorizer.conf): open to living
 * sessions, closed at the next request after any revoking endpoint, told who comes by the web
 * server and by nobody else. The same through every web server; skipped where the stack has no such
 * page. */
/* e2e: every-server, no-valgrind */
#include <stdlib.h>

#include "lib/e2e.h"

#define PAGE "The protected page.\n"
#define SIGN_IN "https://login.example.org/sign-in"
#define WAIT_US INT64_C(10000000)

/* A session, and the ways to present it. */
struct guest {
	struct str id, tenant_id, user_id, token, jwt;
};

static struct str service(struct e2e *t)
{
	return e2e_token(
		t, "{\"sub\":\"svc\",\"platform_token\":true,\"scope\":\"sessions:write\"}");
}

static struct guest sign_in(struct e2e *t)
{
	struct guest g = {.tenant_id = e2e_name(t, "tnt"), .user_id = e2e_name(t, "usr")};
	struct e2e_answer a = e2e_post(t, service(t),
		arena_printf(t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"%s\"}", g.tenant_id.p,
			g.user_id.p),
		"/api/v1/sessions");

	expect_status(&a, 201);
	g.id = e2e_text(a.json, "data.id");
	g.token = e2e_text(a.json, "data.token");
	g.jwt = e2e_token(t, "{\"sub\":\"%s\",\"tenant_id\":\"%s\",\"sid\":\"%.*s\"}", g.user_id.p,
		g.tenant_id.p, STR_FMT(g.id));
	return g;
}

/* Asks the protected application instead of the API. Its answers are kept out of the record that is
 * held against the API's description. */
static struct e2e_answer ask(struct e2e *t, const struct e2e_request *r)
{
	const char *record = getenv("ROLLCALL_TEST_RECORD");
	struct e2e app = *t;
	struct e2e_answer a;

	app.url = getenv("ROLLCALL_TEST_PROTECTED_URL");
	if (app.url == NULL || *app.url == '\0')
		skip();
	record = record != NULL ? str_dup(t->arena, str_from(record)).p : "";
	assert_int_equal(setenv("ROLLCALL_TEST_RECORD", "", 1), 0);
	a = e2e_send(&app, r);
	assert_int_equal(setenv("ROLLCALL_TEST_RECORD", record, 1), 0);
	return a;
}

static struct e2e_answer visit(struct e2e *t, const char *path, const char *header)
{
	struct e2e_request r = {.path = path, .headers = {header}};

	return ask(t, &r);
}

#define WAYS 4

/* The headers that present a session. */
static void ways_of(struct e2e *t, const struct guest *g, const char *out[WAYS])
{
	out[0] = arena_printf(t->arena, "Cookie: rollcall_session=%.*s", STR_FMT(g->token));
	out[1] = arena_printf(t->arena, "zt-session: %.*s", STR_FMT(g->token));
	out[2] = arena_printf(t->arena, "Authorization: Bearer %.*s", STR_FMT(g->token));
	out[3] = arena_printf(t->arena, "Authorization: Bearer %.*s", STR_FMT(g->jwt));
}

static void expect_open(struct e2e *t, const struct guest *g)
{
	const char *ways[WAYS];

	ways_of(t, g, ways);
	for (size_t i = 0; i < WAYS; i++) {
		struct e2e_answer a = visit(t, "/protected/page.txt", ways[i]);

		expect_status(&a, 200);
		expect_body(&a, PAGE);
	}
}

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

static void page__is_open_to_a_living_session(void **state)
{
	struct e2e *t = *state;
	struct guest g = sign_in(t);
	struct e2e_request r = {.path = "/protected/page.txt"};
	struct e2e_answer a;

	expect_open(t, &g);
	a = visit(t, "/protected/page.txt",
		arena_printf(
			t->arena, "Cookie: a=b; rollcall_session=%.*s; c=d", STR_FMT(g.token)));
	expect_status(&a, 200);
	a = visit(t, "/protected/page.txt?x=y&z",
		arena_printf(t->arena, "Cookie: rollcall_session=%.*s", STR_FMT(g.jwt)));
	expect_status(&a, 200);
	r.method = "HEAD";
	r.token = g.token;
	a = ask(t, &r);
	expect_status(&a, 200);
	expect_body(&a, "");
}

static void page__is_closed_to_everybody_else(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct session_new old = e2e_session(t, tn, STR("u"));
	const char *const rows[] = {
		NULL,
		"Cookie: rollcall_session=",
		"Cookie: rollcall_session=garbage",
		"Cookie: rollcall_sessio=x; =; ;",
		"zt-session: garbage",
		"Authorization: Bearer garbage",
		"Authorization: Bearer a.b.c",
		"Authorization: Basic dTpw",
		/* A token that names no session proves none. */
		arena_printf(t->arena, "Authorization: Bearer %.*s", STR_FMT(e2e_super_admin(t))),
		arena_printf(t->arena, "Authorization: Bearer %.*s",
			STR_FMT(e2e_token(t, "{\"sub\":\"u\",\"sid\":\"none\"}"))),
		NULL, /* of an expired session; below */
		/* Nor does the answer of the Authorizer, when a client sends it. */
		"X-Rollcall-Session: x",
		"Variable-ROLLCALL_SESSION: x",
	};

	old.expires_ms = old.created_ms + 1;
	e2e_put(t, &old);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *header = rows[i];
		struct e2e_answer a;

		if (i == 10)
			header = arena_printf(t->arena, "Authorization: Bearer %.*s",
				STR_FMT(e2e_token(
					t, "{\"sub\":\"u\",\"sid\":\"%.*s\"}", STR_FMT(old.id))));
		a = visit(t, "/protected/page.txt", header);
		print_message("           %.40s\n", header != NULL ? header : "nothing");
		expect_status(&a, 401);
		a = visit(t, "/protected/show.cgi", header);
		expect_status(&a, 401);
	}
}

/* Another host of the same parent domain may have set one too, and neither can tell them apart. */
static void one_cookie_of_several__opens(void **state)
{
	struct e2e *t = *state;
	struct guest g = sign_in(t);
	const struct {
		const char *form; /* %.*s is the token */
		int want;
	} rows[] = {
		{"Cookie: rollcall_session=x; rollcall_session=%.*s", 200},
		{"Cookie: rollcall_session=; a=b; rollcall_session=a.b.c;"
		 " rollcall_session=%.*s",
			200},
		{"Cookie: rollcall_session=%.*s; rollcall_session=x", 200},
		{"Cookie: rollcall_session=\"%.*s\"", 200},
		{"Cookie: rollcall_session=1; rollcall_session=2; rollcall_session=3;"
		 " rollcall_session=\"%.*s\"",
			200},
		/* Not without end. */
		{"Cookie: rollcall_session=1; rollcall_session=2; rollcall_session=3;"
		 " rollcall_session=4; rollcall_session=%.*s",
			401},
		{"Cookie: rollcall_session=\"%.*s", 401},
		{"Cookie: rollcall_session=\"", 401},
		{"Cookie: rollcall_session=\"\"", 401},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *mark = strstr(rows[i].form, "%.*s");
		const char *header = rows[i].form;
		struct e2e_request r = {.path = "/authorize"};
		struct e2e_answer a;

		if (mark != NULL)
			header = arena_printf(t->arena, "%.*s%.*s%s", (int)(mark - rows[i].form),
				rows[i].form, STR_FMT(g.token), mark + 4);
		print_message("           %s\n", rows[i].form);
		r.headers[0] = header;
		a = e2e_send(t, &r);
		expect_status(&a, rows[i].want);
		a = visit(t, "/protected/page.txt", header);
		expect_status(&a, rows[i].want);
	}
}

static void browsers__are_sent_to_sign_in(void **state)
{
	struct e2e *t = *state;
	struct guest g = sign_in(t);
	struct e2e_answer a = visit(t, "/browser/page.txt", NULL);

	expect_status(&a, 302);
	expect_str(e2e_header(&a, "Location"), STR(SIGN_IN));
	a = visit(t, "/browser/page.txt",
		arena_printf(t->arena, "Cookie: rollcall_session=%.*s", STR_FMT(g.token)));
	expect_status(&a, 200);
	expect_body(&a, PAGE);
}

/* The value of NAME=value in the answer of show.cgi. */
static struct str told(const struct e2e_answer *a, const char *name)
{
	struct str rest = a->body, line, key;

	while (str_split(&rest, '\n', &line)) {
		if (str_split(&line, '=', &key) && str_eq(key, str_from(name)))
			return line;
	}
	return STR_NONE;
}

static void expect_told(const struct e2e_answer *a, const struct guest *g)
{
	expect_status(a, 200);
	expect_str(told(a, "ROLLCALL_SESSION"), g->id);
	expect_str(told(a, "ROLLCALL_USER"), g->user_id);
	expect_str(told(a, "ROLLCALL_TENANT"), g->tenant_id);
}

static void application__is_told_who_comes(void **state)
{
	struct e2e *t = *state;
	struct guest g = sign_in(t);
	struct e2e_request r = {.path = "/protected/show.cgi", .token = g.token};
	struct e2e_answer a = ask(t, &r);
	char *body = arena_alloc(t->arena, 300000);

	expect_told(&a, &g);
	/* A body is the application's, not the Authorizer's. */
	memset(body, 'x', 300000);
	r.method = "POST";
	r.body = (struct str){body, 300000};
	a = ask(t, &r);
	expect_told(&a, &g);
}

static void client__cannot_say_who_it_is(void **state)
{
	struct e2e *t = *state;
	struct guest g = sign_in(t);
	struct e2e_request r = {
		.path = "/protected/show.cgi?ROLLCALL_USER=forged",
		.token = g.token,
		.headers = {"X-Rollcall-Session: forged", "X-Rollcall-User: forged",
			"X-Rollcall-Tenant: forged", "ROLLCALL_USER: forged",
			"x-rollcall-user: forged", "Variable-ROLLCALL_USER: forged"},
	};
	struct e2e_answer a = ask(t, &r);

	expect_told(&a, &g);
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = {"HTTP_X_ROLLCALL_SESSION",
			"HTTP_X_ROLLCALL_USER", "HTTP_X_ROLLCALL_TENANT"};
		struct str seen = told(&a, names[i]);

		if (seen.p != NULL && strstr(str_dup(t->arena, seen).p, "forged") != NULL)
			fail_msg("a client's %s reaches the application", names[i]);
	}
}

/* A header would lose a part of these, and with it tell one user from another no more: they are not
 * registered, and what SQL has written is not let in. */
static void ids_that_no_header_carries__are_not_let_in(void **state)
{
	static const char *const ids[][2] = {/* in JSON */
		{"ad\nmin", "ad\\nmin"}, {"ad\rmin", "ad\\rmin"}, {" admin", " admin"},
		{"admin ", "admin "}, {"\tadmin", "\\tadmin"}, {"ad\x7fmin", "ad\\u007fmin"}};
	struct e2e *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct guest g = sign_in(t);
		struct e2e_answer a = e2e_post(t, service(t),
			arena_printf(t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"%s\"}",
				g.tenant_id.p, ids[i][1]),
			"/api/v1/sessions");

		print_message("           %s\n", ids[i][1]);
		expect_status(&a, 422);
		expect_open(t, &g);
		e2e_exec(t, SQL("UPDATE session SET user_id = ? WHERE id = ?"), 2,
			db_str(str_from(ids[i][0])), db_str(g.id));
		a = visit(t, "/protected/show.cgi",
			arena_printf(t->arena, "zt-session: %.*s", STR_FMT(g.token)));
		expect_status(&a, 401);
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

/* Activity */

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
		cmocka_unit_test(page__is_open_to_a_living_session),
		cmocka_unit_test(page__is_closed_to_everybody_else),
		cmocka_unit_test(one_cookie_of_several__opens),
		cmocka_unit_test(browsers__are_sent_to_sign_in),
		cmocka_unit_test(application__is_told_who_comes),
		cmocka_unit_test(client__cannot_say_who_it_is),
		cmocka_unit_test(ids_that_no_header_carries__are_not_let_in),
		cmocka_unit_test(every_revoking_endpoint__closes_the_page_at_the_next_request),
		cmocka_unit_test(last_activity__moves_once_per_interval),
		cmocka_unit_test(held_row__keeps_nobody_waiting),
	};

	return cmocka_run_group_tests(tests, e2e_open, e2e_close);
}
