/* SPDX-License-Identifier: MIT
 * Ending sessions: claim by audit row, then mark what was claimed. Called by the handlers of every
 * revoking endpoint of both dialects; the only file that sets session.revoked_at. */
#include "model/revoke.h"

#include "base/limits.h"
#include "base/random.h"
#include "model/session.h"

/* Of what a batch found, others may have ended some: then there may be more in their place. Not for
 * ever, for where people go on signing in there always is one more. */
#define PARTIAL_BATCHES 16

struct batch {
	struct db *db;
	struct arena *arena;
	struct revoke_call *call;
	int64_t call_id;
	int64_t ended;
	int64_t logged; /* whether the binary log takes statements: then every read of a write locks
			 */
};

/* Locks up to REVOKE_BATCH active sessions of the scope and writes their audit rows. They are
 * looked for without locks, which INSERT … SELECT … FOR UPDATE would keep on every row that it
 * passes, and then taken if they still are active. Where statements are logged they cannot be
 * looked for without: there they are taken at once, for two that both have shared locks would only
 * get in each other's way. In the order of the indexes, so that a replica which is sent the
 * statement ends the same. */
static enum err claim(struct batch *b, int64_t *claimed)
{
	const struct revoke_call *call = b->call;
	struct session_scope scope = call->scope, still = {.active = true};
	struct sql q;

	scope.active = true;
	sql_begin(&q, b->arena, SQL_WRITE, "");
	sql_add(&q,
		SQL("INSERT INTO revocation (call_id, session_id, tenant_id, user_id,"
		    " revoked_at, revoked_by, endpoint, request_id, reason)"
		    " SELECT STRAIGHT_JOIN ?, s.id, s.tenant_id, s.user_id, UTC_TIMESTAMP(3), ?, ?, ?, ?"
		    " FROM "));
	sql_arg(&q, db_i64(b->call_id));
	sql_arg(&q, db_str(call->by));
	sql_arg(&q, db_str(call->endpoint));
	sql_arg(&q, db_str(call->request_id));
	sql_arg(&q, db_str(call->reason));
	if (!b->logged)
		sql_add(&q, SQL("(SELECT s.id FROM "));
	scope_from(&scope, &q);
	sql_add(&q, SQL(" ORDER BY s.created_at, s.id LIMIT ?"));
	sql_arg(&q, db_i64(REVOKE_BATCH));
	if (!b->logged) {
		sql_add(&q, SQL(") p JOIN session s ON s.id = p.id"));
		scope_where(&still, &q);
	}
	sql_add(&q, SQL(" FOR UPDATE"));
	return db_exec(b->db, &q, claimed);
}

static enum err run_batch(void *ctx)
{
	struct batch *b = ctx;
	int64_t claimed, marked;
	enum err err;
	struct sql mark = SQL_FIXED(REVOKE_MARK, db_i64(b->call_id));

	err = claim(b, &claimed);
	if (err != ERR_OK)
		return err;
	b->ended = claimed;
	if (b->call->if_count >= 0 && b->call->if_count < REVOKE_BATCH &&
		b->call->if_count != claimed)
		return ERR_CONFLICT;
	if (claimed == 0)
		return ERR_OK;
	err = db_exec(b->db, &mark, &marked);
	return err == ERR_OK && marked != claimed ? ERR_INTERNAL : err;
}

/* As many as one transaction ends, or more: counted first, then taken in batches. */
static enum err check_large_count(struct db *db, struct arena *a, const struct revoke_call *call)
{
	struct session_scope scope = call->scope;
	int64_t matched;
	enum err err;

	scope.active = true;
	err = session_count(db, a, &scope, &matched);
	return err == ERR_OK && matched != call->if_count ? ERR_CONFLICT : err;
}

enum err revoke_sessions(struct db *db, struct arena *a, struct revoke_call *call)
{
	static const struct db_col col = {'i', 0};
	static const struct db_shape shape = {&col, 1};
	const struct sql logged = SQL_FIXED0(REVOKE_LOGGED);
	struct batch b = {.db = db, .arena = a, .call = call};
	int partial = 0;
	enum err err = db_one(db, a, &logged, &shape, &b.logged);

	if (err != ERR_OK)
		return err;

	call->count = call->batches = 0;
	call->call_id = random_i64() / 2;
	if (call->if_count >= REVOKE_BATCH) {
		err = check_large_count(db, a, call);
		if (err != ERR_OK)
			return err;
	}
	do {
		struct arena_mark mark = arena_mark(a);

		b.call_id = call->call_id + call->batches;
		err = db_tx(db, run_batch, &b);
		if (err != ERR_OK)
			return err;
		call->count += b.ended;
		call->batches += b.ended > 0;
		arena_rewind(a, mark);
		partial += b.ended < REVOKE_BATCH;
		/* Who said how many does not mean those that come while this runs. */
	} while (b.ended > 0 && partial < PARTIAL_BATCHES && call->scope.session_id.p == NULL &&
		 (call->if_count < 0 || call->count < call->if_count));
	return ERR_OK;
}

struct id_walk {
	revoke_id_fn fn;
	void *ctx;
};

static enum err take_id(void *ctx, const void *row)
{
	struct id_walk *w = ctx;

	w->fn(w->ctx, *(const struct str *)row);
	return ERR_OK;
}

enum err revoke_ids(struct db *db, const struct revoke_call *call, revoke_id_fn fn, void *ctx)
{
	static const struct db_col cols[] = {{'s', 0}};
	static const struct db_shape shape = {cols, 1};
	/* Of its own: fn allocates from the request's while rows are walked. */
	struct arena *scratch = arena_open();
	struct id_walk walk = {fn, ctx};
	struct str row;
	enum err err = ERR_OK;

	for (int64_t i = 0; i < call->batches && err == ERR_OK; i++) {
		struct sql q = SQL_FIXED(REVOKE_IDS, db_i64(call->call_id + i));

		err = db_each(db, scratch, &q, &shape, &row, take_id, &walk);
		arena_reset(scratch);
	}
	arena_close(scratch);
	return err;
}
