/* SPDX-License-Identifier: MIT
 * The life of a request: parse, route, access, parameters, body, handler, answer, one log line.
 * Called by server/worker.c for every request; the only caller of handlers. What a row of the route
 * table says is enforced here. */
#include "call/dispatch.h"

#include "access.h"
#include "base/log.h"
#include "call/call.h"
#include "call/id.h"
#include "call/metric.h"
#include "call/request_log.h"
#include "db/db.h"
#include "http/response.h"
#include "model/activity.h"
#include "params.h"

/* Reads the body as the route wants it. */
static enum err read_body(struct call *c)
{
	enum err err;

	if (c->route->body == BODY_NONE || c->route->body == BODY_OAUTH)
		return ERR_OK;
	err = http_request_body(&c->req, c->app->cfg.body_limit);
	if (err != ERR_OK)
		return err;
	if (c->route->body == BODY_MAYBE && c->req.body.n == 0)
		return ERR_OK;
	return call_parse_body(c);
}

static bool is_fault(enum err err)
{
	return err == ERR_BUSY || err == ERR_INTERNAL || err == ERR_UNAVAILABLE ||
	       err == ERR_SCHEMA || err == ERR_TIMEOUT || err == ERR_RETRY || err == ERR_LOST;
}

static bool accepts(const struct call *c)
{
	return !c->dialect->negotiates || http_accepts_json(http_header(&c->req, "ACCEPT"));
}

/* Everything between the route and the answer. */
static enum err serve(struct call *c)
{
	enum err err = ERR_OK;

	if (!c->req.query_ok) {
		c->detail = "Query string too long";
		return ERR_BAD_REQUEST;
	}
	if (!accepts(c))
		return ERR_NOT_ACCEPTABLE;
	if (c->route->body == BODY_OAUTH)
		err = http_request_body(&c->req, c->app->cfg.body_limit);
	if (err == ERR_OK)
		err = call_authorise(c);
	if (err == ERR_OK)
		err = call_read_params(c);
	if (err == ERR_OK)
		err = read_body(c);
	if (err == ERR_OK)
		err = c->route->handler(c);
	return err;
}

/* A handler that succeeds has confirmed the gate. A refusal may come before that; here the gate's
 * error takes its place. So a caller who has signed out, or who names an unknown tenant, learns
 * nothing else. */
static enum err confirm_refusal(struct call *c, enum err err)
{
	enum err gate;

	if (err == ERR_OK || err == ERR_UNAUTHORIZED || err == ERR_SESSION_ENDED || is_fault(err))
		return err;
	gate = call_confirm(c);
	return gate != ERR_OK ? gate : err;
}

/* The name of a base path in the route table. Where the two APIs are is a setting. */
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

/* The dialect for a path that no row has: that of the rows below the same base path. */
static const struct dialect *dialect_below(const struct route_table *routes, const char *prefix)
{
	for (size_t i = 0; i < routes->count; i++)
		if (strcmp(routes->rows[i].key.prefix, prefix) == 0)
			return routes->rows[i].dialect;
	return routes->elsewhere;
}

static enum err find_route(struct call *c)
{
	const struct route_table *routes = c->app->routes;
	const char *prefix = prefix_name(c->app, c->req.prefix);

	c->dialect = dialect_below(routes, prefix);
	if (!c->req.path_ok)
		return ERR_NOT_FOUND;
	c->match = router_match(
		routes->rows, routes->count, sizeof(routes->rows[0]), may_be, prefix, &c->req);
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
		STR(PREFIX_CONSOLE),
		STR(PREFIX_ROOT),
	};
	struct call *c = arena_zalloc(a, sizeof(*c));
	struct request_log log;
	enum err err;

	request_log_begin(&log, app);
	c->app = app;
	c->after = after;
	c->arena = a;
	c->res = res;
	c->faults.arena = a;
	http_request_parse(&c->req, a, env, prefixes, ARRAY_LEN(prefixes), app->cfg.mount);
	after->request_id = log.request_id = c->req.id;
	log.method = http_method_text(c->req.method);
	http_response_header(res, "X-Request-Id", str_from(c->req.id));
	http_response_is_private(res);
	res->head_only = c->req.method == HTTP_HEAD;

	err = find_route(c);
	request_log_route(&log, metric_route(app->routes, c->route));
	if (err == ERR_OK)
		err = confirm_refusal(c, serve(c));
	if (err == ERR_OK && !http_response_is_whole(res))
		err = ERR_INTERNAL;
	if (err == ERR_UNAUTHORIZED || err == ERR_FORBIDDEN)
		log.refused = c->detail; /* before the dialect makes an answer of it */
	if (err != ERR_OK) {
		http_response_restart(res);
		c->dialect->fail(c, err);
	}
	log.caller = c->who.subject;
	request_log_end(&log, res, err);
}

void after_answer(const struct app *app, const struct after *after)
{
	enum err err;

	if (after->touch_session.p == NULL)
		return;
	err = activity_touch(app->db, after->touch_session, &app->cfg.activity, after->touch_due);
	metric_database(app->metric, app->db);
	if (err != ERR_OK)
		log_event(LOG_WARN, "activity not recorded", "request", after->request_id,
			"outcome", err_text(err), "why", db_error_text(app->db), NULL);
}
