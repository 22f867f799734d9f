/* SPDX-License-Identifier: MIT
 * Pages of a list that begins with the newest row. Private to this room: session.c and audit.c. */
#ifndef MODEL_RANGE_H
#define MODEL_RANGE_H

#include "base/err.h"
#include "db/compose.h"
#include "model/scope.h"
#include "model/tally.h"

/* How many rows a page has, and the list in all. */
struct range_size {
	int64_t count, total;
};

/* Reads the rows of `range`. hours == NULL: by LIMIT and OFFSET; else among the rows of these hours
 * only. */
typedef enum err (*range_read_fn)(void *ctx, const struct session_range *range,
	const struct tally_hours *hours, struct range_size *size);

/* Reads a page with `read`. For a page far from the first row it finds the hours before, by the
 * maintained counts. */
MUST_CHECK enum err range_read(struct db *db, struct arena *a, const struct session_scope *scope,
	enum tally_order order, const struct session_range *range, range_read_fn read, void *ctx);

/* Appends the conditions that a row s is behind range->after and within the hours (NULL: any), each
 * with " AND " before it. `instant` is the column that the list is ordered by. */
void range_put(const struct session_range *range, const struct tally_hours *hours,
	struct sql_frag instant, struct sql *q);

#endif
