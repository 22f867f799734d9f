/* SPDX-License-Identifier: MIT
 * POST /backchannel-logout: the identity provider signs people out (OpenID Connect Back-Channel
 * Logout 1.0). A call needs no credential: the token in the form is the right. The surprise: every
 * refusal is 400 with an OAuth error, as the specification has it, and its reason is logged, for
 * providers rarely show it to anybody. */
#include "handlers.h"

#include "auth/digest.h"
#include "auth/logout.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/response.h"
#include "model/revoke.h"

#define KIND "identity provider"
#define CLOCKS_DIFFER_S 600 /* between hosts: a digest is kept so much longer than needed */

static enum err refuse(struct call *c, const char *why)
{
	log_event(LOG_WARN, "logout token refused", "request", c->req.id, "why", why, NULL);
	return oauth_refuse(c, "invalid_request", why);
}

/* RFC 6749 section 3.2: no parameter twice. NULL in *why if there is one token. */
static struct str read_token(const struct call *c, const char **why)
{
	struct str first = http_form_first(c->arena, c->req.body, "logout_token");
	struct str last = http_form_last(c->arena, c->req.body, "logout_token");

	*why = NULL;
	if (!http_is_form(http_header(&c->req, "CONTENT_TYPE")))
		*why = "the body has to be application/x-www-form-urlencoded";
	else if (first.p == NULL || first.n == 0)
		*why = "logout_token is missing";
	else if (!str_eq(first, last))
		*why = "logout_token is there twice";
	return first;
}

/* Of issuer and jti, which has no control character. */
static struct str digest_of(struct arena *a, const struct logout_token *token)
{
	unsigned char *digest = arena_alloc(a, DIGEST_BYTES);
	struct str both = str_printf(a, "%.*s\n%.*s", STR_FMT(token->issuer), STR_FMT(token->id));

	digest_sha256(both, digest);
	return (struct str){(char *)digest, DIGEST_BYTES};
}

static enum err end_sessions(struct call *c, const struct logout_token *token, int64_t now_ms)
{
	struct session_scope scope = {.idp_issuer = token->issuer};
	struct revoke_call revoke;

	if (token->session_id.p != NULL)
		scope.idp_session_id = token->session_id;
	else
		scope.user_id = token->subject;
	c->holds_token = true; /* the logout token is the right to end them */
	revoke = call_revoke(c, &scope);
	revoke.by = (struct revoker){token->issuer, STR_NONE, STR(KIND)};
	revoke.reason = str_printf(c->arena, "logout token %.*s", STR_FMT(token->id));
	revoke.once = digest_of(c->arena, token);
	revoke.once_s = (token->stale_ms - now_ms) / 1000 + CLOCKS_DIFFER_S;
	return call_end_sessions(c, &revoke);
}

enum err logout_backchannel(struct call *c)
{
	const struct logout_config cfg = {
		c->app->cfg.idp_issuer, c->app->cfg.idp_clients, c->app->cfg.jwt_leeway_s};
	int64_t now_ms = clock_now_ms();
	struct logout_token token;
	const char *why;
	struct str text = read_token(c, &why);
	enum err err;

	if (why != NULL)
		return refuse(c, why);
	err = logout_verify(&cfg, c->app->keys, c->arena, text, now_ms, &token, &why);
	if (err == ERR_UNAUTHORIZED)
		return refuse(c, why);
	if (err == ERR_OK) {
		c->who.subject = token.issuer; /* for the log */
		err = end_sessions(c, &token, now_ms);
	}
	if (err == ERR_DUPLICATE)
		return refuse(c, "the token was used before");
	c->res->status = 200;
	return err;
}
