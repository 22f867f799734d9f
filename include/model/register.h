/* SPDX-License-Identifier: MIT
 * Registering sessions at sign-in, and the tenants and partners of sessions. */
#ifndef MODEL_REGISTER_H
#define MODEL_REGISTER_H

#include "base/err.h"
#include "db/db.h"
#include "model/put.h"
#include "model/revoke.h"
#include "model/session.h"

/* No-ops for what is there already (the name is updated where one is given). */
MUST_CHECK enum err register_partner(struct db *db, struct str id, struct str name);
MUST_CHECK enum err register_tenant(
	struct db *db, struct str id, struct str partner_id, struct str name);

/* Makes sure that the session's tenant is there and of the partner that the session names. Within a
 * transaction of the caller's. ERR_NOT_FOUND: it is not there and may not be created. ERR_CONFLICT:
 * it is another partner's; *why says so. */
MUST_CHECK enum err register_settle_tenant(struct db *db, struct arena *a,
	const struct session_new *s, bool may_create, const char **why);

/* The partner of a tenant (p == NULL: none). ERR_NOT_FOUND for an unknown tenant. */
MUST_CHECK enum err register_tenant_partner(
	struct db *db, struct arena *a, struct str tenant_id, struct str *partner_id);

/* ERR_NOT_FOUND unless a session of that id is there, living or ended. */
MUST_CHECK enum err register_is_taken(struct db *db, struct arena *a, struct str session_id);

enum registered { REGISTERED_NEW, REGISTERED_BEFORE };

struct registration {
	struct session_new session; /* request_digest says what a repeat has to equal */
	struct user_new user;
	bool own_id;     /* the caller chose the id, so that it may be taken */
	bool may_create; /* an unknown tenant; else it is ERR_NOT_FOUND */
	struct revoke_call
		beyond_limit; /* how sessions end that are too many; .count is a result */
	bool new_device;      /* result: no session of the user had that label and network lately */
};

/* ERR_NOT_FOUND unless the session's id was registered by the very same request. */
MUST_CHECK enum err register_find(struct db *db, struct arena *a, const struct registration *reg);

/* The transaction behind POST /sessions: all or nothing, and safe to repeat under an id of the
 * caller's own. *out is filled for a new one. ERR_CONFLICT: the id is taken by another request, the
 * tenant is another partner's, or the user has as many sessions as the policy allows; *why says
 * which. */
MUST_CHECK enum err register_session(struct db *db, struct arena *a, struct registration *reg,
	enum registered *which, struct session *out, const char **why);

#endif
