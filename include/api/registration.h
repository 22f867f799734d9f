/* SPDX-License-Identifier: MIT
 * What a registered session may hold, held to one set of rules: for POST /sessions and for
 * rollcall-admin import, which reads the same members from a file. */
#ifndef API_REGISTRATION_H
#define API_REGISTRATION_H

#include "call/body.h"
#include "model/register.h"

struct geo;

struct registration_rules {
	enum body_need id;     /* whether the caller has to choose it */
	int64_t lifetime_s;    /* where the body names no end */
	int64_t now_ms;        /* expires_at has to be later; TIME_NONE: any instant */
	const struct geo *geo; /* NULL: no locations */
};

/* Session and user, with a fault for each member that is wrong, in the order of
 * schema/api.md 5.1. Device type and location are derived where the body has none. Not
 * the token, and of the instants only the end. */
void registration_read(const struct registration_rules *rules, struct faults *f,
	const struct json *body, struct session_new *s, struct user_new *u);

#endif
