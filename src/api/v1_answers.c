/* SPDX-License-Identifier: MIT
 * What the handlers of the Sessions API share: the documented shapes, and how a page, a session or
 * a revocation is answered. Called by v1_*.c. */
#include "handlers.h"

#include "http/response.h"
#include "json/writer.h"
#include "model/revoke.h"
#include "model/session.h"

static bool is_current(const struct call *c, const struct session *s)
{
	return c->who.session_id.p != NULL && str_eq(c->who.session_id, s->id);
}

/* Extensions, behind the documented fields of both shapes. */
static void put_extensions(struct json_writer *w, const struct session *s)
{
	json_str(w, "tenant_id", s->tenant_id);
	json_str(w, "status", s->status);
	json_time(w, "revoked_at", s->revoked_ms);
	json_str(w, "revoked_by", s->revoked_by);
	json_str(w, "revoke_reason", s->revoke_reason);
}

void v1_put_item(struct json_writer *w, const struct call *c, const struct session *s)
{
	json_obj(w, NULL);
	json_str(w, "id", s->id);
	json_str(w, "user_id", s->user_id);
	json_str(w, "user_email", s->user_email);
	json_str(w, "ip_address", s->ip_address);
	json_str(w, "user_agent", s->user_agent);
	json_str(w, "device_type", s->device_type);
	json_bool(w, "is_current", is_current(c, s));
	json_time(w, "created_at", s->created_ms);
	json_time(w, "last_activity_at", s->last_activity_ms);
	json_time(w, "expires_at", s->expires_ms);
	json_i64(w, "app_count", s->app_count);
	put_extensions(w, s);
	json_end(w);
}

void v1_put_detail(struct json_writer *w, const struct call *c, const struct session_detail *d)
{
	const struct session *s = &d->session;

	json_obj(w, "data");
	json_str(w, "id", s->id);
	json_str(w, "user_id", s->user_id);
	json_str(w, "user_email", s->user_email);
	json_str(w, "user_display_name", s->user_display_name);
	json_str(w, "ip_address", s->ip_address);
	json_str(w, "user_agent", s->user_agent);
	json_str(w, "device_type", s->device_type);
	json_str(w, "location", s->location);
	json_bool(w, "is_current", is_current(c, s));
	json_time(w, "created_at", s->created_ms);
	json_time(w, "last_activity_at", s->last_activity_ms);
	json_time(w, "expires_at", s->expires_ms);
	json_arr(w, "sso_apps");
	for (size_t i = 0; i < d->app_count; i++) {
		json_obj(w, NULL);
		json_str(w, "application_id", d->apps[i].application_id);
		json_str(w, "application_name", d->apps[i].application_name);
		json_time(w, "accessed_at", d->apps[i].accessed_ms);
		json_end(w);
	}
	json_end(w);
	put_extensions(w, s);
}

void v1_put_pagination(struct json_writer *w, int64_t page, int64_t per_page, int64_t total)
{
	json_obj(w, "pagination");
	json_i64(w, "page", page);
	json_i64(w, "per_page", per_page);
	json_i64(w, "total_items", total);
	json_i64(w, "total_pages", total / per_page + (total % per_page != 0));
	json_end(w);
}

int64_t v1_page_offset(int64_t page, int64_t per_page)
{
	return page - 1 > INT64_MAX / per_page ? INT64_MAX : (page - 1) * per_page;
}

enum err v1_answer_page(struct call *c, const struct session_scope *scope)
{
	int64_t page = c->params[PARAM_PAGE].i, per_page = c->params[PARAM_PER_PAGE].i;
	struct session_page rows;
	struct json_writer *w;
	enum err err;

	err = session_list(
		c->app->db, c->arena, scope, per_page, v1_page_offset(page, per_page), &rows);
	if (err != ERR_OK)
		return err;
	w = v1_open(c, 200);
	json_arr(w, "data");
	for (size_t i = 0; i < rows.count; i++)
		v1_put_item(w, c, &rows.rows[i]);
	json_end(w);
	v1_put_pagination(w, page, per_page, rows.total);
	return v1_close(c, w);
}

enum err v1_answer_empty(struct call *c)
{
	c->res->status = 204;
	return ERR_OK;
}

enum err v1_revoke_one(struct call *c, struct revoke_call *revoke)
{
	enum err err = call_end_sessions(c, revoke);

	if (err == ERR_OK && revoke->count == 0)
		err = session_exists(c->app->db, c->arena, &revoke->scope);
	if (err == ERR_NOT_FOUND)
		c->detail = "Session not found";
	return err;
}

static void put_id(void *ctx, struct str session_id)
{
	json_str(ctx, NULL, session_id);
}

/* The ids go out as they are read back, so a tenant of any size needs the memory of a batch. What
 * fails after the first chunk left can only cut the answer short; the sessions are ended. */
enum err v1_answer_revoked(struct call *c, struct revoke_call *revoke)
{
	struct json_writer *w = v1_open(c, 200);
	enum err err;

	if (revoke->count > REVOKE_BATCH)
		http_response_stream(c->res);
	json_obj(w, "data");
	json_i64(w, "revoked_count", revoke->count);
	json_arr(w, "session_ids");
	err = revoke_ids(c->app->db, revoke, put_id, w);
	json_end(w);
	json_end(w);
	return err != ERR_OK ? err : v1_close(c, w);
}

enum err v1_session_get(struct call *c)
{
	struct session_detail detail;
	struct json_writer *w;
	enum err err;

	c->scope.session_id = call_var(c, "session_id");
	err = session_get(c->app->db, c->arena, &c->scope, &detail);
	if (err == ERR_NOT_FOUND)
		c->detail = "Session not found";
	if (err != ERR_OK)
		return err;
	w = v1_open(c, 200);
	v1_put_detail(w, c, &detail);
	json_end(w);
	return v1_close(c, w);
}

enum err v1_session_delete(struct call *c)
{
	struct revoke_call revoke;
	enum err err;

	c->scope.session_id = call_var(c, "session_id");
	revoke = call_revoke(c, &c->scope);
	err = v1_revoke_one(c, &revoke);
	return err != ERR_OK ? err : v1_answer_empty(c);
}
