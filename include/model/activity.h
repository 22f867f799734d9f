/* SPDX-License-Identifier: MIT
 * Last activity of a session and the applications it reached, written at most once per session (and
 * application) per interval, so that a busy session does not write on every request. */
#ifndef MODEL_ACTIVITY_H
#define MODEL_ACTIVITY_H

#include "base/err.h"
#include "db/db.h"
#include "model/scope.h"
#include "model/session_policy.h"

/* When activity is noted, and what it does to the session's end. */
struct activity_rule {
	int64_t interval_s; /* between two notes, unless a time-out needs them more often */
	struct session_policy policy; /* the rules of everybody */
};

/* What is due of a session. */
enum { ACTIVITY_NOTED, ACTIVITY_DUE, ACTIVITY_DUE_AND_MOVES };

/* What activity_due decides by. One row has all of it, because /authorize asks at every request. */
struct activity_state {
	int64_t created_ms, last_activity_ms, expires_ms, now_ms;
	int64_t absolute_ms; /* DB_NULL_I64: the end does not move */
};

/* Which of the three is due. The end moves if it is not the absolute one yet, or if the settings
 * have an idle time-out. If the end can still move, activity is due after a quarter of the time
 * that is left. */
int64_t activity_due(const struct activity_rule *rule, const struct activity_state *s);

struct activity {
	struct str application_id, application_name; /* p == NULL: none */
	struct activity_rule rule;
};

/* Of the scope's session. ERR_NOT_FOUND: there is none. ERR_CONFLICT: it is not active, or it
 * reached LIMIT_SESSION_APPS applications already. Confirms the scope's gate. */
MUST_CHECK enum err activity_record(struct db *db, struct arena *a,
	const struct session_scope *scope, const struct activity *activity);

/* Moves last_activity_at of an active session, if it is older than the interval, and with
 * ACTIVITY_DUE_AND_MOVES its end as the policy has it. It does not wait for a lock: a row that
 * another transaction holds stays as it is. */
MUST_CHECK enum err activity_touch(
	struct db *db, struct str session_id, const struct activity_rule *rule, int64_t due);

#endif
