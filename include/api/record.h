/* SPDX-License-Identifier: MIT
 * What remains of a request: its line in the log, a line for a fault, the counters. The same for
 * dispatch and for the Authorizer role. No token, no query string and no path is written, and of
 * persons nothing but ids. */
#ifndef API_RECORD_H
#define API_RECORD_H

#include "api/app.h"

struct record {
	const struct app *app;
	size_t route; /* of metric_route */
	const char *request_id, *method;
	struct str caller;   /* p == NULL: nobody */
	const char *refused; /* why, of 401 and 403; NULL: nothing to say */
	int64_t start_us;
	struct db_stats before;
};

/* At the beginning, and again with the route when it is known. */
void record_begin(struct record *r, const struct app *app);
void record_route(struct record *r, size_t route);

/* When the answer is complete, whatever of it is sent already. */
void record_end(const struct record *r, const struct http_response *res, enum err err);

#endif
