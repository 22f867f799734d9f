/* SPDX-License-Identifier: MIT
 * Retention: drops the history of whole months. A small transaction moves the beginning of history;
 * from then on lists and totals leave the older rows out. Then the partitions that hold only older
 * rows are emptied, which takes the same time for any number of rows. The next run continues one
 * that was interrupted. */
#ifndef MODEL_PURGE_H
#define MODEL_PURGE_H

#include "base/err.h"
#include "db/db.h"

/* The month of the instant now - age_s, as 12 * year + month - 1. Every session that ended in an
 * earlier month is older than age_s. */
MUST_CHECK enum err purge_month(struct db *db, struct arena *a, int64_t age_s, int64_t *month);

/* How many ended sessions are older than the month. */
MUST_CHECK enum err purge_count(struct db *db, struct arena *a, int64_t month, int64_t *count);

/* History begins with this month from now on, unless it begins later already. */
MUST_CHECK enum err purge_move(struct db *db, int64_t month);

/* Removes from one partition (0 to PURGE_PARTITIONS - 1) what is before the beginning of history.
 */
#define PURGE_PARTITIONS 24
MUST_CHECK enum err purge_partition(struct db *db, struct arena *a, int64_t partition);

#endif
