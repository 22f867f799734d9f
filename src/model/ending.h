/* SPDX-License-Identifier: MIT
 * Moves living sessions to the ended ones. Private to this room: revoke.c and sweep.c say which. */
#ifndef MODEL_ENDING_H
#define MODEL_ENDING_H

#include "base/err.h"
#include "db/db.h"
#include "model/revoke.h"
#include "model/tally.h"

/* Why they end. call == NULL: their time is over. */
struct ending {
	const struct revoke_call *call;
	int64_t now_ms;      /* by the database's clock, when they were found */
	struct tally *tally; /* takes the change of numbers, for the caller to write; NULL: it is
				written */
};

/* Ends those of the ids that still are active (or, without a call, have expired), within the
 * caller's transaction. Waits for whoever holds one. *ids is sorted, and on return holds the
 * `*claimed` ids that this call ended. */
MUST_CHECK enum err ending_move(struct db *db, struct arena *a, const struct ending *ending,
	struct str *ids, size_t count, size_t *claimed);

#endif
