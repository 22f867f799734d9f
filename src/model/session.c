/* SPDX-License-Identifier: MIT
 * Reading sessions. Called by the API's handlers; runs statements, knows no HTTP and no JSON.
 *
 * A list is one statement and one round trip: the exact total, and the page's ids taken from a
 * covering index before any row is read (a deep page then costs index entries, not rows). */
#include "model/session.h"

#include <stddef.h>
#include <stdlib.h>

#define STATUS_SQL                                                                                 \
	"CASE WHEN s.revoked_at IS NOT NULL THEN 'revoked' WHEN s.expires_at > UTC_TIMESTAMP(3) "  \
	"THEN 'active' ELSE 'expired' END"

#define COLUMNS_SQL                                                                                            \
	"s.id, s.tenant_id, s.user_id, u.email, u.display_name, s.ip_address, s.user_agent, "                  \
	"s.device_type, s.location, s.created_at, s.last_activity_at, s.expires_at, s.revoked_at, " STATUS_SQL \
	", s.revoked_by, s.revoke_reason"
#define SESSION_LETTERS "SSSSSSSSSTTTTSSS"

#define USER_JOIN_SQL " LEFT JOIN user u ON u.tenant_id = s.tenant_id AND u.id = s.user_id"

struct page_row {
	int64_t total, app_count;
	struct session session;
};

/* The columns behind COLUMNS_SQL, for a struct in which the session is the member `session`. */
#define SESSION_COLS(type)                                                                         \
	{'S', offsetof(type, session.id)}, {'S', offsetof(type, session.tenant_id)},               \
		{'S', offsetof(type, session.user_id)}, {'S', offsetof(type, session.user_email)}, \
		{'S', offsetof(type, session.user_display_name)},                                  \
		{'S', offsetof(type, session.ip_address)},                                         \
		{'S', offsetof(type, session.user_agent)},                                         \
		{'S', offsetof(type, session.device_type)},                                        \
		{'S', offsetof(type, session.location)},                                           \
		{'T', offsetof(type, session.created_ms)},                                         \
		{'T', offsetof(type, session.last_activity_ms)},                                   \
		{'T', offsetof(type, session.expires_ms)},                                         \
		{'T', offsetof(type, session.revoked_ms)}, {'S', offsetof(type, session.status)},  \
		{'S', offsetof(type, session.revoked_by)},                                         \
	{                                                                                          \
		'S', offsetof(type, session.revoke_reason)                                         \
	}

static const struct db_col page_cols[] = {
	{'i', offsetof(struct page_row, total)},
	{'i', offsetof(struct page_row, app_count)},
	SESSION_COLS(struct page_row),
};
static const struct db_shape page_shape = {page_cols, ARRAY_LEN(page_cols)};

struct page_ctx {
	struct arena *arena;
	struct session_page *page;
	size_t limit, room;
};

static enum err take_page_row(void *ctx, const void *row)
{
	struct page_ctx *p = ctx;
	const struct page_row *r = row;

	p->page->total = r->total;
	if (p->page->rows == NULL) {
		p->room = (size_t)r->total < p->limit ? (size_t)r->total : p->limit;
		p->page->rows = arena_array(p->arena, p->room, sizeof(*p->page->rows));
	}
	BUG_ON(p->page->count == p->room);
	p->page->rows[p->page->count] = r->session;
	p->page->rows[p->page->count++].app_count = r->app_count;
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

enum err session_list(struct db *db, struct arena *a, const struct session_scope *scope,
	int64_t limit, int64_t offset, struct session_page *out)
{
	struct page_ctx ctx = {.arena = a, .page = out, .limit = (size_t)limit};
	struct page_row row;
	struct sql q;
	enum err err;

	*out = (struct session_page){0};
	sql_begin(&q, a, SQL_READ, "ii" SESSION_LETTERS);
	sql_add(&q, SQL("SELECT (SELECT COUNT(*) FROM "));
	scope_from(scope, &q);
	sql_add(&q,
		SQL("), (SELECT COUNT(*) FROM session_app sa WHERE sa.session_id = s.id), " COLUMNS_SQL
		    " FROM (SELECT s.id FROM "));
	scope_from(scope, &q);
	sql_add(&q, SQL(" ORDER BY s.created_at DESC, s.id DESC LIMIT ? OFFSET ?) p"
			" JOIN session s ON s.id = p.id" USER_JOIN_SQL));
	sql_arg(&q, db_i64(limit));
	sql_arg(&q, db_i64(offset));
	err = db_each(db, a, &q, &page_shape, &row, take_page_row, &ctx);
	if (err != ERR_OK)
		return err;
	/* An empty page has no row to bring the total. */
	if (out->count == 0)
		return session_count(db, a, scope, &out->total);
	qsort(out->rows, out->count, sizeof(*out->rows), compare_age);
	return ERR_OK;
}

struct detail_row {
	struct session session;
	struct session_app app; /* application_id.p == NULL: it reached none */
};

static const struct db_col detail_cols[] = {
	SESSION_COLS(struct detail_row),
	{'S', offsetof(struct detail_row, app.application_id)},
	{'S', offsetof(struct detail_row, app.application_name)},
	{'T', offsetof(struct detail_row, app.accessed_ms)},
};
static const struct db_shape detail_shape = {detail_cols, ARRAY_LEN(detail_cols)};

struct detail_ctx {
	struct arena *arena;
	struct session_detail *detail;
	size_t room;
	bool found;
};

static enum err take_detail_row(void *ctx, const void *row)
{
	struct detail_ctx *d = ctx;
	const struct detail_row *r = row;
	struct session_detail *out = d->detail;

	out->session = r->session;
	d->found = true;
	if (r->app.application_id.p == NULL)
		return ERR_OK;
	if (out->app_count == d->room) {
		size_t room = d->room == 0 ? 8 : d->room * 2;

		out->apps = arena_grow(d->arena, out->apps, d->room * sizeof(*out->apps),
			room * sizeof(*out->apps));
		d->room = room;
	}
	out->apps[out->app_count++] = r->app;
	return ERR_OK;
}

/* Latest first, then by id. */
static int compare_apps(const void *a, const void *b)
{
	const struct session_app *x = a, *y = b;

	if (x->accessed_ms != y->accessed_ms)
		return x->accessed_ms < y->accessed_ms ? 1 : -1;
	return str_cmp(x->application_id, y->application_id);
}

enum err session_get(struct db *db, struct arena *a, const struct session_scope *scope,
	struct session_detail *out)
{
	struct detail_ctx ctx = {.arena = a, .detail = out};
	struct detail_row row;
	enum err err;
	struct sql q;

	*out = (struct session_detail){0};
	sql_begin(&q, a, SQL_READ, SESSION_LETTERS "SST");
	sql_add(&q,
		SQL("SELECT " COLUMNS_SQL ", sa.application_id,"
		    " COALESCE(ap.name, sa.application_id), sa.accessed_at FROM session s" USER_JOIN_SQL
		    " LEFT JOIN session_app sa ON sa.session_id = s.id"
		    " LEFT JOIN application ap ON ap.tenant_id = s.tenant_id"
		    " AND ap.id = sa.application_id"));
	scope_where(scope, &q);
	err = db_each(db, a, &q, &detail_shape, &row, take_detail_row, &ctx);
	if (err != ERR_OK)
		return err;
	/* Sorted here: for the server it would be a temporary table in each of these lookups. */
	if (out->app_count > 1)
		qsort(out->apps, out->app_count, sizeof(*out->apps), compare_apps);
	return ctx.found ? ERR_OK : ERR_NOT_FOUND;
}

static const struct db_col one_col[] = {{'i', 0}};
static const struct db_shape one_shape = {one_col, 1};

enum err session_count(
	struct db *db, struct arena *a, const struct session_scope *scope, int64_t *out)
{
	struct sql q;

	sql_begin(&q, a, SQL_READ, "i");
	sql_add(&q, SQL("SELECT COUNT(*) FROM "));
	scope_from(scope, &q);
	return db_one(db, a, &q, &one_shape, out);
}

enum err session_exists(struct db *db, struct arena *a, const struct session_scope *scope)
{
	int64_t one;
	struct sql q;

	sql_begin(&q, a, SQL_READ, "i");
	sql_add(&q, SQL("SELECT 1 FROM "));
	scope_from(scope, &q);
	return db_one(db, a, &q, &one_shape, &one);
}

static const struct db_col partner_col[] = {{'S', 0}};
static const struct db_shape partner_shape = {partner_col, 1};

enum err tenant_partner(
	struct db *db, struct arena *a, struct str tenant_id, struct str *partner_id)
{
	struct sql q = SQL_FIXED(TENANT_PARTNER, db_str(tenant_id));

	return db_one(db, a, &q, &partner_shape, partner_id);
}

enum err tenant_partner_locked(
	struct db *db, struct arena *a, struct str tenant_id, struct str *partner_id)
{
	struct sql q = SQL_FIXED(TENANT_PARTNER_LOCKED, db_str(tenant_id));

	return db_one(db, a, &q, &partner_shape, partner_id);
}
