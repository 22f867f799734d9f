/* SPDX-License-Identifier: MIT
 * Whose session a token or an id stands for, if that session is active now. */
#ifndef MODEL_OWNER_H
#define MODEL_OWNER_H

#include "base/err.h"
#include "db/db.h"
#include "model/activity.h"
#include "model/scope.h"

/* What was registered of the sign-in; p == NULL, TIME_NONE: unknown. */
struct sign_in {
	int64_t auth_ms;
	struct str acr, amr; /* amr: JSON array */
	struct str idp_issuer, idp_session_id, device_label;
};

struct owner {
	struct str session_id, tenant_id, user_id;
	struct str role;    /* of the session; p == NULL: none */
	int64_t partner_no; /* DB_NULL_I64: none */
	int64_t created_ms, expires_ms;
	struct sign_in sign_in;
	int64_t activity_due; /* model/activity.h */
};

/* When the user signed in: when the session was registered, unless that said another time. */
static inline int64_t owner_auth_ms(const struct owner *owner)
{
	return owner->sign_in.auth_ms != TIME_NONE ? owner->sign_in.auth_ms : owner->created_ms;
}

/* By the SHA-256 of an opaque token (32 bytes). ERR_NOT_FOUND unless its session is active. */
MUST_CHECK enum err owner_of_token(struct db *db, struct arena *a, struct str digest,
	const struct activity_rule *rule, struct owner *out);

/* Of the session that a token names. ERR_NOT_FOUND unless it is active and the caller's own. */
MUST_CHECK enum err owner_of_session(struct db *db, struct arena *a,
	const struct session_caller *caller, const struct activity_rule *rule, struct owner *out);

/* Reads the partner's id, in a statement of its own, because few requests need it. ERR_NOT_FOUND.
 */
MUST_CHECK enum err owner_partner(
	struct db *db, struct arena *a, const struct owner *owner, struct str *out);

#endif
