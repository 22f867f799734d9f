/* SPDX-License-Identifier: MIT
 * GET /edge/management/v1/version: what OpenZiti's clients ask before they sign in, to find the
 * path of the API. */
#include "handlers.h"

#include "http/response.h"
#include "json/writer.h"

static void put_api(struct json_writer *w, const struct call *c)
{
	struct str path = str_printf(
		c->arena, "%.*s%.*s", STR_FMT(c->req.mount), STR_FMT(c->app->cfg.edge_prefix));

	json_obj(w, "apiVersions");
	json_obj(w, "edge-management");
	json_obj(w, "v1");
	json_str(w, "path", path);
	json_arr(w, "apiBaseUrls");
	json_end(w);
	json_end(w);
	json_end(w);
	json_end(w);
}

enum err edge_version(struct call *c)
{
	struct json_writer *w = edge_open(c);

	c->res->status = 200;
	json_obj(w, "data");
	put_api(w, c);
	json_cstr(w, "buildDate", "");
	json_arr(w, "capabilities");
	json_end(w);
	json_cstr(w, "revision", "");
	json_cstr(w, "runtimeVersion", "rollcall");
	json_cstr(w, "version", c->app->cfg.version);
	json_end(w);
	edge_meta(w);
	return edge_close(w);
}
