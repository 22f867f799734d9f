/* SPDX-License-Identifier: MIT
 * Registering a session at sign-in, with its user, and its tenant where that is allowed: all or
 * nothing, and safe to repeat under an id of the caller's own. */
#ifndef MODEL_REGISTER_H
#define MODEL_REGISTER_H

#include "model/ingest.h"

enum registered { REGISTERED_NEW, REGISTERED_BEFORE };

struct registration {
	struct session_new session; /* request_digest says what a repeat has to equal */
	struct user_new user;
	bool of_platform; /* else an unknown tenant is ERR_NOT_FOUND, and a platform
			     administrator's session ERR_FORBIDDEN: its token opens the Edge API */
};

/* Makes sure that the session's tenant is there; *partner is whose it is. Errors as below. Within a
 * transaction of the caller's. */
MUST_CHECK enum err register_tenant(struct db *db, struct arena *a, const struct session_new *s,
	bool may_create, struct str *partner, const char **why);

/* ERR_NOT_FOUND unless the session's id was registered by the very same request. */
MUST_CHECK enum err register_find(struct db *db, struct arena *a, const struct registration *reg);

/* ERR_CONFLICT: the id is taken by another body, or the tenant is another partner's; *why says
 * which. A session's partner is its tenant's. */
MUST_CHECK enum err register_session(struct db *db, struct arena *a, struct registration *reg,
	enum registered *out, const char **why);

#endif
