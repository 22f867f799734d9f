/* SPDX-License-Identifier: MIT
 * Ending sessions. The audit row is the claim: a call inserts rows into `revocation` for the active
 * sessions of its scope, which it locks, and ends exactly those; so two callers never both claim
 * one, and the answer is read back from the audit. Up to REVOKE_BATCH sessions end in one
 * transaction, more in further transactions of that size; a repeat finishes what was interrupted.
 */
#ifndef MODEL_REVOKE_H
#define MODEL_REVOKE_H

#include "base/err.h"
#include "db/db.h"
#include "model/scope.h"

struct revoke_call {
	struct session_scope scope; /* `active` is implied */
	struct str by;              /* sub of the caller */
	struct str endpoint;        /* name of the route */
	struct str request_id;
	struct str reason; /* p == NULL: none */
	int64_t if_count;  /* ERR_CONFLICT unless just as many match; -1: any number */
	/* Results. */
	int64_t count;            /* sessions that this call turned from active to revoked */
	int64_t call_id, batches; /* for revoke_ids */
};

MUST_CHECK enum err revoke_sessions(struct db *db, struct arena *a, struct revoke_call *call);

/* Calls fn for the id of every session the call ended, in bounded batches. The id lives
 * until fn returns. */
typedef void (*revoke_id_fn)(void *ctx, struct str session_id);
MUST_CHECK enum err revoke_ids(
	struct db *db, const struct revoke_call *call, revoke_id_fn fn, void *ctx);

#endif
