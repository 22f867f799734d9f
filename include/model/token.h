/* SPDX-License-Identifier: MIT
 * Whose session a token or an id stands for, if that session is active now. */
#ifndef MODEL_TOKEN_H
#define MODEL_TOKEN_H

#include "base/err.h"
#include "db/db.h"

struct token_owner {
	struct str session_id, tenant_id, user_id;
	struct str partner_id; /* p == NULL: none */
	int64_t is_admin;      /* 0 or 1 */
	int64_t created_ms, expires_ms;
	int64_t activity_due; /* 1: last activity is older than interval_s */
};

/* By the SHA-256 of an opaque token (32 bytes). ERR_NOT_FOUND unless its session is active. */
MUST_CHECK enum err token_owner(struct db *db, struct arena *a, struct str digest,
	int64_t interval_s, struct token_owner *out);

/* By the session's id. ERR_NOT_FOUND unless it is active. */
MUST_CHECK enum err session_owner(struct db *db, struct arena *a, struct str session_id,
	int64_t interval_s, struct token_owner *out);

#endif
