/* SPDX-License-Identifier: MIT
 * The list of this room's fixed statements, for the self-check, and the statement behind /readyz.
 * The surprise: MariaDB looks for the columns of an INSERT when it runs it and not when it prepares
 * it, and many statements are composed; so every column that this room uses is listed here. */
#include "model/store.h"

#include "columns.h"
#include "db/compose.h"
#include "model/session.h"
#include "statements.h"

/* Newer servers answer a word for read_only. */
static const struct stmt ready = {"store.ready", SQL_READ, "", "ii",
	"SELECT CAST(@@global.read_only AS CHAR) IN ('0', 'OFF') AND NOT @@innodb_read_only,"
	" (SELECT COUNT(*) FROM (SELECT 1 FROM session LIMIT 1) t)"};

#define COLUMNS(table, columns)                                                                    \
	&(const struct stmt)                                                                       \
	{                                                                                          \
		"store." table, SQL_READ, "", "i",                                                 \
			"SELECT COUNT(*) FROM (SELECT " columns " FROM " table " s LIMIT 0) t"     \
	}

#define ADDRESS(name) &(name),
const struct stmt *const store_statements[] = {
	COLUMNS("partner", "no, id, name"),
	COLUMNS("tenant", "no, id, partner_no, name"),
	COLUMNS("user", "tenant_no, id, email, display_name, is_admin, living, updated_at"),
	COLUMNS("session",
		"s.tenant_no, s.partner_no, s.token_digest, s.request_digest, s.device_key,"
		" s.authenticator_id, s.is_mfa_required, s.is_mfa_complete,"
		" s.improper_client_cert_chain, s.tags, s.config_types" SESSION_COLUMNS(COLUMN_AS)
			SESSION_DETAILS(COLUMN_AS)),
	COLUMNS("ended",
		"s.tenant_no, s.partner_no, s.how, s.ended_at, s.month, s.request_digest,"
		" s.device_key, s.revoked_by, s.reason, s.revoked_by_tenant, s.revoked_by_kind, s.endpoint,"
		" s.request_id" SESSION_COLUMNS(COLUMN_AS) SESSION_DETAILS(COLUMN_AS)),
	COLUMNS("tally", "scope, no, what, bucket, device_type, shard, n"),
	COLUMNS("ended_tally", "scope, no, what, bucket, shard, month, n, lived_ms, latest_ms"),
	COLUMNS("ended_user", "tenant_no, user_id, month, expired, revoked"),
	COLUMNS("store", "history_month"),
	COLUMNS("idp_session", "session_id, idp_session_id"),
	COLUMNS("logout_token", "digest, expires_at"),
	SERVING_STATEMENTS(ADDRESS) NULL,
};

const struct stmt *const store_admin_statements[] = {ADMIN_STATEMENTS(ADDRESS) NULL};

enum err store_ping(struct db *db)
{
	return db_ping(db, &ready);
}

enum err store_check(struct db *db)
{
	return db_self_check(db, store_statements);
}

/* What none of the statements that serve needs, as one line of text. */
static const struct stmt too_much = {"store.too_much", SQL_READ, "", "S",
	"SELECT GROUP_CONCAT(DISTINCT held ORDER BY held SEPARATOR ', ') FROM ("
	" SELECT CONCAT(privilege_type, ' on *.*') AS held, grantee"
	" FROM information_schema.user_privileges WHERE privilege_type <> 'USAGE'"
	" UNION ALL SELECT privilege_type, grantee FROM information_schema.schema_privileges"
	" WHERE DATABASE() LIKE table_schema AND privilege_type <> 'SELECT'"
	" UNION ALL SELECT CONCAT(privilege_type, ' on ', table_name), grantee"
	" FROM information_schema.table_privileges WHERE table_schema = DATABASE()"
	" AND (privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')"
	" OR table_name = 'ended' AND privilege_type NOT IN ('SELECT', 'INSERT'))) p"
	" WHERE grantee = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')"};

enum err store_rights(struct db *db, struct arena *a, struct str *too_many)
{
	struct sql sql = SQL_FIXED0(&too_much);

	return db_one(db, a, &sql, DB_COLUMN('S'), too_many);
}
