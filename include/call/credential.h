/* SPDX-License-Identifier: MIT
 * Decides who sends a request, and whom a token stands for. Both dialects, the Authorizer and
 * introspection use this one place. A credential is a JWT or the opaque token of a session; it
 * comes as Bearer, as zt-session, as the session cookie or as the secret of an OAuth client. No
 * answer of the store is kept for the next request, so a revoked session is refused at once: for an
 * opaque token here, for a JWT by credential_confirm or by the handler's statement. */
#ifndef CALL_CREDENTIAL_H
#define CALL_CREDENTIAL_H

#include "auth/principal.h"
#include "base/err.h"
#include "call/app.h"
#include "model/owner.h"

struct http_request;

struct credential {
	struct principal who; /* for an opaque token: the session's user, with the session's role */
	bool is_jwt;
	bool by_cookie; /* a browser sends it without being asked */
	bool confirmed; /* who.session_id was looked up and is active; false without a session */
	struct sign_in sign_in; /* of the session; set only when confirmed */
	int64_t activity_due;   /* model/activity.h; set only when confirmed */
};

enum credential_sources {
	CREDENTIAL_HEADERS,    /* Bearer and zt-session only, for the Edge API */
	CREDENTIAL_COOKIE_TOO, /* the headers, then the session cookie */
	CREDENTIAL_CLIENT,     /* the headers, then what an OAuth client sends; needs the body */
};

/* Finds the credential of a request. If a request has both headers, Bearer counts; with
 * CREDENTIAL_HEADERS it is zt-session. If it has neither, CREDENTIAL_COOKIE_TOO tries the first
 * LIMIT_COOKIES cookies of the configured name until one is valid. CREDENTIAL_CLIENT takes the
 * secret of HTTP Basic, or client_secret of the form (RFC 6749 section 2.3.1), and ignores the
 * client_id. An opaque token costs one round trip to the database, that of a partner administrator
 * two. A JWT in a header costs none, and its session is not confirmed; a JWT in a cookie is
 * confirmed. ERR_UNAUTHORIZED: there is no credential (*why is NULL), or it is wrong (*why says
 * what is wrong). ERR_SESSION_ENDED: no active session belongs to the credential. */
MUST_CHECK enum err credential_of_request(const struct app *app, struct arena *a,
	const struct http_request *req, enum credential_sources sources, struct credential *out,
	const char **why);

/* The same for one token. The session of a JWT is not confirmed. */
MUST_CHECK enum err credential_of_token(const struct app *app, struct arena *a, struct str token,
	struct credential *out, const char **why);

/* Looks up the session that a JWT names, if it names one. `who` then has the session's tenant and
 * user, and the earlier one of the two ends. ERR_SESSION_ENDED: the session is not active, or it is
 * not the caller's own. */
MUST_CHECK enum err credential_confirm(
	const struct app *app, struct arena *a, struct credential *cred);

#endif
