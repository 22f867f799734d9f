/* SPDX-License-Identifier: MIT
 * /api/v1/tenants/{tenant_id}/sessions: administrators of one tenant. dispatch has checked that the
 * caller reaches the tenant of the path and put it into the scope. Called through the route table.
 */
#include "handlers.h"

#include "call/body.h"
#include "json/writer.h"
#include "model/revoke.h"
#include "model/stats.h"

enum err v1_tenant_list(struct call *c)
{
	c->scope.active = c->params[PARAM_ACTIVE_ONLY].i != 0;
	c->scope.user_id = c->params[PARAM_USER_ID].s;
	return v1_answer_page(c, &c->scope);
}

enum err v1_tenant_user_list(struct call *c)
{
	c->scope.active = c->params[PARAM_ACTIVE_ONLY].i != 0;
	c->scope.user_id = call_var(c, "user_id");
	return v1_answer_page(c, &c->scope);
}

enum err v1_tenant_revoke_all(struct call *c)
{
	struct revoke_call revoke = call_revoke(c, &c->scope);

	return v1_revoke(c, &revoke);
}

/* All ids as one JSON array. A text that cannot be an id is left out, like an unknown id. */
static struct str known_ids(struct arena *a, const struct json *ids)
{
	struct json_writer *w;
	struct buf text;

	BUG_ON(ids == NULL);
	buf_init(&text, a);
	w = json_writer_new(a, &text);
	json_arr(w, NULL);
	for (const struct json *id = ids->first; id != NULL; id = id->next)
		if (http_is_id(id->text))
			json_str(w, NULL, id->text);
	json_end(w);
	BUG_ON(json_finish(w) != ERR_OK);
	return buf_view(&text);
}

enum err v1_tenant_user_revoke(struct call *c)
{
	bool all = false, except_current = true;
	const struct json *ids = NULL;
	struct str except = STR_NONE;
	struct revoke_call revoke;

	body_id_list(&c->faults, c->body, "session_ids", &ids);
	body_bool(&c->faults, c->body, "revoke_all", &all);
	body_bool(&c->faults, c->body, "except_current", &except_current);
	body_str(&c->faults, c->body, "except_session_id", BODY_FILLED, LIMIT_ID_BYTES, &except);
	if (c->faults.count == 0 && ids == NULL && !all)
		body_value_error(&c->faults, "Value error, session_ids or revoke_all is required");
	if (c->faults.count > 0)
		return ERR_INVALID;
	c->scope.user_id = call_var(c, "user_id");
	if (!all)
		c->scope.ids_json = known_ids(c->arena, ids);
	c->scope.also_except_id = except;
	if (except_current)
		c->scope.except_id = c->who.session_id;
	revoke = call_revoke(c, &c->scope);
	return v1_revoke(c, &revoke);
}

enum err v1_tenant_stats(struct call *c)
{
	struct json_writer *w;
	struct stats s;
	enum err err;

	err = stats_tenant(c->app->db, c->arena, &c->scope, &s);
	if (err != ERR_OK)
		return err;
	w = v1_open(c, 200);
	json_obj(w, "data");
	json_i64(w, "total_sessions", s.total);
	json_i64(w, "active_sessions", s.active);
	json_i64(w, "expired_sessions", s.expired);
	json_i64(w, "revoked_sessions", s.revoked);
	json_i64(w, "unique_users", s.unique_users);
	json_obj(w, "by_device_type");
	for (size_t i = 0; i < s.device_count; i++)
		json_member_i64(w, s.devices[i].type, s.devices[i].active);
	json_end(w);
	json_i64(w, "created_last_24h", s.created_24h);
	json_i64(w, "revoked_last_24h", s.revoked_24h);
	json_i64(w, "expiring_next_24h", s.expiring_24h);
	json_f64(w, "average_duration_seconds", s.average_duration_s);
	json_time(w, "last_activity_at", s.last_activity_ms);
	json_end(w);
	return v1_close(c, w);
}
