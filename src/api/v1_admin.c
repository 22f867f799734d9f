/* SPDX-License-Identifier: MIT
 * /api/v1/admin/sessions: platform administrators, and partner administrators within their partner.
 * Called by dispatch through the route table, after access, parameters and body were checked. */
#include "handlers.h"

#include "call/body.h"
#include "model/revoke.h"
#include "model/session.h"

enum err v1_admin_list(struct call *c)
{
	struct session_scope scope = c->scope;

	scope.active = true;
	scope.user_id = c->params[PARAM_USER_ID].s;
	if (c->params[PARAM_TENANT_ID].s.p != NULL)
		scope_narrow_tenant(&scope, c->params[PARAM_TENANT_ID].s);
	if (c->params[PARAM_PARTNER_ID].s.p != NULL)
		scope_narrow_partner(&scope, c->params[PARAM_PARTNER_ID].s);
	return v1_answer_page(c, &scope);
}

/* A tenant that the caller does not reach is 403 to a partner, one that does not exist is 404 to
 * those who may see all (schema/api.md 3.3). */
static enum err check_tenant(struct call *c, struct str tenant_id)
{
	struct str partner;
	enum err err = tenant_partner(c->app->db, c->arena, tenant_id, &partner);

	if (c->reach == REACH_PARTNER &&
		(err == ERR_NOT_FOUND || (err == ERR_OK && !str_eq(partner, c->who.partner_id))))
		return ERR_FORBIDDEN;
	if (err == ERR_NOT_FOUND)
		c->detail = "Tenant not found";
	return err;
}

enum err v1_admin_revoke_all(struct call *c)
{
	struct revoke_call revoke;
	struct session_scope scope = c->scope;
	struct str tenant_id = STR_NONE;
	enum err err;

	body_str(&c->faults, c->body, "user_id", BODY_OPTIONAL, LIMIT_ID_BYTES, &scope.user_id);
	body_str(&c->faults, c->body, "tenant_id", BODY_OPTIONAL, LIMIT_ID_BYTES, &tenant_id);
	if (c->faults.count == 0 && scope.user_id.p == NULL && tenant_id.p == NULL)
		body_value_error(&c->faults, "Value error, user_id or tenant_id is required");
	if (c->faults.count > 0)
		return ERR_INVALID;
	if (tenant_id.p != NULL) {
		err = check_tenant(c, tenant_id);
		if (err != ERR_OK)
			return err;
		scope_narrow_tenant(&scope, tenant_id);
	}
	revoke = call_revoke(c, &scope);
	err = call_end_sessions(c, &revoke);
	return err != ERR_OK ? err : v1_answer_revoked(c, &revoke);
}
