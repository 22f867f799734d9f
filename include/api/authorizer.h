/* SPDX-License-Identifier: MIT
 * The web server asks whether a request to any application on the host may pass, in the FastCGI
 * Authorizer role (lighttpd, Apache). nginx asks GET /authorize instead, a route like others. */
#ifndef API_AUTHORIZER_H
#define API_AUTHORIZER_H

#include "call/dispatch.h"

/* The Authorizer role: 200 with Variable-ROLLCALL_SESSION, _USER and _TENANT, or 401, or a redirect
 * to the sign-in page where one is configured. */
void authorizer_answer(const struct app *app, struct arena *a, const struct http_env *env,
	struct http_response *res, struct after *after);

#endif
