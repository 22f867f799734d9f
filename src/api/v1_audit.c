/* SPDX-License-Identifier: MIT
 * GET /admin/audit and /tenants/{tenant_id}/audit: who ended what (an extension). */
#include "handlers.h"

#include "json/writer.h"
#include "model/audit.h"

#define PUT_TEXT json_str
#define PUT_TIME json_time
#define PUT(kind, member, name, sql) PUT_##kind(w, name, e->member);

static void put_entry(struct json_writer *w, const struct audit_entry *e)
{
	json_obj(w, NULL);
	AUDIT_COLUMNS(PUT)
	json_end(w);
}

enum err v1_audit_list(struct call *c)
{
	size_t per_page = (size_t)c->params[PARAM_PER_PAGE].i;
	const struct audit_entry *last = NULL;
	struct session_range range;
	struct audit_page rows = {0};
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
