/* SPDX-License-Identifier: MIT
 * An application behind the Authorizer (httpd-conf, rollcall-authorizer.conf): open to living
 * sessions, closed at the next request after any revoking endpoint, told who comes by the web
 * server and by nobody else. The same through every web server; skipped where the stack has no such
 * page. */
/* e2e: every-server, no-valgrind */
#include "authorizer.h"

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
	};

	return cmocka_run_group_tests(tests, e2e_open, e2e_close);
}
