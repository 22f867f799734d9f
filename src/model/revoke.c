/* SPDX-License-Identifier: MIT
 * Which sessions an ending means, and when it is complete: it looks for active sessions of its
 * scope and ends them until it finds none. What it finds and cannot claim is in the hands of
 * another call, which may still fail; so it looks again, and never takes "claimed none" for "none
 * is left". */
#include "model/revoke.h"

#include <stddef.h>

#include "base/limits.h"
#include "ending.h"
#include "once.h"

/* Each look finds new sessions as long as people sign in, so the number of looks is limited. */
#define LOOKS_IN_ONE 16
#define TRANSACTIONS_IN_VAIN 64

struct batch {
	struct db *db;
	struct arena *arena;
	struct arena_mark mark;
	struct revoke_call *call;
	bool reads_are_old; /* see db/db.h */
	struct str *ids;    /* that this transaction ended */
	size_t count;
	bool complete; /* nothing of the scope was active any more */
};

/* Active sessions of the scope: at most `limit` of them. */
struct found {
	struct str *ids;
	size_t count, room, limit;
	int64_t now_ms;
	struct gate gate;
	struct arena *arena;
};

struct found_row {
	struct gate gate;
	int64_t now_ms;
	struct str id;
};

static enum err take_found(void *ctx, const void *row)
{
	const struct found_row *r = row;
	struct found *f = ctx;

	f->gate = r->gate;
	f->now_ms = r->now_ms;
	if (r->id.p == NULL)
		return ERR_OK;
	if (f->count == f->room) {
		size_t room = f->room == 0 ? 16 : f->room * 2;

		f->ids = arena_grow(
			f->arena, f->ids, f->room * sizeof(*f->ids), room * sizeof(*f->ids));
		f->room = room;
	}
	f->ids[f->count++] = r->id;
	return ERR_OK;
}

static enum err find(struct batch *b, struct found *f)
{
	static const struct db_col cols[] = {
		{'i', offsetof(struct found_row, gate.alive)},
		{'i', offsetof(struct found_row, gate.known)},
		{'t', offsetof(struct found_row, now_ms)},
		{'S', offsetof(struct found_row, id)},
	};
	static const struct db_shape shape = {cols, ARRAY_LEN(cols)};
	struct found_row row;
	struct sql q;
	enum err err;

	f->arena = b->arena;
	sql_begin(&q, b->arena, SQL_READ, "iitS");
	scope_put_limit(&b->call->scope, &q);
	sql_add(&q, SQL("SELECT g.alive, g.known, " NOW_SQL ", p.id FROM "));
	scope_put_gate(&b->call->scope, &q);
	sql_add(&q, SQL(" g LEFT JOIN (SELECT s.id FROM session s WHERE s.expires_at > " NOW_SQL));
	scope_put_conditions(&b->call->scope, &q);
	sql_add(&q, SQL(" LIMIT ?) p ON TRUE"));
	sql_arg(&q, db_i64((int64_t)f->limit));
	err = db_each(b->db, b->arena, &q, &shape, &row, take_found, f);
	return err == ERR_OK && b->call->count == 0 && b->count == 0 ? scope_gate_error(&f->gate)
								     : err;
}

static enum err move(struct batch *b, struct found *f, size_t *claimed)
{
	const struct ending ending = {b->call, f->now_ms, NULL};
	enum err err = ending_move(b->db, b->arena, &ending, f->ids, f->count, claimed);

	if (err != ERR_OK || *claimed == 0)
		return err;
	b->ids = arena_grow(b->arena, b->ids, b->count * sizeof(*b->ids),
		(b->count + *claimed) * sizeof(*b->ids));
	memcpy(b->ids + b->count, f->ids, *claimed * sizeof(*b->ids));
	b->count += *claimed;
	return ERR_OK;
}

static enum err run_batch(void *ctx)
{
	struct batch *b = ctx;
	bool one = b->call->scope.session_id.p != NULL;

	arena_rewind(b->arena, b->mark);
	b->ids = NULL;
	b->count = 0;
	b->complete = false;
	for (int i = 0; i < LOOKS_IN_ONE && b->count < REVOKE_BATCH; i++) {
		struct found f = {.limit = REVOKE_BATCH - b->count};
		size_t claimed;
		enum err err = find(b, &f);

		if (err != ERR_OK)
			return err;
		b->complete = f.count == 0;
		if (b->complete)
			break;
		err = move(b, &f, &claimed);
		if (err != ERR_OK)
			return err;
		/* One session needs no second look: ending_move has waited for whoever held its
		 * row. */
		b->complete = one;
		if (one || (claimed < f.count && b->reads_are_old))
			break;
	}
	/* Last of all, in the transaction that completes the call: an interrupted one may be
	 * repeated, and of two at the same time the second takes back what it did. */
	return b->complete && b->call->once.p != NULL
		       ? once_take(b->db, b->call->once, b->call->once_s)
		       : ERR_OK;
}

/* Just as many as the call expects, in one transaction. */
static enum err run_counted(void *ctx)
{
	struct batch *b = ctx;
	struct found f = {.limit = (size_t)b->call->if_count + 1};
	size_t claimed = 0;
	enum err err;

	arena_rewind(b->arena, b->mark);
	b->ids = NULL;
	b->count = 0;
	b->complete = true;
	err = find(b, &f);
	if (err == ERR_OK && (int64_t)f.count != b->call->if_count)
		return ERR_CONFLICT;
	if (err == ERR_OK && f.count > 0)
		err = move(b, &f, &claimed);
	return err == ERR_OK && claimed != f.count ? ERR_CONFLICT : err;
}

static enum err count_matches(struct db *db, struct arena *a, struct revoke_call *call)
{
	static const struct db_col col = {'i', 0};
	static const struct db_shape shape = {&col, 1};
	struct session_scope scope = call->scope;
	struct sql q;

	scope.active = true;
	sql_begin(&q, a, SQL_READ, "i");
	scope_put_limit(&scope, &q);
	sql_add(&q, SQL("SELECT "));
	tally_put_total(&scope, &q);
	return db_one(db, a, &q, &shape, &call->matched);
}

static void tell(struct batch *b)
{
	b->call->count += (int64_t)b->count;
	for (size_t i = 0; i < b->count && b->call->ended != NULL; i++)
		b->call->ended(b->call->ctx, b->ids[i]);
}

static enum err end_counted(struct batch *b)
{
	enum err err = db_tx(b->db, run_counted, b), counted;

	if (err == ERR_OK)
		tell(b);
	if (err != ERR_CONFLICT)
		return err;
	counted = count_matches(b->db, b->arena, b->call);
	return counted != ERR_OK ? counted : ERR_CONFLICT;
}

static enum err end_all(struct batch *b)
{
	int in_vain = 0;

	for (;;) {
		enum err err = db_tx(b->db, run_batch, b);

		if (err != ERR_OK)
			return err;
		tell(b);
		/* A call with if_count ends no session that begins while it runs. */
		if (b->complete || (b->call->if_count >= 0 && b->call->count >= b->call->if_count))
			return ERR_OK;
		in_vain += b->count < REVOKE_BATCH;
		if (in_vain == TRANSACTIONS_IN_VAIN)
			return ERR_RETRY;
	}
}

enum err revoke_sessions(struct db *db, struct revoke_call *call)
{
	/* An arena of its own: `ended` allocates from the caller's while this one is rewound. */
	struct arena *own = arena_open();
	struct batch b = {.db = db, .arena = own, .mark = arena_mark(own), .call = call};
	enum err err = db_reads_are_old(db, &b.reads_are_old);

	call->count = 0;
	if (err == ERR_OK && call->if_count >= 0 && call->if_count < REVOKE_BATCH) {
		err = end_counted(&b);
	} else if (err == ERR_OK) {
		if (call->if_count >= 0)
			err = count_matches(db, own, call);
		if (err == ERR_OK && call->if_count >= 0 && call->matched != call->if_count)
			err = ERR_CONFLICT;
		if (err == ERR_OK)
			err = end_all(&b);
	}
	arena_close(own);
	return err;
}
