/* SPDX-License-Identifier: MIT
 * The access matrix of schema/api.md 3.3, in one place: which principal may call which class of
 * endpoint, and over which sessions. Handlers never look at a role. */
#ifndef AUTH_POLICY_H
#define AUTH_POLICY_H

#include "auth/principal.h"
#include "base/err.h"

/* What a route asks for (a column of the route table). */
enum access {
	ACCESS_PUBLIC,   /* no token looked at */
	ACCESS_OPTIONAL, /* open to everybody; who presents a credential has to be known */
	ACCESS_PLATFORM_READ,
	ACCESS_PLATFORM_WRITE,
	ACCESS_TENANT_READ, /* of the tenant in the path */
	ACCESS_TENANT_WRITE,
	ACCESS_ME,
	ACCESS_EDGE_READ,
	ACCESS_EDGE_WRITE,
	ACCESS_INGEST,     /* sessions:write */
	ACCESS_INTROSPECT, /* sessions:introspect, or sessions:write */
	ACCESS__COUNT
};

/* Over which sessions a permitted call works. */
enum reach {
	REACH_NONE, /* refused */
	REACH_ALL,
	REACH_PARTNER, /* tenants of the principal's partner */
	REACH_TENANT,  /* the principal's tenant */
	REACH_OWN,     /* the principal's own sessions */
};

/* REACH_NONE when the call is refused (403). A partner or tenant administrator whose token names no
 * partner or tenant reaches nothing. ACCESS_PUBLIC and ACCESS_OPTIONAL are REACH_OWN for everybody,
 * and `who` may then be NULL. The last two need their scope of every role. */
enum reach policy_reach(const struct principal *who, enum access access);

/* Of a call that is refused: what its token would have to have, as a phrase for the client. */
const char *policy_wants(const struct principal *who, enum access access);

#endif
