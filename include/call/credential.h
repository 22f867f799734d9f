/* SPDX-License-Identifier: MIT
 * Who presents a request, or a token: the one place that decides it, for every dialect, for the
 * Authorizer and for introspection. A credential is a JWT or the opaque token of a session; it
 * comes as Bearer, as zt-session, or as the session cookie. The store is asked every time, so what
 * was revoked a moment ago is out. */
#ifndef CALL_CREDENTIAL_H
#define CALL_CREDENTIAL_H

#include "auth/principal.h"
#include "base/err.h"
#include "call/app.h"
#include "model/owner.h"

struct http_request;

struct credential {
	struct principal who; /* of an opaque token: the session's user, with the session's role */
	bool is_jwt;
	bool by_cookie;         /* sent by a browser by itself */
	bool confirmed;         /* who.session_id, if there is one, was looked up and is active */
	struct sign_in sign_in; /* of the session; only when confirmed */
	bool activity_due;      /* last activity is older than the interval; only when confirmed */
};

enum credential_sources {
	CREDENTIAL_HEADERS,
	CREDENTIAL_COOKIE_TOO,
	CREDENTIAL_CLIENT, /* headers, and what an OAuth client sends; the body is read */
};

/* The credential of a request: Bearer, then zt-session (for the Edge API the other way round), then
 * up to LIMIT_COOKIES cookies of the configured name, of which the first that opens counts. An
 * OAuth client sends its token as the secret of HTTP Basic, or as client_secret in the form (RFC
 * 6749 section 2.3.1); its client_id is not looked at. One
 * round trip for an opaque token; none for a JWT, whose session is not confirmed by it.
 * ERR_UNAUTHORIZED: none is there, or it is wrong (*why says how, or is NULL). ERR_SESSION_ENDED:
 * its session is not active. */
MUST_CHECK enum err credential_of_request(const struct app *app, struct arena *a,
	const struct http_request *req, enum credential_sources sources, struct credential *out,
	const char **why);

/* The same of a token. */
MUST_CHECK enum err credential_of_token(const struct app *app, struct arena *a, struct str token,
	struct credential *out, const char **why);

/* Looks the session of a JWT up, if it names one. The session's tenant and user then stand in
 * `who`, and the sooner end. ERR_SESSION_ENDED. */
MUST_CHECK enum err credential_confirm(
	const struct app *app, struct arena *a, struct credential *cred);

#endif
