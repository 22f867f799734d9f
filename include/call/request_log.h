/* SPDX-License-Identifier: MIT
 * What remains of a request: its line in the log, a line for a fault, the counters. The same for
 * dispatch and for the Authorizer role. No token, no query string and no path is written, and of
 * persons nothing but ids. */
#ifndef CALL_REQUEST_LOG_H
#define CALL_REQUEST_LOG_H

#include "base/err.h"
#include "call/app.h"
#include "db/db.h"

struct http_response;

struct request_log {
	const struct app *app;
	size_t route; /* of metric_route */
	const char *request_id, *method;
	struct str caller;   /* p == NULL: nobody */
	const char *refused; /* why, of 401 and 403; NULL: nothing to say */
	int64_t start_us;
	struct db_stats before;
};

/* At the beginning, and again with the route when it is known. */
void request_log_begin(struct request_log *r, const struct app *app);
void request_log_route(struct request_log *r, size_t route);

/* When the answer is complete, whatever of it is sent already. */
void request_log_end(const struct request_log *r, const struct http_response *res, enum err err);

#endif
