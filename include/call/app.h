/* SPDX-License-Identifier: MIT
 * What a worker holds for its lifetime and every handler may use: settings, routes, database,
 * keys. */
#ifndef CALL_APP_H
#define CALL_APP_H

#include <stdint.h>

#include "base/str.h"
#include "model/activity.h"

struct app_config {
	struct str api_prefix, edge_prefix, mount; /* mount.p == NULL: found per request */
	size_t body_limit;
	int64_t retry_after_s;
	int64_t edge_max_rows;
	uint64_t costly_most;          /* workers within a costly question at once */
	struct activity_rule activity; /* and the policy of everybody */
	int64_t step_up_s;             /* 0: none */
	int64_t session_s;             /* lifetime of a session registered without an expiry */
	const char *cookie, *login_url;
	const char *idp_issuer, *idp_clients; /* NULL: no logout tokens */
	int64_t jwt_leeway_s;
	const char *metrics_allow; /* addresses, separated by commas */
	const char *version;
};

struct app {
	struct app_config cfg;
	const struct route_table *routes;
	struct db *db;
	struct jwks *keys;
	struct jwt *jwt;
	struct geo *geo;       /* NULL: no locations */
	struct metric *metric; /* NULL: nothing is counted */
};

#endif
