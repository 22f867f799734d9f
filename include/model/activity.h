/* SPDX-License-Identifier: MIT
 * Last activity of a session and the applications it reached, written at most once per session (and
 * application) per interval, so that a busy session does not write on every request. */
#ifndef MODEL_ACTIVITY_H
#define MODEL_ACTIVITY_H

#include "base/err.h"
#include "db/db.h"
#include "model/scope.h"

struct activity {
	struct str application_id, application_name; /* p == NULL: none */
	int64_t interval_s;
};

/* Of the scope's session. ERR_NOT_FOUND: there is none. ERR_CONFLICT: it is not active, or it
 * reached LIMIT_SESSION_APPS applications already. Confirms the scope's gate. */
MUST_CHECK enum err activity_record(struct db *db, struct arena *a,
	const struct session_scope *scope, const struct activity *activity);

/* Moves last_activity_at of an active session, if it is older than the interval. Waits for nobody:
 * a row that is locked is being written or ended, and stays as it is. */
MUST_CHECK enum err activity_touch(struct db *db, struct str session_id, int64_t interval_s);

#endif
