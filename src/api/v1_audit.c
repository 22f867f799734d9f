/* SPDX-License-Identifier: MIT
 * GET /admin/audit and /tenants/{tenant_id}/audit: who ended what (an extension). */
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
	json_str(w, "revoked_by_tenant", e->revoked_by_tenant);
	json_str(w, "revoked_by_kind", e->revoked_by_kind);
	json_end(w);
}

enum err v1_audit_list(struct call *c)
{
	size_t per_page = (size_t)c->params[PARAM_PER_PAGE].i;
	const struct audit_entry *last = NULL;
	struct session_range range;
	struct audit_page rows;
	struct json_writer *w;
	enum err err;

	if (c->params[PARAM_TENANT_ID].s.p != NULL)
		scope_narrow_tenant(&c->scope, c->params[PARAM_TENANT_ID].s);
	if (c->params[PARAM_PARTNER_ID].s.p != NULL)
		scope_narrow_partner(&c->scope, c->params[PARAM_PARTNER_ID].s);
	c->scope.user_id = c->params[PARAM_USER_ID].s;
	err = v1_read_range(c, &range);
	if (err == ERR_OK)
		err = audit_list(c->app->db, c->arena, &c->scope, &range, &rows);
	if (err != ERR_OK)
		return err;
	w = v1_open_page(c);
	for (size_t i = 0; i < rows.count && i < per_page; i++)
		put_entry(w, &rows.rows[i]);
	if (rows.count > per_page)
		last = &rows.rows[per_page - 1];
	return v1_close_page(c, w, rows.total, last != NULL ? last->revoked_ms : 0,
		last != NULL ? last->session_id : STR_NONE);
}
