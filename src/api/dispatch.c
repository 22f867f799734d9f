/* SPDX-License-Identifier: MIT
 * The life of a request: parse, route, access, parameters, body, handler, answer, one log line.
 * Called by server/worker.c for every request; the only caller of handlers. What a row of the route
 * table says is enforced here. */
#include "api/edge.h"
#include "api/id.h"
#include "api/metric.h"
#include "api/record.h"
#include "api/routes.h"
#include "api/v1.h"
#include "model/activity.h"

struct str call_var(const struct call *c, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < c->match.var_count; i++)
		if (strncmp(c->match.var_names[i], name, n) == 0 && c->match.var_names[i][n] == '}')
			return c->match.vars[i];
	bug(__FILE__, __LINE__, "a variable that the route does not have");
}

struct revoke_call call_revoke(const struct call *c, const struct session_scope *scope)
{
	return (struct revoke_call){
		.scope = *scope,
		.by = c->who.subject,
		.endpoint = str_from(c->route->name),
		.request_id = str_from(c->req.id),
		.if_count = -1,
	};
}

enum err call_end_sessions(const struct call *c, struct revoke_call *revoke)
{
	enum err err = revoke_sessions(c->app->db, c->arena, revoke);

	/* Batches that were committed before a failure stay so. */
	metric_add(c->app->metric, METRIC_REVOKED, (uint64_t)revoke->count);
	return err;
}

#define JSON_TOO_MUCH                                                                              \
	"JSON decode error: more than " LIMIT_TEXT(                                                \
		LIMIT_JSON_NODES) " values, or nested deeper than " LIMIT_TEXT(LIMIT_JSON_DEPTH)

enum err call_parse_body(struct call *c)
{
	struct str type = http_header(&c->req, "CONTENT_TYPE");
	struct json *tree;
	size_t at = 0;
	enum err err;

	if (c->req.body.n == 0) {
		fault_add(&c->faults, "body", NULL, -1, "missing", "Field required");
		return ERR_INVALID;
	}
	if (!http_is_json(type))
		return ERR_MEDIA_TYPE;
	err = json_parse(c->arena, c->req.body, &tree, &at);
	if (err == ERR_INVALID || err == ERR_TOO_LARGE) {
		fault_add(&c->faults, "body", NULL, (int64_t)at, "json_invalid",
			err == ERR_INVALID ? "JSON decode error" : JSON_TOO_MUCH);
		return ERR_INVALID;
	}
	if (err == ERR_OK && tree->type != JSON_OBJECT) {
		fault_add(&c->faults, "body", NULL, -1, "model_attributes_type",
			"Input should be a valid dictionary or object to extract fields from");
		return ERR_INVALID;
	}
	c->body = tree;
	return err;
}

/* Reads the body as the route wants it. */
static enum err read_body(struct call *c)
{
	enum err err;

	if (c->route->body == BODY_NONE)
		return ERR_OK;
	err = http_request_body(&c->req, c->app->cfg.body_limit);
	if (err != ERR_OK || c->route->body == BODY_RAW)
		return err;
	if (c->route->body == BODY_MAYBE && c->req.body.n == 0)
		return ERR_OK;
	return call_parse_body(c);
}

static bool accepts(const struct call *c)
{
	return !c->dialect->negotiates || http_accepts_json(http_header(&c->req, "ACCEPT"));
}

/* Everything between the route and the answer. */
static enum err serve(struct call *c)
{
	enum err err;

	if (!c->req.query_ok) {
		c->detail = "Query string too long";
		return ERR_BAD_REQUEST;
	}
	if (!accepts(c))
		return ERR_NOT_ACCEPTABLE;
	err = call_authorise(c);
	if (err == ERR_OK)
		err = call_read_params(c);
	if (err == ERR_OK)
		err = read_body(c);
	if (err == ERR_OK)
		err = c->route->handler(c);
	return err;
}

/* The name that routes know a base path by; where the API's lie is the installation's choice. */
static const char *prefix_name(const struct app *app, struct str prefix)
{
	if (str_eq(prefix, app->cfg.api_prefix))
		return PREFIX_V1;
	if (str_eq(prefix, app->cfg.edge_prefix))
		return PREFIX_EDGE;
	return prefix.p != NULL ? prefix.p : "";
}

static bool may_be(struct str variable, struct str value)
{
	return !str_eq(variable, STR("{session_id}")) || !id_is_reserved(value);
}

static enum err find_route(struct call *c)
{
	const char *prefix = prefix_name(c->app, c->req.prefix);

	c->dialect = strcmp(prefix, PREFIX_EDGE) == 0 ? &dialect_edge : &dialect_v1;
	if (!c->req.path_ok)
		return ERR_NOT_FOUND;
	c->match = router_match(routes, route_count, sizeof(routes[0]), may_be, prefix, &c->req);
	c->route = c->match.row;
	if (c->route != NULL) {
		c->dialect = c->route->dialect;
		return ERR_OK;
	}
	if (!c->match.path_known)
		return ERR_NOT_FOUND;
	http_response_header(c->res, "Allow", c->match.allow);
	return ERR_METHOD;
}

void dispatch(const struct app *app, struct arena *a, const struct http_env *env,
	struct http_response *res, struct after *after)
{
	const struct str prefixes[] = {
		app->cfg.api_prefix,
		app->cfg.edge_prefix,
		STR(PREFIX_HEALTHZ),
		STR(PREFIX_READYZ),
		STR(PREFIX_METRICS),
		STR(PREFIX_AUTHORIZE),
	};
	struct call *c = arena_zalloc(a, sizeof(*c));
	struct record record;
	enum err err;

	record_begin(&record, app);
	c->app = app;
	c->after = after;
	c->arena = a;
	c->res = res;
	c->faults.arena = a;
	http_request_parse(&c->req, a, env, prefixes, ARRAY_LEN(prefixes), app->cfg.mount);
	after->request_id = record.request_id = c->req.id;
	record.method = http_method_text(c->req.method);
	http_response_header(res, "X-Request-Id", str_from(c->req.id));
	res->head_only = c->req.method == HTTP_HEAD;

	err = find_route(c);
	record_route(&record, metric_route(c->route));
	if (err == ERR_OK)
		err = serve(c);
	if (err == ERR_UNAUTHORIZED || err == ERR_FORBIDDEN)
		record.refused = c->detail; /* before the dialect makes an answer of it */
	if (err != ERR_OK && !res->started) {
		http_response_restart(res);
		c->dialect->fail(c, err);
	}
	record.caller = c->who.subject;
	record_end(&record, res, err);
}

void after_answer(const struct app *app, const struct after *after)
{
	enum err err;

	if (after->touch_session.p == NULL)
		return;
	err = activity_touch(app->db, after->touch_session, app->cfg.activity_interval_s);
	metric_database(app->metric, app->db);
	if (err != ERR_OK)
		log_event(LOG_WARN, "activity not recorded", "request", after->request_id,
			"outcome", err_text(err), "why", db_error_text(app->db), NULL);
}
