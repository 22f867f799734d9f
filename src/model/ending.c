/* SPDX-License-Identifier: MIT
 * Moves sessions from `session` to `ended`: copies and locks them, deletes them and changes the
 * numbers, in the caller's transaction. Whoever deletes the row has ended the session, so two
 * callers never both claim one. Rows are locked in one order: sessions by id, users, numbers. */
#include "ending.h"

#include <stddef.h>
#include <stdlib.h>

#include "model/session.h"

/* Sessions that one statement names. Shorter lists repeat their last id, so that few texts exist.
 */
static const size_t id_steps[] = {1, 8, 64, 512};
static const size_t user_steps[] = {1, 8, 64};

static size_t step_for(const size_t *steps, size_t step_count, size_t left)
{
	size_t i = 0;

	while (i + 1 < step_count && steps[i] < left)
		i++;
	return steps[i];
}

/* "?, …" for `room` places. */
static void put_ids(const struct str *ids, size_t count, size_t room, struct sql *q)
{
	for (size_t i = 0; i < room; i++) {
		sql_add(q, i == 0 ? SQL("?") : SQL(", ?"));
		sql_arg(q, db_str(ids[i < count ? i : count - 1]));
	}
}

/* " WHERE id IN (?, …) AND expires_at > ?" for a list of `room` places. The second condition is
 * written so that no index serves it: the statement then locks no row that is not in the list. */
static void put_which(
	const struct ending *e, const struct str *ids, size_t count, size_t room, struct sql *q)
{
	sql_add(q, SQL(" WHERE id IN ("));
	put_ids(ids, count, room, q);
	sql_add(q, e->call != NULL ? SQL(") AND expires_at + INTERVAL 0 SECOND > ?")
				   : SQL(") AND expires_at + INTERVAL 0 SECOND <= ?"));
	sql_arg(q, db_time(e->now_ms));
}

struct gone {
	struct str id;
	struct tally_session s;
};

struct user_change {
	int64_t tenant_no;
	struct str user_id;
	int64_t living; /* to be added; then what the row holds */
};

struct move {
	const struct ending *ending;
	struct arena *arena;
	struct arena *texts; /* of one statement after another */
	struct tally *tally;
	struct str *ids; /* of those that were ended, at the front of the caller's list */
	size_t claimed;
	struct user_change *users;
	size_t user_count, user_room;
};

/* A statement's text and arguments take the place of those before. */
static void begin(struct move *m, const char *letters, struct sql *q)
{
	arena_reset(m->texts);
	sql_begin(q, m->texts, SQL_WRITE, letters);
}

static void add_user(struct move *m, const struct tally_session *s)
{
	if (m->user_count == m->user_room) {
		size_t room = m->user_room == 0 ? 16 : m->user_room * 2;

		m->users = arena_grow(m->arena, m->users, m->user_room * sizeof(*m->users),
			room * sizeof(*m->users));
		m->user_room = room;
	}
	m->users[m->user_count++] = (struct user_change){s->tenant_no, s->user_id, -1};
}

static enum err take_gone(void *ctx, const void *row)
{
	const struct gone *g = row;
	struct move *m = ctx;
	bool expired = m->ending->call == NULL;

	m->ids[m->claimed++] = g->id;
	tally_living(m->tally, &g->s, -1);
	tally_ended(m->tally, &g->s, expired, expired ? g->s.expires_ms : m->ending->now_ms);
	add_user(m, &g->s);
	return ERR_OK;
}

#define COPIED                                                                                              \
	" partner_no, tenant_id, user_id, user_email, user_display_name, role, request_digest, ip_address," \
	" user_agent, device_type, device_label, device_key, location, created_at,"                         \
	" last_activity_at, expires_at, absolute_expires_at, auth_time, app_count, apps" REGISTERED_SQL

/* Copies the rows, locks them and claims them: what it returns is what it copied. */
static enum err copy(
	struct db *db, struct move *m, const struct str *ids, size_t count, size_t room)
{
	static const struct db_col cols[] = {
		{'s', offsetof(struct gone, id)},
		{'i', offsetof(struct gone, s.tenant_no)},
		{'I', offsetof(struct gone, s.partner_no)},
		{'s', offsetof(struct gone, s.user_id)},
		{'S', offsetof(struct gone, s.device_type)},
		{'t', offsetof(struct gone, s.created_ms)},
		{'t', offsetof(struct gone, s.expires_ms)},
		{'t', offsetof(struct gone, s.last_activity_ms)},
	};
	static const struct db_shape shape = {cols, ARRAY_LEN(cols)};
	const struct ending *e = m->ending;
	const struct revoke_call *call = e->call;
	struct gone row;
	struct sql q;

	begin(m, "siIsSttt", &q);
	sql_add(&q,
		SQL("INSERT INTO ended (tenant_no, id, how, ended_at, month, revoked_by, revoked_by_tenant,"
		    " revoked_by_kind, endpoint, request_id, reason," COPIED
		    ") SELECT tenant_no, id,"));
	if (call == NULL) {
		sql_add(&q,
			SQL(" 'expired', expires_at, 12 * YEAR(expires_at) + MONTH(expires_at) - 1,"
			    " NULL, NULL, NULL, NULL, NULL, NULL," COPIED));
	} else {
		sql_add(&q, SQL(" 'revoked', ?, ?, ?, ?, ?, ?, ?, ?," COPIED));
		sql_arg(&q, db_time(e->now_ms));
		sql_arg(&q, db_i64(tally_month(e->now_ms)));
		sql_arg(&q, db_str(call->by.subject));
		sql_arg(&q, db_str(call->by.tenant_id));
		sql_arg(&q, db_str(call->by.kind));
		sql_arg(&q, db_str(call->endpoint));
		sql_arg(&q, db_str(call->request_id));
		sql_arg(&q, db_str(call->reason));
	}
	sql_add(&q, SQL(" FROM session FORCE INDEX (session_id)"));
	put_which(e, ids, count, room, &q);
	sql_add(&q, SQL(" FOR UPDATE RETURNING id, tenant_no, partner_no, user_id, device_type,"
			" created_at, expires_at, last_activity_at"));
	return db_each(db, m->arena, &q, &shape, &row, take_gone, m);
}

/* Deletes what copy() claimed, and has locked. */
static enum err remove_rows(
	struct db *db, struct move *m, const struct str *ids, size_t count, size_t room)
{
	int64_t removed = 0;
	struct sql q;
	enum err err;

	begin(m, "", &q);
	sql_add(&q, SQL("DELETE s FROM session s FORCE INDEX (session_id) WHERE s.id IN ("));
	put_ids(ids, count, room, &q);
	sql_add(&q, SQL(")"));
	err = db_exec(db, &q, &removed);
	return err == ERR_OK && removed != (int64_t)count ? ERR_INTERNAL : err;
}

static int by_user(const void *x, const void *y)
{
	const struct user_change *a = x, *b = y;

	if (a->tenant_no != b->tenant_no)
		return a->tenant_no < b->tenant_no ? -1 : 1;
	return str_cmp(a->user_id, b->user_id);
}

/* One change for each user, in order. */
static void merge_users(struct move *m)
{
	size_t n = 0;

	qsort(m->users, m->user_count, sizeof(*m->users), by_user);
	for (size_t i = 1; i < m->user_count; i++) {
		if (by_user(&m->users[n], &m->users[i]) == 0)
			m->users[n].living += m->users[i].living;
		else
			m->users[++n] = m->users[i];
	}
	m->user_count = n + 1;
}

struct left {
	int64_t tenant_no, living;
};

struct left_ctx {
	struct tally *tally;
	size_t left; /* rows that stand for a user; the others repeat the last one */
};

static enum err take_left(void *ctx, const void *row)
{
	const struct left *l = row;
	struct left_ctx *c = ctx;

	if (c->left == 0)
		return ERR_OK;
	c->left--;
	if (l->living == 0)
		tally_users(c->tally, l->tenant_no, -1);
	return ERR_OK;
}

/* Changes user.living, and notes whose last session went. */
static enum err write_users(
	struct db *db, struct move *m, const struct user_change *users, size_t count, size_t room)
{
	static const struct db_col cols[] = {
		{'i', offsetof(struct left, tenant_no)},
		{'i', offsetof(struct left, living)},
	};
	static const struct db_shape shape = {cols, ARRAY_LEN(cols)};
	struct left_ctx ctx = {m->tally, count};
	struct left row;
	struct sql q;

	begin(m, "ii", &q);
	sql_add(&q, SQL("INSERT INTO user (tenant_no, id, living) VALUES (?, ?, ?)"));
	for (size_t i = 0; i < room; i++) {
		const struct user_change *u = &users[i < count ? i : count - 1];

		if (i > 0)
			sql_add(&q, SQL(", (?, ?, ?)"));
		sql_arg(&q, db_i64(u->tenant_no));
		sql_arg(&q, db_str(u->user_id));
		sql_arg(&q, db_i64(i < count ? u->living : 0));
	}
	sql_add(&q, SQL(" ON DUPLICATE KEY UPDATE living = living + VALUES(living)"
			" RETURNING tenant_no, living"));
	return db_each(db, m->arena, &q, &shape, &row, take_left, &ctx);
}

static enum err write_numbers(struct db *db, struct move *m)
{
	enum err err = ERR_OK;

	merge_users(m);
	for (size_t at = 0; at < m->user_count && err == ERR_OK;) {
		size_t left = m->user_count - at;
		size_t room = step_for(user_steps, ARRAY_LEN(user_steps), left);
		size_t count = left < room ? left : room;

		err = write_users(db, m, &m->users[at], count, room);
		at += count;
	}
	return err == ERR_OK && m->ending->tally == NULL ? tally_write(db, m->tally) : err;
}

static int by_id(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

enum err ending_move(struct db *db, struct arena *a, const struct ending *ending, struct str *ids,
	size_t count, size_t *claimed)
{
	struct move m = {
		.ending = ending, .arena = a, .texts = arena_open(), .tally = ending->tally};
	enum err err = ERR_OK;

	if (m.tally == NULL)
		m.tally = tally_new(a);
	m.ids = arena_array(a, count + 1, sizeof(*m.ids));
	qsort(ids, count, sizeof(*ids), by_id);
	for (size_t at = 0; at < count && err == ERR_OK;) {
		size_t left = count - at, before = m.claimed;
		size_t room = step_for(id_steps, ARRAY_LEN(id_steps), left);
		size_t n = left < room ? left : room;

		err = copy(db, &m, &ids[at], n, room);
		if (err == ERR_OK && m.claimed > before)
			err = remove_rows(db, &m, &m.ids[before], m.claimed - before, room);
		at += n;
	}
	memcpy(ids, m.ids, m.claimed * sizeof(*ids));
	*claimed = m.claimed;
	if (err == ERR_OK && m.claimed > 0)
		err = write_numbers(db, &m);
	arena_close(m.texts);
	return err;
}
