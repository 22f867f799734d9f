/* SPDX-License-Identifier: MIT
 * Finds the living session behind a token. Called by the Edge API's way in, by introspection and by
 * the authorizer, on every request they see. */
#include "model/token.h"

#include <stddef.h>

#include "db/compose.h"

static const struct db_col cols[] = {
	{'s', offsetof(struct token_owner, session_id)},
	{'s', offsetof(struct token_owner, tenant_id)},
	{'s', offsetof(struct token_owner, user_id)},
	{'S', offsetof(struct token_owner, partner_id)},
	{'i', offsetof(struct token_owner, is_admin)},
	{'t', offsetof(struct token_owner, created_ms)},
	{'t', offsetof(struct token_owner, expires_ms)},
	{'i', offsetof(struct token_owner, activity_due)},
};
static const struct db_shape shape = {cols, ARRAY_LEN(cols)};

enum err token_owner(struct db *db, struct arena *a, struct str digest, int64_t interval_s,
	struct token_owner *out)
{
	struct sql q = SQL_FIXED(OWNER_BY_TOKEN, db_i64(interval_s), db_bytes(digest));

	return db_one(db, a, &q, &shape, out);
}

enum err session_owner(struct db *db, struct arena *a, struct str session_id, int64_t interval_s,
	struct token_owner *out)
{
	struct sql q = SQL_FIXED(OWNER_BY_SESSION, db_i64(interval_s), db_str(session_id));

	return db_one(db, a, &q, &shape, out);
}
