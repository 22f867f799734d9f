/* SPDX-License-Identifier: MIT
 * The access matrix of schema/api.md 3.3 and nothing else. In the last two columns a scope and
 * platform_token decide who may register and check sessions, whatever the role. */
#include "auth/policy.h"

struct cell {
	enum reach reach;
	unsigned scope; /* the token needs one of these bits; 0: none */
};

#define NONE                                                                                       \
	{                                                                                          \
		REACH_NONE, 0                                                                      \
	}
#define ALL                                                                                        \
	{                                                                                          \
		REACH_ALL, 0                                                                       \
	}
#define PARTNER                                                                                    \
	{                                                                                          \
		REACH_PARTNER, 0                                                                   \
	}
#define TENANT                                                                                     \
	{                                                                                          \
		REACH_TENANT, 0                                                                    \
	}
#define OWN                                                                                        \
	{                                                                                          \
		REACH_OWN, 0                                                                       \
	}
#define READ                                                                                       \
	{                                                                                          \
		REACH_ALL, SCOPE_ADMIN_READ                                                        \
	}
#define WRITE                                                                                      \
	{                                                                                          \
		REACH_ALL, SCOPE_ADMIN_WRITE                                                       \
	}
#define INGEST                                                                                     \
	{                                                                                          \
		REACH_ALL, SCOPE_SESSIONS_WRITE                                                    \
	}
#define CHECK                                                                                      \
	{                                                                                          \
		REACH_ALL, SCOPE_SESSIONS_INTROSPECT | SCOPE_SESSIONS_WRITE                        \
	}

/* A public endpoint is open to everybody and reaches no sessions; its cell is OWN. */
static const struct cell matrix[PRINCIPAL__COUNT][ACCESS__COUNT] = {
	/* public, optional, platform read, write, tenant read, write, me, Edge read, write, ingest,
	 * introspect */
	[PRINCIPAL_SUPER_ADMIN] = {OWN, OWN, ALL, ALL, ALL, ALL, OWN, ALL, ALL, INGEST, CHECK},
	[PRINCIPAL_SERVICE] = {OWN, OWN, READ, WRITE, READ, WRITE, NONE, READ, WRITE, INGEST,
		CHECK},
	[PRINCIPAL_PARTNER_ADMIN] = {OWN, OWN, PARTNER, PARTNER, PARTNER, PARTNER, OWN, NONE, NONE,
		INGEST, CHECK},
	[PRINCIPAL_TENANT_ADMIN] = {OWN, OWN, NONE, NONE, TENANT, TENANT, OWN, NONE, NONE, INGEST,
		CHECK},
	[PRINCIPAL_USER] = {OWN, OWN, NONE, NONE, NONE, NONE, OWN, NONE, NONE, INGEST, CHECK},
};

static bool has_scope(const struct principal *who, const struct cell *cell)
{
	return cell->scope == 0 || (who->scopes & cell->scope) != 0;
}

enum reach policy_reach(const struct principal *who, enum access access)
{
	const struct cell *cell;
	enum reach reach;

	if (access == ACCESS_PUBLIC || access == ACCESS_OPTIONAL)
		return REACH_OWN;
	BUG_ON(who->kind >= PRINCIPAL__COUNT || access >= ACCESS__COUNT);
	cell = &matrix[who->kind][access];
	if (!has_scope(who, cell))
		return REACH_NONE;
	reach = cell->reach;
	if ((access == ACCESS_INGEST || access == ACCESS_INTROSPECT) && !who->platform_token)
		reach = REACH_TENANT;
	if (reach == REACH_PARTNER && who->partner_id.n == 0)
		return REACH_NONE;
	if (reach == REACH_TENANT && who->tenant_id.n == 0)
		return REACH_NONE;
	return reach;
}

static const char *scope_wanted(unsigned scope)
{
	if (scope == SCOPE_ADMIN_READ)
		return "the scope admin:read";
	if (scope == SCOPE_ADMIN_WRITE)
		return "the scope admin:write";
	if (scope & SCOPE_SESSIONS_INTROSPECT)
		return "the scope sessions:introspect or sessions:write";
	return "the scope sessions:write";
}

const char *policy_wants(const struct principal *who, enum access access)
{
	static const char *const roles[ACCESS__COUNT] = {
		[ACCESS_PLATFORM_READ] = "the role super_admin or partner_admin",
		[ACCESS_PLATFORM_WRITE] = "the role super_admin or partner_admin",
		[ACCESS_TENANT_READ] = "the role tenant_admin, partner_admin or super_admin",
		[ACCESS_TENANT_WRITE] = "the role tenant_admin, partner_admin or super_admin",
		[ACCESS_ME] = "the token of a person, without platform_token",
		[ACCESS_EDGE_READ] = "the role super_admin",
		[ACCESS_EDGE_WRITE] = "the role super_admin",
		[ACCESS_INGEST] = "the claim tenant_id, or platform_token",
		[ACCESS_INTROSPECT] = "the claim tenant_id, or platform_token",
	};
	const struct cell *cell = &matrix[who->kind][access];

	if (!has_scope(who, cell))
		return scope_wanted(cell->scope);
	if (cell->reach == REACH_PARTNER && who->partner_id.n == 0)
		return "the claim partner_id";
	if (cell->reach == REACH_TENANT && who->tenant_id.n == 0)
		return "the claim tenant_id";
	return roles[access] != NULL ? roles[access] : "another token";
}
