/* SPDX-License-Identifier: MIT
 * /api/v1/me/sessions: an end user's own devices. The scope that dispatch hands over holds nothing
 * else (REACH_OWN). Called by dispatch through the route table. */
#include "api/v1.h"

enum err v1_me_list(struct call *c)
{
	struct session_page rows;
	struct json_writer *w;
	enum err err;

	c->scope.active = true;
	err = session_list(c->app->db, c->arena, &c->scope, LIMIT_ME_SESSIONS, 0, &rows);
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
	enum err err;

	c->scope.except_id = c->who.session_id;
	revoke = call_revoke(c, &c->scope);
	err = call_end_sessions(c, &revoke);
	return err != ERR_OK ? err : v1_answer_revoked(c, &revoke);
}

enum err v1_me_delete(struct call *c)
{
	struct revoke_call revoke;
	enum err err;

	c->scope.session_id = call_var(c, "session_id");
	revoke = call_revoke(c, &c->scope);
	err = v1_revoke_one(c, &revoke);
	return err != ERR_OK ? err : v1_answer_revoked(c, &revoke);
}
