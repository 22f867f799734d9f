/* SPDX-License-Identifier: MIT
 * Lets requests to other applications pass while their session lives. Called by server/worker.c in
 * the Authorizer role and by dispatch for /authorize. One read of the store a request; last
 * activity is written behind the answer (struct after), at most once per session per interval. */
#include "api/authorizer.h"

#include "call/credential.h"
#include "call/id.h"
#include "call/metric.h"
#include "call/request_log.h"
#include "handlers.h"
#include "http/response.h"

static enum metric_number decision(enum err err)
{
	if (err == ERR_OK)
		return METRIC_ALLOWED;
	return err == ERR_UNAUTHORIZED ? METRIC_DENIED : METRIC_UNDECIDED;
}

/* Whether headers can carry the ids. Those of registered sessions they can; rows that were written
 * with plain SQL, and JWTs, may have others. */
static bool is_told(const struct principal *who)
{
	return id_is_carried(who->session_id) && id_is_carried(who->subject) &&
	       id_is_carried(who->tenant_id);
}

static enum err check(const struct app *app, struct arena *a, const struct http_request *req,
	struct principal *who, struct after *after)
{
	struct credential cred;
	const char *why;
	enum err err = credential_of_request(app, a, req, CREDENTIAL_COOKIE_TOO, &cred, &why);

	if (err == ERR_OK)
		err = credential_confirm(app, a, &cred);
	/* A token without a session proves no session. */
	if (err == ERR_OK && (!cred.confirmed || !is_told(&cred.who)))
		err = ERR_UNAUTHORIZED;
	if (err == ERR_OK && cred.activity_due != ACTIVITY_NOTED) {
		after->touch_session = cred.who.session_id;
		after->touch_due = cred.activity_due;
	}
	/* The web server asks for no reason, and tells none. */
	if (err == ERR_SESSION_ENDED)
		err = ERR_UNAUTHORIZED;
	metric_add(app->metric, decision(err), 1);
	*who = cred.who;
	return err;
}

enum err authorizer_handler(struct call *c)
{
	struct principal who;
	enum err err = check(c->app, c->arena, &c->req, &who, c->after);

	if (err != ERR_OK)
		return err;
	c->who.subject = who.subject; /* for the log */
	c->res->status = 200;
	http_response_header(c->res, "X-Rollcall-Session", who.session_id);
	http_response_header(c->res, "X-Rollcall-User", who.subject);
	http_response_header(c->res, "X-Rollcall-Tenant", who.tenant_id);
	return ERR_OK;
}

/* Writes a refusal. An answer that lets a request in has none of these headers, because some web
 * servers add them to the application's answer. */
static void refuse(const struct app *app, struct http_response *res, enum err err)
{
	http_response_is_private(res);
	if (err != ERR_UNAUTHORIZED) {
		res->status = 503;
		http_response_retry_after(res, app->cfg.retry_after_s);
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
	struct principal who;
	struct request_log log;
	enum err err;

	request_log_begin(&log, app);
	request_log_route(&log, metric_authorizer(app->routes));
	http_request_parse(req, a, env, NULL, 0, STR_NONE);
	after->request_id = log.request_id = req->id;
	log.method = http_method_text(req->method);
	http_response_header(res, "X-Request-Id", str_from(req->id));
	err = check(app, a, req, &who, after);
	if (err == ERR_OK) {
		res->status = 200;
		log.caller = who.subject;
		http_response_header(res, "Variable-ROLLCALL_SESSION", who.session_id);
		http_response_header(res, "Variable-ROLLCALL_USER", who.subject);
		http_response_header(res, "Variable-ROLLCALL_TENANT", who.tenant_id);
	} else {
		refuse(app, res, err);
	}
	request_log_end(&log, res, err);
}
