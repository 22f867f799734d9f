/* SPDX-License-Identifier: MIT
 * Sessions for the Edge Management API: the field table of the filter language, and lists that it
 * sorts and narrows. Called by api/edge_sessions.c (and the field table by revoking by filter). */
#include "model/api_session.h"

#include <stddef.h>

#define TOKEN_SQL                                                                                  \
	"COALESCE(CONCAT('sha256:', LOWER(LEFT(HEX(s.token_digest), 16))), '')"                    \
	" COLLATE utf8mb4_nopad_bin"
#define NAME_SQL "COALESCE(u.display_name, u.email)"
#define ACTIVITY_SQL "COALESCE(s.last_activity_at, TIMESTAMP'0001-01-01 00:00:00')"
#define USER_JOIN_SQL " LEFT JOIN user u ON u.tenant_id = s.tenant_id AND u.id = s.user_id"

#define FIELD(name, type, expr)                                                                    \
	{                                                                                          \
		name, QUERY_##type, SQL_INIT(expr), true                                           \
	}
#define UNSORTED(name, type, expr)                                                                 \
	{                                                                                          \
		name, QUERY_##type, SQL_INIT(expr), false                                          \
	}

static const struct query_field fields[] = {
	FIELD("id", STRING, "s.id"),
	FIELD("createdAt", DATETIME, "s.created_at"),
	FIELD("updatedAt", DATETIME, "s.updated_at"),
	UNSORTED("tags", ANY, "s.tags"),
	FIELD("isSystem", BOOL, "CAST(NULL AS SIGNED)"),
	FIELD("token", STRING, TOKEN_SQL),
	FIELD("identity", STRING, "s.user_id"),
	FIELD("ipAddress", STRING, "COALESCE(s.ip_address, '')"),
	FIELD("authenticator", STRING, "s.authenticator_id"),
	FIELD("lastActivityAt", DATETIME, ACTIVITY_SQL),
	FIELD("mfaComplete", BOOL, "s.is_mfa_complete"),
	FIELD("mfaRequired", BOOL, "s.is_mfa_required"),
	FIELD("improperClientCertChain", BOOL, "s.improper_client_cert_chain"),
	/* Extensions. */
	FIELD("identity.id", STRING, "s.user_id"),
	FIELD("identity.name", STRING, NAME_SQL),
	UNSORTED("configTypes", STRING_SET, "s.config_types"),
	FIELD("tenantId", STRING, "s.tenant_id"),
	FIELD("partnerId", STRING, "s.partner_id"),
	FIELD("userEmail", STRING, "u.email"),
	FIELD("userAgent", STRING, "s.user_agent"),
	FIELD("deviceType", STRING, "s.device_type"),
	FIELD("location", STRING, "s.location"),
	FIELD("expiresAt", DATETIME, "s.expires_at"),
	FIELD("isAdmin", BOOL, "u.is_admin"),
	FIELD("ipNetwork", CIDR, "s.ip_address"),
};

const struct query_fields api_session_fields = {
	.list = fields,
	.count = ARRAY_LEN(fields),
	.tie = SQL_INIT("s.id"),
};

#define COLUMNS_SQL                                                                                \
	"s.id, s.user_id, " NAME_SQL                                                               \
	", COALESCE(s.ip_address, ''), s.authenticator_id, " TOKEN_SQL                             \
	", s.tags, s.config_types, s.created_at, s.updated_at, " ACTIVITY_SQL                      \
	", s.is_mfa_complete, s.is_mfa_required, s.improper_client_cert_chain"
#define COLUMN_LETTERS "SSSSSSSSTTTIII"

struct list_row {
	int64_t total;
	struct api_session session; /* id.p == NULL: the page is empty */
};

static const struct db_col list_cols[] = {
	{'i', offsetof(struct list_row, total)},
	{'S', offsetof(struct list_row, session.id)},
	{'S', offsetof(struct list_row, session.user_id)},
	{'S', offsetof(struct list_row, session.user_name)},
	{'S', offsetof(struct list_row, session.ip_address)},
	{'S', offsetof(struct list_row, session.authenticator_id)},
	{'S', offsetof(struct list_row, session.token)},
	{'S', offsetof(struct list_row, session.tags)},
	{'S', offsetof(struct list_row, session.config_types)},
	{'T', offsetof(struct list_row, session.created_ms)},
	{'T', offsetof(struct list_row, session.updated_ms)},
	{'T', offsetof(struct list_row, session.last_activity_ms)},
	{'I', offsetof(struct list_row, session.is_mfa_complete)},
	{'I', offsetof(struct list_row, session.is_mfa_required)},
	{'I', offsetof(struct list_row, session.improper_client_cert_chain)},
};
static const struct db_shape list_shape = {list_cols, ARRAY_LEN(list_cols)};

struct list_ctx {
	api_session_fn fn;
	void *ctx;
	int64_t *total;
};

static enum err take_row(void *ctx, const void *row)
{
	struct list_ctx *l = ctx;
	const struct list_row *r = row;

	*l->total = r->total;
	return r->session.id.p == NULL ? ERR_OK : l->fn(l->ctx, &r->session);
}

enum err api_session_list(struct db *db, struct arena *a, const struct session_scope *scope,
	int64_t limit, int64_t offset, api_session_fn fn, void *ctx, int64_t *total)
{
	struct list_ctx l = {fn, ctx, total};
	struct list_row row;
	struct sql q;

	sql_begin(&q, a, SQL_READ, "i" COLUMN_LETTERS);
	sql_add(&q, SQL("SELECT c.total, " COLUMNS_SQL
			" FROM (SELECT COUNT(*) AS total FROM session s" USER_JOIN_SQL));
	scope_where(scope, &q);
	sql_add(&q, SQL(") c LEFT JOIN (SELECT s.id FROM session s" USER_JOIN_SQL));
	scope_where(scope, &q);
	sql_add(&q, SQL(" "));
	query_order(scope->filter, &q);
	sql_add(&q,
		SQL(" LIMIT ? OFFSET ?) p ON TRUE LEFT JOIN session s ON s.id = p.id" USER_JOIN_SQL
		    " "));
	sql_arg(&q, db_i64(limit));
	sql_arg(&q, db_i64(offset));
	query_order(scope->filter, &q);
	return db_each(db, a, &q, &list_shape, &row, take_row, &l);
}

enum err api_session_get(
	struct db *db, struct arena *a, const struct session_scope *scope, struct api_session *out)
{
	struct list_row row;
	struct sql q;
	enum err err;

	sql_begin(&q, a, SQL_READ, "i" COLUMN_LETTERS);
	sql_add(&q, SQL("SELECT 1, " COLUMNS_SQL " FROM session s" USER_JOIN_SQL));
	scope_where(scope, &q);
	err = db_one(db, a, &q, &list_shape, &row);
	*out = row.session;
	return err;
}
