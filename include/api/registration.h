/* SPDX-License-Identifier: MIT
 * What a registered session may hold, held to one set of rules: for POST /sessions and for
 * rollcall-admin import, which reads the same members from a file. */
#ifndef API_REGISTRATION_H
#define API_REGISTRATION_H

#include "api/body.h"
#include "model/ingest.h"

struct geo;

#define SESSION_SECONDS_MAX INT64_C(315360000) /* longest expires_in: ten years */

/* Everything but token and times, with a fault for each member that is wrong. Device type and
 * location are derived where the body has none (`geo` NULL: no locations). user_id is left to
 * registration_read_user. */
void registration_read_session(struct faults *f, const struct json *body, enum body_need id_need,
	const struct geo *geo, struct session_new *s);

/* user_id, user_email, user_display_name, is_admin; not the tenant. */
void registration_read_user(struct faults *f, const struct json *body, struct user_new *u);

#endif
