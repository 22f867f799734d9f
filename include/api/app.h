/* SPDX-License-Identifier: MIT
 * What a worker holds for its lifetime and every handler may use: settings, database, keys. */
#ifndef API_APP_H
#define API_APP_H

#include <stdint.h>

#include "auth/jwt.h"
#include "base/log.h"
#include "db/db.h"
#include "http/request.h"
#include "http/response.h"

struct app_config {
	struct str api_prefix, edge_prefix, mount; /* mount.p == NULL: found per request */
	size_t body_limit;
	int64_t retry_after_s;
	int64_t edge_max_rows;
	int64_t activity_interval_s;
	int64_t session_s; /* lifetime of a session registered without an expiry */
	const char *cookie, *login_url;
	const char *metrics_allow; /* addresses, separated by commas */
	const char *version;
};

struct app {
	struct app_config cfg;
	struct db *db;
	struct jwt *jwt;
	struct geo *geo;       /* NULL: no locations */
	struct metric *metric; /* NULL: nothing is counted */
};

/* What is left to do when the answer is out, so that nobody waits for it. */
struct after {
	struct str touch_session; /* its last activity is due; p == NULL: nothing */
	const char *request_id;   /* for the log */
};

/* Answers one request from `env` into `res` (initialised, not finished): parses, routes, checks who
 * calls, runs the handler, writes the answer, logs one line. Never fails outwardly. Everything it
 * allocates is in the arena. */
void dispatch(const struct app *app, struct arena *a, const struct http_env *env,
	struct http_response *res, struct after *after);

/* Does what is left, after the answer was sent and before the arena is reset. */
void after_answer(const struct app *app, const struct after *after);

#endif
