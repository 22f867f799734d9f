/* SPDX-License-Identifier: MIT
 * The list of this room's fixed statements, for the self-check, and the statement behind /readyz.
 * The surprise: MariaDB looks for the columns of an INSERT when it runs it and not when it prepares
 * it, and many statements are composed; so every column that this room uses is listed here. */
#include "model/store.h"

#include "db/compose.h"
#include "statements.h"

/* Newer servers answer a word for read_only. */
static const struct stmt ready = {"store.ready", SQL_READ, "", "ii",
	"SELECT CAST(@@global.read_only AS CHAR) IN ('0', 'OFF') AND NOT @@innodb_read_only,"
	" (SELECT COUNT(*) FROM (SELECT 1 FROM session LIMIT 1) t)"};

#define COLUMNS(table, columns)                                                                    \
	{                                                                                          \
		"store." table, SQL_READ, "", "i",                                                 \
			"SELECT COUNT(*) FROM (SELECT " columns " FROM " table " LIMIT 0) t"       \
	}

static const struct stmt tables[] = {
	COLUMNS("partner", "no, id, name"),
	COLUMNS("tenant", "no, id, partner_no, name"),
	COLUMNS("user", "tenant_no, id, email, display_name, is_admin, living, updated_at"),
	COLUMNS("session",
		"tenant_no, created_at, id, partner_no, user_id, user_email, user_display_name,"
		" role, token_digest, request_digest, ip_address, user_agent, device_type,"
		" location, last_activity_at, expires_at, authenticator_id, is_mfa_required,"
		" is_mfa_complete, improper_client_cert_chain, app_count, apps, tags, config_types"),
	COLUMNS("ended",
		"tenant_no, how, ended_at, id, month, partner_no, user_id, user_email,"
		" user_display_name, role, request_digest, ip_address, user_agent, device_type,"
		" location, created_at, last_activity_at, expires_at, app_count, apps, revoked_by,"
		" revoked_by_tenant, revoked_by_kind, endpoint, request_id, reason"),
	COLUMNS("tally", "scope, no, what, bucket, device_type, shard, n"),
	COLUMNS("ended_tally", "scope, no, what, bucket, shard, month, n, lived_ms, latest_ms"),
	COLUMNS("ended_user", "tenant_no, user_id, month, expired, revoked"),
	COLUMNS("store", "history_month"),
	COLUMNS("idp_session", "session_id, idp_session_id"),
	COLUMNS("logout_token", "digest, expires_at"),
};

const struct stmt *const store_statements[] = {
	&tables[0],
	&tables[1],
	&tables[2],
	&tables[3],
	&tables[4],
	&tables[5],
	&tables[6],
	&tables[7],
	&tables[8],
	&tables[9],
	&tables[10],
	&activity_touch_session,
	&activity_touch_application,
	&activity_lock,
	&activity_slide,
	&limit_beyond,
	&policy_put,
	&policy_living,
	&policy_move,
	&policy_users,
	&policy_user,
	&owner_by_token,
	&owner_partner_id,
	&partner_put,
	&tenant_put,
	&tenant_find,
	&tenant_find_now,
	&tenant_rules,
	&user_put,
	&device_ended,
	&user_spread,
	&user_take_back,
	&session_put,
	&idp_put,
	&ended_put,
	&id_taken,
	&id_ended,
	&same_request,
	&once_put,
	&once_delete,
	&sweep_look,
	&sweep_find,
	&tally_add_living,
	&tally_add_ended,
	&tally_add_user,
	NULL,
};

/* Of rollcall-admin. The account that serves may not run them all, and its check asks for none. */
const struct stmt *const store_admin_statements[] = {
	&purge_month_of,
	&purge_count_before,
	&purge_set_month,
	&purge_months_in,
	&purge_delete_ended,
	&purge_delete_users,
	&purge_delete_tally,
	&recount_living,
	&recount_ended,
	&recount_user_months,
	&recount_users,
	&recount_user_add,
	NULL,
};

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
	static const struct db_col col = {'S', 0};
	static const struct db_shape shape = {&col, 1};
	struct sql sql = SQL_FIXED0(&too_much);

	return db_one(db, a, &sql, &shape, too_many);
}
