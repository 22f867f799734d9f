/* SPDX-License-Identifier: MIT
 * The WHERE clause that every list, count, read and revocation of sessions shares: the only place
 * that says what "active" means in SQL. Called by the model; touches nothing but the statement. */
#include "model/scope.h"

#include "query/query.h"

void scope_narrow_partner(struct session_scope *scope, struct str partner_id)
{
	if (scope->partner_id.p != NULL && !str_eq(scope->partner_id, partner_id))
		scope->nothing = true;
	scope->partner_id = partner_id;
}

void scope_narrow_tenant(struct session_scope *scope, struct str tenant_id)
{
	if (scope->tenant_id.p != NULL && !str_eq(scope->tenant_id, tenant_id))
		scope->nothing = true;
	scope->tenant_id = tenant_id;
}

/* The tenant's own row says whose it is. A list of a whole partner has to come from an index too,
 * hence session.partner_id; there the tenant is asked row by row, so that the order of the index
 * stays. */
static void where_partner(const struct session_scope *scope, struct sql *q)
{
	bool list =
		scope->user_id.p == NULL && scope->session_id.p == NULL && scope->filter == NULL;

	if (scope->tenant_id.p != NULL) {
		sql_add(q,
			SQL(" AND EXISTS (SELECT 1 FROM tenant t WHERE t.id = ? AND t.partner_id = ?)"));
		sql_arg(q, db_str(scope->tenant_id));
	} else if (list) {
		sql_add(q,
			SQL(" AND s.partner_id = ?"
			    " AND (SELECT t.partner_id FROM tenant t WHERE t.id = s.tenant_id) = ?"));
		sql_arg(q, db_str(scope->partner_id));
	} else {
		sql_add(q,
			SQL(" AND s.tenant_id IN (SELECT t.id FROM tenant t WHERE t.partner_id = ?)"));
	}
	sql_arg(q, db_str(scope->partner_id));
}

void scope_where(const struct session_scope *scope, struct sql *q)
{
	sql_add(q, scope->nothing ? SQL(" WHERE FALSE") : SQL(" WHERE TRUE"));
	if (scope->session_id.p != NULL) {
		sql_add(q, SQL(" AND s.id = ?"));
		sql_arg(q, db_str(scope->session_id));
	}
	if (scope->tenant_id.p != NULL) {
		sql_add(q, SQL(" AND s.tenant_id = ?"));
		sql_arg(q, db_str(scope->tenant_id));
	}
	if (scope->user_id.p != NULL) {
		sql_add(q, SQL(" AND s.user_id = ?"));
		sql_arg(q, db_str(scope->user_id));
	}
	if (scope->partner_id.p != NULL)
		where_partner(scope, q);
	if (scope->except_id.p != NULL) {
		sql_add(q, SQL(" AND s.id <> ?"));
		sql_arg(q, db_str(scope->except_id));
	}
	if (scope->ids_json.p != NULL) {
		sql_add(q,
			SQL(" AND s.id IN (SELECT j.id FROM JSON_TABLE(?, '$[*]' COLUMNS (id "
			    "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$')) j)"));
		sql_arg(q, db_str(scope->ids_json));
	}
	if (scope->active)
		sql_add(q, SQL(" AND s.revoked_at IS NULL AND s.expires_at > UTC_TIMESTAMP(3)"));
	if (scope->filter != NULL) {
		sql_add(q, SQL(" AND "));
		query_where(scope->filter, q);
	}
}

void scope_from(const struct session_scope *scope, struct sql *q)
{
	sql_add(q, SQL("session s"));
	if (scope->filter != NULL)
		sql_add(q,
			SQL(" LEFT JOIN user u ON u.tenant_id = s.tenant_id AND u.id = s.user_id"));
	scope_where(scope, q);
}
