/* SPDX-License-Identifier: MIT
 * What a row of the route table says. The table itself is of the room api and comes in through
 * struct app; dispatch enforces each column before the handler runs. */
#ifndef CALL_ROUTE_H
#define CALL_ROUTE_H

#include "auth/policy.h"
#include "http/router.h"

/* Names of the base paths that rows live under: of the two APIs, whose place is configurable, and
 * the paths of operators, which are their own names. */
#define PREFIX_V1 "v1"
#define PREFIX_EDGE "edge"
#define PREFIX_HEALTHZ "/healthz"
#define PREFIX_READYZ "/readyz"
#define PREFIX_METRICS "/metrics"
#define PREFIX_AUTHORIZE "/authorize"

/* Pages for people: no API, and in no description of one. PREFIX_ROOT is the mount itself. */
#define PREFIX_CONSOLE "/console"
#define PREFIX_ROOT ""

/* Query parameters of the Sessions API. */
enum param {
	PARAM_ACTIVE_ONLY,
	PARAM_PAGE,
	PARAM_PER_PAGE,
	PARAM_USER_ID,
	PARAM_TENANT_ID,
	PARAM_PARTNER_ID,
	PARAM_CURSOR,
	PARAM__COUNT
};

enum body_kind {
	BODY_NONE,  /* whatever comes is not looked at */
	BODY_JSON,  /* an object has to come; call->body */
	BODY_MAYBE, /* an object or nothing at all (call->body NULL) */
	BODY_OAUTH, /* raw in call->req.body, read before anything else: a client may authenticate
		     * in a form (RFC 6749 section 2.3.1); the handler reads the rest of it */
};

struct call;

/* How a front door words its answers; one per dialect, in api/dialect_*.c. */
struct dialect {
	/* Status, headers and body for an outcome; nothing has been sent yet. */
	void (*fail)(struct call *c, enum err err);
	bool takes_cookie; /* the session cookie is a credential */
	bool negotiates;   /* 406 unless Accept takes JSON */
};

typedef enum err (*handler_fn)(struct call *c);

struct route {
	struct route_key key;
	handler_fn handler;
	enum access access;
	enum body_kind body;
	unsigned params; /* bits 1 << PARAM_X, validated in the order of enum param */
	const struct dialect *dialect;
	const char *name; /* for logs, metrics and the audit */
	bool quiet;       /* its requests are logged at level debug */
};

struct route_table {
	const struct route *rows;
	size_t count;
	const struct dialect *elsewhere; /* dialect of the 404 for a path below no base path */
};

#endif
