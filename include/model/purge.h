/* SPDX-License-Identifier: MIT
 * Retention: deleting what has been dead for long. A session is dead from the moment it was revoked
 * or had expired, whichever came first; an active one is never touched. Called by rollcall-admin
 * purge. Goes in batches that are transactions of their own, so no lock is held for long, and
 * whatever was interrupted is simply continued by the next run. */
#ifndef MODEL_PURGE_H
#define MODEL_PURGE_H

#include "base/err.h"
#include "db/db.h"

#define PURGE_BATCH 1000 /* rows that one transaction deletes */

/* In this order: a session that was revoked and has expired since is among the expired ones. */
enum purge_what {
	PURGE_EXPIRED, /* sessions that expired before the cutoff, with their session_app rows */
	PURGE_REVOKED, /* those of the others that were revoked before it, likewise */
	PURGE_AUDIT,   /* audit rows from before it */
	PURGE__COUNT
};

/* The instant age_s (1 or more) before now, by the database's clock. */
MUST_CHECK enum err purge_cutoff(struct db *db, struct arena *a, int64_t age_s, int64_t *cutoff_ms);

/* How many there are. */
MUST_CHECK enum err purge_count(
	struct db *db, struct arena *a, enum purge_what what, int64_t cutoff_ms, int64_t *count);

/* Deletes up to PURGE_BATCH, the oldest first; fewer than that means that none is left. */
MUST_CHECK enum err purge_batch(
	struct db *db, enum purge_what what, int64_t cutoff_ms, int64_t *deleted);

#endif
