/* SPDX-License-Identifier: MIT
 * The conditions that lists, reads and endings of sessions share, and the gate. Tenants and
 * partners are scalar subqueries on a unique key: the server reads them before it chooses an index,
 * so they work like numbers. */
#include "model/scope.h"

#include <stddef.h>

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

void scope_put_partner_no(const struct session_scope *scope, struct sql *q)
{
	sql_add(q, SQL("(SELECT p.no FROM partner p WHERE p.id = ?)"));
	sql_arg(q, db_str(scope->partner_id));
}

/* Where a partner is given too, the tenant's own row says whose it is. */
void scope_put_tenant(const struct session_scope *scope, struct sql *q)
{
	sql_add(q, SQL(" AND t.id = ?"));
	sql_arg(q, db_str(scope->tenant_id));
	if (scope->partner_id.p == NULL)
		return;
	sql_add(q, SQL(" AND t.partner_no = "));
	scope_put_partner_no(scope, q);
}

void scope_put_tenant_no(const struct session_scope *scope, struct sql *q)
{
	if (scope->joined) {
		sql_add(q, SQL("t.no"));
		return;
	}
	sql_add(q, SQL("(SELECT t.no FROM tenant t WHERE TRUE"));
	scope_put_tenant(scope, q);
	sql_add(q, SQL(")"));
}

void scope_put_caller(const struct session_caller *caller, struct sql *q)
{
	sql_add(q, SQL(" s.id = ? AND s.user_id = ? AND s.expires_at > " NOW_SQL));
	sql_arg(q, db_str(caller->session));
	sql_arg(q, db_str(caller->user));
	if (caller->tenant.p == NULL)
		return;
	sql_add(q, SQL(" AND s.tenant_id = ?"));
	sql_arg(q, db_str(caller->tenant));
}

/* Counts rather than EXISTS: of a statement that is killed meanwhile EXISTS is false, a count NULL
 * (handle_row in src/db). */
void scope_put_alive(const struct session_scope *scope, struct sql *q)
{
	if (scope->caller.session.p != NULL) {
		sql_add(q, SQL("(SELECT COUNT(*) FROM session s WHERE"));
		scope_put_caller(&scope->caller, q);
		sql_add(q, SQL(")"));
	} else {
		sql_add(q, SQL("1"));
	}
}

void scope_put_gate(const struct session_scope *scope, struct sql *q)
{
	sql_add(q, SQL("(SELECT "));
	scope_put_alive(scope, q);
	sql_add(q, SQL(" AS alive, "));
	if (scope->in_tenant) {
		sql_add(q, SQL("(SELECT COUNT(*) FROM tenant t WHERE TRUE"));
		scope_put_tenant(scope, q);
		sql_add(q, SQL(")"));
	} else {
		sql_add(q, SQL("1"));
	}
	sql_add(q, SQL(" AS known)"));
}

void scope_put_gated(const struct session_scope *scope, struct sql *q)
{
	sql_add(q, SQL(" FROM "));
	scope_put_gate(scope, q);
	sql_add(q, SQL(" g LEFT JOIN ("));
}

enum err scope_gate_error(const struct gate *gate)
{
	if (gate->alive == 0)
		return ERR_SESSION_ENDED;
	return gate->known == 0 ? ERR_NO_TENANT : ERR_OK;
}

enum err scope_check_gate(struct db *db, struct arena *a, const struct session_scope *scope)
{
	static const struct db_col cols[] = {
		{'i', offsetof(struct gate, alive)},
		{'i', offsetof(struct gate, known)},
	};
	struct gate gate;
	struct sql q;
	enum err err;

	if (scope->caller.session.p == NULL && !scope->in_tenant)
		return ERR_OK;
	sql_begin(&q, a, SQL_READ, "ii");
	sql_add(&q, SQL("SELECT g.alive, g.known FROM "));
	scope_put_gate(scope, &q);
	sql_add(&q, SQL(" g"));
	err = db_one(db, a, &q, DB_SHAPE(cols), &gate);
	return err != ERR_OK ? err : scope_gate_error(&gate);
}

/* Of one session the row itself says whose it is; many are found by the number. */
static void put_whose(const struct session_scope *scope, struct sql *q)
{
	bool one = scope->session_id.p != NULL;

	if (scope->tenant_id.p != NULL && one) {
		sql_add(q, SQL(" AND s.tenant_id = ?"));
		sql_arg(q, db_str(scope->tenant_id));
	} else if (scope->tenant_id.p != NULL) {
		sql_add(q, SQL(" AND s.tenant_no = "));
		scope_put_tenant_no(scope, q);
	}
	if (scope->partner_id.p != NULL && (scope->tenant_id.p == NULL || one)) {
		sql_add(q, SQL(" AND s.partner_no = "));
		scope_put_partner_no(scope, q);
	}
}

void scope_put_limit(const struct session_scope *scope, struct sql *q)
{
	const struct query *filter = scope->filter;

	if (filter != NULL && !query_is_all(filter) && !query_is_lookup(filter))
		sql_add(q, SQL(SEARCH_SQL));
}

void scope_put_conditions(const struct session_scope *scope, struct sql *q)
{
	if (scope->nothing)
		sql_add(q, SQL(" AND FALSE"));
	if (scope->session_id.p != NULL) {
		sql_add(q, SQL(" AND s.id = ?"));
		sql_arg(q, db_str(scope->session_id));
	}
	if (scope->user_id.p != NULL) {
		sql_add(q, SQL(" AND s.user_id = ?"));
		sql_arg(q, db_str(scope->user_id));
	}
	put_whose(scope, q);
	if (scope->except_id.p != NULL) {
		sql_add(q, SQL(" AND s.id <> ?"));
		sql_arg(q, db_str(scope->except_id));
	}
	if (scope->idp_issuer.p != NULL) {
		sql_add(q, SQL(" AND s.idp_issuer = ?"));
		sql_arg(q, db_str(scope->idp_issuer));
	}
	if (scope->idp_session_id.p != NULL) {
		sql_add(q, SQL(" AND s.id IN (SELECT i.session_id FROM idp_session i"
			       " WHERE i.idp_session_id = ?)"));
		sql_arg(q, db_str(scope->idp_session_id));
	}
	if (scope->also_except_id.p != NULL) {
		sql_add(q, SQL(" AND s.id <> ?"));
		sql_arg(q, db_str(scope->also_except_id));
	}
	if (scope->ids_json.p != NULL) {
		sql_add(q,
			SQL(" AND s.id IN (SELECT j.id FROM JSON_TABLE(?, '$[*]' COLUMNS (id "
			    "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$')) j)"));
		sql_arg(q, db_str(scope->ids_json));
	}
	if (scope->filter != NULL) {
		sql_add(q, SQL(" AND "));
		query_where(scope->filter, q);
	}
}
