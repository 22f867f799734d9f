/* SPDX-License-Identifier: MIT
 * Who is calling and over which sessions: from the credentials and the route's access column to a
 * scope that handlers only narrow. Called by dispatch; reads the database for liveness and for the
 * tenant of the path. The matrix itself is auth/policy.c. */
#include "api/call.h"
#include "model/session.h"

struct str bearer_token(struct str header)
{
	struct str scheme = STR("Bearer ");

	header = str_trim(header);
	if (header.n <= scheme.n || !str_eq_nocase((struct str){header.p, scheme.n}, scheme))
		return STR_NONE;
	return str_trim((struct str){header.p + scheme.n, header.n - scheme.n});
}

/* The session that a token names has to be its subject's own, in the tenant it claims: ids are one
 * space for all tenants, and what one of them purged another may take. */
static enum err session_lives(struct call *c)
{
	struct session_scope own = {
		.session_id = c->who.session_id,
		.user_id = c->who.subject,
		.tenant_id = c->who.tenant_id,
		.active = true,
	};

	return session_exists(c->app->db, c->arena, &own);
}

static enum err authenticate(struct call *c)
{
	struct str token = bearer_token(http_header(&c->req, "AUTHORIZATION"));
	enum err err;

	if (c->dialect->credentials != NULL && c->dialect->credentials(c, &err))
		return err;
	if (token.p == NULL)
		return ERR_UNAUTHORIZED;
	err = jwt_verify(c->app->jwt, c->arena, token, clock_now_ms(), &c->who, &c->detail);
	if (err != ERR_OK || c->who.session_id.p == NULL)
		return err;
	err = session_lives(c);
	if (err == ERR_NOT_FOUND) {
		c->who = (struct principal){0};
		c->detail = "session is not active";
		return ERR_UNAUTHORIZED;
	}
	return err;
}

/* The tenant of the path, as this caller may know it: another's is 403 to a tenant administrator
 * and unknown to a partner (contract 2.5). */
static enum err enter_tenant(struct call *c)
{
	struct str tenant = call_var(c, "tenant_id");
	struct str partner;
	enum err err;

	if (c->reach == REACH_TENANT && !str_eq(tenant, c->who.tenant_id))
		return ERR_FORBIDDEN;
	err = tenant_partner(c->app->db, c->arena, tenant, &partner);
	if (err == ERR_OK && c->reach == REACH_PARTNER && !str_eq(partner, c->who.partner_id))
		err = ERR_NOT_FOUND;
	if (err == ERR_NOT_FOUND)
		c->detail = "Tenant not found";
	c->scope.tenant_id = tenant;
	return err;
}

enum err call_authorise(struct call *c)
{
	enum access access = c->route->access;
	enum err err;

	if (access == ACCESS_PUBLIC)
		return ERR_OK;
	err = authenticate(c);
	if (err != ERR_OK)
		return err;
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
	if (access == ACCESS_TENANT_READ || access == ACCESS_TENANT_WRITE)
		return enter_tenant(c);
	return ERR_OK;
}
