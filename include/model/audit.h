/* SPDX-License-Identifier: MIT
 * Who ended what, when, through which call: the revoked ones of the ended sessions, newest first.
 */
#ifndef MODEL_AUDIT_H
#define MODEL_AUDIT_H

#include "base/err.h"
#include "db/db.h"
#include "model/scope.h"
#include "model/session.h"

struct audit_entry {
	struct str session_id, tenant_id, user_id;
	int64_t revoked_ms;
	struct str revoked_by, revoked_by_tenant, revoked_by_kind; /* p == NULL: unknown */
	struct str endpoint;                                       /* name of the route */
	struct str request_id;
	struct str reason; /* p == NULL: none given */
};

struct audit_page {
	struct audit_entry *rows;
	size_t count;
	int64_t total; /* exact, of the same moment as the rows */
};

/* Of the scope's tenant, partner and user, if set; confirms the scope's gate. In `range`,
 * after.created_ms means the time of ending. */
MUST_CHECK enum err audit_list(struct db *db, struct arena *a, const struct session_scope *scope,
	const struct session_range *range, struct audit_page *out);

#endif
