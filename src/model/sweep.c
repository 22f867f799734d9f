/* SPDX-License-Identifier: MIT
 * One bounded step of moving expired sessions, and of forgetting logout tokens that are too old to
 * be used again. Called by each worker when it is idle or once a second between two requests, so
 * that a host needs no cron; rows that are locked are left out. */
#include "model/sweep.h"

#include <stddef.h>

#include "ending.h"
#include "once.h"
#include "statements.h"

const struct stmt sweep_look = {"sweep.look", SQL_READ, "", "ii",
	"SELECT EXISTS (SELECT 1 FROM session s WHERE s.expires_at <= " NOW_SQL "),"
	" EXISTS (SELECT 1 FROM logout_token t WHERE t.expires_at <= " NOW_SQL ")"};
/* Within a transaction that does not wait: MariaDB answers SKIP LOCKED with error 1180 where the
 * time to wait is 0 and a row is locked. It does not wait with any other time either. */
const struct stmt sweep_find = {"sweep.find", SQL_READ, "i", "st",
	"SET STATEMENT innodb_lock_wait_timeout = 1 FOR SELECT s.id, " NOW_SQL
	" FROM session s WHERE s.expires_at <= " NOW_SQL
	" ORDER BY s.expires_at, s.id LIMIT ? FOR UPDATE SKIP LOCKED"};

struct step {
	struct db *db;
	struct arena *arena;
	struct str ids[SWEEP_BATCH];
	size_t count;
	int64_t now_ms;
};

struct row {
	struct str id;
	int64_t now_ms;
};

static enum err take(void *ctx, const void *row)
{
	const struct row *r = row;
	struct step *s = ctx;

	BUG_ON(s->count == SWEEP_BATCH);
	s->ids[s->count++] = r->id;
	s->now_ms = r->now_ms;
	return ERR_OK;
}

static enum err run(void *ctx)
{
	static const struct db_col cols[] = {
		{'s', offsetof(struct row, id)},
		{'t', offsetof(struct row, now_ms)},
	};
	struct step *s = ctx;
	struct sql find = SQL_FIXED(&sweep_find, db_i64(SWEEP_BATCH));
	struct ending ending = {.call = NULL};
	struct row row;
	size_t moved;
	enum err err;

	s->count = 0;
	err = db_each(s->db, s->arena, &find, DB_SHAPE(cols), &row, take, s);
	if (err != ERR_OK || s->count == 0)
		return err;
	ending.now_ms = s->now_ms;
	return ending_move(s->db, s->arena, &ending, s->ids, s->count, &moved);
}

struct forget {
	struct db *db;
	int64_t forgotten;
};

static enum err forget(void *ctx)
{
	struct forget *f = ctx;

	return once_forget(f->db, SWEEP_BATCH, &f->forgotten);
}

static enum err forget_tokens(struct db *db, bool *more)
{
	struct forget f = {.db = db};
	enum err err = db_tx_no_wait(db, forget, &f);

	*more = *more || (err == ERR_OK && f.forgotten == SWEEP_BATCH);
	return err;
}

static enum err move_sessions(struct db *db, bool *more)
{
	struct arena *own = arena_open();
	struct step *step = arena_zalloc(own, sizeof(*step));
	enum err err;

	step->db = db;
	step->arena = own;
	err = db_tx_no_wait(db, run, step);
	*more = *more || (err == ERR_OK && step->count == SWEEP_BATCH);
	arena_close(own);
	return err;
}

struct due {
	int64_t sessions, tokens;
};

enum err sweep_step(struct db *db, bool *more)
{
	static const struct db_col cols[] = {
		{'i', offsetof(struct due, sessions)},
		{'i', offsetof(struct due, tokens)},
	};
	struct sql look = SQL_FIXED0(&sweep_look);
	struct due due;
	enum err err = db_one(db, NULL, &look, DB_SHAPE(cols), &due);

	*more = false;
	if (err == ERR_OK && due.sessions != 0)
		err = move_sessions(db, more);
	if ((err == ERR_OK || err == ERR_RETRY) && due.tokens != 0)
		err = forget_tokens(db, more);
	return err == ERR_RETRY ? ERR_OK : err;
}
