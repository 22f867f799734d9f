/* SPDX-License-Identifier: MIT
 * One request on its way through the program. dispatch fills the call from the row of the route
 * table (access, parameters, body) before the handler runs, so that a handler runs only for a
 * caller with permission and with valid values. */
#ifndef CALL_CALL_H
#define CALL_CALL_H

#include "base/fault.h"
#include "call/app.h"
#include "call/route.h"
#include "model/scope.h"

struct param_value {
	int64_t i;    /* integers, and booleans as 0 or 1 */
	struct str s; /* texts; p == NULL: absent */
};

struct call {
	const struct app *app;
	struct after *after;
	struct arena *arena;
	struct http_request req;
	struct http_response *res;
	const struct route *route;
	const struct dialect *dialect;
	struct route_match match;
	struct principal who; /* who.subject.p == NULL: nobody */
	bool by_cookie;       /* the credential was a cookie */
	bool holds_token;     /* the call shows the token of the session that it ends */
	enum reach reach;
	struct session_scope scope; /* what the caller reaches, narrowed by the path's tenant */
	struct param_value params[PARAM__COUNT];
	const struct json *body;         /* BODY_JSON: an object */
	struct faults faults;            /* ERR_INVALID */
	const char *detail;              /* words for the error, NULL: the dialect's own */
	struct query_error *query_error; /* ERR_INVALID_FILTER, ERR_INVALID_SORT */
};

/* The path's {name}, which the route has. */
struct str call_var(const struct call *c, const char *name);

/* call->body from the raw body, which has to be a JSON object. */
MUST_CHECK enum err call_parse_body(struct call *c);

/* Confirms the scope's gate in a round trip of its own: for handlers whose work does not. */
MUST_CHECK enum err call_confirm(struct call *c);

/* Before a search by filter: ERR_BUSY when no index serves it and too many workers of the pool are
 * within such a search already. */
struct query;
MUST_CHECK enum err call_enter_search(const struct call *c, const struct query *filter);

/* What every revocation of this call has in common: who, through what, which request. */
struct revoke_call;
struct revoke_call call_revoke(const struct call *c, const struct session_scope *scope);

/* The same for sessions that a policy of that tenant ends; `reason` is a literal. */
struct revoke_call call_revoke_by_policy(
	const struct call *c, struct str tenant_id, const char *reason);

/* Before anything that ends sessions other than the caller's current one: ERR_STEP_UP when a person
 * signed in too long ago. */
MUST_CHECK enum err call_step_up(const struct call *c);

/* Counts sessions in the metrics that this call has ended. */
void call_count_ended(const struct call *c, int64_t count);

/* Asks call_step_up, then calls revoke_sessions and counts what has ended. Handlers end sessions
 * with this function only. */
MUST_CHECK enum err call_end_sessions(const struct call *c, struct revoke_call *revoke);

#endif
