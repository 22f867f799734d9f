/* SPDX-License-Identifier: MIT
 * Step-up (RFC 9470): a person who ends other sessions than the one at hand must have signed in
 * lately. One rule for every ending of every dialect; call_end_sessions asks it. */
#include "base/clock.h"
#include "call/call.h"
#include "model/owner.h"

/* When the caller signed in: as the token says, else as the session it names was registered.
 * TIME_NONE: nobody knows. */
static enum err find_sign_in(const struct call *c, int64_t *auth_ms)
{
	const struct session_caller caller = {c->who.session_id, c->who.subject, c->who.tenant_id};
	struct owner owner;
	enum err err;

	*auth_ms = c->who.auth_ms;
	if (*auth_ms != TIME_NONE || caller.session.p == NULL)
		return ERR_OK;
	err = owner_of_session(c->app->db, c->arena, &caller, &c->app->cfg.activity, &owner);
	if (err == ERR_OK)
		*auth_ms = owner_auth_ms(&owner);
	return err == ERR_NOT_FOUND ? ERR_SESSION_ENDED : err;
}

enum err call_step_up(const struct call *c)
{
	int64_t auth_ms;
	enum err err;

	/* A caller without a name, or with the token of the session itself, needs no sign-in: the
	 * token is the right to end the session. */
	if (c->app->cfg.step_up_s == 0 || c->who.subject.p == NULL || c->holds_token ||
		c->who.kind == PRINCIPAL_SERVICE)
		return ERR_OK;
	err = find_sign_in(c, &auth_ms);
	if (err != ERR_OK)
		return err;
	return auth_ms != TIME_NONE && auth_ms + c->app->cfg.step_up_s * 1000 >= clock_now_ms()
		       ? ERR_OK
		       : ERR_STEP_UP;
}
