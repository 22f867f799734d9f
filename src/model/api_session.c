/* SPDX-License-Identifier: MIT
 * Sessions for the Edge Management API: the field table of the filter language, and lists that it
 * sorts and narrows. Rows and total of a page are of one moment, because they come from one
 * statement. Rows are read in the order of the derived table p, which the server fills in the order
 * of the list. */
#include "model/api_session.h"

#include <stddef.h>

#include "columns.h"
#include "model/tally.h"

#define PARTNER_SQL "(SELECT p.id FROM partner p WHERE p.no = s.partner_no)"

/* name, type, expression, sortable, indexed */
#define FIELD(name, type, expr)                                                                    \
	{                                                                                          \
		name, QUERY_##type, SQL_INIT(expr), true, false                                    \
	}
#define INDEXED(name, type, expr)                                                                  \
	{                                                                                          \
		name, QUERY_##type, SQL_INIT(expr), true, true                                     \
	}
#define UNSORTED(name, type, expr)                                                                 \
	{                                                                                          \
		name, QUERY_##type, SQL_INIT(expr), false, false                                   \
	}

static const struct query_field fields[] = {
	INDEXED("id", STRING, "s.id"),
	INDEXED("createdAt", DATETIME, "s.created_at"),
	FIELD("updatedAt", DATETIME, UPDATED_SQL),
	UNSORTED("tags", ANY, "s.tags"),
	FIELD("isSystem", BOOL, "CAST(NULL AS SIGNED)"),
	FIELD("token", STRING, TOKEN_SQL),
	INDEXED("identity", STRING, "s.user_id"),
	INDEXED("ipAddress", STRING, "s.ip_address"),
	FIELD("authenticator", STRING, "s.authenticator_id"),
	INDEXED("lastActivityAt", DATETIME, "s.last_activity_at"),
	FIELD("mfaComplete", BOOL, "s.is_mfa_complete"),
	FIELD("mfaRequired", BOOL, "s.is_mfa_required"),
	FIELD("improperClientCertChain", BOOL, "s.improper_client_cert_chain"),
	/* Extensions. */
	INDEXED("identity.id", STRING, "s.user_id"),
	FIELD("identity.name", STRING, NAME_SQL),
	UNSORTED("configTypes", STRING_SET, "s.config_types"),
	FIELD("tenantId", STRING, "s.tenant_id"),
	FIELD("partnerId", STRING, PARTNER_SQL),
	FIELD("userEmail", STRING, "s.user_email"),
	FIELD("userAgent", STRING, "s.user_agent"),
	INDEXED("deviceType", STRING, "s.device_type"),
	FIELD("location", STRING, "s.location"),
	INDEXED("expiresAt", DATETIME, "s.expires_at"),
	FIELD("isAdmin", BOOL, "(s.role <=> 'super_admin')"),
	FIELD("deviceLabel", STRING, "s.device_label"),
	FIELD("authTime", DATETIME, "s.auth_time"),
	FIELD("absoluteExpiresAt", DATETIME, ABSOLUTE_END_SQL),
	FIELD("ipNetwork", CIDR, "NULLIF(s.ip_address, '')"),
};

/* Members of both dialects' answers that have another name in filters. */
static const struct query_alias aliases[] = {
	{"session_id", "id"},
	{"user_id", "identity.id"},
	{"identityId", "identity.id"},
	{"user_display_name", "identity.name"},
	{"user_email", "userEmail"},
	{"user_agent", "userAgent"},
	{"tenant_id", "tenantId"},
	{"partner_id", "partnerId"},
	{"ip_address", "ipAddress or ipNetwork"},
	{"device_type", "deviceType"},
	{"device_label", "deviceLabel"},
	{"auth_time", "authTime"},
	{"absolute_expires_at", "absoluteExpiresAt"},
	{"created_at", "createdAt"},
	{"updated_at", "updatedAt"},
	{"expires_at", "expiresAt"},
	{"last_activity_at", "lastActivityAt"},
	{"cachedLastActivityAt", "lastActivityAt"},
	{"is_admin", "isAdmin"},
	{"role", "isAdmin"},
	{"is_mfa_complete", "mfaComplete"},
	{"isMfaComplete", "mfaComplete"},
	{"is_mfa_required", "mfaRequired"},
	{"isMfaRequired", "mfaRequired"},
	{"authenticator_id", "authenticator"},
	{"authenticatorId", "authenticator"},
	{"config_types", "configTypes"},
};

const struct query_fields api_session_fields = {
	.list = fields,
	.count = ARRAY_LEN(fields),
	.aliases = aliases,
	.alias_count = ARRAY_LEN(aliases),
	.tie = SQL_INIT("s.id"),
};

struct list_row {
	struct gate gate;
	int64_t total;
	struct api_session session; /* id.p == NULL: the page is empty */
};

#define COL(kind, member, sql, unused) {COL_##kind, offsetof(struct list_row, session.member)},
#define LETTERS(kind, member, sql, unused) LETTER_##kind
#define AS(kind, member, sql, unused) ", " sql " AS " #member
#define PAGE(kind, member, sql, unused) ", p." #member

/* clang-format off */
static const struct db_col list_cols[] = {
	GATE_COLS(struct list_row, gate),
	{'i', offsetof(struct list_row, total)},
	API_SESSION_COLUMNS(COL)
};
/* clang-format on */
static const char list_letters[] = "iii" API_SESSION_COLUMNS(LETTERS);
static const struct sql_frag row_columns = SQL_INIT("SELECT 1 AS one" API_SESSION_COLUMNS(AS));
static const struct sql_frag page_columns = SQL_INIT("" API_SESSION_COLUMNS(PAGE));

struct list_ctx {
	api_session_fn fn;
	void *ctx;
	struct gate gate;
	int64_t total, count;
};

static enum err take_row(void *ctx, const void *row)
{
	struct list_ctx *l = ctx;
	const struct list_row *r = row;
	enum err err = scope_gate_error(&r->gate);

	l->total = r->total;
	if (err != ERR_OK || r->session.id.p == NULL)
		return err;
	l->count++;
	return l->fn(l->ctx, &r->session);
}

/* find_cut looks this many rows behind the page, because sessions of the page may end before it is
 * read. */
#define CUT_MARGIN 64

/* For a list that is sorted downwards by an indexed instant: the instant of a row behind the page.
 * No index holds the order of such a list, because rows of one instant are sorted upwards by id;
 * but rows before *cut_ms are not on the page and need not be sorted. TIME_NONE: any other list, or
 * one that ends before. */
static enum err find_cut(struct db *db, struct arena *a, const struct session_scope *scope,
	int64_t reach, int64_t *cut_ms)
{
	bool descending;
	const struct query_field *key = query_first_key(scope->filter, &descending);
	struct sql q;
	enum err err;

	*cut_ms = TIME_NONE;
	if (key == NULL || key->type != QUERY_DATETIME || !key->indexed || !descending)
		return ERR_OK;
	sql_begin(&q, a, SQL_READ, "t");
	scope_put_limit(scope, &q);
	sql_add(&q, SQL("SELECT "));
	sql_add(&q, key->expr);
	sql_add(&q, SQL(" FROM session s WHERE s.expires_at > " NOW_SQL));
	scope_put_conditions(scope, &q);
	sql_add(&q, SQL(" ORDER BY "));
	sql_add(&q, key->expr);
	sql_add(&q, SQL(" DESC LIMIT 1 OFFSET ?"));
	sql_arg(&q, db_i64(reach + CUT_MARGIN));
	err = db_one(db, a, &q, DB_COLUMN('t'), cut_ms);
	if (err == ERR_NOT_FOUND)
		*cut_ms = TIME_NONE;
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static void put_page(const struct session_scope *scope, int64_t limit, int64_t offset,
	int64_t cut_ms, struct sql *q)
{
	bool descending;

	sql_add(q, row_columns);
	sql_add(q, SQL(" FROM session s WHERE s.expires_at > " NOW_SQL));
	scope_put_conditions(scope, q);
	if (cut_ms != TIME_NONE) {
		sql_add(q, SQL(" AND "));
		sql_add(q, query_first_key(scope->filter, &descending)->expr);
		sql_add(q, SQL(" >= ?"));
		sql_arg(q, db_time(cut_ms));
	}
	sql_add(q, SQL(" "));
	query_order(scope->filter, q);
	sql_add(q, SQL(" LIMIT ? OFFSET ?"));
	sql_arg(q, db_i64(limit));
	sql_arg(q, db_i64(offset));
}

enum err api_session_list(struct db *db, struct arena *a, struct arena *row_arena,
	const struct session_scope *scope, int64_t limit, int64_t offset, api_session_fn fn,
	void *ctx, int64_t *total)
{
	struct list_ctx l = {.fn = fn, .ctx = ctx};
	struct list_row row;
	int64_t cut_ms;
	struct sql q;
	enum err err = find_cut(db, a, scope, offset + limit, &cut_ms);

	if (err != ERR_OK)
		return err;
	sql_begin(&q, a, SQL_READ, list_letters);
	scope_put_limit(scope, &q);
	sql_add(&q, SQL("SELECT g.alive, g.known, "));
	tally_put_total(scope, &q);
	sql_add(&q, page_columns);
	scope_put_gated(scope, &q);
	put_page(scope, limit, offset, cut_ms, &q);
	sql_add(&q, SQL(") p ON TRUE"));
	err = db_stream(db, row_arena, &q, DB_SHAPE(list_cols), &row, take_row, &l);
	*total = l.total;
	/* More sessions than the margin ended between the two statements: the client asks again. */
	if (err == ERR_OK && cut_ms != TIME_NONE && l.count < limit && l.count + offset < l.total)
		return ERR_RETRY;
	return err;
}

enum err api_session_get(
	struct db *db, struct arena *a, const struct session_scope *scope, struct api_session *out)
{
	struct list_row row;
	struct sql q;
	enum err err;

	sql_begin(&q, a, SQL_READ, list_letters);
	sql_add(&q, SQL("SELECT g.alive, g.known, 1"));
	sql_add(&q, page_columns);
	scope_put_gated(scope, &q);
	sql_add(&q, row_columns);
	sql_add(&q, SQL(" FROM session s WHERE s.expires_at > " NOW_SQL));
	scope_put_conditions(scope, &q);
	sql_add(&q, SQL(") p ON TRUE"));
	err = db_one(db, a, &q, DB_SHAPE(list_cols), &row);
	if (err == ERR_OK)
		err = scope_gate_error(&row.gate);
	if (err == ERR_OK && row.session.id.p == NULL)
		err = ERR_NOT_FOUND;
	*out = row.session;
	return err;
}
