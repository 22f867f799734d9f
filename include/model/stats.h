/* SPDX-License-Identifier: MIT
 * Figures of one tenant, all of one moment (schema/api.md 2.4). */
#ifndef MODEL_STATS_H
#define MODEL_STATS_H

#include "base/err.h"
#include "db/db.h"
#include "model/scope.h"

struct stats_device {
	struct str type; /* "unknown" where the store holds null */
	int64_t active;
};

struct stats {
	int64_t total, active, expired, revoked, unique_users;
	int64_t created_24h, revoked_24h, expiring_24h;
	double average_duration_s; /* of ended sessions; NaN if none */
	int64_t last_activity_ms;
	struct stats_device *devices; /* most sessions first */
	size_t device_count;
};

/* Of the scope's tenant; confirms the scope's gate. */
MUST_CHECK enum err stats_tenant(
	struct db *db, struct arena *a, const struct session_scope *scope, struct stats *out);

/* How many sessions are active in the whole store. */
MUST_CHECK enum err stats_active(struct db *db, struct arena *a, int64_t *out);

#endif
