/* SPDX-License-Identifier: MIT
 * The whole service within the test's process: a request made of literals goes through dispatch, or
 * the Authorizer, to the private server, with no FastCGI in between. For what cannot be brought
 * about from outside. Included by tests/db only. */
#ifndef TESTS_DB_FRONT_H
#define TESTS_DB_FRONT_H

#include "admin.h"
#include "api/authorizer.h"
#include "api/routes.h"
#include "base/log.h"
#include "call/dispatch.h"
#include "call/metric.h"
#include "http/request.h"
#include "http/response.h"
#include "lib/token_make.h"
#include "server/setup.h"

struct front_request {
	const char *method, *uri;
	const char *claims; /* of a JWT; NULL: none */
	const char *opaque; /* instead, a session's own token */
	const char *body;   /* NULL: none */
	const char *type;   /* of the body; NULL: JSON */
	bool authorizer;
};

struct front {
	struct config cfg;
	struct jwks *keys;
	struct app app;
	struct metric metric;
	EVP_PKEY *provider;  /* the key of an identity provider, as FRONT_ISSUER */
	struct arena *arena; /* of one request */
	const struct front_request *now;
	const char *bearer, *length;
	size_t body_read;
	struct buf sent;
	int status;
	const char *answer; /* head and body, until the next request */
};

static const struct str front_secret = {"0123456789abcdef0123456789abcdef", 32};

#define FRONT_ISSUER "https://id.example.org"

static inline const char *front_get(void *ctx, const char *name)
{
	const struct front *w = ctx;
	const struct front_request *r = w->now;
	const char *vars[][2] = {{"REQUEST_METHOD", r->method}, {"REQUEST_URI", r->uri},
		{"SCRIPT_NAME", ""}, {"ROLLCALL_MOUNT", "/"}, {"REMOTE_ADDR", "127.0.0.1"},
		{"HTTP_HOST", "h"}, {"HTTP_AUTHORIZATION", w->bearer},
		{"CONTENT_LENGTH", r->body != NULL ? w->length : NULL},
		{"CONTENT_TYPE", r->type != NULL ? r->type : "application/json"}};

	for (size_t i = 0; i < ARRAY_LEN(vars); i++)
		if (strcmp(vars[i][0], name) == 0)
			return vars[i][1];
	return NULL;
}

static inline long front_read(void *ctx, char *out, size_t n)
{
	struct front *w = ctx;
	struct str body = str_from(w->now->body != NULL ? w->now->body : "");
	size_t left = body.n - w->body_read;

	n = n < left ? n : left;
	memcpy(out, body.p + w->body_read, n);
	w->body_read += n;
	return (long)n;
}

static inline void front_write(void *ctx, const char *p, size_t n)
{
	buf_add(ctx, p, n);
}

static inline void front_set(struct fix *f, struct front *w)
{
	struct str jwk = token_jwk_open(f->arena, w->provider);

	clearenv();
	token_file(file_path(f, "hs256"), 0600, front_secret);
	token_file(file_path(f, "jwks"), 0600,
		str_printf(f->arena, "{\"keys\":[%.*s}]}", STR_FMT(jwk)));
	setenv("ROLLCALL_DB_DEFAULTS", mariadb_defaults(f->server), 1);
	setenv("ROLLCALL_JWT_HS256_FILE", file_path(f, "hs256"), 1);
	setenv("ROLLCALL_JWKS_FILE", file_path(f, "jwks"), 1);
	setenv("ROLLCALL_IDP_ISSUER", FRONT_ISSUER, 1);
	setenv("ROLLCALL_IDP_CLIENTS", "client", 1);
	setenv("ROLLCALL_ACTIVITY_INTERVAL", "0", 1);
}

static inline struct front *front_open(struct fix *f)
{
	struct front *w = test_calloc(1, sizeof(*w));

	w->provider = token_ec("P-256");
	front_set(f, w);
	assert_true(config_read(&w->cfg, stderr));
	log_setup(LOG_OFF, LOG_TEXT);
	w->keys = setup_keys(&w->cfg, stderr);
	assert_non_null(w->keys);
	setup_open(&w->app, &w->cfg, w->keys);
	w->metric = (struct metric){
		.all = metric_open(&api_routes, 1), .routes = &api_routes, .slot = 0};
	w->app.metric = &w->metric;
	w->arena = arena_open();
	return w;
}

static inline void front_close(struct front *w)
{
	arena_close(w->arena);
	setup_close(&w->app);
	jwks_close(w->keys);
	counters_close(w->metric.all);
	EVP_PKEY_free(w->provider);
	test_free(w);
}

/* A connection of its own begins with the next statement. */
static inline void front_disconnect(struct front *w)
{
	setup_close(&w->app);
	setup_open(&w->app, &w->cfg, w->keys);
	w->app.metric = &w->metric;
}

static inline const char *front_bearer(struct front *w, const struct front_request *r)
{
	struct str jwt;

	if (r->opaque != NULL)
		return arena_printf(w->arena, "Bearer %s", r->opaque);
	if (r->claims == NULL)
		return NULL;
	jwt = token_sign(w->arena, "HS256", NULL, front_secret, "{\"alg\":\"HS256\"}",
		arena_printf(w->arena, "{\"exp\":4000000000,%s}", r->claims));
	return arena_printf(w->arena, "Bearer %.*s", STR_FMT(jwt));
}

/* A logout token of the provider. claims: sid or sub, and jti. */
static inline const char *front_logout_token(struct front *w, struct arena *a, const char *claims)
{
	struct str token = token_sign(a, "ES256", w->provider, STR_NONE, "{\"alg\":\"ES256\"}",
		arena_printf(a,
			"{\"iss\":\"" FRONT_ISSUER "\",\"aud\":\"client\",\"iat\":%lld,"
			"\"events\":{\"http://schemas.openid.net/event/backchannel-logout\":{}},%s}",
			(long long)(clock_now_ms() / 1000), claims));

	return token.p;
}

/* Sends one request; status and answer are of it. */
static inline void front_ask(struct front *w, const struct front_request *r)
{
	const struct http_env env = {.ctx = w, .get = front_get, .read = front_read};
	struct after after = {.touch_session = STR_NONE};
	struct http_response res;

	arena_reset(w->arena);
	w->now = r;
	w->body_read = 0;
	w->bearer = front_bearer(w, r);
	w->length = arena_printf(w->arena, "%zu", r->body != NULL ? strlen(r->body) : 0);
	buf_init(&w->sent, w->arena);
	http_response_init(&res, w->arena, front_write, &w->sent);
	if (r->authorizer)
		authorizer_answer(&w->app, w->arena, &env, &res, &after);
	else
		dispatch(&w->app, w->arena, &env, &res, &after);
	http_response_finish(&res);
	after_answer(&w->app, &after);
	buf_char(&w->sent, '\0');
	w->status = res.status;
	w->answer = w->sent.p;
}

/* The value of a text member of the answer, wherever it is. */
static inline const char *front_text(struct front *w, struct arena *a, const char *member)
{
	const char *from = strstr(w->answer, arena_printf(a, "\"%s\":\"", member));

	if (from == NULL)
		fail_msg("no %s in: %s", member, w->answer);
	from += strlen(member) + 4;
	return arena_printf(a, "%.*s", (int)strcspn(from, "\""), from);
}

#endif
