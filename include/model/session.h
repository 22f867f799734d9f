/* SPDX-License-Identifier: MIT
 * The stored session, read: lists, one by id, whether it is alive. Instants are ms UTC. */
#ifndef MODEL_SESSION_H
#define MODEL_SESSION_H

#include "base/err.h"
#include "db/db.h"
#include "model/scope.h"

struct session {
	struct str id, tenant_id, user_id;
	struct str user_email, user_display_name; /* p == NULL: unknown, here and below */
	struct str ip_address, user_agent, device_type, location;
	int64_t created_ms, last_activity_ms, expires_ms, revoked_ms; /* TIME_NONE: never */
	struct str status; /* "active", "expired", "revoked" */
	struct str revoked_by, revoke_reason;
	int64_t app_count;
};

struct session_app {
	struct str application_id, application_name;
	int64_t accessed_ms;
};

struct session_page {
	struct session *rows;
	size_t count;
	int64_t total; /* exact */
};

/* Newest first (created_at, then id, descending). `offset` past the end: no rows, exact total. */
MUST_CHECK enum err session_list(struct db *db, struct arena *a, const struct session_scope *scope,
	int64_t limit, int64_t offset, struct session_page *out);

/* How many sessions the scope holds. */
MUST_CHECK enum err session_count(
	struct db *db, struct arena *a, const struct session_scope *scope, int64_t *out);

/* The one session in the scope (scope->session_id is set), with its applications, latest first.
 * ERR_NOT_FOUND. */
struct session_detail {
	struct session session;
	struct session_app *apps;
	size_t app_count;
};
MUST_CHECK enum err session_get(struct db *db, struct arena *a, const struct session_scope *scope,
	struct session_detail *out);

/* ERR_NOT_FOUND unless such a session is in the scope. */
MUST_CHECK enum err session_exists(
	struct db *db, struct arena *a, const struct session_scope *scope);

/* The partner of a tenant (p == NULL: none). ERR_NOT_FOUND for an unknown tenant. */
MUST_CHECK enum err tenant_partner(
	struct db *db, struct arena *a, struct str tenant_id, struct str *partner_id);
/* The same within a transaction: as committed now, and unchanged until the end. */
MUST_CHECK enum err tenant_partner_locked(
	struct db *db, struct arena *a, struct str tenant_id, struct str *partner_id);

#endif
