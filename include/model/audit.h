/* SPDX-License-Identifier: MIT
 * Who ended what, when, through which call: the revoked ones of the ended sessions, newest first.
 */
#ifndef MODEL_AUDIT_H
#define MODEL_AUDIT_H

#include "base/err.h"
#include "db/db.h"
#include "model/scope.h"
#include "model/session.h"

/* clang-format off */
/* What is read of an entry: X(kind, member, name in answers, SQL over a row s of `ended`). Any text may be
 * NULL. `endpoint` is the name of the route. */
#define AUDIT_COLUMNS(X) \
	X(TEXT, session_id,        "session_id",        "s.id") \
	X(TEXT, tenant_id,         "tenant_id",         "s.tenant_id") \
	X(TEXT, user_id,           "user_id",           "s.user_id") \
	X(TIME, revoked_ms,        "revoked_at",        "s.ended_at") \
	X(TEXT, revoked_by,        "revoked_by",        "s.revoked_by") \
	X(TEXT, endpoint,          "endpoint",          "s.endpoint") \
	X(TEXT, request_id,        "request_id",        "s.request_id") \
	X(TEXT, reason,            "reason",            "s.reason") \
	X(TEXT, revoked_by_tenant, "revoked_by_tenant", "s.revoked_by_tenant") \
	X(TEXT, revoked_by_kind,   "revoked_by_kind",   "s.revoked_by_kind")
/* clang-format on */

struct audit_entry {
	AUDIT_COLUMNS(SESSION_MEMBER)
};

struct audit_page {
	struct audit_entry *rows;
	size_t count;
	int64_t total; /* exact, of the same moment as the rows */
};

/* Reads the entries of the scope's tenant, partner and user, where these are set, and confirms the
 * scope's gate. In `range`, after.created_ms is the time of the ending. */
MUST_CHECK enum err audit_list(struct db *db, struct arena *a, const struct session_scope *scope,
	const struct session_range *range, struct audit_page *out);

#endif
