/* SPDX-License-Identifier: MIT
 * /api/v1/me/sessions: an end user's own devices. The scope that dispatch hands over holds nothing
 * else (REACH_OWN). */
#include "handlers.h"

#include "json/writer.h"
#include "model/revoke.h"
#include "model/session.h"

/* The caller's current session is always shown: in the last place if it is older than all sessions
 * that fit. */
static enum err show_current(struct call *c, struct session_page *shown)
{
	static const struct session_range one = {.limit = 1};
	struct session_scope scope = c->scope;
	struct session_page current = {0};
	enum err err;

	if (c->who.session_id.p == NULL || shown->total <= LIMIT_ME_SESSIONS)
		return ERR_OK;
	for (size_t i = 0; i < shown->count; i++)
		if (str_eq(shown->rows[i].id, c->who.session_id))
			return ERR_OK;
	scope.session_id = c->who.session_id;
	scope.caller.session = STR_NONE; /* confirmed with the list */
	err = session_list(c->app->db, c->arena, &scope, &one, &current);
	if (err == ERR_OK && current.count == 1)
		shown->rows[shown->count - 1] = current.rows[0];
	return err;
}

enum err v1_me_list(struct call *c)
{
	static const struct session_range newest = {.limit = LIMIT_ME_SESSIONS};
	struct session_page rows = {0};
	struct json_writer *w;
	enum err err;

	c->scope.active = true;
	err = session_list(c->app->db, c->arena, &c->scope, &newest, &rows);
	if (err == ERR_OK)
		err = show_current(c, &rows);
	if (err != ERR_OK)
		return err;
	w = v1_open(c, 200);
	json_arr(w, "data");
	for (size_t i = 0; i < rows.count; i++)
		v1_put_item(w, c, &rows.rows[i]);
	json_end(w);
	return v1_close(c, w);
}

enum err v1_me_revoke_all(struct call *c)
{
	struct revoke_call revoke;

	c->scope.except_id = c->who.session_id;
	revoke = call_revoke(c, &c->scope);
	return v1_revoke(c, &revoke);
}

enum err v1_me_delete(struct call *c)
{
	struct revoke_call revoke;
	enum err err;

	c->scope.session_id = call_var(c, "session_id");
	revoke = call_revoke(c, &c->scope);
	err = v1_revoke(c, &revoke);
	return err != ERR_OK ? err : v1_require_one(c, &revoke);
}
