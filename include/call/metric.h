/* SPDX-License-Identifier: MIT
 * What is counted, and its text for Prometheus (GET /metrics). The numbers lie in a mapping that
 * the pool shares (base/counters.h): each worker writes to its own slot, and the worker that is
 * asked adds up all slots.
 *
 * A struct metric belongs to one process. NULL counts nothing (--check and test programs). */
#ifndef CALL_METRIC_H
#define CALL_METRIC_H

#include "base/buf.h"
#include "base/counters.h"
#include "db/db.h"

struct route;
struct route_table;

enum metric_number {
	METRIC_STATEMENTS,
	METRIC_DB_ERRORS,
	METRIC_CONNECTS,
	METRIC_RECONNECTS,
	METRIC_DB_US,
	METRIC_REVOKED, /* sessions ended */
	METRIC_ALLOWED, /* decisions of the Authorizer */
	METRIC_DENIED,
	METRIC_UNDECIDED, /* the store could not be asked */
	METRIC_DIED,      /* workers that crashed or were killed, and were replaced */
	METRIC_RECYCLED,  /* workers replaced after MAX_REQUESTS requests */
	METRIC_RENEWED,   /* workers replaced for SIGHUP */
	METRIC_WORKERS,   /* now; set by who started them */
	METRIC_START_MS,  /* when the pool began; set likewise */
	METRIC_NUMBER__COUNT
};

struct metric {
	const struct route_table *routes;
	struct counters *all;
	size_t slot;
	struct db_stats seen; /* what is counted of this process's connection */
};

/* The rows by which requests are counted: those of the route table, and two more. */
size_t metric_route(const struct route_table *routes, const struct route *route); /* NULL: none */
size_t metric_authorizer(const struct route_table *routes); /* the FastCGI role */
const char *metric_route_name(const struct route_table *routes, size_t route);

/* Before fork. Slots 0 to `workers` are for workers, one more than there are, because a successor
 * begins before its predecessor has ended; the last one is the parent's. */
struct counters *metric_open(const struct route_table *routes, size_t workers);
struct metric metric_parent(const struct route_table *routes, struct counters *all);

void metric_add(struct metric *m, enum metric_number which, uint64_t n);
void metric_set(struct metric *m, enum metric_number which, uint64_t value);

/* This worker serves that route, or nothing. */
void metric_busy(struct metric *m, size_t route);
void metric_idle(struct metric *m);

/* This worker begins a question that no index answers, until metric_idle. False: `most` workers of
 * the pool are within one already. */
bool metric_enter_costly(struct metric *m, uint64_t most);

/* One request answered. */
void metric_request(struct metric *m, size_t route, int status, int64_t us);

/* Counts what the connection did since the last time. */
void metric_database(struct metric *m, const struct db *db);

/* What a slot's worker is serving, NULL if nothing: the parent asks when a worker has died, and
 * then frees the slot. */
const char *metric_serving(const struct metric *m, size_t slot);
void metric_vacate(struct metric *m, size_t slot);

/* Everything, in the text format of Prometheus 0.0.4. */
void metric_print(const struct metric *m, const char *version, struct buf *out);

/* Prints a number that the counters do not hold. */
void metric_print_gauge(struct buf *out, const char *name, const char *help, int64_t value);

#endif
