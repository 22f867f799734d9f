/* SPDX-License-Identifier: MIT
 * One request on its way through the program, and what a row of the route table says about it.
 * dispatch fills the call from the row (access, parameters, body) before the handler runs, so a
 * handler starts with a caller who may, and with values that are valid. */
#ifndef API_CALL_H
#define API_CALL_H

#include "api/app.h"
#include "auth/policy.h"
#include "base/fault.h"
#include "http/router.h"
#include "json/reader.h"
#include "json/writer.h"
#include "model/revoke.h"

/* Query parameters of the Sessions API. */
enum param {
	PARAM_ACTIVE_ONLY,
	PARAM_PAGE,
	PARAM_PER_PAGE,
	PARAM_USER_ID,
	PARAM_TENANT_ID,
	PARAM_PARTNER_ID,
	PARAM__COUNT
};

struct param_value {
	int64_t i;    /* integers, and booleans as 0 or 1 */
	struct str s; /* texts; p == NULL: absent */
};

enum body_kind {
	BODY_NONE,  /* whatever comes is not looked at */
	BODY_JSON,  /* an object has to come; call->body */
	BODY_MAYBE, /* an object or nothing at all (call->body NULL) */
	BODY_RAW,   /* raw in call->req.body, the handler reads it */
};

struct call;
struct dialect;
typedef enum err (*handler_fn)(struct call *c);

struct route {
	struct route_key key;
	handler_fn handler;
	enum access access;
	enum body_kind body;
	unsigned params; /* bits 1 << PARAM_X, validated in the order of enum param */
	const struct dialect *dialect;
	const char *name; /* for logs, metrics and the audit */
};

/* How a front door words its answers; one per dialect, in dialect_*.c. */
struct dialect {
	/* Status, headers and body for an outcome; nothing has been sent yet. */
	void (*fail)(struct call *c, enum err err);
	bool (*credentials)(struct call *c, enum err *err); /* other than Bearer; NULL: none */
	bool negotiates;                                    /* 406 unless Accept takes JSON */
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

/* What every revocation of this call has in common: who, through what, which request. */
struct revoke_call call_revoke(const struct call *c, const struct session_scope *scope);

/* revoke_sessions, counted. Handlers call no other. */
MUST_CHECK enum err call_end_sessions(const struct call *c, struct revoke_call *revoke);

/* Finds out who calls and whether they may (contract section 3): token, session of the token,
 * matrix, tenant of the path. Fills who, reach, scope. */
MUST_CHECK enum err call_authorise(struct call *c);

/* Reads the query parameters that the route names; faults for the bad ones. */
MUST_CHECK enum err call_read_params(struct call *c);

/* call->body from the raw body, which has to be a JSON object. */
MUST_CHECK enum err call_parse_body(struct call *c);

/* The token of "Bearer TOKEN" (RFC 6750 section 2.1); p == NULL for any other header. */
struct str bearer_token(struct str header);

#endif
