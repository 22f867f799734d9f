/* SPDX-License-Identifier: MIT
 * GET /admin/audit and /tenants/{tenant_id}/audit: who ended what (extension, contract
 * section 2.3's audit rows shown). Called by dispatch through the route table. */
#include "handlers.h"

#include "json/writer.h"
#include "model/audit.h"

static void put_entry(struct json_writer *w, const struct audit_entry *e)
{
	json_obj(w, NULL);
	json_str(w, "session_id", e->session_id);
	json_str(w, "tenant_id", e->tenant_id);
	json_str(w, "user_id", e->user_id);
	json_time(w, "revoked_at", e->revoked_ms);
	json_str(w, "revoked_by", e->revoked_by);
	json_str(w, "endpoint", e->endpoint);
	json_str(w, "request_id", e->request_id);
	json_str(w, "reason", e->reason);
	json_end(w);
}

enum err v1_audit_list(struct call *c)
{
	int64_t page = c->params[PARAM_PAGE].i, per_page = c->params[PARAM_PER_PAGE].i;
	struct session_scope reach = c->scope;
	struct audit_scope scope;
	struct audit_page rows;
	struct json_writer *w;
	enum err err;

	if (c->params[PARAM_TENANT_ID].s.p != NULL)
		scope_narrow_tenant(&reach, c->params[PARAM_TENANT_ID].s);
	if (c->params[PARAM_PARTNER_ID].s.p != NULL)
		scope_narrow_partner(&reach, c->params[PARAM_PARTNER_ID].s);
	scope = (struct audit_scope){
		.tenant_id = reach.tenant_id,
		.partner_id = reach.partner_id,
		.user_id = c->params[PARAM_USER_ID].s,
		.nothing = reach.nothing,
	};
	err = audit_list(
		c->app->db, c->arena, &scope, per_page, v1_page_offset(page, per_page), &rows);
	if (err != ERR_OK)
		return err;
	w = v1_open(c, 200);
	json_arr(w, "data");
	for (size_t i = 0; i < rows.count; i++)
		put_entry(w, &rows.rows[i]);
	json_end(w);
	v1_put_pagination(w, page, per_page, rows.total);
	return v1_close(c, w);
}
