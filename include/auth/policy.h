/* SPDX-License-Identifier: MIT
 * The access matrix of schema/api.md 3.3, in one place: which principal may call which class of
 * endpoint, and over which sessions. */
#ifndef AUTH_POLICY_H
#define AUTH_POLICY_H

#include "auth/principal.h"
#include "base/err.h"

/* What a route requires (a column of the route table). */
enum access {
	ACCESS_PUBLIC,   /* no token is read */
	ACCESS_OPTIONAL, /* open without a credential; one that is sent has to be valid */
	ACCESS_PLATFORM_READ,
	ACCESS_PLATFORM_WRITE,
	ACCESS_TENANT_READ, /* for the tenant in the path */
	ACCESS_TENANT_WRITE,
	ACCESS_ME,
	ACCESS_EDGE_READ,
	ACCESS_EDGE_WRITE,
	ACCESS_INGEST,     /* sessions:write */
	ACCESS_INTROSPECT, /* sessions:introspect, or sessions:write */
	ACCESS__COUNT
};

/* The sessions that a permitted call may read or change. */
enum reach {
	REACH_NONE, /* refused */
	REACH_ALL,
	REACH_PARTNER, /* tenants of the principal's partner */
	REACH_TENANT,  /* the principal's tenant */
	REACH_OWN,     /* the principal's own sessions */
};

/* REACH_NONE if the call is refused (403). A partner or tenant administrator whose token names no
 * partner or tenant reaches nothing. ACCESS_PUBLIC and ACCESS_OPTIONAL give everybody REACH_OWN;
 * `who` may then be NULL. Every role needs the scope of ACCESS_INGEST and ACCESS_INTROSPECT. */
enum reach policy_reach(const struct principal *who, enum access access);

/* For a refused call: a phrase for the client that names what its token lacks. */
const char *policy_wants(const struct principal *who, enum access access);

#endif
