/* SPDX-License-Identifier: MIT
 * Reading the audit. The rows were written when the sessions ended. */
#include "model/audit.h"

#include <stddef.h>
#include <stdlib.h>

#include "columns.h"
#include "range.h"

struct page_row {
	struct gate gate;
	int64_t total;
	struct audit_entry entry; /* session_id.p == NULL: the page is empty */
};

/* clang-format off */
#define LETTER(kind, member, name, sql) LETTER_##kind
#define COL(kind, member, name, sql) {COL_##kind, offsetof(struct page_row, entry.member)},
#define AS(kind, member, name, sql) ", " sql " AS " #member
#define PAGE(kind, member, name, sql) ", p." #member

static const struct db_col cols[] = {
	GATE_COLS(struct page_row, gate),
	{'i', offsetof(struct page_row, total)},
	AUDIT_COLUMNS(COL)
};
/* clang-format on */
static const char letters[] = "iii" AUDIT_COLUMNS(LETTER);
static const struct sql_frag columns = SQL_INIT("SELECT 1 AS one" AUDIT_COLUMNS(AS));
static const struct sql_frag page_columns = SQL_INIT("" AUDIT_COLUMNS(PAGE));

struct page_ctx {
	struct audit_page *page;
	struct gate gate;
	size_t limit;
};

static enum err take_row(void *ctx, const void *row)
{
	struct page_ctx *p = ctx;
	const struct page_row *r = row;

	p->gate = r->gate;
	p->page->total = r->total;
	if (r->entry.session_id.p == NULL)
		return ERR_OK;
	BUG_ON(p->page->count == p->limit);
	p->page->rows[p->page->count++] = r->entry;
	return ERR_OK;
}

static int compare_age(const void *a, const void *b)
{
	const struct audit_entry *x = a, *y = b;

	if (x->revoked_ms != y->revoked_ms)
		return x->revoked_ms < y->revoked_ms ? 1 : -1;
	return str_cmp(y->session_id, x->session_id);
}

static void put_rows(const struct session_scope *scope, const struct session_range *range,
	const struct tally_hours *hours, struct sql *q)
{
	sql_add(q, SQL(" FROM ended s WHERE s.how = 'revoked'" HISTORY_SQL));
	scope_put_conditions(scope, q);
	range_put(range, hours, SQL("s.ended_at"), q);
}

#define ORDER_SQL " ORDER BY s.ended_at DESC, s.id DESC"

static void put_page(const struct session_scope *scope, const struct session_range *range,
	const struct tally_hours *hours, struct sql *q)
{
	if (hours == NULL) {
		sql_add(q, columns);
		put_rows(scope, range, NULL, q);
		sql_add(q, SQL(ORDER_SQL " LIMIT ? OFFSET ?"));
		sql_arg(q, db_i64(range->limit));
		sql_arg(q, db_i64(range->offset));
		return;
	}
	sql_add(q, columns);
	sql_add(q, SQL(" FROM (SELECT s.tenant_no, s.ended_at, s.id, s.month,"
		       " ROW_NUMBER() OVER (ORDER BY s.ended_at DESC, s.id DESC) + "));
	tally_put_newer(scope, ORDER_REVOKED, hours->first, q);
	sql_add(q, SQL(" AS rn"));
	put_rows(scope, range, hours, q);
	sql_add(q, SQL(") r JOIN ended s ON s.tenant_no = r.tenant_no AND s.how = 'revoked'"
		       " AND s.ended_at = r.ended_at AND s.id = r.id AND s.month = r.month"
		       " WHERE r.rn > ? AND r.rn <= ?"));
	sql_arg(q, db_i64(range->offset));
	sql_arg(q, db_i64(range->offset + range->limit));
}

static enum err read_page(struct db *db, struct arena *a, const struct session_scope *scope,
	const struct session_range *range, const struct tally_hours *hours, struct audit_page *out)
{
	struct page_ctx ctx = {.page = out, .limit = (size_t)range->limit};
	struct page_row row;
	struct sql q;
	enum err err;

	*out = (struct audit_page){.rows = arena_array(a, ctx.limit + 1, sizeof(*out->rows))};
	sql_begin(&q, a, SQL_READ, letters);
	sql_add(&q, SQL("SELECT g.alive, g.known, "));
	tally_put_revoked(scope, &q);
	sql_add(&q, page_columns);
	scope_put_gated(scope, &q);
	put_page(scope, range, hours, &q);
	sql_add(&q, SQL(") p ON TRUE"));
	err = db_each(db, a, &q, DB_SHAPE(cols), &row, take_row, &ctx);
	if (out->count > 1)
		qsort(out->rows, out->count, sizeof(*out->rows), compare_age);
	return err == ERR_OK ? scope_gate_error(&ctx.gate) : err;
}

struct list {
	struct db *db;
	struct arena *arena;
	const struct session_scope *scope;
	struct audit_page *out;
};

static enum err read(void *ctx, const struct session_range *range, const struct tally_hours *hours,
	struct range_size *size)
{
	const struct list *l = ctx;
	enum err err = read_page(l->db, l->arena, l->scope, range, hours, l->out);

	*size = (struct range_size){(int64_t)l->out->count, l->out->total};
	return err;
}
enum err audit_list(struct db *db, struct arena *a, const struct session_scope *scope,
	const struct session_range *range, struct audit_page *out)
{
	struct list list = {db, a, scope, out};

	return range_read(db, a, scope, ORDER_REVOKED, range, read, &list);
}
