/* SPDX-License-Identifier: MIT
 * Reading the audit. The rows were written when the sessions ended. Pages far from the first are
 * found as in session.c. */
#include "model/audit.h"

#include <stddef.h>
#include <stdlib.h>

#include "db/compose.h"
#include "model/tally.h"

#define DEEP_OFFSET 500
#define DEEP_TRIES 3

#define COLUMNS_SQL                                                                                \
	"s.id, s.tenant_id, s.user_id,"                                                            \
	" s.ended_at, s.revoked_by, s.revoked_by_tenant, s.revoked_by_kind, s.endpoint,"           \
	" s.request_id, s.reason"

struct page_row {
	struct gate gate;
	int64_t total;
	struct audit_entry entry; /* session_id.p == NULL: the page is empty */
};

static const struct db_col cols[] = {
	{'i', offsetof(struct page_row, gate.alive)},
	{'i', offsetof(struct page_row, gate.known)},
	{'i', offsetof(struct page_row, total)},
	{'S', offsetof(struct page_row, entry.session_id)},
	{'S', offsetof(struct page_row, entry.tenant_id)},
	{'S', offsetof(struct page_row, entry.user_id)},
	{'T', offsetof(struct page_row, entry.revoked_ms)},
	{'S', offsetof(struct page_row, entry.revoked_by)},
	{'S', offsetof(struct page_row, entry.revoked_by_tenant)},
	{'S', offsetof(struct page_row, entry.revoked_by_kind)},
	{'S', offsetof(struct page_row, entry.endpoint)},
	{'S', offsetof(struct page_row, entry.request_id)},
	{'S', offsetof(struct page_row, entry.reason)},
};
static const struct db_shape shape = {cols, ARRAY_LEN(cols)};

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
	if (range->after.id.p != NULL) {
		sql_add(q, SQL(" AND s.ended_at <= ? AND (s.ended_at < ? OR s.id < ?)"));
		sql_arg(q, db_time(range->after.created_ms));
		sql_arg(q, db_time(range->after.created_ms));
		sql_arg(q, db_str(range->after.id));
	}
	if (hours != NULL) {
		sql_add(q, SQL(" AND s.ended_at < ?"));
		sql_arg(q, db_time((hours->first + 1) * HOUR_MS));
	}
	if (hours != NULL && hours->last != DB_NULL_I64) {
		sql_add(q, SQL(" AND s.ended_at >= ?"));
		sql_arg(q, db_time(hours->last * HOUR_MS));
	}
}

#define ORDER_SQL " ORDER BY s.ended_at DESC, s.id DESC"

static void put_page(const struct session_scope *scope, const struct session_range *range,
	const struct tally_hours *hours, struct sql *q)
{
	if (hours == NULL) {
		sql_add(q, SQL("SELECT " COLUMNS_SQL));
		put_rows(scope, range, NULL, q);
		sql_add(q, SQL(ORDER_SQL " LIMIT ? OFFSET ?"));
		sql_arg(q, db_i64(range->limit));
		sql_arg(q, db_i64(range->offset));
		return;
	}
	sql_add(q, SQL("SELECT " COLUMNS_SQL " FROM (SELECT s.tenant_no, s.ended_at, s.id, s.month,"
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
	sql_begin(&q, a, SQL_READ, "iiiSSSTSSSSSS");
	sql_add(&q, SQL("SELECT g.alive, g.known, "));
	tally_put_revoked(scope, &q);
	sql_add(&q, SQL(", p.* FROM "));
	scope_put_gate(scope, &q);
	sql_add(&q, SQL(" g LEFT JOIN ("));
	put_page(scope, range, hours, &q);
	sql_add(&q, SQL(") p ON TRUE"));
	err = db_each(db, a, &q, &shape, &row, take_row, &ctx);
	if (out->count > 1)
		qsort(out->rows, out->count, sizeof(*out->rows), compare_age);
	return err == ERR_OK ? scope_gate_error(&ctx.gate) : err;
}

enum err audit_list(struct db *db, struct arena *a, const struct session_scope *scope,
	const struct session_range *range, struct audit_page *out)
{
	struct tally_hours hours;
	bool found;

	if (range->offset < DEEP_OFFSET || range->offset > INT64_MAX - range->limit ||
		!tally_has_hours(scope, ORDER_REVOKED))
		return read_page(db, a, scope, range, NULL, out);
	for (int i = 0; i < DEEP_TRIES; i++) {
		int64_t left;
		enum err err = tally_find_hours(
			db, a, scope, ORDER_REVOKED, range->offset, range->limit, &hours, &found);

		if (err == ERR_OK && found)
			err = read_page(db, a, scope, range, &hours, out);
		if (err != ERR_OK)
			return err;
		if (!found)
			break;
		left = out->total - range->offset;
		if ((int64_t)out->count >= (left < range->limit ? left : range->limit))
			return ERR_OK;
	}
	return read_page(db, a, scope, range, NULL, out);
}
