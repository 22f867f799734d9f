/* SPDX-License-Identifier: MIT
 * Makes a policy hold for the sessions that live already: one walk over the tenant's sessions for
 * the time-outs, one over its users for the limit, each in small transactions. The tenant's row was
 * committed before, so whoever registers or notes activity meanwhile does it by the new policy. */
#include "model/session_policy.h"

#include <stddef.h>

#include "base/limits.h"
#include "db/compose.h"
#include "ending.h"
#include "limit.h"
#include "model/session.h"
#include "model/tally.h"
#include "statements.h"

/* An id that was written with plain SQL has up to 255 characters of 4 bytes. */
#define ID_ROOM ((size_t)4 * LIMIT_ID_BYTES)

#define STEP 500 /* sessions of a transaction, and users of a look */

const struct stmt policy_living = {"policy.living", SQL_READ, "sttsi", "sittttt",
	"SELECT s.id, s.tenant_no, s.created_at, s.last_activity_at, s.expires_at, " ABSOLUTE_END_SQL
	", " NOW_SQL
	" FROM session s WHERE s.tenant_no = (SELECT t.no FROM tenant t WHERE t.id = ?)"
	" AND s.created_at >= ? AND (s.created_at > ? OR s.id > ?)"
	" ORDER BY s.created_at, s.id LIMIT ? FOR UPDATE"};
const struct stmt policy_move = {"policy.move", SQL_WRITE, "iis", "",
	"UPDATE session SET"
	" expires_at = TIMESTAMPADD(MICROSECOND, ? * 1000, TIMESTAMP'1970-01-01 00:00:00'),"
	" absolute_expires_at ="
	" TIMESTAMPADD(MICROSECOND, ? * 1000, TIMESTAMP'1970-01-01 00:00:00') WHERE id = ?"};
const struct stmt policy_users = {"policy.users", SQL_READ, "ssii", "is",
	"SELECT u.tenant_no, u.id FROM user u WHERE u.tenant_no = (SELECT t.no FROM tenant t"
	" WHERE t.id = ?) AND u.id > ? AND u.living > ? ORDER BY u.id LIMIT ?"};
const struct stmt policy_user = {"policy.user", SQL_READ, "is", "i",
	"SELECT u.living FROM user u WHERE u.tenant_no = ? AND u.id = ? FOR UPDATE"};

#define MOVE_PARAMS 3

struct living {
	struct str id;
	int64_t tenant_no, created_ms, last_activity_ms, expires_ms, absolute_ms, now_ms;
};

struct walk {
	struct db *db;
	struct arena *arena; /* of a step */
	const struct session_policy *policy;
	struct revoke_call *call;
	/* The last row that was looked at; the walk goes on behind it. */
	int64_t after_ms;
	struct str after_id; /* in `id` */
	char id[ID_ROOM];
	/* Of the step. */
	struct living *rows;
	size_t count;
	int64_t ended;
};

static enum err take_living(void *ctx, const void *row)
{
	struct walk *w = ctx;

	BUG_ON(w->count == STEP);
	w->rows[w->count++] = *(const struct living *)row;
	return ERR_OK;
}

static enum err read_living(struct walk *w)
{
	static const struct db_col cols[] = {
		{'s', offsetof(struct living, id)},
		{'i', offsetof(struct living, tenant_no)},
		{'t', offsetof(struct living, created_ms)},
		{'t', offsetof(struct living, last_activity_ms)},
		{'t', offsetof(struct living, expires_ms)},
		{'t', offsetof(struct living, absolute_ms)},
		{'t', offsetof(struct living, now_ms)},
	};
	struct sql q = SQL_FIXED(&policy_living, db_str(w->call->scope.tenant_id),
		db_time(w->after_ms), db_time(w->after_ms), db_str(w->after_id), db_i64(STEP));
	struct living row;

	w->count = 0;
	w->rows = arena_array(w->arena, STEP, sizeof(*w->rows));
	return db_each(w->db, w->arena, &q, DB_SHAPE(cols), &row, take_living, w);
}

/* Ends the sessions whose time is over by the policy and moves the end of the others. An expired
 * session is left to sweep.c. */
static enum err settle_living(struct walk *w)
{
	struct db_val *args = arena_array(w->arena, STEP * MOVE_PARAMS, sizeof(*args));
	struct str *over = arena_array(w->arena, STEP, sizeof(*over));
	struct tally *tally = tally_new(w->arena);
	size_t moved = 0, over_count = 0, claimed = 0;
	struct ending ending = {.call = w->call, .tally = tally};
	enum err err = ERR_OK;

	for (size_t i = 0; i < w->count; i++) {
		const struct living *s = &w->rows[i];
		struct session_end end = session_policy_end(
			w->policy, s->created_ms, s->last_activity_ms, s->absolute_ms);

		ending.now_ms = s->now_ms;
		if (end.expires_ms > s->expires_ms)
			end.expires_ms = s->expires_ms;
		if (s->expires_ms <= s->now_ms ||
			(end.expires_ms == s->expires_ms && end.absolute_ms == s->absolute_ms))
			continue;
		if (end.expires_ms <= s->now_ms) {
			over[over_count++] = s->id;
			continue;
		}
		args[moved * MOVE_PARAMS] = db_i64(end.expires_ms);
		args[moved * MOVE_PARAMS + 1] = db_i64(end.absolute_ms);
		args[moved * MOVE_PARAMS + 2] = db_str(s->id);
		moved++;
		tally_moved(tally, s->tenant_no, s->expires_ms, end.expires_ms);
	}
	if (moved > 0)
		err = db_exec_many(w->db, w->arena, &policy_move, args, moved);
	if (err == ERR_OK && over_count > 0)
		err = ending_move(w->db, w->arena, &ending, over, over_count, &claimed);
	w->ended = (int64_t)claimed;
	return err == ERR_OK ? tally_write(w->db, tally) : err;
}

static enum err run_living(void *ctx)
{
	struct walk *w = ctx;
	enum err err = read_living(w);

	w->ended = 0;
	return err == ERR_OK && w->count > 0 ? settle_living(w) : err;
}

/* The next step begins behind this one. */
static void go_behind(struct walk *w, struct str id)
{
	memcpy(w->id, id.p, id.n);
	w->after_id = (struct str){w->id, id.n};
}

static enum err walk_living(struct walk *w)
{
	w->after_ms = YEAR_1_MS;
	w->after_id = STR("");
	do {
		enum err err = db_tx(w->db, run_living, w);

		if (err != ERR_OK)
			return err;
		w->call->count += w->ended;
		if (w->count > 0) {
			const struct living *last = &w->rows[w->count - 1];

			go_behind(w, last->id);
			w->after_ms = last->created_ms;
		}
		arena_reset(w->arena);
	} while (w->count == STEP);
	return ERR_OK;
}

struct user_row {
	int64_t tenant_no;
	struct str id;
};

struct users {
	struct walk *walk;
	struct user_row list[STEP];
	size_t count;
};

static enum err take_user(void *ctx, const void *row)
{
	struct users *u = ctx;

	BUG_ON(u->count == STEP);
	u->list[u->count++] = *(const struct user_row *)row;
	return ERR_OK;
}

struct one {
	struct walk *walk;
	const struct user_row *user;
};

static enum err run_user(void *ctx)
{
	const struct one *o = ctx;
	struct walk *w = o->walk;
	struct sql lock = SQL_FIXED(&policy_user, db_i64(o->user->tenant_no), db_str(o->user->id));
	const struct limit limit = {
		o->user->tenant_no, o->user->id, STR_NONE, w->policy->max_sessions};
	struct tally *tally = tally_new(w->arena);
	int64_t living;
	enum err err = db_one(w->db, w->arena, &lock, DB_COLUMN('i'), &living);

	w->ended = 0;
	if (err == ERR_OK)
		err = limit_end_oldest(w->db, w->arena, &limit, w->call, tally, &w->ended);
	return err == ERR_OK ? tally_write(w->db, tally) : err;
}

static enum err read_users(struct users *u)
{
	static const struct db_col cols[] = {
		{'i', offsetof(struct user_row, tenant_no)},
		{'s', offsetof(struct user_row, id)},
	};
	struct walk *w = u->walk;
	struct sql q = SQL_FIXED(&policy_users, db_str(w->call->scope.tenant_id),
		db_str(w->after_id), db_i64(w->policy->max_sessions), db_i64(STEP));
	struct user_row row;

	u->count = 0;
	return db_each(w->db, w->arena, &q, DB_SHAPE(cols), &row, take_user, u);
}

/* A user with more than a transaction's worth of sessions takes several. */
static enum err end_beyond(struct walk *w, const struct user_row *user)
{
	struct one one = {w, user};
	struct arena_mark mark = arena_mark(w->arena);
	enum err err;

	do {
		err = db_tx(w->db, run_user, &one);
		arena_rewind(w->arena, mark);
		w->call->count += err == ERR_OK ? w->ended : 0;
	} while (err == ERR_OK && w->ended == REVOKE_BATCH);
	return err;
}

static enum err walk_users(struct walk *w)
{
	struct users *u = arena_zalloc(w->arena, sizeof(*u));
	struct arena_mark mark = arena_mark(w->arena);
	enum err err = ERR_OK;

	u->walk = w;
	w->after_id = STR("");
	do {
		err = read_users(u);
		for (size_t i = 0; i < u->count && err == ERR_OK; i++)
			err = end_beyond(w, &u->list[i]);
		if (u->count > 0)
			go_behind(w, u->list[u->count - 1].id);
		arena_rewind(w->arena, mark);
	} while (err == ERR_OK && u->count == STEP);
	return err;
}

enum err session_policy_enforce(
	struct db *db, const struct session_policy *policy, struct revoke_call *call)
{
	struct walk w = {.db = db, .arena = arena_open(), .policy = policy, .call = call};
	enum err err = ERR_OK;

	call->count = 0;
	if (policy->idle_s != 0 || policy->absolute_s != 0)
		err = walk_living(&w);
	arena_reset(w.arena);
	if (err == ERR_OK && policy->max_sessions != 0)
		err = walk_users(&w);
	arena_close(w.arena);
	return err;
}
