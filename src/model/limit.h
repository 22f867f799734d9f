/* SPDX-License-Identifier: MIT
 * The limit of sessions a user may have. Private to this room: register.c and policy_enforce.c ask.
 */
#ifndef MODEL_LIMIT_H
#define MODEL_LIMIT_H

#include "base/err.h"
#include "db/db.h"
#include "model/revoke.h"
#include "model/session_policy.h"
#include "model/tally.h"

struct limit {
	int64_t tenant_no;
	struct str user_id;
	struct str except_id; /* the session that has just come; p == NULL: none */
	int64_t others;       /* active sessions that may stay besides it */
};

/* The caller's transaction holds the user's row, so that sign-ins of one user run one after
 * another. Ends the oldest sessions beyond the limit, as the call says; their numbers go into
 * `tally`. *ended is how many. */
MUST_CHECK enum err limit_end_oldest(struct db *db, struct arena *a, const struct limit *limit,
	const struct revoke_call *call, struct tally *tally, int64_t *ended);

/* ERR_CONFLICT if there are more than the limit. */
MUST_CHECK enum err limit_check(struct db *db, struct arena *a, const struct limit *limit);

#endif
