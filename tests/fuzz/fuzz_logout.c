/* SPDX-License-Identifier: MIT
 * libFuzzer target: a logout token. An input without a NUL is a token as it arrives. One with a NUL
 * is header and claims, which are signed here by the key that is trusted, so that the rules behind
 * the signature are reached. It asserts that a token is only taken with all that the specification
 * wants of it, read here a second time and more simply. */
#include "auth/jwks.h"
#include "auth/logout.h"
#include "base/limits.h"
#include "json/reader.h"
#include "lib/fuzz.h"
#include "lib/token_make.h"

#define NOW_MS INT64_C(1700000000000)
#define LEEWAY_S 30
#define ISSUER "https://id.example.org"
#define EVENT "http://schemas.openid.net/event/backchannel-logout"

static EVP_PKEY *key;
static struct jwks *keys;

static void open_keys(void)
{
	struct arena *a = arena_open();
	struct jwks_config files = {.jwks_file = NULL};
	struct str jwk;

	key = token_ec("P-256");
	jwk = token_jwk_open(a, key);
	files.jwks_file = fuzz_file(0, str_printf(a, "{\"keys\":[%.*s}]}", STR_FMT(jwk)));
	keys = jwks_open(&files);
	arena_close(a);
	fuzz_must(jwks_count(keys) == 1, "no key", STR(""));
}

static bool is_id(struct str id, size_t most)
{
	for (size_t i = 0; i < id.n; i++)
		if ((unsigned char)id.p[i] < 0x20 || id.p[i] == 0x7f)
			return false;
	return id.n > 0 && id.n <= most;
}

static bool is_client(const struct json *v)
{
	return v->type == JSON_STRING &&
	       (str_eq(v->text, STR("shop")) || str_eq(v->text, STR("blog")));
}

static bool is_for_us(const struct json *aud)
{
	if (aud == NULL || aud->type != JSON_ARRAY)
		return aud != NULL && is_client(aud);
	for (const struct json *v = aud->first; v != NULL; v = v->next)
		if (!is_client(v))
			return false;
	return aud->count > 0;
}

static void check_taken(struct arena *a, struct str claims, const struct logout_token *t)
{
	const struct json *event;
	struct json *tree;
	size_t at;

	fuzz_must(json_parse(a, claims, &tree, &at) == ERR_OK, "no JSON", claims);
	event = json_member(json_member(tree, "events"), EVENT);
	fuzz_must(event != NULL && event->type == JSON_OBJECT, "no event", claims);
	fuzz_must(json_member(tree, "nonce") == NULL, "a nonce", claims);
	fuzz_must(is_for_us(json_member(tree, "aud")), "another's", claims);
	fuzz_must(str_eq(t->issuer, STR(ISSUER)), "another issuer", claims);
	fuzz_must(is_id(t->id, LIMIT_JTI_BYTES), "no jti", claims);
	fuzz_must(t->session_id.p != NULL || t->subject.p != NULL, "nobody", claims);
	fuzz_must(t->session_id.p == NULL || is_id(t->session_id, LIMIT_ID_BYTES), "sid", claims);
	fuzz_must(t->subject.p == NULL || is_id(t->subject, LIMIT_ID_BYTES), "sub", claims);
	fuzz_must(t->stale_ms > NOW_MS &&
			  t->stale_ms <= NOW_MS + (LOGOUT_FRESH_S + 2 * LEEWAY_S) * 1000,
		"age", claims);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct logout_config cfg = {ISSUER, "shop, blog", LEEWAY_S};
	struct arena *a = fuzz_arena();
	struct str token = fuzz_input(data, size), header, claims = STR_NONE;
	struct logout_token out;
	const char *why = NULL;
	enum err err;

	if (key == NULL)
		open_keys();
	if (memchr(token.p, '\0', token.n) != NULL && str_split(&token, '\0', &header)) {
		claims = str_dup(a, token);
		claims.n = strlen(claims.p);
		token = token_sign(a, "ES256", key, STR_NONE, str_dup(a, header).p, claims.p);
	}
	err = logout_verify(&cfg, keys, a, token, NOW_MS, &out, &why);
	fuzz_must(err == ERR_OK || err == ERR_UNAUTHORIZED, "outcome", token);
	if (err == ERR_UNAUTHORIZED)
		fuzz_must(why != NULL && str_is_utf8(str_from(why)), "no reason", token);
	else
		check_taken(a, claims.p != NULL ? claims : STR(""), &out);
	return 0;
}
