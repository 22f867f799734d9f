/* SPDX-License-Identifier: MIT
 * Finds the living session behind a token or an id, on every request that presents one. */
#include "model/owner.h"

#include <stddef.h>

#include "db/compose.h"
#include "statements.h"

#define OWNER_SQL                                                                                  \
	"SELECT s.id, s.tenant_id, s.user_id, s.partner_no, s.role, s.created_at, s.expires_at,"   \
	" s.auth_time, s.acr, s.amr, s.idp_issuer, s.idp_session_id, s.device_label,"              \
	" s.last_activity_at, s.absolute_expires_at, " NOW_SQL " FROM session s WHERE"
#define OWNER_LETTERS "sssISttTSSSSStTt"

const struct stmt owner_by_token = {"owner.token", SQL_READ, "b", OWNER_LETTERS,
	OWNER_SQL " s.token_digest = ? AND s.expires_at > " NOW_SQL};

const struct stmt owner_partner_id = {
	"owner.partner", SQL_READ, "i", "s", "SELECT p.id FROM partner p WHERE p.no = ?"};

struct row {
	struct owner owner;
	struct activity_state state;
};

static const struct db_col cols[] = {
	{'s', offsetof(struct row, owner.session_id)},
	{'s', offsetof(struct row, owner.tenant_id)},
	{'s', offsetof(struct row, owner.user_id)},
	{'I', offsetof(struct row, owner.partner_no)},
	{'S', offsetof(struct row, owner.role)},
	{'t', offsetof(struct row, state.created_ms)},
	{'t', offsetof(struct row, state.expires_ms)},
	{'T', offsetof(struct row, owner.sign_in.auth_ms)},
	{'S', offsetof(struct row, owner.sign_in.acr)},
	{'S', offsetof(struct row, owner.sign_in.amr)},
	{'S', offsetof(struct row, owner.sign_in.idp_issuer)},
	{'S', offsetof(struct row, owner.sign_in.idp_session_id)},
	{'S', offsetof(struct row, owner.sign_in.device_label)},
	{'t', offsetof(struct row, state.last_activity_ms)},
	{'T', offsetof(struct row, state.absolute_ms)},
	{'t', offsetof(struct row, state.now_ms)},
};

static enum err read_owner(struct db *db, struct arena *a, const struct sql *q,
	const struct activity_rule *rule, struct owner *out)
{
	struct row row;
	enum err err = db_one(db, a, q, DB_SHAPE(cols), &row);

	if (err != ERR_OK)
		return err;
	*out = row.owner;
	out->created_ms = row.state.created_ms;
	out->expires_ms = row.state.expires_ms;
	out->activity_due = activity_due(rule, &row.state);
	return ERR_OK;
}

enum err owner_of_token(struct db *db, struct arena *a, struct str digest,
	const struct activity_rule *rule, struct owner *out)
{
	struct sql q = SQL_FIXED(&owner_by_token, db_bytes(digest));

	return read_owner(db, a, &q, rule, out);
}

enum err owner_of_session(struct db *db, struct arena *a, const struct session_caller *caller,
	const struct activity_rule *rule, struct owner *out)
{
	struct sql q;

	sql_begin(&q, a, SQL_READ, OWNER_LETTERS);
	sql_add(&q, SQL(OWNER_SQL));
	scope_put_caller(caller, &q);
	return read_owner(db, a, &q, rule, out);
}

enum err owner_partner(struct db *db, struct arena *a, const struct owner *owner, struct str *out)
{
	struct sql q = SQL_FIXED(&owner_partner_id, db_i64(owner->partner_no));

	if (owner->partner_no == DB_NULL_I64)
		return ERR_NOT_FOUND;
	return db_one(db, a, &q, DB_COLUMN('s'), out);
}
