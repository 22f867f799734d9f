/* SPDX-License-Identifier: MIT
 * Which sessions a call is about: every present member has to hold. Ownership is decided in the
 * SQL, so what lies outside is simply not found. */
#ifndef MODEL_SCOPE_H
#define MODEL_SCOPE_H

#include <stdbool.h>

#include "base/str.h"
#include "db/compose.h"

struct session_scope {
	struct str session_id, tenant_id, user_id; /* p == NULL: any */
	struct str partner_id;                     /* sessions of tenants of this partner */
	struct str except_id;                      /* spared, p == NULL: none */
	struct str ids_json;                       /* JSON array of ids, p == NULL: any */
	const struct query *filter;                /* compiled over session_fields, NULL: any */
	bool nothing;                              /* the conditions contradict each other */
	bool active;                               /* not revoked and not yet expired, now */
};

/* Appends " WHERE …" over a session row called s, and u, its user, if there is a filter. */
void scope_where(const struct session_scope *scope, struct sql *q);

/* The same with the tables in front: "session s … WHERE …". */
void scope_from(const struct session_scope *scope, struct sql *q);

/* Makes the scope narrower by a partner; contradictory ones leave nothing. */
void scope_narrow_partner(struct session_scope *scope, struct str partner_id);
void scope_narrow_tenant(struct session_scope *scope, struct str tenant_id);

#endif
