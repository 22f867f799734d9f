/* SPDX-License-Identifier: MIT
 * The rules for the members of a session that is registered, for POST /sessions and for
 * rollcall-admin import. */
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

/* Reads session and user, and adds a fault for each member that is wrong, in the order of
 * schema/api.md 5.1. Device type and location are derived where the body has none. It does not read
 * the token, nor when the session began, was active or was revoked. */
void registration_read(const struct registration_rules *rules, struct faults *f,
	const struct json *body, struct session_new *s, struct user_new *u);

#endif
