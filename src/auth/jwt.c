/* SPDX-License-Identifier: MIT
 * Verifies a bearer JWT into a principal: header, signature (by jwks.c), claims, times. Owns the
 * cache of verified tokens. The exp and nbf of a cached token are compared with now as well, and
 * the cache is emptied when the keys change. */
#include "auth/jwt.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/heap.h"
#include "base/limits.h"
#include "cache.h"
#include "claims.h"
#include "json/reader.h"

struct jwt {
	struct jwt_config cfg;
	struct jwks *keys;
	struct cache *cache; /* NULL: none */
	uint64_t generation; /* of the keys that verified the cached tokens */
};

static enum err refuse(const char **why, const char *text)
{
	*why = text;
	return ERR_UNAUTHORIZED;
}

/* Claims */

MUST_CHECK static enum err claim_issuer(const struct claims *c, const char *wanted)
{
	const struct json *v = claims_find(c, "iss");

	if (v != NULL && v->type != JSON_STRING)
		return claims_refuse(c, "iss", "is not a string");
	if (wanted != NULL && !(v != NULL && str_eq(v->text, str_from(wanted))))
		return claims_refuse(c, "iss", "is not the expected issuer");
	return ERR_OK;
}

/* aud is a string or an array of strings; one of them has to be `wanted`. */
MUST_CHECK static enum err claim_audience(const struct claims *c, const char *wanted)
{
	const struct json *v = claims_find(c, "aud"), *item;
	bool found = false;

	if (v != NULL && v->type != JSON_STRING && v->type != JSON_ARRAY)
		return claims_refuse(c, "aud", "is neither a string nor an array");
	item = v != NULL && v->type == JSON_ARRAY ? v->first : v;
	for (; item != NULL; item = v->type == JSON_ARRAY ? item->next : NULL) {
		if (item->type != JSON_STRING)
			return claims_refuse(c, "aud", "holds something that is not a string");
		found = found || (wanted != NULL && str_eq(item->text, str_from(wanted)));
	}
	if (wanted != NULL && !found)
		return claims_refuse(c, "aud", "does not name this service");
	return ERR_OK;
}

MUST_CHECK static enum err claim_scope(const struct claims *c, unsigned *out)
{
	static const struct {
		const char *name;
		unsigned bit;
	} known[] = {
		{"admin:read", SCOPE_ADMIN_READ},
		{"admin:write", SCOPE_ADMIN_WRITE},
		{"sessions:write", SCOPE_SESSIONS_WRITE},
		{"sessions:introspect", SCOPE_SESSIONS_INTROSPECT},
	};
	const struct json *v = claims_find(c, "scope");
	struct str rest, word;

	*out = 0;
	if (v == NULL)
		return ERR_OK;
	if (v->type != JSON_STRING)
		return claims_refuse(c, "scope", "is not a string");
	rest = v->text;
	while (str_split(&rest, ' ', &word))
		for (size_t i = 0; i < ARRAY_LEN(known); i++)
			if (str_eq(word, str_from(known[i].name)))
				*out |= known[i].bit;
	return ERR_OK;
}

/* Reads the kind of principal from platform_token and role. An unknown role gives no rights, not
 * even to a service. */
MUST_CHECK static enum err claim_kind(const struct claims *c, struct principal *who)
{
	const struct json *platform = claims_find(c, "platform_token"),
			  *role = claims_find(c, "role");

	if (platform != NULL && platform->type != JSON_BOOL)
		return claims_refuse(c, "platform_token", "is not a boolean");
	if (role != NULL && role->type != JSON_STRING)
		return claims_refuse(c, "role", "is not a string");
	who->platform_token = platform != NULL && platform->boolean;
	who->kind = role == NULL && who->platform_token ? PRINCIPAL_SERVICE : PRINCIPAL_USER;
	if (role != NULL)
		who->kind = principal_of_role(role->text);
	if (role != NULL && who->kind == PRINCIPAL_USER) {
		who->platform_token = false;
		who->scopes = 0;
	}
	return ERR_OK;
}

MUST_CHECK static enum err read_claims(
	const struct jwt *j, const struct claims *c, struct verdict *out)
{
	struct principal *who = &out->who;
	enum err err;

	if ((err = claims_time(c, "exp", TIME_NONE, &who->expires_ms)) ||
		(err = claims_time(c, "nbf", INT64_MIN, &out->not_before_ms)) ||
		(err = claims_time(c, "iat", TIME_NONE, &who->issued_ms)) ||
		(err = claims_time(c, "auth_time", TIME_NONE, &who->auth_ms)) ||
		(err = claim_issuer(c, j->cfg.issuer)) ||
		(err = claim_audience(c, j->cfg.audience)) ||
		(err = claims_id(c, "sub", &who->subject)) ||
		(err = claims_id(c, "sid", &who->session_id)) ||
		(err = claims_id(c, "tenant_id", &who->tenant_id)) ||
		(err = claims_id(c, "partner_id", &who->partner_id)) ||
		(err = claim_scope(c, &who->scopes)) || (err = claim_kind(c, who)))
		return err;
	if (who->expires_ms == TIME_NONE)
		return claims_refuse(c, "exp", "is missing");
	if (who->subject.p == NULL)
		return claims_refuse(c, "sub", "is missing");
	return ERR_OK;
}

/* Verification */

MUST_CHECK static enum err verify_fresh(
	struct jwt *j, struct arena *a, struct str token, struct verdict *out, const char **why)
{
	struct jwt_header header;
	struct claims claims;
	struct str payload;
	enum err err;

	if ((err = claims_header(a, token, &header, why)) ||
		(err = jwks_verify(j->keys, a, token, header.alg, header.kid, &payload, why)) ||
		(err = claims_parse(a, payload, why, &claims)))
		return err;
	/* A logout token is for logout.c only: it does not prove that its holder is the user. */
	if (claims_is_type(header.typ, "logout+jwt") || claims_find(&claims, "events") != NULL)
		return refuse(why, "a logout token opens nothing");
	return read_claims(j, &claims, out);
}

MUST_CHECK static enum err check_times(
	const struct jwt *j, const struct verdict *v, int64_t now_ms, const char **why)
{
	int64_t leeway_ms = j->cfg.leeway_s * 1000;

	if (now_ms - leeway_ms >= v->who.expires_ms)
		return refuse(why, "token expired");
	if (now_ms + leeway_ms < v->not_before_ms)
		return refuse(why, "token not valid yet");
	return ERR_OK;
}

enum err jwt_claims(struct arena *a, struct str token, const struct json **out)
{
	struct str rest = token, part, text;
	struct json *tree;
	size_t at;

	(void)str_split(&rest, '.', &part);
	(void)str_split(&rest, '.', &part);
	text = str_base64url_decode(a, part);
	if (text.p == NULL || json_parse(a, text, &tree, &at) || tree->type != JSON_OBJECT)
		return ERR_INTERNAL;
	*out = tree;
	return ERR_OK;
}

enum err jwt_verify(struct jwt *j, struct arena *a, struct str token, int64_t now_ms,
	struct principal *out, const char **why)
{
	unsigned char digest[DIGEST_BYTES];
	struct verdict verdict = {0};
	bool cached = false;
	enum err err;

	*out = (struct principal){0};
	*why = NULL;
	if (token.n == 0 || token.n > LIMIT_TOKEN_BYTES)
		return refuse(why, "malformed token");
	jwks_refresh(j->keys);
	if (j->cache != NULL) {
		if (j->generation != jwks_generation(j->keys))
			cache_clear(j->cache);
		j->generation = jwks_generation(j->keys);
		digest_sha256(token, digest);
		cached = cache_find(j->cache, a, digest, &verdict);
	}
	if (!cached && (err = verify_fresh(j, a, token, &verdict, why)))
		return err;
	if ((err = check_times(j, &verdict, now_ms, why)))
		return err;
	if (j->cache != NULL && !cached)
		cache_store(j->cache, digest, &verdict);
	*out = verdict.who;
	return ERR_OK;
}

struct jwt *jwt_open(const struct jwt_config *cfg, struct jwks *keys)
{
	struct jwt *j = heap_zalloc(1, sizeof(*j));

	BUG_ON(cfg->leeway_s < 0 || cfg->leeway_s > CLOCK_LAST_MS / 1000);
	j->cfg = *cfg;
	j->keys = keys;
	j->generation = jwks_generation(keys);
	if (cfg->cache_entries)
		j->cache = cache_open(cfg->cache_entries);
	return j;
}

void jwt_close(struct jwt *j)
{
	if (j == NULL)
		return;
	cache_close(j->cache);
	free(j);
}
