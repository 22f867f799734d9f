/* SPDX-License-Identifier: MIT
 * Reading sessions. A list is one statement, so that rows and total are of one moment; a page far
 * from the first takes two: the first finds the hours that hold the page by the maintained counts,
 * the second numbers the rows of these hours and checks the counts in its own snapshot. */
#include "model/session.h"

#include <stddef.h>
#include <stdlib.h>

#include "columns.h"
#include "range.h"

/* A row of a list: the gate and the total stand in every row; the session is absent (id.p == NULL)
 * when the page is empty. */
struct list_row {
	struct gate gate;
	int64_t total;
	int64_t active; /* of get_flat */
	struct session session;
};

/* clang-format off */
#define LETTERS(kind, ...) LETTER_##kind
#define COL(kind, member, ...) {COL_##kind, offsetof(struct list_row, session.member)},
#define LIVING(kind, member, living, ended) ", " living " AS " #member
#define ENDED(kind, member, living, ended) ", " ended " AS " #member
#define PAGE(kind, member, ...) ", p." #member

static const struct db_col list_cols[] = {
	GATE_COLS(struct list_row, gate),
	{'i', offsetof(struct list_row, total)},
	SESSION_COLUMNS(COL)
	SESSION_ENDING(COL)
	SESSION_DETAILS(COL)
};
/* Of living sessions alone, whose page and whose detail need no derived table. */
static const struct db_col flat_list_cols[] = {
	{'i', offsetof(struct list_row, gate.alive)},
	{'i', offsetof(struct list_row, total)},
	SESSION_COLUMNS(COL)
};
static const struct db_col flat_get_cols[] = {
	{'i', offsetof(struct list_row, gate.alive)},
	{'i', offsetof(struct list_row, active)},
	SESSION_COLUMNS(COL)
	SESSION_DETAILS(COL)
};
/* clang-format on */
static const char list_letters[] = "iii" SESSION_COLUMNS(LETTERS) SESSION_ENDING(LETTERS);
static const char get_letters[] =
	"iii" SESSION_COLUMNS(LETTERS) SESSION_ENDING(LETTERS) SESSION_DETAILS(LETTERS);
static const char flat_list_letters[] = "ii" SESSION_COLUMNS(LETTERS);
static const char flat_get_letters[] = "ii" SESSION_COLUMNS(LETTERS) SESSION_DETAILS(LETTERS);
static const struct db_shape list_shape = {list_cols, sizeof(list_letters) - 1};

/* What those two do not read. */
static const struct list_row flat_row = {.gate = {1, 1},
	.session = {.status = {"active", sizeof("active") - 1}, .revoked_ms = TIME_NONE}};

static const struct sql_frag living_columns =
	SQL_INIT("1 AS one" SESSION_COLUMNS(COLUMN_AS) SESSION_ENDING(LIVING));
static const struct sql_frag ended_columns =
	SQL_INIT("1 AS one" SESSION_COLUMNS(COLUMN_AS) SESSION_ENDING(ENDED));
static const struct sql_frag page_columns = SQL_INIT("" SESSION_COLUMNS(PAGE) SESSION_ENDING(PAGE));
static const struct sql_frag flat_columns = SQL_INIT("" SESSION_COLUMNS(COLUMN_AS));
static const struct sql_frag flat_details =
	SQL_INIT("" SESSION_COLUMNS(COLUMN_AS) SESSION_DETAILS(COLUMN_AS));
static const struct sql_frag ended_details = SQL_INIT(
	"1 AS one" SESSION_COLUMNS(COLUMN_AS) SESSION_ENDING(ENDED) SESSION_DETAILS(COLUMN_AS));
static const struct sql_frag page_details =
	SQL_INIT("" SESSION_COLUMNS(PAGE) SESSION_ENDING(PAGE) SESSION_DETAILS(PAGE));

/* From what the columns hold to what struct session says. */
static struct session settled(const struct session *row)
{
	struct session s = *row;

	if (s.ip_address.n == 0)
		s.ip_address = STR_NONE;
	if (s.last_activity_ms == YEAR_1_MS)
		s.last_activity_ms = TIME_NONE;
	return s;
}

static struct session settled_details(const struct session *row)
{
	struct session s = settled(row);

	if (s.absolute_ms == TIME_NONE)
		s.absolute_ms = s.expires_ms;
	return s;
}

struct page_ctx {
	struct arena *arena;
	struct session_page *page;
	struct gate gate;
	size_t limit, room;
};

static enum err take_page_row(void *ctx, const void *row)
{
	struct page_ctx *p = ctx;
	const struct list_row *r = row;

	p->gate = r->gate;
	p->page->total = r->total;
	if (r->session.id.p == NULL)
		return ERR_OK;
	BUG_ON(p->page->count == p->limit);
	p->page->rows = arena_next(
		p->arena, p->page->rows, p->page->count, &p->room, sizeof(*p->page->rows));
	p->page->rows[p->page->count++] = settled(&r->session);
	return ERR_OK;
}

/* Newest first, as the ids were chosen: the join does not promise to keep their order. */
static int compare_age(const void *a, const void *b)
{
	const struct session *x = a, *y = b;

	if (x->created_ms != y->created_ms)
		return x->created_ms < y->created_ms ? 1 : -1;
	return str_cmp(y->id, x->id);
}

#define ORDER_SQL " ORDER BY s.created_at DESC, s.id DESC"

/* " FROM session s WHERE …": the rows of the list, living ones or ended ones. */
static void put_rows(const struct session_scope *scope, const struct session_range *range,
	const struct tally_hours *hours, bool living, struct sql *q)
{
	sql_add(q, living ? SQL(" FROM session s WHERE TRUE")
			  : SQL(" FROM ended s WHERE TRUE" HISTORY_SQL));
	scope_put_conditions(scope, q);
	if (scope->active)
		sql_add(q, SQL(" AND s.expires_at > " NOW_SQL));
	range_put(range, hours, SQL("s.created_at"), q);
}

/* The page, from its first row: LIMIT and OFFSET. */
static void put_near_page(
	const struct session_scope *scope, const struct session_range *range, struct sql *q)
{
	int64_t reach =
		range->offset > INT64_MAX - range->limit ? INT64_MAX : range->offset + range->limit;

	sql_add(q, scope->active ? SQL("SELECT ") : SQL("SELECT * FROM ((SELECT "));
	sql_add(q, living_columns);
	put_rows(scope, range, NULL, true, q);
	sql_add(q, SQL(ORDER_SQL " LIMIT ?"));
	if (scope->active) {
		sql_add(q, SQL(" OFFSET ?"));
		sql_arg(q, db_i64(range->limit));
		sql_arg(q, db_i64(range->offset));
		return;
	}
	sql_arg(q, db_i64(reach));
	sql_add(q, SQL(") UNION ALL (SELECT "));
	sql_add(q, ended_columns);
	put_rows(scope, range, NULL, false, q);
	sql_add(q, SQL(ORDER_SQL
			   " LIMIT ?)) u ORDER BY u.created_ms DESC, u.id DESC LIMIT ? OFFSET ?"));
	sql_arg(q, db_i64(reach));
	sql_arg(q, db_i64(range->limit));
	sql_arg(q, db_i64(range->offset));
}

/* The ids of the hours' rows, numbered from the list's first row on: r.id, r.living, r.rn. */
static void put_numbered(const struct session_scope *scope, const struct session_range *range,
	const struct tally_hours *hours, struct sql *q)
{
	sql_add(q,
		SQL("(SELECT k.id, k.living, ROW_NUMBER() OVER (ORDER BY k.created_at DESC, k.id DESC) + "));
	tally_put_newer(scope, ORDER_CREATED, hours->first, q);
	sql_add(q, SQL(" AS rn FROM (SELECT s.id, s.created_at, 1 AS living"));
	put_rows(scope, range, hours, true, q);
	if (!scope->active) {
		sql_add(q, SQL(" UNION ALL SELECT s.id, s.created_at, 0"));
		put_rows(scope, range, hours, false, q);
	}
	sql_add(q, SQL(") k)"));
}

static void put_numbered_rows(const struct session_scope *scope, const struct session_range *range,
	const struct tally_hours *hours, bool living, struct sql *q)
{
	sql_add(q, SQL("SELECT "));
	sql_add(q, living ? living_columns : ended_columns);
	sql_add(q, SQL(" FROM "));
	put_numbered(scope, range, hours, q);
	sql_add(q, living ? SQL(" r JOIN session s ON s.id = r.id WHERE r.living = 1")
			  : SQL(" r JOIN ended s ON s.id = r.id WHERE r.living = 0" HISTORY_SQL));
	sql_add(q, SQL(" AND r.rn > ? AND r.rn <= ?"));
	sql_arg(q, db_i64(range->offset));
	sql_arg(q, db_i64(range->offset + range->limit));
}

static void put_deep_page(const struct session_scope *scope, const struct session_range *range,
	const struct tally_hours *hours, struct sql *q)
{
	put_numbered_rows(scope, range, hours, true, q);
	if (scope->active)
		return;
	sql_add(q, SQL(" UNION ALL "));
	put_numbered_rows(scope, range, hours, false, q);
}

/* hours == NULL: a page near the first. */
static enum err read_page(struct db *db, struct arena *a, const struct session_scope *scope,
	const struct session_range *range, const struct tally_hours *hours,
	struct session_page *out)
{
	struct page_ctx ctx = {.arena = a, .page = out, .limit = (size_t)range->limit};
	struct list_row row;
	struct sql q;
	enum err err;

	*out = (struct session_page){0};
	sql_begin(&q, a, SQL_READ, list_letters);
	scope_put_limit(scope, &q);
	sql_add(&q, SQL("SELECT g.alive, g.known, "));
	tally_put_total(scope, &q);
	sql_add(&q, page_columns);
	scope_put_gated(scope, &q);
	if (hours == NULL)
		put_near_page(scope, range, &q);
	else
		put_deep_page(scope, range, hours, &q);
	sql_add(&q, SQL(") p ON TRUE"));
	err = db_each(db, a, &q, &list_shape, &row, take_page_row, &ctx);
	if (err == ERR_OK)
		err = scope_gate_error(&ctx.gate);
	if (out->count > 1)
		qsort(out->rows, out->count, sizeof(*out->rows), compare_age);
	return err;
}

/* The index that holds a list without a filter in its order. The statement names it, because the
 * server would otherwise examine every index that could serve, which takes longer than the page. */
static struct sql_frag index_of(const struct session_scope *scope)
{
	if (scope->ids_json.p != NULL || scope->filter != NULL)
		return SQL("");
	if (scope->user_id.p != NULL)
		return SQL(" FORCE INDEX (session_user)");
	if (scope->tenant_id.p != NULL)
		return SQL(" FORCE INDEX (PRIMARY)");
	if (scope->partner_id.p != NULL)
		return SQL(" FORCE INDEX (session_partner)");
	return SQL(" FORCE INDEX (session_created)");
}

/* " FROM … WHERE …", like put_rows; the tenant is read once, as t. */
static void put_flat_rows(
	const struct session_scope *scope, const struct session_range *range, struct sql *q)
{
	sql_add(q, scope->joined ? SQL(" FROM tenant t JOIN session s") : SQL(" FROM session s"));
	sql_add(q, index_of(scope));
	sql_add(q, SQL(" WHERE s.expires_at > " NOW_SQL));
	if (scope->joined)
		scope_put_tenant(scope, q);
	scope_put_conditions(scope, q);
	range_put(range, NULL, SQL("s.created_at"), q);
}

/* Reads a page of active sessions near the first without a derived table, which the server would
 * have to write and read again. Each row has the gate and the total. An empty page has neither, so
 * the caller then calls read_page, which reads all of it in one snapshot. */
static enum err read_flat_page(struct db *db, struct arena *a, const struct session_scope *scope,
	const struct session_range *range, struct session_page *out)
{
	struct page_ctx ctx = {
		.arena = a, .page = out, .limit = (size_t)range->limit, .gate = {1, 1}};
	struct session_scope with = *scope;
	struct list_row row = flat_row;
	struct sql q;
	enum err err;

	*out = (struct session_page){0};
	with.joined = scope->tenant_id.p != NULL;
	sql_begin(&q, a, SQL_READ, flat_list_letters);
	scope_put_limit(scope, &q);
	sql_add(&q, SQL("SELECT "));
	scope_put_alive(scope, &q);
	sql_add(&q, SQL(", "));
	tally_put_total(&with, &q);
	sql_add(&q, flat_columns);
	put_flat_rows(&with, range, &q);
	sql_add(&q, SQL(ORDER_SQL " LIMIT ? OFFSET ?"));
	sql_arg(&q, db_i64(range->limit));
	sql_arg(&q, db_i64(range->offset));
	err = db_each(db, a, &q, DB_SHAPE(flat_list_cols), &row, take_page_row, &ctx);
	return err == ERR_OK ? scope_gate_error(&ctx.gate) : err;
}

/* A page near the first. */
static enum err read_near_page(struct db *db, struct arena *a, const struct session_scope *scope,
	const struct session_range *range, struct session_page *out)
{
	enum err err = ERR_OK;

	if (scope->active && !scope->nothing) {
		err = read_flat_page(db, a, scope, range, out);
		if (err != ERR_OK || out->count > 0)
			return err;
	}
	return read_page(db, a, scope, range, NULL, out);
}

struct list {
	struct db *db;
	struct arena *arena;
	const struct session_scope *scope;
	struct session_page *out;
};

static enum err read(void *ctx, const struct session_range *range, const struct tally_hours *hours,
	struct range_size *size)
{
	const struct list *l = ctx;
	enum err err = hours == NULL && range->limit > 0
			       ? read_near_page(l->db, l->arena, l->scope, range, l->out)
			       : read_page(l->db, l->arena, l->scope, range, hours, l->out);

	*size = (struct range_size){(int64_t)l->out->count, l->out->total};
	return err;
}

enum err session_list(struct db *db, struct arena *a, const struct session_scope *scope,
	const struct session_range *range, struct session_page *out)
{
	struct list list = {db, a, scope, out};

	return range_read(db, a, scope, ORDER_CREATED, range, read, &list);
}

static enum err get_from_ended(
	struct db *db, struct arena *a, const struct session_scope *scope, struct session *out)
{
	struct list_row row;
	struct sql q;
	enum err err;

	sql_begin(&q, a, SQL_READ, get_letters);
	sql_add(&q, SQL("SELECT g.alive, g.known, 0"));
	sql_add(&q, page_details);
	sql_add(&q, SQL(" FROM "));
	scope_put_gate(scope, &q);
	sql_add(&q, SQL(" g LEFT JOIN (SELECT "));
	sql_add(&q, ended_details);
	sql_add(&q, SQL(" FROM ended s WHERE TRUE" HISTORY_SQL));
	scope_put_conditions(scope, &q);
	sql_add(&q, SQL(" LIMIT 1) p ON TRUE"));
	err = db_one(db, a, &q, DB_SHAPE(list_cols), &row);
	if (err == ERR_OK)
		err = scope_gate_error(&row.gate);
	if (err != ERR_OK)
		return err;
	*out = settled_details(&row.session);
	return row.session.id.p != NULL ? ERR_OK : ERR_NOT_FOUND;
}

/* A living session, without a derived table: see read_flat_page. */
static enum err get_flat(
	struct db *db, struct arena *a, const struct session_scope *scope, struct session *out)
{
	struct list_row row = flat_row;
	struct sql q;
	enum err err;

	sql_begin(&q, a, SQL_READ, flat_get_letters);
	sql_add(&q, SQL("SELECT "));
	scope_put_alive(scope, &q);
	sql_add(&q, SQL(", s.expires_at > " NOW_SQL));
	sql_add(&q, flat_details);
	sql_add(&q, SQL(" FROM session s WHERE TRUE"));
	scope_put_conditions(scope, &q);
	err = db_one(db, a, &q, DB_SHAPE(flat_get_cols), &row);
	if (err == ERR_OK)
		err = scope_gate_error(&row.gate);
	if (err != ERR_OK)
		return err;
	if (row.active == 0)
		row.session.status = STR("expired");
	*out = settled_details(&row.session);
	return ERR_OK;
}

/* A session only moves from the living to the ended ones, so looking in this order finds it. */
enum err session_get(
	struct db *db, struct arena *a, const struct session_scope *scope, struct session *out)
{
	enum err err = get_flat(db, a, scope, out);

	return err == ERR_NOT_FOUND ? get_from_ended(db, a, scope, out) : err;
}

enum err session_exists(struct db *db, struct arena *a, const struct session_scope *scope)
{
	struct session session;

	return session_get(db, a, scope, &session);
}
