/* SPDX-License-Identifier: MIT
 * Finds the living session behind a token or an id, on every request that presents one. */
#include "model/owner.h"

#include <stddef.h>

#include "db/compose.h"
#include "statements.h"

#define OWNER_SQL                                                                                  \
	"SELECT s.id, s.tenant_id, s.user_id, s.partner_no, s.role, s.created_at, s.expires_at,"   \
	" s.auth_time, s.acr, s.amr, s.idp_issuer, s.idp_session_id, s.device_label,"              \
	" " ACTIVITY_DUE_SQL " FROM session s WHERE"
#define OWNER_LETTERS "sssISttTSSSSSi"

const struct stmt owner_by_token = {"owner.token", SQL_READ, "iiib", OWNER_LETTERS,
	OWNER_SQL " s.token_digest = ? AND s.expires_at > " NOW_SQL};

const struct stmt owner_partner_id = {
	"owner.partner", SQL_READ, "i", "s", "SELECT p.id FROM partner p WHERE p.no = ?"};

static const struct db_col cols[] = {
	{'s', offsetof(struct owner, session_id)},
	{'s', offsetof(struct owner, tenant_id)},
	{'s', offsetof(struct owner, user_id)},
	{'I', offsetof(struct owner, partner_no)},
	{'S', offsetof(struct owner, role)},
	{'t', offsetof(struct owner, created_ms)},
	{'t', offsetof(struct owner, expires_ms)},
	{'T', offsetof(struct owner, sign_in.auth_ms)},
	{'S', offsetof(struct owner, sign_in.acr)},
	{'S', offsetof(struct owner, sign_in.amr)},
	{'S', offsetof(struct owner, sign_in.idp_issuer)},
	{'S', offsetof(struct owner, sign_in.idp_session_id)},
	{'S', offsetof(struct owner, sign_in.device_label)},
	{'i', offsetof(struct owner, activity_due)},
};
static const struct db_shape shape = {cols, ARRAY_LEN(cols)};

enum err owner_of_token(struct db *db, struct arena *a, struct str digest,
	const struct activity_rule *rule, struct owner *out)
{
	struct db_val due[ACTIVITY_DUE_ARGS];
	struct sql q;

	activity_due_args(rule, due);
	q = SQL_FIXED(&owner_by_token, due[0], due[1], due[2], db_bytes(digest));
	return db_one(db, a, &q, &shape, out);
}

enum err owner_of_session(struct db *db, struct arena *a, const struct session_caller *caller,
	const struct activity_rule *rule, struct owner *out)
{
	struct db_val due[ACTIVITY_DUE_ARGS];
	struct sql q;

	sql_begin(&q, a, SQL_READ, OWNER_LETTERS);
	sql_add(&q, SQL(OWNER_SQL));
	activity_due_args(rule, due);
	for (size_t i = 0; i < ARRAY_LEN(due); i++)
		sql_arg(&q, due[i]);
	scope_put_caller(caller, &q);
	return db_one(db, a, &q, &shape, out);
}

enum err owner_partner(struct db *db, struct arena *a, const struct owner *owner, struct str *out)
{
	static const struct db_col col = {'s', 0};
	static const struct db_shape one = {&col, 1};
	struct sql q = SQL_FIXED(&owner_partner_id, db_i64(owner->partner_no));

	if (owner->partner_no == DB_NULL_I64)
		return ERR_NOT_FOUND;
	return db_one(db, a, &q, &one, out);
}
