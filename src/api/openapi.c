/* SPDX-License-Identifier: MIT
 * Serves the description of the API. Reads nothing but the text in the program. The surprise: the
 * text is not parsed. The paths that depend on the installation stand at the beginning of known
 * strings, and are replaced on the way out. */
#include "handlers.h"

#include "http/response.h"
#include "json/writer.h"

struct place {
	struct str text; /* in the document */
	struct str with; /* in the answer */
};

/* The string as JSON has it, quotes included. */
static struct str quoted(struct arena *a, struct str s)
{
	struct buf b;
	struct json_writer *w;

	buf_init(&b, a);
	w = json_writer_new(a, &b);
	json_str(w, NULL, s);
	BUG_ON(json_finish(w) != ERR_OK);
	return buf_view(&b);
}

/* The place that begins at p, NULL if none does. */
static const struct place *find_place(const struct place *places, size_t count, struct str rest)
{
	for (size_t i = 0; i < count; i++)
		if (str_starts(rest, places[i].text))
			return &places[i];
	return NULL;
}

void openapi_write(struct arena *a, struct str mount, struct str api_prefix, struct str edge_prefix,
	struct buf *out)
{
	const struct str server = quoted(a, mount.n > 0 ? mount : STR("/"));
	const struct place places[] = {
		{STR("\"servers\":[{\"url\":\"/\""),
			str_printf(a, "\"servers\":[{\"url\":%.*s", STR_FMT(server))},
		{STR("\"" OPENAPI_V1 "/"), str_printf(a, "\"%.*s/", STR_FMT(api_prefix))},
		{STR("\"" OPENAPI_EDGE "/"), str_printf(a, "\"%.*s/", STR_FMT(edge_prefix))},
		{STR("\"" OPENAPI_EDGE "\""), str_printf(a, "\"%.*s\"", STR_FMT(edge_prefix))},
	};
	struct str rest = {openapi_json, openapi_json_bytes};

	while (rest.n > 0) {
		const char *quote = memchr(rest.p + 1, '"', rest.n - 1);
		const struct place *place = find_place(places, ARRAY_LEN(places), rest);
		size_t n = quote != NULL ? (size_t)(quote - rest.p) : rest.n;

		if (place != NULL) {
			buf_str(out, place->with);
			n = place->text.n;
		} else {
			buf_str(out, (struct str){rest.p, n});
		}
		rest.p += n;
		rest.n -= n;
	}
}

enum err openapi_handler(struct call *c)
{
	const struct app_config *cfg = &c->app->cfg;

	c->res->status = 200;
	http_response_header(c->res, "Content-Type", STR("application/json"));
	http_response_header(c->res, "Cache-Control", STR("public, max-age=300"));
	openapi_write(c->arena, c->req.mount, cfg->api_prefix, cfg->edge_prefix, &c->res->body);
	return ERR_OK;
}
