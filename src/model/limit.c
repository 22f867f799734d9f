/* SPDX-License-Identifier: MIT
 * Finds the sessions of a user that are too many, and ends them. The rows are read with a lock: a
 * session that another call is ending is waited for and not counted. */
#include "limit.h"

#include <stddef.h>

#include "base/limits.h"
#include "db/compose.h"
#include "ending.h"
#include "statements.h"

const struct stmt limit_beyond = {"limit.beyond", SQL_READ, "siisii", "st",
	"SELECT s.id, " NOW_SQL " FROM session s FORCE INDEX (session_user) WHERE s.user_id = ?"
	" AND s.tenant_no = ? AND s.expires_at > " NOW_SQL " AND (? OR s.id <> ?)"
	" ORDER BY s.created_at DESC, s.id DESC LIMIT ? OFFSET ? FOR UPDATE"};

struct beyond {
	struct arena *arena;
	struct str *ids;
	size_t count, room;
	int64_t now_ms;
};

struct beyond_row {
	struct str id;
	int64_t now_ms;
};

static enum err take(void *ctx, const void *row)
{
	const struct beyond_row *r = row;
	struct beyond *b = ctx;

	b->ids = arena_next(b->arena, b->ids, b->count, &b->room, sizeof(*b->ids));
	b->ids[b->count++] = r->id;
	b->now_ms = r->now_ms;
	return ERR_OK;
}

static enum err find(
	struct db *db, struct arena *a, const struct limit *l, int64_t most, struct beyond *out)
{
	static const struct db_col cols[] = {
		{'s', offsetof(struct beyond_row, id)},
		{'t', offsetof(struct beyond_row, now_ms)},
	};
	struct sql q = SQL_FIXED(&limit_beyond, db_str(l->user_id), db_i64(l->tenant_no),
		db_i64(l->except_id.p == NULL), db_str(l->except_id), db_i64(most),
		db_i64(l->others));
	struct beyond_row row;

	*out = (struct beyond){.arena = a};
	return db_each(db, a, &q, DB_SHAPE(cols), &row, take, out);
}

enum err limit_end_oldest(struct db *db, struct arena *a, const struct limit *limit,
	const struct revoke_call *call, struct tally *tally, int64_t *ended)
{
	struct beyond b;
	size_t claimed = 0;
	enum err err = find(db, a, limit, REVOKE_BATCH, &b);

	if (err == ERR_OK && b.count > 0) {
		const struct ending ending = {call, b.now_ms, tally};

		err = ending_move(db, a, &ending, b.ids, b.count, &claimed);
	}
	*ended = (int64_t)claimed;
	return err;
}

enum err limit_check(struct db *db, struct arena *a, const struct limit *limit)
{
	struct beyond b;
	enum err err = find(db, a, limit, 1, &b);

	return err == ERR_OK && b.count > 0 ? ERR_CONFLICT : err;
}
