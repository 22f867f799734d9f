/* SPDX-License-Identifier: MIT
 * The statements behind rollcall-admin purge. Each walks one index from its oldest end and stops
 * at the batch's size (session_expiry, session_live, revocation_time); session_app follows by its
 * foreign key. A plain DELETE cannot be held to an index and, where most rows are dead, reads and
 * sorts the whole table for every batch: hence the inner SELECT. */
#include "model/purge.h"

#include "db/compose.h"

enum err purge_cutoff(struct db *db, struct arena *a, int64_t age_s, int64_t *cutoff_ms)
{
	static const struct db_col cols[] = {{'t', 0}};
	static const struct db_shape shape = {cols, 1};
	struct sql q = SQL_FIXED(PURGE_CUTOFF, db_i64(age_s));

	BUG_ON(age_s < 1);
	return db_one(db, a, &q, &shape, cutoff_ms);
}

enum err purge_count(
	struct db *db, struct arena *a, enum purge_what what, int64_t cutoff_ms, int64_t *count)
{
	static const struct db_col cols[] = {{'i', 0}};
	static const struct db_shape shape = {cols, 1};
	const struct sql counts[PURGE__COUNT] = {
		[PURGE_EXPIRED] = SQL_FIXED(PURGE_EXPIRED_COUNT, db_time(cutoff_ms)),
		[PURGE_REVOKED] =
			SQL_FIXED(PURGE_REVOKED_COUNT, db_time(cutoff_ms), db_time(cutoff_ms)),
		[PURGE_AUDIT] = SQL_FIXED(PURGE_AUDIT_COUNT, db_time(cutoff_ms)),
	};

	return db_one(db, a, &counts[what], &shape, count);
}

struct batch {
	struct db *db;
	enum purge_what what;
	int64_t cutoff_ms, deleted;
};

static enum err run_batch(void *ctx)
{
	struct batch *b = ctx;
	const struct sql deletes[PURGE__COUNT] = {
		[PURGE_EXPIRED] =
			SQL_FIXED(PURGE_EXPIRED, db_time(b->cutoff_ms), db_i64(PURGE_BATCH)),
		[PURGE_REVOKED] =
			SQL_FIXED(PURGE_REVOKED, db_time(b->cutoff_ms), db_i64(PURGE_BATCH)),
		[PURGE_AUDIT] = SQL_FIXED(PURGE_AUDIT, db_time(b->cutoff_ms), db_i64(PURGE_BATCH)),
	};

	return db_exec(b->db, &deletes[b->what], &b->deleted);
}

enum err purge_batch(struct db *db, enum purge_what what, int64_t cutoff_ms, int64_t *deleted)
{
	struct batch b = {.db = db, .what = what, .cutoff_ms = cutoff_ms};
	enum err err = db_tx(db, run_batch, &b);

	*deleted = b.deleted;
	return err;
}
