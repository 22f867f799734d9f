/* SPDX-License-Identifier: MIT
 * Who is calling and over which sessions: from the credential and the route's access column to a
 * scope that handlers only narrow. What the store has to confirm goes into the scope's gate and is
 * confirmed by the statement that does the work. The matrix itself is auth/policy.c. */
#include "access.h"

#include "call/credential.h"
#include "http/response.h"

static enum credential_sources sources_of(const struct call *c)
{
	if (c->route->body == BODY_OAUTH)
		return CREDENTIAL_CLIENT;
	return c->dialect->takes_cookie ? CREDENTIAL_COOKIE_TOO : CREDENTIAL_HEADERS;
}

static enum err authenticate(struct call *c)
{
	struct credential cred;
	enum err err =
		credential_of_request(c->app, c->arena, &c->req, sources_of(c), &cred, &c->detail);

	if (err != ERR_OK)
		return err;
	c->who = cred.who;
	c->by_cookie = cred.by_cookie;
	c->scope.caller = (struct session_caller){
		cred.confirmed ? STR_NONE : c->who.session_id, c->who.subject, c->who.tenant_id};
	return ERR_OK;
}

static bool changes(enum http_method method)
{
	return method != HTTP_GET && method != HTTP_HEAD;
}

/* Whether an origin is the request's own scheme and host. */
static bool is_own_origin(const struct call *c, struct str origin)
{
	const struct http_env *env = c->req.env;
	const char *https = env->get(env->ctx, "HTTPS");
	bool secure = https != NULL && str_eq_nocase(str_from(https), STR("on"));
	struct str own = str_printf(c->arena, "%s://%.*s", secure ? "https" : "http",
		STR_FMT(http_header(&c->req, "HOST")));

	return str_eq_nocase(origin, own);
}

/* Browsers send cookies along with requests that another site makes. Such a request must not change
 * anything (schema/api.md 3). */
static bool is_cross_site(const struct call *c)
{
	struct str site = str_trim(http_header(&c->req, "SEC_FETCH_SITE"));
	struct str origin = str_trim(http_header(&c->req, "ORIGIN"));

	if (site.n > 0)
		return !str_eq(site, STR("same-origin")) && !str_eq(site, STR("none"));
	return !is_own_origin(c, origin);
}

enum err call_authorise(struct call *c)
{
	enum access access = c->route->access;
	enum err err;

	if (access == ACCESS_PUBLIC)
		return ERR_OK;
	err = authenticate(c);
	if (access == ACCESS_OPTIONAL)
		return err == ERR_UNAUTHORIZED && c->detail == NULL ? ERR_OK : err;
	if (err != ERR_OK)
		return err;
	if (c->by_cookie && changes(c->req.method) && is_cross_site(c)) {
		c->detail = "Cross-site request refused";
		return ERR_FORBIDDEN;
	}
	c->reach = policy_reach(&c->who, access);
	switch (c->reach) {
	case REACH_NONE:
		c->detail = arena_printf(c->arena, "Not enough permissions: needs %s",
			policy_wants(&c->who, access));
		return ERR_FORBIDDEN;
	case REACH_ALL:
		break;
	case REACH_PARTNER:
		c->scope.partner_id = c->who.partner_id;
		break;
	case REACH_TENANT:
		c->scope.tenant_id = c->who.tenant_id;
		break;
	case REACH_OWN:
		c->scope.user_id = c->who.subject;
		c->scope.tenant_id = c->who.tenant_id;
		break;
	}
	if (access != ACCESS_TENANT_READ && access != ACCESS_TENANT_WRITE)
		return ERR_OK;
	/* Another tenant is forbidden to a tenant administrator, and unknown to a partner
	 * (schema/api.md 2.5). */
	if (c->reach == REACH_TENANT && !str_eq(call_var(c, "tenant_id"), c->who.tenant_id)) {
		c->detail = "Not enough permissions: the token is for another tenant";
		return ERR_FORBIDDEN;
	}
	c->scope.tenant_id = call_var(c, "tenant_id");
	c->scope.in_tenant = true;
	return ERR_OK;
}

enum err call_confirm(struct call *c)
{
	struct session_scope gate = {
		.caller = c->scope.caller,
		.in_tenant = c->scope.in_tenant,
		.tenant_id = c->scope.tenant_id,
		.partner_id = c->scope.partner_id,
	};

	return scope_check_gate(c->app->db, c->arena, &gate);
}
