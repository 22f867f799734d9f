/* SPDX-License-Identifier: MIT
 * The only writer of the Sessions API's envelopes and error bodies (schema/api.md 2.1, 2.2, 2.5).
 */
#include "handlers.h"

#include "base/clock.h"
#include "http/response.h"
#include "json/writer.h"

struct outcome {
	int status;
	const char *detail; /* used unless the call has words of its own */
};

static const struct outcome outcomes[ERR__COUNT] = {
	[ERR_BAD_REQUEST] = {400, "Bad request"},
	[ERR_UNAUTHORIZED] = {401, "Not authenticated"},
	[ERR_SESSION_ENDED] = {401, "session is not active"},
	[ERR_STEP_UP] = {401, "A more recent sign-in is required"},
	[ERR_FORBIDDEN] = {403, "Not enough permissions"},
	[ERR_NOT_FOUND] = {404, "Not Found"},
	[ERR_NO_TENANT] = {404, "Tenant not found"},
	[ERR_METHOD] = {405, "Method Not Allowed"},
	[ERR_NOT_ACCEPTABLE] = {406, "Not Acceptable"},
	[ERR_CONFLICT] = {409, "Conflict"},
	[ERR_TOO_LARGE] = {413, "Request body too large"},
	[ERR_MEDIA_TYPE] = {415, "Unsupported media type, send application/json"},
	[ERR_UNAVAILABLE] = {503, "Service Unavailable"},
	[ERR_SCHEMA] = {503, "Service Unavailable"},
	[ERR_TIMEOUT] = {503, "Service Unavailable"},
	[ERR_BUSY] = {503, "Too many searches at once"},
	[ERR_RETRY] = {503, "Service Unavailable"},
	[ERR_LOST] = {503, "Service Unavailable"},
};

struct json_writer *v1_open(struct call *c, int status)
{
	struct json_writer *w = json_writer_new(c->arena, &c->res->body);

	c->res->status = status;
	http_response_header(c->res, "Content-Type", STR("application/json"));
	json_obj(w, NULL);
	return w;
}

enum err v1_close(struct call *c, struct json_writer *w)
{
	json_obj(w, "meta");
	json_cstr(w, "request_id", c->req.id);
	json_time(w, "timestamp", clock_now_ms());
	json_end(w);
	json_end(w);
	return json_finish(w);
}

/* RFC 9470 section 3. */
struct str step_up_challenge(const struct call *c)
{
	return str_printf(c->arena,
		"Bearer error=\"insufficient_user_authentication\", "
		"error_description=\"A more recent sign-in is required\", max_age=\"%lld\"",
		(long long)c->app->cfg.step_up_s);
}

static void put_fault(struct json_writer *w, const struct fault *f)
{
	json_obj(w, NULL);
	json_arr(w, "loc");
	for (size_t i = 0; i < f->depth; i++) {
		if (f->loc[i].name.p != NULL)
			json_str(w, NULL, f->loc[i].name);
		else
			json_i64(w, NULL, f->loc[i].index);
	}
	json_end(w);
	json_cstr(w, "msg", f->msg);
	json_cstr(w, "type", f->type);
	json_end(w);
}

/* RFC 6750 section 3. */
static void challenge(struct call *c, enum err err)
{
	struct str value = STR("Bearer");

	if (err == ERR_STEP_UP) {
		value = step_up_challenge(c);
	} else if (err != ERR_FORBIDDEN && c->detail != NULL) {
		value = str_printf(c->arena,
			"Bearer error=\"invalid_token\", error_description=\"%s\"", c->detail);
		c->detail = arena_printf(c->arena, "Invalid token: %s", c->detail);
	} else if (err == ERR_FORBIDDEN) {
		value = STR("Bearer error=\"insufficient_scope\"");
	}
	/* A route that OAuth clients ask takes HTTP Basic too. */
	if (err != ERR_FORBIDDEN && c->route->body == BODY_OAUTH)
		value = str_printf(c->arena, "%.*s, Basic realm=\"rollcall\"", STR_FMT(value));
	http_response_header(c->res, "WWW-Authenticate", value);
}

static void fail(struct call *c, enum err err)
{
	struct json_writer *w = json_writer_new(c->arena, &c->res->body);
	const struct outcome *o = &outcomes[err];

	c->res->status = err == ERR_INVALID ? 422 : o->status != 0 ? o->status : 500;
	if (err == ERR_SESSION_ENDED)
		c->detail = o->detail;
	if (c->res->status == 401 || err == ERR_FORBIDDEN)
		challenge(c, err);
	if (c->res->status == 503)
		http_response_retry_after(c->res, c->app->cfg.retry_after_s);
	http_response_header(c->res, "Content-Type", STR("application/json"));
	json_obj(w, NULL);
	if (err == ERR_INVALID) {
		json_arr(w, "detail");
		for (size_t i = 0; i < c->faults.count; i++)
			put_fault(w, &c->faults.list[i]);
		json_end(w);
	} else if (c->res->status == 500) {
		json_cstr(w, "detail", "Internal Server Error");
	} else {
		json_cstr(w, "detail", c->detail != NULL ? c->detail : o->detail);
	}
	json_end(w);
	if (json_finish(w) != ERR_OK)
		http_response_restart(c->res);
}

const struct dialect dialect_v1 = {.fail = fail, .takes_cookie = true};
