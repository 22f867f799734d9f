/* SPDX-License-Identifier: MIT
 * The store's exact numbers: changes are collected while sessions enter and leave, and written in
 * the same transaction; totals are read as a few rows, however many sessions there are.
 *
 * Each number is the sum of rows called shards. A worker writes to one shard, so that two workers
 * do not wait for each other. */
#ifndef MODEL_TALLY_H
#define MODEL_TALLY_H

#include <stdbool.h>

#include "base/err.h"
#include "db/db.h"
#include "model/scope.h"

#define TALLY_SHARDS 8
#define HOUR_MS INT64_C(3600000)
#define SLOT_MS INT64_C(600000)              /* ten minutes */
#define YEAR_1_MS (-INT64_C(62135596800000)) /* stands for "never" in last_activity_at */

/* Values of `scope` and `what` in schema/0001_store.sql. */
enum tally_scope { TALLY_ALL, TALLY_PARTNER, TALLY_TENANT };
enum tally_living { LIVING_TOTAL = 1, LIVING_USERS, LIVING_DEVICE, LIVING_HOUR, LIVING_SLOT };
enum tally_ended { ENDED_EXPIRED = 1, ENDED_REVOKED, ENDED_REVOKED_HOUR, ENDED_HOUR };

/* What the numbers depend on. */
struct tally_session {
	int64_t tenant_no, partner_no; /* partner_no DB_NULL_I64: none */
	struct str user_id, device_type;
	int64_t created_ms, expires_ms, last_activity_ms; /* TIME_NONE or year 1: never */
};

struct tally;

/* Lives in the arena until it is written. */
struct tally *tally_new(struct arena *a);

/* A session enters `session` (sign 1) or leaves it (sign -1). tally_users: n more users have a
 * living session. */
void tally_living(struct tally *t, const struct tally_session *s, int sign);
void tally_users(struct tally *t, int64_t tenant_no, int64_t n);

/* The end of a living session moves. */
void tally_moved(struct tally *t, int64_t tenant_no, int64_t from_ms, int64_t to_ms);

/* A session enters `ended`. */
void tally_ended(struct tally *t, const struct tally_session *s, bool expired, int64_t ended_ms);

/* Writes what was collected; within the caller's transaction. Rows are taken in one order, so that
 * two transactions do not deadlock. */
MUST_CHECK enum err tally_write(struct db *db, struct tally *t);

/* The number of the month of an instant: 12 * year + month - 1. */
int64_t tally_month(int64_t ms);

/* Appends an expression: how many sessions the scope holds, of tenant, partner, user, everything,
 * or any of these with a filter. scope->active: living ones that have not expired; else the ended
 * ones too. Exact in the statement's snapshot. */
void tally_put_total(const struct session_scope *scope, struct sql *q);

/* Appends an expression: how many revoked sessions tenant, partner and user of the scope have. */
void tally_put_revoked(const struct session_scope *scope, struct sql *q);

/* The order of a list, newest first, and with it the counts by hour that find its pages.
 * ORDER_CREATED: of living sessions by creation, and of ended ones too unless scope->active is set.
 * ORDER_REVOKED: of revoked sessions by their end. */
enum tally_order { ORDER_CREATED, ORDER_REVOKED };

/* Whether there are such counts: for a list of a tenant, of a partner or of everything. */
bool tally_has_hours(const struct session_scope *scope, enum tally_order order);

/* The hours that hold rows offset + 1 to offset + limit. `first` is the newer one. last is
 * INT64_MIN when the list ends before that. *found: whether there is such a row at all. */
struct tally_hours {
	int64_t first, last;
};
MUST_CHECK enum err tally_find_hours(struct db *db, struct arena *a,
	const struct session_scope *scope, enum tally_order order, int64_t offset, int64_t limit,
	struct tally_hours *out, bool *found);

/* Appends an expression: how many rows of the list are newer than the hour. */
void tally_put_newer(
	const struct session_scope *scope, enum tally_order order, int64_t hour, struct sql *q);

/* The condition that a row of `ended` is still part of history. */
#define HISTORY_SQL " AND s.month >= (SELECT history_month FROM store)"

#endif
