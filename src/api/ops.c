/* SPDX-License-Identifier: MIT
 * Health for load balancers and monitoring. Called by dispatch through the route table. */
#include "api/ops.h"

static enum err answer_ok(struct call *c)
{
	struct json_writer *w = json_writer_new(c->arena, &c->res->body);

	c->res->status = 200;
	http_response_header(c->res, "Content-Type", STR("application/json"));
	json_obj(w, NULL);
	json_cstr(w, "status", "ok");
	json_end(w);
	return json_finish(w);
}

enum err ops_healthz(struct call *c)
{
	return answer_ok(c);
}

enum err ops_readyz(struct call *c)
{
	enum err err = db_ping(c->app->db);

	return err != ERR_OK ? err : answer_ok(c);
}
