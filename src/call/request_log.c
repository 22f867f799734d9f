/* SPDX-License-Identifier: MIT
 * Log lines and counters of a request; see the header. The surprise: an Authorizer's line is of
 * level debug, because there is one for every request to any application of the host; its faults
 * are errors like all others. */
#include "call/request_log.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "call/metric.h"
#include "call/route.h"
#include "http/response.h"

#define NUMBER_BYTES 24

static const char *number(char out[NUMBER_BYTES], int64_t n)
{
	snprintf(out, NUMBER_BYTES, "%lld", (long long)n);
	return out;
}

void request_log_begin(struct request_log *r, const struct app *app)
{
	*r = (struct request_log){.app = app, .start_us = clock_monotonic_us()};
	r->before = *db_stats(app->db);
	request_log_route(r, metric_route(app->routes, NULL));
}

void request_log_route(struct request_log *r, size_t route)
{
	r->route = route;
	metric_busy(r->app->metric, route);
}

/* The text of the database's latest error, if this request has met an error of the database. During
 * an outage not every request tries to connect, so the text may be that of an earlier request. */
static const char *why(const struct request_log *r, enum err err)
{
	bool database = err == ERR_UNAVAILABLE || err == ERR_TIMEOUT || err == ERR_RETRY ||
			err == ERR_SCHEMA || err == ERR_DUPLICATE ||
			db_stats(r->app->db)->errors != r->before.errors;

	return database ? db_error_text(r->app->db) : NULL;
}

static enum log_level level_of(const struct route_table *routes, size_t route)
{
	bool quiet = route < routes->count ? routes->rows[route].quiet
					   : route == metric_authorizer(routes);

	return quiet ? LOG_DEBUG : LOG_INFO;
}

void request_log_end(const struct request_log *r, const struct http_response *res, enum err err)
{
	char status[NUMBER_BYTES], took[NUMBER_BYTES], waited[NUMBER_BYTES];
	const struct db_stats *now = db_stats(r->app->db);
	int64_t us = clock_monotonic_us() - r->start_us;
	const char *route = metric_route_name(r->app->routes, r->route);

	metric_request(r->app->metric, r->route, res->status, us);
	metric_database(r->app->metric, r->app->db);
	if (res->status >= 500)
		log_event(LOG_ERROR, "fault", "request", r->request_id, "route", route, "outcome",
			err_text(err), "why", why(r, err), NULL);
	if (r->refused != NULL)
		log_event(level_of(r->app->routes, r->route), "refused", "request", r->request_id,
			"route", route, "caller", str_dup(res->arena, r->caller).p, "status",
			number(status, res->status), "why", r->refused, NULL);
	log_event(level_of(r->app->routes, r->route), "request", "request", r->request_id, "route",
		route, "method", r->method, "caller", str_dup(res->arena, r->caller).p, "status",
		number(status, res->status), "us", number(took, us), "db_us",
		number(waited, (int64_t)(now->busy_us - r->before.busy_us)), NULL);
}
