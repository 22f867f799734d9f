/* SPDX-License-Identifier: MIT
 * POST /sessions/introspect (RFC 7662): whether a token, a session's opaque one or a JWT, would be
 * let in right now. Called by dispatch through the route table. What is unknown, ended, forged or
 * outside the caller's reach is {"active":false} and nothing more (section 2.2 of the RFC). */
#include "handlers.h"

#include "base/clock.h"
#include "call/body.h"
#include "call/credential.h"
#include "http/response.h"
#include "json/writer.h"

/* The token of a form, as the RFC has it, or of a JSON object. */
static enum err read_token(struct call *c, struct str *token)
{
	struct str type = http_header(&c->req, "CONTENT_TYPE");
	enum err err;

	*token = STR_NONE;
	if (http_is_form(type)) {
		*token = http_form_last(c->arena, c->req.body, "token");
	} else {
		err = call_parse_body(c);
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
	if (who->issuer.p != NULL)
		json_str(w, "iss", who->issuer);
	if (who->audience.p != NULL)
		json_str(w, "aud", who->audience);
}

enum err ingest_introspect(struct call *c)
{
	struct credential cred;
	struct json_writer *w;
	struct str token;
	const char *why;
	bool active;
	enum err err = call_confirm(c);

	if (err == ERR_OK)
		err = read_token(c, &token);
	if (err != ERR_OK)
		return err;
	err = credential_of_token(c->app, c->arena, token, &cred, &why);
	if (err == ERR_OK)
		err = credential_confirm(c->app, c->arena, &cred);
	if (err != ERR_OK && err != ERR_UNAUTHORIZED && err != ERR_SESSION_ENDED)
		return err;
	active = err == ERR_OK && in_reach(c, &cred.who);
	w = json_writer_new(c->arena, &c->res->body);
	c->res->status = 200;
	http_response_header(c->res, "Content-Type", STR("application/json"));
	json_obj(w, NULL);
	json_bool(w, "active", active);
	if (active)
		put_claims(w, &cred);
	json_end(w);
	return json_finish(w);
}
