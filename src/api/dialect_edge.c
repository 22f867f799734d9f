/* SPDX-License-Identifier: MIT
 * The only writer of the Edge Management API's envelopes and error bodies (schema/api.md 4).
 * `message` is OpenZiti's fixed sentence for the code, and `cause` says what was wrong. */
#include "handlers.h"

#include "http/response.h"
#include "json/writer.h"
#include "query/query.h"

struct outcome {
	int status;
	const char *code, *message;
};

static const char unauthorized[] = "The request could not be completed. The session is not "
				   "authorized or the credentials are invalid";
static const char busy[] =
	"The request could not be completed due to the server being busy or in a "
	"temporarily bad state";
static const char invalid[] = "The supplied request contains an invalid document";

static const struct outcome outcomes[ERR__COUNT] = {
	[ERR_BAD_REQUEST] = {400, "COULD_NOT_VALIDATE", invalid},
	[ERR_INVALID] = {400, "COULD_NOT_VALIDATE", invalid},
	[ERR_INVALID_FILTER] = {400, "INVALID_FILTER", "The filter query supplied is invalid"},
	[ERR_INVALID_SORT] = {400, "INVALID_SORT_IDENTIFIER", "The sort order supplied is invalid"},
	[ERR_UNAUTHORIZED] = {401, "UNAUTHORIZED", unauthorized},
	[ERR_SESSION_ENDED] = {401, "UNAUTHORIZED", unauthorized},
	[ERR_STEP_UP] = {401, "UNAUTHORIZED", unauthorized},
	[ERR_FORBIDDEN] = {403, "UNAUTHORIZED", unauthorized},
	[ERR_NOT_FOUND] = {404, "NOT_FOUND",
		"The resource requested was not found or is no longer available"},
	[ERR_METHOD] = {405, "METHOD_NOT_ALLOWED", "The method is not allowed on this resource"},
	[ERR_NOT_ACCEPTABLE] = {406, "NOT_ACCEPTABLE",
		"The accept header allows none of the content types of this resource"},
	[ERR_UNAVAILABLE] = {503, "SERVER_TOO_MANY_REQUESTS", busy},
	[ERR_SCHEMA] = {503, "SERVER_TOO_MANY_REQUESTS", busy},
	[ERR_BUSY] = {503, "SERVER_TOO_MANY_REQUESTS", busy},
	[ERR_TIMEOUT] = {503, "SERVER_TOO_MANY_REQUESTS", busy},
	[ERR_RETRY] = {503, "SERVER_TOO_MANY_REQUESTS", busy},
	[ERR_LOST] = {503, "SERVER_TOO_MANY_REQUESTS", busy},
};
static const struct outcome invalid_page = {
	400, "INVALID_PAGINATION", "The pagination properties provided are invalid"};
static const struct outcome unhandled = {500, "UNHANDLED", "An unhandled error occurred"};

struct json_writer *edge_open(struct call *c)
{
	struct json_writer *w = json_writer_new(c->arena, &c->res->body);

	http_response_header(c->res, "Content-Type", STR("application/json; charset=utf-8"));
	json_obj(w, NULL);
	return w;
}

void edge_meta(struct json_writer *w)
{
	json_obj(w, "meta");
	json_cstr(w, "apiEnrollmentVersion", "0.0.1");
	json_cstr(w, "apiVersion", "0.0.1");
}

enum err edge_close(struct json_writer *w)
{
	json_end(w);
	json_end(w);
	return json_finish(w);
}

static void put_plain_cause(struct json_writer *w, struct str message)
{
	json_cstr(w, "code", "UNHANDLED");
	json_str(w, "message", message);
}

/* Writes error.cause and error.causeMessage; the kinds differ in shape (schema/filter.md 8). The
 * model has an object there and no null, so a cause that nobody knows is an empty one. */
static void put_cause(struct json_writer *w, const struct call *c)
{
	const struct fault *f = &c->faults.list[0];
	struct str words = STR("");

	json_obj(w, "cause");
	if (c->faults.count > 0) {
		words = str_from(f->msg);
		json_str(w, "field", f->loc[f->depth - 1].name);
		json_str(w, "value", f->value);
		json_str(w, "reason", words);
	} else if (c->query_error != NULL) {
		words = c->query_error->message;
		put_plain_cause(w, words);
	} else if (c->detail != NULL) {
		words = str_from(c->detail);
		put_plain_cause(w, words);
	}
	json_end(w);
	json_str(w, "causeMessage", words);
}

static const struct outcome *outcome_of(const struct call *c, enum err err)
{
	if (c->faults.count > 0 && strcmp(c->faults.list[0].type, EDGE_FAULT_PAGE) == 0)
		return &invalid_page;
	return outcomes[err].status != 0 ? &outcomes[err] : &unhandled;
}

static void fail(struct call *c, enum err err)
{
	const struct outcome *o = outcome_of(c, err);
	struct json_writer *w = edge_open(c);

	c->res->status = o->status;
	if (o->status == 401)
		http_response_header(c->res, "WWW-Authenticate",
			err == ERR_STEP_UP ? step_up_challenge(c) : STR("zt-session, Bearer"));
	if (o->status == 503)
		http_response_retry_after(c->res, c->app->cfg.retry_after_s);
	json_obj(w, "error");
	json_obj(w, "args");
	json_obj(w, "urlVars");
	if (c->route != NULL && c->match.var_count > 0)
		json_str(w, "id", c->match.vars[0]);
	json_end(w);
	json_end(w);
	put_cause(w, c);
	json_cstr(w, "code", o->code);
	json_cstr(w, "message", o->message);
	json_cstr(w, "requestId", c->req.id);
	json_end(w);
	edge_meta(w);
	if (edge_close(w) != ERR_OK)
		http_response_restart(c->res);
}

const struct dialect dialect_edge = {
	.fail = fail,
	.negotiates = true,
};
