/* SPDX-License-Identifier: MIT
 * Compares the maintained numbers with the sessions, and repairs the numbers while the service
 * runs. */
#ifndef MODEL_RECOUNT_H
#define MODEL_RECOUNT_H

#include "base/err.h"
#include "db/db.h"

/* One number that is wrong. */
struct recount_fault {
	const char *table; /* "tally", "ended_tally", "ended_user", "user" */
	int64_t scope, no, what, bucket, month;
	struct str device_type, user_id; /* where the number is of one; else p == NULL */
	int64_t n, lived_ms;             /* what has to be added to it */
	enum err (*add)(struct db *db, const struct recount_fault *fault); /* recount.c's own */
};

/* Compares the numbers with the sessions table by table, each in one statement, calls fn for each
 * number that is wrong, and, with `repair`, adds the difference in a transaction of its own:
 * changes that come meanwhile are kept. */
typedef void (*recount_fn)(void *ctx, const struct recount_fault *fault);
MUST_CHECK enum err recount(struct db *db, bool repair, recount_fn fn, void *ctx);

#endif
