/* SPDX-License-Identifier: MIT
 * Dropping history by the month. A partition holds the months that are equal modulo 24; where it
 * also holds a month that is kept (a store older than two years), the dropped rows are deleted in
 * batches. The counts in ended_tally say which months there are; they go last, so that an
 * interrupted run is continued. */
#include "model/purge.h"

#include <stddef.h>

#include "db/compose.h"
#include "statements.h"

#define DELETE_BATCH 1000

const struct stmt purge_month_of = {"purge.month", SQL_READ, "i", "i",
	"SELECT 12 * YEAR(t.at) + MONTH(t.at) - 1"
	" FROM (SELECT UTC_TIMESTAMP(3) - INTERVAL ? SECOND AS at) t"};
const struct stmt purge_count_before = {"purge.count", SQL_READ, "i", "i",
	"SELECT CAST(COALESCE(SUM(n), 0) AS SIGNED) FROM ended_tally WHERE scope = 0 AND no = 0"
	" AND what IN (1, 2) AND month < ? AND month >= (SELECT history_month FROM store)"};
const struct stmt purge_set_month = {"purge.set", SQL_WRITE, "i", "",
	"UPDATE store SET history_month = GREATEST(history_month, ?) WHERE one = 1"};
/* A kept month counts before its first session ended, because one may end while the partition is
 * emptied. */
const struct stmt purge_months_in = {"purge.months", SQL_READ, "ii", "ii",
	"SELECT MOD(24 + ? - MOD(s.history_month, 24), 24)"
	" <= 12 * YEAR(UTC_TIMESTAMP(3)) + MONTH(UTC_TIMESTAMP(3)) - s.history_month,"
	" EXISTS (SELECT 1 FROM ended_tally t WHERE t.scope = 0 AND t.no = 0 AND t.what IN (1, 2)"
	" AND MOD(t.month, 24) = ? AND t.month < s.history_month) FROM store s"};
#define DELETE_SQL(table)                                                                          \
	"DELETE FROM " table " WHERE MOD(month, 24) = ?"                                           \
	" AND month < (SELECT history_month FROM store) LIMIT ?"
const struct stmt purge_delete_ended = {
	"purge.delete_ended", SQL_WRITE, "ii", "", DELETE_SQL("ended")};
const struct stmt purge_delete_users = {
	"purge.delete_users", SQL_WRITE, "ii", "", DELETE_SQL("ended_user")};
const struct stmt purge_delete_tally = {
	"purge.delete_tally", SQL_WRITE, "ii", "", DELETE_SQL("ended_tally")};

/* A partition's name is no value, so it cannot be bound: each stands here. */
static const struct sql_frag names[PURGE_PARTITIONS] = {
	SQL_INIT("p0"),
	SQL_INIT("p1"),
	SQL_INIT("p2"),
	SQL_INIT("p3"),
	SQL_INIT("p4"),
	SQL_INIT("p5"),
	SQL_INIT("p6"),
	SQL_INIT("p7"),
	SQL_INIT("p8"),
	SQL_INIT("p9"),
	SQL_INIT("p10"),
	SQL_INIT("p11"),
	SQL_INIT("p12"),
	SQL_INIT("p13"),
	SQL_INIT("p14"),
	SQL_INIT("p15"),
	SQL_INIT("p16"),
	SQL_INIT("p17"),
	SQL_INIT("p18"),
	SQL_INIT("p19"),
	SQL_INIT("p20"),
	SQL_INIT("p21"),
	SQL_INIT("p22"),
	SQL_INIT("p23"),
};

/* In this order. An ALTER that waits stops everybody behind it, so it waits 5 s at most. */
static const struct {
	struct sql_frag truncate;
	const struct stmt *delete;
} tables[] = {
	{SQL_INIT("ALTER TABLE ended WAIT 5 TRUNCATE PARTITION "), &purge_delete_ended},
	{SQL_INIT("ALTER TABLE ended_user WAIT 5 TRUNCATE PARTITION "), &purge_delete_users},
	{SQL_INIT("ALTER TABLE ended_tally WAIT 5 TRUNCATE PARTITION "), &purge_delete_tally},
};

enum err purge_month(struct db *db, struct arena *a, int64_t age_s, int64_t *month)
{
	struct sql q = SQL_FIXED(&purge_month_of, db_i64(age_s));

	return db_one(db, a, &q, DB_COLUMN('i'), month);
}

enum err purge_count(struct db *db, struct arena *a, int64_t month, int64_t *count)
{
	struct sql q = SQL_FIXED(&purge_count_before, db_i64(month));

	return db_one(db, a, &q, DB_COLUMN('i'), count);
}

enum err purge_move(struct db *db, int64_t month)
{
	struct sql q = SQL_FIXED(&purge_set_month, db_i64(month));

	return db_exec(db, &q, NULL);
}

struct months {
	int64_t kept, dropped; /* whether the partition holds such */
};

static enum err truncate_all(struct db *db, struct arena *a, int64_t partition)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < ARRAY_LEN(tables) && err == ERR_OK; i++) {
		struct sql q;

		sql_begin(&q, a, SQL_WRITE, "");
		sql_add(&q, tables[i].truncate);
		sql_add(&q, names[partition]);
		err = db_exec(db, &q, NULL);
	}
	return err;
}

static enum err delete_all(struct db *db, int64_t partition)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < ARRAY_LEN(tables) && err == ERR_OK; i++) {
		int64_t deleted = DELETE_BATCH;

		while (err == ERR_OK && deleted == DELETE_BATCH) {
			struct sql q = SQL_FIXED(
				tables[i].delete, db_i64(partition), db_i64(DELETE_BATCH));

			err = db_exec(db, &q, &deleted);
		}
	}
	return err;
}

enum err purge_partition(struct db *db, struct arena *a, int64_t partition)
{
	static const struct db_col cols[] = {
		{'i', offsetof(struct months, kept)},
		{'i', offsetof(struct months, dropped)},
	};
	struct sql q = SQL_FIXED(&purge_months_in, db_i64(partition), db_i64(partition));
	struct months months;
	enum err err;

	BUG_ON(partition < 0 || partition >= PURGE_PARTITIONS);
	err = db_one(db, a, &q, DB_SHAPE(cols), &months);
	if (err != ERR_OK || months.dropped == 0)
		return err;
	return months.kept != 0 ? delete_all(db, partition) : truncate_all(db, a, partition);
}
