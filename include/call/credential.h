/* SPDX-License-Identifier: MIT
 * A token somebody presents, opaque or JWT, and the living session behind it: for introspection and
 * for the authorizer. (Callers of this API itself come in through call/access.c.) */
#ifndef CALL_CREDENTIAL_H
#define CALL_CREDENTIAL_H

#include "base/err.h"
#include "call/app.h"

struct credential {
	bool is_jwt;
	struct str session_id;         /* p == NULL: a JWT without sid */
	struct str user_id, tenant_id; /* of the session where there is one, else as claimed */
	struct str issuer, audience;   /* of a JWT */
	int64_t expires_ms, issued_ms; /* the sooner of token and session; TIME_NONE: unknown */
	bool activity_due;             /* last activity is older than the interval */
};

/* The token of "Bearer TOKEN" (RFC 6750 section 2.1); p == NULL for any other header. */
struct str bearer_token(struct str header);

/* ERR_UNAUTHORIZED unless the token is genuine and its session, if it has one, is active now and
 * that of the user (and tenant, if it claims one) that the token names. */
MUST_CHECK enum err credential_check(
	const struct app *app, struct arena *a, struct str token, struct credential *out);

#endif
