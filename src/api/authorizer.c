/* SPDX-License-Identifier: MIT
 * Lets requests to other applications pass while their session lives. Called by server/worker.c in
 * the Authorizer role and by dispatch for /authorize. One read of the store a request; last
 * activity is written behind the answer (struct after), at most once per session per interval. */
#include "api/authorizer.h"

#include "api/credential.h"
#include "api/id.h"
#include "api/metric.h"
#include "api/record.h"

/* Takes the value of the next cookie of that name off the front of a Cookie header, without the
 * quotes it may wear (RFC 6265 section 4.1.1). */
static bool next_cookie(struct str *rest, const char *name, struct str *value)
{
	struct str pair, key;

	while (str_split(rest, ';', &pair)) {
		pair = str_trim(pair);
		if (pair.n == 0 || !str_split(&pair, '=', &key) || pair.p == NULL ||
			!str_eq(key, str_from(name)))
			continue;
		if (pair.n >= 2 && pair.p[0] == '"' && pair.p[pair.n - 1] == '"')
			pair = (struct str){pair.p + 1, pair.n - 2};
		*value = pair;
		return true;
	}
	return false;
}

static enum metric_number decision(enum err err)
{
	if (err == ERR_OK)
		return METRIC_ALLOWED;
	return err == ERR_UNAUTHORIZED ? METRIC_DENIED : METRIC_UNDECIDED;
}

/* Of rows written with SQL; nothing else is registered, but a JWT says what it likes. */
static bool is_told(const struct credential *cred)
{
	return id_is_carried(cred->session_id) && id_is_carried(cred->user_id) &&
	       id_is_carried(cred->tenant_id);
}

static enum err check_token(
	const struct app *app, struct arena *a, struct str token, struct credential *cred)
{
	enum err err = credential_check(app, a, token, cred);

	if (err == ERR_OK && cred->session_id.p == NULL)
		err = ERR_UNAUTHORIZED; /* a token without a session proves no session */
	if (err == ERR_OK && !is_told(cred))
		err = ERR_UNAUTHORIZED;
	return err;
}

/* A browser sends every cookie of a name, also those that another host of a common parent domain
 * has set, or this one for another path: the first that opens counts. */
static enum err check_cookies(const struct app *app, struct arena *a,
	const struct http_request *req, struct credential *cred)
{
	struct str rest = http_header(req, "COOKIE"), token;
	enum err err = ERR_UNAUTHORIZED;

	for (int i = 0; i < LIMIT_COOKIES && err == ERR_UNAUTHORIZED; i++) {
		if (!next_cookie(&rest, app->cfg.cookie, &token))
			break;
		err = check_token(app, a, token, cred);
	}
	return err;
}

/* The header a program sets on purpose wins over the cookie a browser sends along. */
static enum err check(const struct app *app, struct arena *a, const struct http_request *req,
	struct credential *cred, struct after *after)
{
	struct str token = bearer_token(http_header(req, "AUTHORIZATION"));
	enum err err;

	if (token.p == NULL)
		token = str_trim(http_header(req, "ZT_SESSION"));
	err = token.p != NULL ? check_token(app, a, token, cred) : check_cookies(app, a, req, cred);
	if (err == ERR_OK && cred->activity_due)
		after->touch_session = cred->session_id;
	metric_add(app->metric, decision(err), 1);
	return err;
}

enum err authorizer_handler(struct call *c)
{
	struct credential cred;
	enum err err = check(c->app, c->arena, &c->req, &cred, c->after);

	if (err != ERR_OK)
		return err;
	c->who.subject = cred.user_id; /* for the log */
	c->res->status = 200;
	http_response_header(c->res, "X-Rollcall-Session", cred.session_id);
	http_response_header(c->res, "X-Rollcall-User", cred.user_id);
	http_response_header(c->res, "X-Rollcall-Tenant", cred.tenant_id);
	return ERR_OK;
}

/* Only a refusal: what lets a request in is not the answer, and some web servers would put its
 * headers on the application's. */
static void refuse(const struct app *app, struct http_response *res, enum err err)
{
	http_response_is_private(res);
	if (err != ERR_UNAUTHORIZED) {
		res->status = 503;
		http_response_header(res, "Retry-After",
			str_printf(res->arena, "%lld", (long long)app->cfg.retry_after_s));
	} else if (app->cfg.login_url != NULL) {
		res->status = 302;
		http_response_header(res, "Location", str_from(app->cfg.login_url));
	} else {
		res->status = 401;
		http_response_header(res, "WWW-Authenticate", STR("Bearer"));
	}
	http_response_header(res, "Content-Type", STR("text/plain"));
	buf_str(&res->body, str_from(http_status_text(res->status)));
}

void authorizer_answer(const struct app *app, struct arena *a, const struct http_env *env,
	struct http_response *res, struct after *after)
{
	struct http_request *req = arena_zalloc(a, sizeof(*req));
	struct credential cred;
	struct record record;
	enum err err;

	record_begin(&record, app);
	record_route(&record, metric_authorizer());
	http_request_parse(req, a, env, NULL, 0, STR_NONE);
	after->request_id = record.request_id = req->id;
	record.method = http_method_text(req->method);
	http_response_header(res, "X-Request-Id", str_from(req->id));
	err = check(app, a, req, &cred, after);
	if (err == ERR_OK) {
		res->status = 200;
		record.caller = cred.user_id;
		http_response_header(res, "Variable-ROLLCALL_SESSION", cred.session_id);
		http_response_header(res, "Variable-ROLLCALL_USER", cred.user_id);
		http_response_header(res, "Variable-ROLLCALL_TENANT", cred.tenant_id);
	} else {
		refuse(app, res, err);
	}
	record_end(&record, res, err);
}
