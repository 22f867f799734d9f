/* SPDX-License-Identifier: MIT
 * The entry to everything but the Authorizer role: one request in, one answer out. */
#ifndef CALL_DISPATCH_H
#define CALL_DISPATCH_H

#include "call/app.h"

struct http_env;
struct http_response;

/* What is left to do when the answer is out, so that nobody waits for it. */
struct after {
	struct str touch_session; /* its last activity is due; p == NULL: nothing */
	int64_t touch_due;        /* model/activity.h */
	const char *request_id;   /* for the log */
};

/* Answers one request from `env` into `res` (initialised, not finished): parses, routes, checks who
 * calls, runs the handler, writes the answer, logs one line. Every outcome becomes an answer.
 * Everything it allocates is in the arena. */
void dispatch(const struct app *app, struct arena *a, const struct http_env *env,
	struct http_response *res, struct after *after);

/* Does what is left, after the answer was sent and before the arena is reset. */
void after_answer(const struct app *app, const struct after *after);

#endif
