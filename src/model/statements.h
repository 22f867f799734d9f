/* SPDX-License-Identifier: MIT
 * The fixed statements of this room, for the self-check in store.c. Each stands beside the function
 * that runs it; `make lint` finds one that is missing here. */
#ifndef MODEL_STATEMENTS_H
#define MODEL_STATEMENTS_H

#include "db/db.h"

extern const struct stmt activity_touch_session, activity_touch_application, activity_lock,
	activity_slide;
extern const struct stmt limit_beyond;
extern const struct stmt owner_by_token, owner_partner_id;
extern const struct stmt policy_put, policy_living, policy_move, policy_users, policy_user;
extern const struct stmt purge_month_of, purge_count_before, purge_set_month, purge_months_in,
	purge_delete_ended, purge_delete_users, purge_delete_tally;
extern const struct stmt recount_living, recount_ended, recount_user_months, recount_users,
	recount_user_add;
extern const struct stmt partner_put, tenant_put, tenant_find, tenant_find_now, tenant_rules,
	user_put, device_ended, user_spread, user_take_back, session_put, idp_put, ended_put,
	id_taken, id_ended, same_request;
extern const struct stmt once_put, once_delete;
extern const struct stmt sweep_look, sweep_find;
extern const struct stmt tally_add_living, tally_add_ended, tally_add_user;

/* Those that serve, and those of rollcall-admin; NULL at the end. */
extern const struct stmt *const store_statements[], *const store_admin_statements[];

#endif
