/* SPDX-License-Identifier: MIT
 * What a handler may ask of its call; see the header. */
#include "call/call.h"

#include "call/metric.h"
#include "json/reader.h"
#include "model/revoke.h"
#include "query/query.h"

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
		.by = {c->who.subject, c->who.tenant_id,
			str_from(principal_kind_text(c->who.kind))},
		.endpoint = str_from(c->route->name),
		.request_id = str_from(c->req.id),
		.if_count = -1,
	};
}

struct revoke_call call_revoke_by_policy(
	const struct call *c, struct str tenant_id, const char *reason)
{
	struct revoke_call revoke = call_revoke(c, &c->scope);

	revoke.by = (struct revoker){STR("session-policy"), tenant_id, STR("policy")};
	revoke.reason = str_from(reason);
	return revoke;
}

void call_count_ended(const struct call *c, int64_t count)
{
	metric_add(c->app->metric, METRIC_REVOKED, (uint64_t)count);
}

enum err call_end_sessions(const struct call *c, struct revoke_call *revoke)
{
	const struct session_scope *scope = &revoke->scope;
	bool current = scope->session_id.p != NULL && c->who.session_id.p != NULL &&
		       str_eq(scope->session_id, c->who.session_id);
	enum err err = current ? ERR_OK : call_step_up(c);

	if (err == ERR_OK)
		err = revoke_sessions(c->app->db, revoke);

	/* Batches that were committed before a failure stay so. */
	call_count_ended(c, revoke->count);
	return err;
}

enum err call_enter_search(const struct call *c, const struct query *filter)
{
	if (query_is_all(filter) || query_is_lookup(filter))
		return ERR_OK;
	return metric_enter_costly(c->app->metric, c->app->cfg.costly_most) ? ERR_OK : ERR_BUSY;
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
