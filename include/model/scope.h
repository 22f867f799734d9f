/* SPDX-License-Identifier: MIT
 * Which sessions a call is about, and what the store has to confirm about the caller. Every present
 * member has to hold. Ownership is decided in the SQL, so what lies outside is not found.
 *
 * The confirmation (the gate) is part of the same statement as the work, so that it costs no round
 * trip: the caller's own session is still active, and the tenant exists and belongs to the partner.
 */
#ifndef MODEL_SCOPE_H
#define MODEL_SCOPE_H

#include <stdbool.h>

#include "base/str.h"
#include "db/compose.h"

/* The session that a token names. The session has to belong to the token's subject, in the tenant
 * that the token claims: all tenants share one space of session ids, and one tenant may use an id
 * again that another one has purged. */
struct session_caller {
	struct str session, user, tenant; /* session.p == NULL: none; tenant.p == NULL: any */
};

struct session_scope {
	struct session_caller caller; /* has to be active, where there is one */
	bool in_tenant; /* tenant_id has to exist, and to be partner_id's where that is set */

	struct str session_id, tenant_id, user_id; /* p == NULL: any */
	struct str partner_id;                     /* sessions of tenants of this partner */
	struct str except_id, also_except_id;      /* spared, p == NULL: none */
	struct str idp_issuer;                     /* of the identity provider's sign-in */
	struct str idp_session_id;                 /* that sign-in */
	struct str ids_json;                       /* JSON array of ids, p == NULL: any */
	const struct query *filter;                /* compiled over api_session_fields, NULL: any */
	bool nothing; /* the conditions contradict each other, so no session matches */
	bool active;  /* lists: only active ones; else the ended ones too */
	bool joined;  /* the statement reads the tenant's row as t (scope_put_tenant) */
};

/* Which rows of a list, newest first (created_at, then id, descending). */
struct session_range {
	int64_t limit, offset;
	/* Only rows behind this one; id.p == NULL: from the first. offset is then 0. */
	struct {
		int64_t created_ms;
		struct str id;
	} after;
};

/* Appends the conditions that a row s of `session` is the caller's active session, after " WHERE".
 */
void scope_put_caller(const struct session_caller *caller, struct sql *q);

/* Appends an expression: 1 if the caller's own session is active or it came without one, else 0. */
void scope_put_alive(const struct session_scope *scope, struct sql *q);

/* Appends the gate: a derived table of one row with the columns `alive` and `known`, 0 or 1. */
void scope_put_gate(const struct session_scope *scope, struct sql *q);

/* Appends " FROM …" of a statement that reads the gate, as g, beside the rows of a derived table,
 * whose text and ") p ON TRUE" the caller appends. */
void scope_put_gated(const struct session_scope *scope, struct sql *q);

/* What the gate's two columns say. ERR_SESSION_ENDED: the caller's session is not active.
 * ERR_NO_TENANT: there is no such tenant for this caller. */
struct gate {
	int64_t alive, known;
};
#define GATE_COLS(row, gate)                                                                       \
	{'i', offsetof(row, gate.alive)},                                                          \
	{                                                                                          \
		'i', offsetof(row, gate.known)                                                     \
	}
MUST_CHECK enum err scope_gate_error(const struct gate *gate);

/* The gate alone, for calls whose work does not ask the store, or not in one statement. Does
 * nothing when there is nothing to confirm. */
MUST_CHECK enum err scope_check_gate(
	struct db *db, struct arena *a, const struct session_scope *scope);

/* Appends the conditions that a row t of `tenant` is the scope's, each with " AND " before it. */
void scope_put_tenant(const struct session_scope *scope, struct sql *q);

/* Begins a statement that has those conditions: a filter without an index gets the time limit of a
 * search. */
void scope_put_limit(const struct session_scope *scope, struct sql *q);

/* Appends the conditions over a row s of `session` or of `ended`, each with " AND " before it. Does
 * not say whether the session is active. */
void scope_put_conditions(const struct session_scope *scope, struct sql *q);

/* The number of a tenant or partner, as a scalar subquery; NULL when it does not exist. */
void scope_put_tenant_no(const struct session_scope *scope, struct sql *q);
void scope_put_partner_no(const struct session_scope *scope, struct sql *q);

/* Narrow the scope to one partner or one tenant. A scope that was narrowed to another one matches
 * nothing. */
void scope_narrow_partner(struct session_scope *scope, struct str partner_id);
void scope_narrow_tenant(struct session_scope *scope, struct str tenant_id);

/* "Now" in statements; constant within one. */
#define NOW_SQL "UTC_TIMESTAMP(3)"

#endif
