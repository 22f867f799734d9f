/* SPDX-License-Identifier: MIT
 * Retention: dropping the history of whole months. One small transaction moves the beginning of
 * history, from which moment every list and total leaves the older rows out; then the partitions
 * that hold nothing else are emptied, which costs the same however many rows they hold. Called by
 * rollcall-admin purge. What was interrupted is continued by the next run. */
#ifndef MODEL_PURGE_H
#define MODEL_PURGE_H

#include "base/err.h"
#include "db/db.h"

/* The month in which now - age_s lies (12 * year + month - 1): what ended in earlier months is
 * older than that age throughout. */
MUST_CHECK enum err purge_month(struct db *db, struct arena *a, int64_t age_s, int64_t *month);

/* How many ended sessions are older than the month. */
MUST_CHECK enum err purge_count(struct db *db, struct arena *a, int64_t month, int64_t *count);

/* History begins with this month from now on, unless it begins later already. */
MUST_CHECK enum err purge_move(struct db *db, int64_t month);

/* Empties partition 0 to PURGE_PARTITIONS - 1 of what is before the beginning of history. */
#define PURGE_PARTITIONS 24
MUST_CHECK enum err purge_partition(struct db *db, struct arena *a, int64_t partition);

#endif
