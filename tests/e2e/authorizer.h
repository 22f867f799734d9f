/* SPDX-License-Identifier: MIT
 * The page behind the Authorizer, and who asks for it. */
#ifndef TESTS_E2E_AUTHORIZER_H
#define TESTS_E2E_AUTHORIZER_H

#include <stdlib.h>

#include "lib/e2e.h"

#define PAGE "The protected page.\n"
#define SIGN_IN "https://login.example.org/sign-in"
#define WAIT_US INT64_C(10000000)

/* A session, and the ways to present it. */
struct guest {
	struct str id, tenant_id, user_id, token, jwt;
};

static inline struct str service(struct e2e *t)
{
	return e2e_token(
		t, "{\"sub\":\"svc\",\"platform_token\":true,\"scope\":\"sessions:write\"}");
}

static inline struct guest sign_in(struct e2e *t)
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
static inline struct e2e_answer ask(struct e2e *t, const struct e2e_request *r)
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

static inline struct e2e_answer visit(struct e2e *t, const char *path, const char *header)
{
	struct e2e_request r = {.path = path, .headers = {header}};

	return ask(t, &r);
}

#define WAYS 4

/* The headers that present a session. */
static inline void ways_of(struct e2e *t, const struct guest *g, const char *out[WAYS])
{
	out[0] = arena_printf(t->arena, "Cookie: rollcall_session=%.*s", STR_FMT(g->token));
	out[1] = arena_printf(t->arena, "zt-session: %.*s", STR_FMT(g->token));
	out[2] = arena_printf(t->arena, "Authorization: Bearer %.*s", STR_FMT(g->token));
	out[3] = arena_printf(t->arena, "Authorization: Bearer %.*s", STR_FMT(g->jwt));
}

static inline void expect_open(struct e2e *t, const struct guest *g)
{
	const char *ways[WAYS];

	ways_of(t, g, ways);
	for (size_t i = 0; i < WAYS; i++) {
		struct e2e_answer a = visit(t, "/protected/page.txt", ways[i]);

		expect_status(&a, 200);
		expect_body(&a, PAGE);
	}
}

#endif
