/* SPDX-License-Identifier: MIT
 * Logout tokens of the identity provider, for the tests of its front door. The surprise: the
 * provider's key is the demonstration's, which the stack's set of keys has. */
#ifndef TESTS_E2E_LOGOUT_H
#define TESTS_E2E_LOGOUT_H

#include <openssl/pem.h>
#include <stdio.h>

#include "lib/e2e.h"
#include "lib/token_make.h"
#include "model/revoke.h"

#define PATH "/api/v1/backchannel-logout"
#define FORM "application/x-www-form-urlencoded"
#define ISSUER "https://id.example.org" /* as tests/e2e/run sets it */
#define EVENTS "\"events\":{\"http://schemas.openid.net/event/backchannel-logout\":{}}"
#define AT_ONCE 16

static inline EVP_PKEY *provider_key(struct e2e *t)
{
	FILE *in = fopen(t->key_file, "r");
	EVP_PKEY *key;

	assert_non_null(in);
	key = PEM_read_PrivateKey(in, NULL, NULL, NULL);
	fclose(in);
	assert_non_null(key);
	return key;
}

/* The kid of the key is in the header of any good token. */
static inline struct str key_id(struct e2e *t)
{
	struct str token = e2e_super_admin(t), part;
	struct json *header;
	size_t at;

	assert_true(str_split(&token, '.', &part));
	assert_int_equal(
		json_parse(t->arena, str_base64url_decode(t->arena, part), &header, &at), ERR_OK);
	return json_member(header, "kid")->text;
}

static inline long long now_s(void)
{
	return clock_now_ms() / 1000;
}

/* Good claims but for sid and sub, which the caller adds; what is behind them counts. */
static const char *claims(struct e2e *t, const char *more)
{
	return arena_printf(t->arena,
		"{\"iss\":\"" ISSUER "\",\"aud\":\"shop\",\"iat\":%lld,\"jti\":\"%s\"," EVENTS
		"%s}",
		now_s(), e2e_name(t, "jti").p, more);
}

static inline struct str sign(struct e2e *t, const char *typ, const char *text)
{
	EVP_PKEY *key = provider_key(t);
	struct str kid = key_id(t);
	struct str token = token_sign(t->arena, "RS256", key, STR_NONE,
		arena_printf(t->arena, "{\"alg\":\"RS256\",\"kid\":\"%.*s\"%s}", STR_FMT(kid), typ),
		text);

	EVP_PKEY_free(key);
	return token;
}

static inline struct str good_token(struct e2e *t, const char *more)
{
	return sign(t, ",\"typ\":\"logout+jwt\"", claims(t, more));
}

static inline struct e2e_request post_of(struct e2e *t, struct str token)
{
	return (struct e2e_request){.method = "POST",
		.path = PATH,
		.content_type = FORM,
		.body = str_printf(t->arena, "logout_token=%.*s", STR_FMT(token))};
}

static inline struct e2e_answer post(struct e2e *t, struct str token)
{
	struct e2e_request r = post_of(t, token);

	return e2e_send(t, &r);
}

static inline void expect_refused(const struct e2e_answer *a, const char *description)
{
	expect_status(a, 400);
	expect_members(a->json, "error error_description");
	expect_str(e2e_text(a->json, "error"), STR("invalid_request"));
	if (description != NULL)
		expect_str(e2e_text(a->json, "error_description"), str_from(description));
	expect_str(e2e_header(a, "Cache-Control"), STR("no-store"));
}

/* A session of a sign-in at the provider; sid or issuer may be NULL. */
static inline struct str put(struct e2e *t, struct e2e_tenant tenant, struct str user,
	const char *issuer, const char *sid)
{
	struct session_new s = e2e_session(t, tenant, user);

	s.idp_issuer = str_from(issuer);
	s.idp_session_id = str_from(sid);
	return e2e_put(t, &s);
}

static inline bool is_active(struct e2e *t, struct str id)
{
	return e2e_count(t,
		       SQL("SELECT COUNT(*) FROM session WHERE id = ? AND expires_at > "
			   "UTC_TIMESTAMP(3)"),
		       1, db_str(id)) == 1;
}

static inline struct str with(struct e2e *t, const char *sid, const char *more)
{
	return good_token(t, arena_printf(t->arena, ",\"sid\":\"%s\"%s", sid, more));
}

#endif
