/* SPDX-License-Identifier: MIT
 * The fixed statements of this room, for the self-check in store.c. Each stands beside the function
 * that runs it; `make lint` finds one that is missing here. */
#ifndef MODEL_STATEMENTS_H
#define MODEL_STATEMENTS_H

#include "db/db.h"

/* clang-format off */
/* Those that serve. */
#define SERVING_STATEMENTS(X) \
	X(activity_touch_session) X(activity_touch_application) X(activity_lock) \
	X(activity_slide) X(limit_beyond) X(policy_put) X(policy_living) X(policy_move) \
	X(policy_users) X(policy_user) X(owner_by_token) X(owner_partner_id) X(partner_put) \
	X(tenant_put) X(tenant_find) X(tenant_find_now) X(tenant_rules) X(user_put) X(device_ended) \
	X(user_spread) X(user_take_back) X(session_put) X(idp_put) X(ended_put) X(id_taken) X(id_ended) \
	X(same_request) X(once_put) X(once_delete) X(sweep_look) X(sweep_find) \
	X(tally_add_living) X(tally_add_ended) X(tally_add_user)

/* Those of rollcall-admin. The account that serves may not run them all, and its check asks for none. */
#define ADMIN_STATEMENTS(X) \
	X(purge_month_of) X(purge_count_before) X(purge_set_month) X(purge_months_in) \
	X(purge_delete_ended) X(purge_delete_users) X(purge_delete_tally) X(recount_living) \
	X(recount_ended) X(recount_user_months) X(recount_users) X(recount_user_add)
/* clang-format on */

#define DECLARE_STATEMENT(name) extern const struct stmt name;
SERVING_STATEMENTS(DECLARE_STATEMENT)
ADMIN_STATEMENTS(DECLARE_STATEMENT)

/* The same as lists, with NULL at the end. */
extern const struct stmt *const store_statements[], *const store_admin_statements[];

#endif
