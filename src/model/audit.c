/* SPDX-License-Identifier: MIT
 * Reading the audit of revocations. Called by api/v1_audit.c. Rows are written by revoke.c, those
 * of demonstrations by ingest.c. */
#include "model/audit.h"

#include <stddef.h>

#include "db/compose.h"

#define ORDER_SQL " ORDER BY r.revoked_at DESC, r.call_id DESC, r.session_id DESC"

struct page_row {
	int64_t total;
	struct audit_entry entry; /* session_id.p == NULL: the page is empty */
};

static const struct db_col cols[] = {
	{'i', offsetof(struct page_row, total)},
	{'S', offsetof(struct page_row, entry.session_id)},
	{'S', offsetof(struct page_row, entry.tenant_id)},
	{'S', offsetof(struct page_row, entry.user_id)},
	{'T', offsetof(struct page_row, entry.revoked_ms)},
	{'S', offsetof(struct page_row, entry.revoked_by)},
	{'S', offsetof(struct page_row, entry.endpoint)},
	{'S', offsetof(struct page_row, entry.request_id)},
	{'S', offsetof(struct page_row, entry.reason)},
};
static const struct db_shape shape = {cols, ARRAY_LEN(cols)};

static void where(const struct audit_scope *scope, struct sql *q)
{
	sql_add(q, scope->nothing ? SQL(" WHERE FALSE") : SQL(" WHERE TRUE"));
	if (scope->tenant_id.p != NULL) {
		sql_add(q, SQL(" AND r.tenant_id = ?"));
		sql_arg(q, db_str(scope->tenant_id));
	}
	if (scope->partner_id.p != NULL) {
		sql_add(q,
			SQL(" AND r.tenant_id IN (SELECT t.id FROM tenant t WHERE t.partner_id = ?)"));
		sql_arg(q, db_str(scope->partner_id));
	}
	if (scope->user_id.p != NULL) {
		sql_add(q, SQL(" AND r.user_id = ?"));
		sql_arg(q, db_str(scope->user_id));
	}
}

struct page_ctx {
	struct arena *arena;
	struct audit_page *page;
	int64_t limit;
};

static enum err take_row(void *ctx, const void *row)
{
	struct page_ctx *p = ctx;
	const struct page_row *r = row;

	p->page->total = r->total;
	if (r->entry.session_id.p == NULL)
		return ERR_OK;
	if (p->page->rows == NULL)
		p->page->rows = arena_array(p->arena, (size_t)p->limit, sizeof(*p->page->rows));
	p->page->rows[p->page->count++] = r->entry;
	return ERR_OK;
}

enum err audit_list(struct db *db, struct arena *a, const struct audit_scope *scope, int64_t limit,
	int64_t offset, struct audit_page *out)
{
	struct page_ctx ctx = {a, out, limit};
	struct page_row row;
	struct sql q;

	*out = (struct audit_page){0};
	sql_begin(&q, a, SQL_READ, "iSSSTSSSS");
	sql_add(&q, SQL("SELECT c.total, r.session_id, r.tenant_id, r.user_id, r.revoked_at,"
			" r.revoked_by, r.endpoint, r.request_id, r.reason"
			" FROM (SELECT COUNT(*) AS total FROM revocation r"));
	where(scope, &q);
	sql_add(&q, SQL(") c LEFT JOIN (SELECT r.call_id, r.session_id FROM revocation r"));
	where(scope, &q);
	sql_add(&q, SQL(ORDER_SQL
			    " LIMIT ? OFFSET ?) p ON TRUE LEFT JOIN revocation r"
			    " ON r.call_id = p.call_id AND r.session_id = p.session_id" ORDER_SQL));
	sql_arg(&q, db_i64(limit));
	sql_arg(&q, db_i64(offset));
	return db_each(db, a, &q, &shape, &row, take_row, &ctx);
}
