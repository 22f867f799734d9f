/* SPDX-License-Identifier: MIT
 * The list of this room's fixed statements, for the self-check, and the statement behind /readyz.
 */
#include "model/store.h"

#include "statements.h"

/* Newer servers answer a word for read_only. */
static const struct stmt ready = {"store.ready", SQL_READ, "", "ii",
	"SELECT CAST(@@global.read_only AS CHAR) IN ('0', 'OFF') AND NOT @@innodb_read_only,"
	" (SELECT COUNT(*) FROM (SELECT 1 FROM session LIMIT 1) t)"};

const struct stmt *const store_statements[] = {
	&activity_touch_session,
	&activity_touch_application,
	&owner_by_token,
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
	&partner_put,
	&tenant_put,
	&tenant_find,
	&tenant_find_now,
	&user_put,
	&user_spread,
	&user_take_back,
	&session_put,
	&ended_put,
	&id_taken,
	&id_ended,
	&same_request,
	&sweep_look,
	&sweep_find,
	&tally_add_living,
	&tally_add_ended,
	&tally_add_user,
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
