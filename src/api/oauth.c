/* SPDX-License-Identifier: MIT
 * What standard OAuth clients ask about a token, a session's opaque one or a JWT: whether it would
 * be let in right now (RFC 7662), and to end it (RFC 7009). What is unknown, ended, forged or
 * outside the caller's reach is {"active":false} and nothing more (RFC 7662 section 2.2). */
#include "handlers.h"

#include "auth/jwt.h"
#include "base/clock.h"
#include "call/body.h"
#include "call/credential.h"
#include "http/response.h"
#include "json/reader.h"
#include "json/writer.h"
#include "model/revoke.h"

#define FORM "application/x-www-form-urlencoded"

static bool is_form(const struct call *c)
{
	return http_is_form(http_header(&c->req, "CONTENT_TYPE"));
}

/* The token of a form, as the RFC has it, or of a JSON object. */
static enum err read_token(struct call *c, struct str *token)
{
	enum err err;

	*token = STR_NONE;
	if (is_form(c)) {
		*token = http_form_last(c->arena, c->req.body, "token");
	} else {
		err = call_parse_body(c);
		if (err == ERR_MEDIA_TYPE)
			c->detail = "Unsupported media type, send " FORM " or application/json";
		if (err != ERR_OK)
			return err;
		body_str(
			&c->faults, c->body, "token", BODY_OPTIONAL, c->app->cfg.body_limit, token);
	}
	if (c->faults.count == 0 && token->p == NULL)
		fault_add(&c->faults, "body", "token", -1, "missing", "Field required");
	return c->faults.count > 0 ? ERR_INVALID : ERR_OK;
}

static bool in_reach(const struct call *c, const struct principal *who)
{
	return c->reach == REACH_ALL ||
	       (who->tenant_id.p != NULL && str_eq(who->tenant_id, c->who.tenant_id));
}

/* Members that this program decides, whatever a token says. */
static bool is_ours(struct str name)
{
	static const char *const ours[] = {
		"active", "token_type", "sub", "sid", "tenant_id", "exp", "iat"};

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (str_eq(name, str_from(ours[i])))
			return true;
	return false;
}

/* The other claims of a JWT, as they are; of a repeated name the last, and none with a NUL. */
static enum err put_other_claims(struct json_writer *w, struct arena *a, struct str token)
{
	const struct json *claims;
	enum err err = jwt_claims(a, token, &claims);

	if (err != ERR_OK)
		return err;
	for (const struct json *m = claims->first; m != NULL; m = m->next) {
		const char *name = arena_printf(a, "%.*s", STR_FMT(m->key));

		if (strlen(name) == m->key.n && !is_ours(m->key) && json_member(claims, name) == m)
			json_tree(w, name, m);
	}
	return ERR_OK;
}

static void put_claims(struct json_writer *w, const struct credential *cred)
{
	const struct principal *who = &cred->who;

	json_cstr(w, "token_type", cred->is_jwt ? "Bearer" : "zt-session");
	json_str(w, "sub", who->subject);
	if (who->session_id.p != NULL)
		json_str(w, "sid", who->session_id);
	if (who->tenant_id.p != NULL)
		json_str(w, "tenant_id", who->tenant_id);
	if (who->expires_ms != TIME_NONE)
		json_i64(w, "exp", who->expires_ms / 1000);
	if (who->issued_ms != TIME_NONE)
		json_i64(w, "iat", who->issued_ms / 1000);
}

/* What was registered of the sign-in (schema/api.md 5.1), where it is known. */
static void put_sign_in(struct json_writer *w, struct arena *a, const struct sign_in *s)
{
	if (s->auth_ms != TIME_NONE)
		json_i64(w, "auth_time", s->auth_ms / 1000);
	if (s->acr.p != NULL)
		json_str(w, "acr", s->acr);
	if (s->amr.p != NULL)
		v1_put_list(w, a, "amr", s->amr);
	if (s->idp_issuer.p != NULL)
		json_str(w, "idp_issuer", s->idp_issuer);
	if (s->idp_session_id.p != NULL)
		json_str(w, "idp_session_id", s->idp_session_id);
	if (s->device_label.p != NULL)
		json_str(w, "device_label", s->device_label);
}

/* Whether the token would be let in now. */
static enum err look_up(struct call *c, struct str token, struct credential *cred, bool *active)
{
	const char *why;
	enum err err = credential_of_token(c->app, c->arena, token, cred, &why);

	if (err == ERR_OK)
		err = credential_confirm(c->app, c->arena, cred);
	*active = err == ERR_OK;
	return err == ERR_UNAUTHORIZED || err == ERR_SESSION_ENDED ? ERR_OK : err;
}

enum err oauth_introspect(struct call *c)
{
	struct credential cred;
	struct json_writer *w;
	struct str token;
	bool active;
	enum err err = call_confirm(c);

	if (err == ERR_OK)
		err = read_token(c, &token);
	if (err == ERR_OK)
		err = look_up(c, token, &cred, &active);
	if (err != ERR_OK)
		return err;
	active = active && in_reach(c, &cred.who);
	w = json_writer_new(c->arena, &c->res->body);
	c->res->status = 200;
	http_response_header(c->res, "Content-Type", STR("application/json"));
	json_obj(w, NULL);
	json_bool(w, "active", active);
	if (active)
		put_claims(w, &cred);
	if (active && !cred.is_jwt)
		put_sign_in(w, c->arena, &cred.sign_in);
	if (active && cred.is_jwt)
		err = put_other_claims(w, c->arena, token);
	json_end(w);
	return err != ERR_OK ? err : json_finish(w);
}

enum err oauth_refuse(struct call *c, const char *error, const char *description)
{
	struct json_writer *w = json_writer_new(c->arena, &c->res->body);

	c->res->status = 400;
	http_response_header(c->res, "Content-Type", STR("application/json"));
	json_obj(w, NULL);
	json_cstr(w, "error", error);
	json_cstr(w, "error_description", description);
	json_end(w);
	return json_finish(w);
}

/* Who holds a token may end its session: in the audit it is the session's own user, unless the
 * caller said who it is. */
static enum err end_session_of(struct call *c, const struct credential *cred)
{
	struct revoke_call revoke;

	if (c->who.subject.p == NULL)
		c->who = cred->who;
	c->holds_token = true;
	c->scope.session_id = cred->who.session_id;
	c->scope.user_id = cred->who.subject;
	c->scope.tenant_id = cred->who.tenant_id;
	revoke = call_revoke(c, &c->scope);
	return call_end_sessions(c, &revoke);
}

enum err oauth_revoke(struct call *c)
{
	struct credential cred;
	struct str token;
	bool active;
	enum err err;

	if (!is_form(c)) {
		c->detail = "Unsupported media type, send " FORM;
		return ERR_MEDIA_TYPE;
	}
	token = http_form_last(c->arena, c->req.body, "token");
	if (token.p == NULL)
		return oauth_refuse(c, "invalid_request", "token is missing");
	err = look_up(c, token, &cred, &active);
	if (err != ERR_OK)
		return err;
	if (active && cred.who.session_id.p == NULL)
		return oauth_refuse(c, "unsupported_token_type", "the token names no session");
	if (active)
		err = end_session_of(c, &cred);
	c->res->status = 200;
	return err;
}
