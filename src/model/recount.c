/* SPDX-License-Identifier: MIT
 * What the numbers must be, as grouped counts of the tables, minus what they are. Each comparison
 * is one statement, so that both sides are of one moment; a difference of that moment stays right
 * however many sessions come and go before it is added. */
#include "model/recount.h"

#include <stddef.h>

#include "db/compose.h"
#include "model/tally.h"
#include "statements.h"

#define HOUR_SQL(t)                                                                                \
	"FLOOR(TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', " t ") / 3600000000)"
#define SLOT_SQL(t)                                                                                \
	"FLOOR(TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', " t ") / 600000000)"
#define LIVED_SQL "GREATEST(TIMESTAMPDIFF(MICROSECOND, s.created_at, s.ended_at) DIV 1000, 0)"

/* One row for each group of sessions: scope, no, what, bucket, device_type, n. */
#define GROUP_SQL(scope, no, what, bucket, device, where)                                          \
	" UNION ALL SELECT " scope ", " no ", " what ", " bucket ", " device                       \
	", COUNT(*) FROM session s WHERE " where " GROUP BY 1, 2, 4, 5"
#define LEVELS_SQL(what, bucket)                                                                   \
	GROUP_SQL("0", "0", what, bucket, "''", "TRUE")                                            \
	GROUP_SQL("1", "s.partner_no", what, bucket, "''", "s.partner_no IS NOT NULL")             \
	GROUP_SQL("2", "s.tenant_no", what, bucket, "''", "TRUE")

const struct stmt recount_living = {"recount.living", SQL_READ, "", "iiiisi",
	"SELECT scope, no, what, bucket, device_type, CAST(SUM(n) AS SIGNED) AS n FROM ("
	"SELECT scope, no, what, bucket, device_type, -SUM(n) AS n FROM tally GROUP BY 1, 2, 3, 4, 5" LEVELS_SQL(
		"1", "0") LEVELS_SQL("4", HOUR_SQL("s.created_at")) GROUP_SQL("2", "s.tenant_no",
		"3", "0", "COALESCE(s.device_type, 'unknown')",
		"TRUE") GROUP_SQL("2", "s.tenant_no", "5", SLOT_SQL("s.expires_at"), "''",
		"TRUE") " UNION ALL SELECT 2, s.tenant_no, 2, 0, '', COUNT(DISTINCT s.user_id) FROM session s"
			" GROUP BY s.tenant_no"
			") d GROUP BY scope, no, what, bucket, device_type HAVING n <> 0"};

#define ENDED_GROUP_SQL(scope, no, what, bucket, lived, where)                                     \
	" UNION ALL SELECT " scope ", " no ", " what ", " bucket ", s.month, COUNT(*), " lived     \
	" FROM ended s WHERE " where HISTORY_SQL " GROUP BY 1, 2, 4, 5"
#define ENDED_LEVELS_SQL(what, bucket, lived, where)                                               \
	ENDED_GROUP_SQL("0", "0", what, bucket, lived, where)                                      \
	ENDED_GROUP_SQL(                                                                           \
		"1", "s.partner_no", what, bucket, lived, where " AND s.partner_no IS NOT NULL")   \
	ENDED_GROUP_SQL("2", "s.tenant_no", what, bucket, lived, where)

const struct stmt recount_ended = {"recount.ended", SQL_READ, "", "iiiiiii",
	"SELECT scope, no, what, bucket, month, CAST(SUM(n) AS SIGNED) AS n,"
	" CAST(SUM(lived) AS SIGNED) AS lived FROM ("
	"SELECT scope, no, what, bucket, month, -SUM(n) AS n, -SUM(lived_ms) AS lived FROM ended_tally s"
	" WHERE TRUE" HISTORY_SQL " GROUP BY 1, 2, 3, 4, 5" ENDED_LEVELS_SQL(
		"1", "0", "SUM(" LIVED_SQL ")", "s.how = 'expired'") ENDED_LEVELS_SQL("2", "0",
		"SUM(" LIVED_SQL ")", "s.how = 'revoked'") ENDED_LEVELS_SQL("3",
		HOUR_SQL("s.ended_at"), "0", "s.how = 'revoked'") ENDED_GROUP_SQL("2",
		"s.tenant_no", "4", HOUR_SQL("s.created_at"), "0",
		"TRUE") ") d GROUP BY scope, no, what, bucket, month HAVING n <> 0 OR lived <> 0"};

const struct stmt recount_user_months = {"recount.user_months", SQL_READ, "", "isiii",
	"SELECT tenant_no, user_id, month, CAST(SUM(expired) AS SIGNED) AS expired,"
	" CAST(SUM(revoked) AS SIGNED) AS revoked FROM ("
	"SELECT tenant_no, user_id, month, -expired AS expired, -revoked AS revoked FROM ended_user s"
	" WHERE TRUE" HISTORY_SQL
	" UNION ALL SELECT s.tenant_no, s.user_id, s.month, SUM(s.how = 'expired'),"
	" SUM(s.how = 'revoked') FROM ended s WHERE TRUE" HISTORY_SQL " GROUP BY 1, 2, 3"
	") d GROUP BY tenant_no, user_id, month HAVING expired <> 0 OR revoked <> 0"};
const struct stmt recount_users = {"recount.users", SQL_READ, "", "isi",
	"SELECT tenant_no, user_id, CAST(SUM(n) AS SIGNED) AS n FROM ("
	"SELECT tenant_no, id AS user_id, -living AS n FROM user UNION ALL"
	" SELECT s.tenant_no, s.user_id, COUNT(*) FROM session s GROUP BY 1, 2"
	") d GROUP BY tenant_no, user_id HAVING n <> 0"};
const struct stmt recount_user_add = {"recount.user_add", SQL_WRITE, "isi", "",
	"INSERT INTO user (tenant_no, id, living) VALUES (?, ?, ?)"
	" ON DUPLICATE KEY UPDATE living = living + VALUES(living)"};

struct work {
	struct db *db;
	struct arena *arena;
	recount_fn fn;
	void *ctx;
	struct recount_fault row;
	struct recount_fault *faults;
	size_t count, room;
	const char *table;
	enum err (*add)(struct db *db, const struct recount_fault *f);
};

static enum err take(void *ctx, const void *row)
{
	struct work *w = ctx;

	w->faults = arena_next(w->arena, w->faults, w->count, &w->room, sizeof(*w->faults));
	w->faults[w->count] = *(const struct recount_fault *)row;
	w->faults[w->count].table = w->table;
	w->faults[w->count].add = w->add;
	w->fn(w->ctx, &w->faults[w->count++]);
	return ERR_OK;
}

#define AT(member) offsetof(struct recount_fault, member)

static enum err add_number(struct db *db, const struct recount_fault *f)
{
	struct sql q =
		SQL_FIXED(&tally_add_living, db_i64(f->scope), db_i64(f->no), db_i64(f->what),
			db_i64(f->bucket), db_str(f->device_type), db_i64(0), db_i64(f->n));

	return db_exec(db, &q, NULL);
}

static enum err add_ended(struct db *db, const struct recount_fault *f)
{
	struct sql q = SQL_FIXED(&tally_add_ended, db_i64(f->scope), db_i64(f->no), db_i64(f->what),
		db_i64(f->bucket), db_i64(0), db_i64(f->month), db_i64(f->n), db_i64(f->lived_ms),
		db_i64(YEAR_1_MS));

	return db_exec(db, &q, NULL);
}

static enum err add_month(struct db *db, const struct recount_fault *f)
{
	struct sql q = SQL_FIXED(&tally_add_user, db_i64(f->no), db_str(f->user_id),
		db_i64(f->month), db_i64(f->bucket), db_i64(f->n));

	return db_exec(db, &q, NULL);
}

static enum err add_user(struct db *db, const struct recount_fault *f)
{
	struct sql q =
		SQL_FIXED(&recount_user_add, db_i64(f->no), db_str(f->user_id), db_i64(f->n));

	return db_exec(db, &q, NULL);
}

static enum err compare(struct work *w)
{
	static const struct db_col living[] = {{'i', AT(scope)}, {'i', AT(no)}, {'i', AT(what)},
		{'i', AT(bucket)}, {'s', AT(device_type)}, {'i', AT(n)}};
	static const struct db_col ended[] = {{'i', AT(scope)}, {'i', AT(no)}, {'i', AT(what)},
		{'i', AT(bucket)}, {'i', AT(month)}, {'i', AT(n)}, {'i', AT(lived_ms)}};
	static const struct db_col months[] = {{'i', AT(no)}, {'s', AT(user_id)}, {'i', AT(month)},
		{'i', AT(bucket)}, {'i', AT(n)}};
	static const struct db_col users[] = {{'i', AT(no)}, {'s', AT(user_id)}, {'i', AT(n)}};
	static const struct {
		const char *table;
		enum err (*add)(struct db *db, const struct recount_fault *f);
		const struct stmt *stmt;
		struct db_shape shape;
	} parts[] = {
		{"tally", add_number, &recount_living, {living, ARRAY_LEN(living)}},
		{"ended_tally", add_ended, &recount_ended, {ended, ARRAY_LEN(ended)}},
		{"ended_user", add_month, &recount_user_months, {months, ARRAY_LEN(months)}},
		{"user", add_user, &recount_users, {users, ARRAY_LEN(users)}},
	};
	enum err err = ERR_OK;

	for (size_t i = 0; i < ARRAY_LEN(parts) && err == ERR_OK; i++) {
		struct sql q = SQL_FIXED0(parts[i].stmt);

		w->row = (struct recount_fault){.table = parts[i].table};
		w->table = parts[i].table;
		w->add = parts[i].add;
		err = db_each(w->db, w->arena, &q, &parts[i].shape, &w->row, take, w);
	}
	return err;
}

static enum err add_all(void *ctx)
{
	struct work *w = ctx;
	enum err err = ERR_OK;

	for (size_t i = 0; i < w->count && err == ERR_OK; i++)
		err = w->faults[i].add(w->db, &w->faults[i]);
	return err;
}

enum err recount(struct db *db, bool repair, recount_fn fn, void *ctx)
{
	struct arena *own = arena_open();
	struct work w = {.db = db, .arena = own, .fn = fn, .ctx = ctx};
	enum err err = compare(&w);

	if (err == ERR_OK && repair && w.count > 0)
		err = db_tx(db, add_all, &w);
	arena_close(own);
	return err;
}
