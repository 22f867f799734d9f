/* SPDX-License-Identifier: MIT
 * Ending sessions before their time. Up to REVOKE_BATCH sessions end in one transaction, all or
 * none; more end in further transactions of that size, and a repeat finishes what was interrupted.
 * A call succeeds only after a moment at which nothing of its scope was active. */
#ifndef MODEL_REVOKE_H
#define MODEL_REVOKE_H

#include "base/err.h"
#include "db/db.h"
#include "model/scope.h"

/* Who ends them; ids are unique only within a tenant, so the tenant is part of it. */
struct revoker {
	struct str subject, tenant_id, kind; /* tenant_id.p == NULL: none */
};

/* Told each id that the call has ended, after the transaction that ended it was committed. The id
 * lives until the function returns. */
typedef void (*revoke_id_fn)(void *ctx, struct str session_id);

struct revoke_call {
	struct session_scope scope; /* `active` is implied */
	struct revoker by;
	struct str endpoint; /* name of the route */
	struct str request_id;
	struct str reason; /* p == NULL: none */
	/* 32 bytes: no second call with the same bytes succeeds; p == NULL: none */
	struct str once;
	int64_t once_s;     /* for so long */
	int64_t if_count;   /* ERR_CONFLICT unless as many match; -1: any number */
	revoke_id_fn ended; /* NULL: nobody is told */
	void *ctx;
	/* Results. */
	int64_t count;   /* sessions that this call turned from active to revoked */
	int64_t matched; /* with ERR_CONFLICT: how many match */
};

/* ERR_DUPLICATE: another call took `once`; a call that fails otherwise has not taken it.
 * ERR_SESSION_ENDED and ERR_NO_TENANT as the scope's gate has it. ERR_RETRY: others went on signing
 * in or ending, and some sessions are left. After any error `count` sessions have been ended. */
MUST_CHECK enum err revoke_sessions(struct db *db, struct revoke_call *call);

#endif
