/* SPDX-License-Identifier: MIT
 * The session policy of a tenant: how long a session may be idle, how long it may live at all, how
 * many of them a user may have. A tenant has rules of its own or none; the settings are the rules
 * of everybody, and of two rules the stricter one holds (schema/api.md 7).
 *
 * expires_at decides whether a session is active. The policy only moves it: at registration, at
 * each noted activity, and for all living sessions when the policy becomes stricter. A transaction
 * that moves it has locked or just written the session's row, and reads the tenant's row with LOCK
 * IN SHARE MODE. A change of the policy waits for such transactions, and later ones read the new
 * policy. */
#ifndef MODEL_SESSION_POLICY_H
#define MODEL_SESSION_POLICY_H

#include "base/err.h"
#include "db/db.h"
#include "model/revoke.h"
#include "model/scope.h"

struct session_policy {
	int64_t idle_s, absolute_s, max_sessions; /* 0: no such rule */
	bool refuse; /* a sign-in beyond max_sessions; else the oldest session ends */
};

/* Of each rule the stricter one; `refuse` is the tenant's. */
struct session_policy session_policy_strictest(
	const struct session_policy *tenant, const struct session_policy *everybody);

/* When a session ends, and the latest instant that activity may move this to. */
struct session_end {
	int64_t expires_ms, absolute_ms;
};

/* The end that the policy leaves to a session that was created and last active at these instants
 * (TIME_NONE: never active), and that may live until `absolute_ms`. The policy only makes
 * `absolute_ms` earlier. */
struct session_end session_policy_end(const struct session_policy *policy, int64_t created_ms,
	int64_t last_activity_ms, int64_t absolute_ms);

/* How often activity is noted: an idle time-out shorter than four times the interval needs it more
 * often. */
int64_t session_policy_interval_s(const struct session_policy *policy, int64_t interval_s);

/* The tenant's own rules. Confirms the scope's gate. */
MUST_CHECK enum err session_policy_get(struct db *db, struct arena *a,
	const struct session_scope *scope, struct session_policy *out);

/* Writes the tenant's own rules. The caller has confirmed the gate. */
MUST_CHECK enum err session_policy_put(
	struct db *db, struct str tenant_id, const struct session_policy *policy);

/* Makes the policy hold for the tenant's living sessions, in transactions of at most 500 sessions:
 * ends what it forbids, as the call says (who, through what, why), and moves the end of the others.
 * May be repeated. call->count: how many ended. */
MUST_CHECK enum err session_policy_enforce(
	struct db *db, const struct session_policy *policy, struct revoke_call *call);

/* Why a session ended. */
#define REASON_POLICY "session_policy"
#define REASON_LIMIT "session_limit"

/* The shortest time-out of a policy. */
#define POLICY_LEAST_S 60

#endif
