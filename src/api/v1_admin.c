/* SPDX-License-Identifier: MIT
 * /api/v1/admin/sessions: platform administrators, and partner administrators within their partner.
 */
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

/* A tenant that the caller does not reach is forbidden to a partner, and unknown to those who may
 * see all (schema/api.md 2.5). */
static enum err as_forbidden(struct call *c, enum err err)
{
	if (err != ERR_NO_TENANT || c->reach != REACH_PARTNER)
		return err;
	c->detail = "Not enough permissions: the token is for the tenants of another partner";
	return ERR_FORBIDDEN;
}

enum err v1_admin_revoke_all(struct call *c)
{
	struct session_scope scope = c->scope;
	struct revoke_call revoke;
	struct str tenant_id = STR_NONE;

	body_str(&c->faults, c->body, "user_id", BODY_OPTIONAL, LIMIT_ID_BYTES, &scope.user_id);
	body_str(&c->faults, c->body, "tenant_id", BODY_OPTIONAL, LIMIT_ID_BYTES, &tenant_id);
	if (c->faults.count == 0 && scope.user_id.p == NULL && tenant_id.p == NULL)
		body_value_error(&c->faults, "Value error, user_id or tenant_id is required");
	if (c->faults.count > 0)
		return ERR_INVALID;
	if (tenant_id.p != NULL) {
		scope_narrow_tenant(&scope, tenant_id);
		scope.in_tenant = true;
	}
	revoke = call_revoke(c, &scope);
	return as_forbidden(c, v1_revoke(c, &revoke));
}
