/* SPDX-License-Identifier: MIT
 * Reading sessions. Called by the API's handlers; runs statements, knows no HTTP and no JSON.
 *
 * A list is one statement and one round trip: the exact total, and the page's ids taken from a
 * covering index before any row is read (a deep page then costs index entries, not rows). */
#include "model/session.h"

#include <stddef.h>

#define STATUS_SQL                                                                                 \
	"CASE WHEN s.revoked_at IS NOT NULL THEN 'revoked' WHEN s.expires_at > UTC_TIMESTAMP(3) "  \
	"THEN 'active' ELSE 'expired' END"

#define COLUMNS_SQL                                                                                \
	"s.id, s.tenant_id, s.user_id, u.email, u.display_name, s.ip_address, s.user_agent, "      \
	"s.device_type, s.location, s.created_at, s.last_activity_at, s.expires_at, s.revoked_at, " \
	STATUS_SQL ", s.revoked_by, s.revoke_reason, "                                             \
	"(SELECT COUNT(*) FROM session_app sa WHERE sa.session_id = s.id)"

#define USER_JOIN_SQL " LEFT JOIN user u ON u.tenant_id = s.tenant_id AND u.id = s.user_id"

struct page_row {
	int64_t total;
	struct session session; /* id.p == NULL: the page is empty */
};

/* The columns behind COLUMNS_SQL, for a struct in which the session is the member `session`. */
#define SESSION_COLS(type)                                                                         \
	{'S', offsetof(type, session.id)}, {'S', offsetof(type, session.tenant_id)},               \
		{'S', offsetof(type, session.user_id)},                                            \
		{'S', offsetof(type, session.user_email)},                                         \
		{'S', offsetof(type, session.user_display_name)},                                  \
		{'S', offsetof(type, session.ip_address)},                                         \
		{'S', offsetof(type, session.user_agent)},                                         \
		{'S', offsetof(type, session.device_type)},                                        \
		{'S', offsetof(type, session.location)},                                           \
		{'T', offsetof(type, session.created_ms)},                                         \
		{'T', offsetof(type, session.last_activity_ms)},                                   \
		{'T', offsetof(type, session.expires_ms)},                                         \
		{'T', offsetof(type, session.revoked_ms)},                                         \
		{'S', offsetof(type, session.status)},                                             \
		{'S', offsetof(type, session.revoked_by)},                                         \
		{'S', offsetof(type, session.revoke_reason)},                                      \
	{                                                                                          \
		'I', offsetof(type, session.app_count)                                             \
	}

static const struct db_col page_cols[] = {
	{'i', offsetof(struct page_row, total)},
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
	if (r->session.id.p == NULL)
		return ERR_OK;
	if (p->page->rows == NULL) {
		p->room = (size_t)r->total < p->limit ? (size_t)r->total : p->limit;
		p->page->rows = arena_array(p->arena, p->room, sizeof(*p->page->rows));
	}
	BUG_ON(p->page->count == p->room);
	p->page->rows[p->page->count++] = r->session;
	return ERR_OK;
}

enum err session_list(struct db *db, struct arena *a, const struct session_scope *scope,
	int64_t limit, int64_t offset, struct session_page *out)
{
	struct page_ctx ctx = {.arena = a, .page = out, .limit = (size_t)limit};
	struct page_row row;
	struct sql q;

	*out = (struct session_page){0};
	sql_begin(&q, a, SQL_READ, "iSSSSSSSSSTTTTSSSI");
	sql_add(&q, SQL("SELECT c.total, " COLUMNS_SQL " FROM (SELECT COUNT(*) AS total FROM "));
	scope_from(scope, &q);
	sql_add(&q, SQL(") c LEFT JOIN (SELECT s.id FROM "));
	scope_from(scope, &q);
	sql_add(&q, SQL(" ORDER BY s.created_at DESC, s.id DESC LIMIT ? OFFSET ?) p ON TRUE"
			" LEFT JOIN session s ON s.id = p.id" USER_JOIN_SQL
			" ORDER BY s.created_at DESC, s.id DESC"));
	sql_arg(&q, db_i64(limit));
	sql_arg(&q, db_i64(offset));
	return db_each(db, a, &q, &page_shape, &row, take_page_row, &ctx);
}

struct detail_row {
	struct session session;
	struct session_app app;
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
	bool found;
};

static enum err take_detail_row(void *ctx, const void *row)
{
	struct detail_ctx *d = ctx;
	const struct detail_row *r = row;
	struct session_detail *out = d->detail;

	if (!d->found) {
		out->session = r->session;
		out->apps = arena_array(d->arena, (size_t)r->session.app_count, sizeof(*out->apps));
		d->found = true;
	}
	if (r->app.application_id.p != NULL && out->app_count < (size_t)out->session.app_count)
		out->apps[out->app_count++] = r->app;
	return ERR_OK;
}

enum err session_get(struct db *db, struct arena *a, const struct session_scope *scope,
	struct session_detail *out)
{
	struct detail_ctx ctx = {a, out, false};
	struct detail_row row;
	enum err err;
	struct sql q;

	*out = (struct session_detail){0};
	sql_begin(&q, a, SQL_READ, "SSSSSSSSSTTTTSSSISST");
	sql_add(&q, SQL("SELECT " COLUMNS_SQL ", sa.application_id,"
			" COALESCE(ap.name, sa.application_id), sa.accessed_at FROM session s" USER_JOIN_SQL
			" LEFT JOIN session_app sa ON sa.session_id = s.id"
			" LEFT JOIN application ap ON ap.tenant_id = s.tenant_id"
			" AND ap.id = sa.application_id"));
	scope_where(scope, &q);
	sql_add(&q, SQL(" ORDER BY sa.accessed_at DESC, sa.application_id"));
	err = db_each(db, a, &q, &detail_shape, &row, take_detail_row, &ctx);
	return err == ERR_OK && !ctx.found ? ERR_NOT_FOUND : err;
}

static const struct db_col one_col[] = {{'i', 0}};
static const struct db_shape one_shape = {one_col, 1};

enum err session_count(struct db *db, struct arena *a, const struct session_scope *scope,
	int64_t *out)
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

enum err session_alive(struct db *db, struct arena *a, struct str id)
{
	struct session_scope scope = {.session_id = id, .active = true};

	return session_exists(db, a, &scope);
}

enum err tenant_partner(struct db *db, struct arena *a, struct str tenant_id,
	struct str *partner_id)
{
	static const struct db_col cols[] = {{'S', 0}};
	static const struct db_shape shape = {cols, 1};
	struct sql q = SQL_FIXED(TENANT_PARTNER, db_str(tenant_id));

	return db_one(db, a, &q, &shape, partner_id);
}
