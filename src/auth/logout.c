/* SPDX-License-Identifier: MIT
 * The rules for a logout token; see the header. The type JWT is accepted, because many libraries
 * write it by default. Only a logout token has the logout event, and it has no nonce. */
#include "auth/logout.h"

#include "auth/jwks.h"
#include "base/clock.h"
#include "base/limits.h"
#include "claims.h"
#include "json/reader.h"

#define EVENT "http://schemas.openid.net/event/backchannel-logout"

static enum err refuse(const char **why, const char *text)
{
	*why = text;
	return ERR_UNAUTHORIZED;
}

static bool is_listed(const char *list, struct str wanted)
{
	struct str rest = str_from(list), part;

	while (str_split(&rest, ',', &part)) {
		part = str_trim(part);
		if (part.n > 0 && str_eq(part, wanted))
			return true;
	}
	return false;
}

MUST_CHECK static enum err check_header(const struct jwt_header *header, const char **why)
{
	/* The provider signs with public keys; the symmetric key belongs to another party. */
	if (str_eq(header->alg, STR("HS256")))
		return refuse(why, "algorithm not allowed");
	if (header->typ.p != NULL && !claims_is_type(header->typ, "logout+jwt") &&
		!claims_is_type(header->typ, "JWT"))
		return refuse(why, "the type of the token is another");
	return ERR_OK;
}

MUST_CHECK static enum err check_issuer(
	const struct claims *c, const struct logout_config *cfg, struct logout_token *out)
{
	const struct json *v = claims_find(c, "iss");

	if (v == NULL || v->type != JSON_STRING || !str_eq(v->text, str_from(cfg->issuer)))
		return claims_refuse(c, "iss", "is not the expected issuer");
	out->issuer = v->text;
	return ERR_OK;
}

/* Section 2.6 refers to the rules for ID tokens: a token that also names an unknown audience is
 * refused. */
MUST_CHECK static enum err check_audience(const struct claims *c, const struct logout_config *cfg)
{
	const struct json *v = claims_find(c, "aud");
	const struct json *item = v != NULL && v->type == JSON_ARRAY ? v->first : v;

	if (item == NULL)
		return claims_refuse(c, "aud", "is missing");
	for (; item != NULL; item = v->type == JSON_ARRAY ? item->next : NULL)
		if (item->type != JSON_STRING || !is_listed(cfg->clients, item->text))
			return claims_refuse(c, "aud", "names another than the clients here");
	return ERR_OK;
}

MUST_CHECK static enum err check_times(const struct claims *c, const struct logout_config *cfg,
	int64_t now_ms, struct logout_token *out)
{
	int64_t leeway_ms = cfg->leeway_s * 1000, issued_ms, expires_ms, from_ms;
	enum err err;

	if ((err = claims_time(c, "iat", TIME_NONE, &issued_ms)) ||
		(err = claims_time(c, "exp", CLOCK_LAST_MS, &expires_ms)) ||
		(err = claims_time(c, "nbf", CLOCK_FIRST_MS, &from_ms)))
		return err;
	if (issued_ms == TIME_NONE)
		return claims_refuse(c, "iat", "is missing");
	if (issued_ms > now_ms + leeway_ms)
		return claims_refuse(c, "iat", "is in the future");
	out->stale_ms = issued_ms + LOGOUT_FRESH_S * 1000 + leeway_ms;
	if (out->stale_ms <= now_ms)
		return claims_refuse(c, "iat", "is too long ago");
	if (expires_ms <= now_ms - leeway_ms)
		return refuse(c->why, "token expired");
	if (from_ms > now_ms + leeway_ms)
		return refuse(c->why, "token not valid yet");
	return ERR_OK;
}

MUST_CHECK static enum err check_event(const struct claims *c)
{
	const struct json *events = json_member(c->tree, "events");
	const struct json *event = json_member(events, EVENT);

	if (events == NULL || events->type != JSON_OBJECT)
		return claims_refuse(c, "events", "is not an object");
	if (event == NULL || event->type != JSON_OBJECT)
		return claims_refuse(c, "events", "has no logout event");
	if (json_member(c->tree, "nonce") != NULL)
		return claims_refuse(c, "nonce", "must not be there");
	return ERR_OK;
}

MUST_CHECK static enum err read_ids(const struct claims *c, struct logout_token *out)
{
	enum err err;

	if ((err = claims_id(c, "sid", &out->session_id)) ||
		(err = claims_id(c, "sub", &out->subject)) || (err = claims_id(c, "jti", &out->id)))
		return err;
	if (out->session_id.p == NULL && out->subject.p == NULL)
		return refuse(c->why, "neither claim sid nor claim sub is there");
	if (out->id.p == NULL)
		return claims_refuse(c, "jti", "is missing");
	return out->id.n > LIMIT_JTI_BYTES ? claims_refuse(c, "jti", "is too long") : ERR_OK;
}

enum err logout_verify(const struct logout_config *cfg, struct jwks *keys, struct arena *a,
	struct str token, int64_t now_ms, struct logout_token *out, const char **why)
{
	struct jwt_header header;
	struct claims c;
	struct str payload;
	enum err err;

	*out = (struct logout_token){.stale_ms = TIME_NONE};
	if (cfg->issuer == NULL || cfg->clients == NULL)
		return refuse(why, "no identity provider is set up here");
	if (token.n == 0 || token.n > LIMIT_TOKEN_BYTES)
		return refuse(why, "malformed token");
	(void)jwks_refresh(keys);
	if ((err = claims_header(a, token, &header, why)) || (err = check_header(&header, why)) ||
		(err = jwks_verify(keys, a, token, header.alg, header.kid, &payload, why)) ||
		(err = claims_parse(a, payload, why, &c)) || (err = check_issuer(&c, cfg, out)) ||
		(err = check_audience(&c, cfg)) || (err = check_event(&c)) ||
		(err = check_times(&c, cfg, now_ms, out)) || (err = read_ids(&c, out)))
		return err;
	return ERR_OK;
}
