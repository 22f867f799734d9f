/* SPDX-License-Identifier: MIT
 * Sessions, living and ended, read: lists and one by id. Instants are ms UTC, TIME_NONE: never; a
 * text with p == NULL is unknown. Every read confirms the scope's gate (ERR_SESSION_ENDED,
 * ERR_NO_TENANT). */
#ifndef MODEL_SESSION_H
#define MODEL_SESSION_H

#include "base/err.h"
#include "db/db.h"
#include "model/scope.h"

/* clang-format off */
/* What is read of a session: X(kind, member, column of `session` and of `ended`). Any value may be NULL.
 * Plain columns: session.c computes from them what answers show, because in the database each
 * expression costs more than a column. A new column stands here, or among SESSION_DETAILS if lists do not
 * show it, and in the table of JSON members (src/api/v1_answers.c). */
#define SESSION_COLUMNS(X) \
	X(TEXT, id,                "s.id") \
	X(TEXT, tenant_id,         "s.tenant_id") \
	X(TEXT, user_id,           "s.user_id") \
	X(TEXT, user_email,        "s.user_email") \
	X(TEXT, user_display_name, "s.user_display_name") \
	X(TEXT, ip_address,        "s.ip_address") \
	X(TEXT, user_agent,        "s.user_agent") \
	X(TEXT, device_type,       "s.device_type") \
	X(TEXT, location,          "s.location") \
	X(TIME, created_ms,        "s.created_at") \
	X(TIME, last_activity_ms,  "s.last_activity_at") \
	X(TIME, expires_ms,        "s.expires_at") \
	X(INT,  app_count,         "s.app_count") \
	X(TEXT, role,              "s.role") \
	X(TEXT, device_label,      "s.device_label")

/* The same, of what only details show: lists do not read it. `apps`, JSON too, is the applications that
 * the session reached (p == NULL: none). */
#define SESSION_DETAILS(X) \
	X(TIME, absolute_ms,       "s.absolute_expires_at") \
	X(TIME, auth_ms,           "s.auth_time") \
	X(TEXT, acr,               "s.acr") \
	X(TEXT, amr,               "s.amr") \
	X(TEXT, idp_issuer,        "s.idp_issuer") \
	X(TEXT, idp_session_id,    "s.idp_session_id") \
	X(TEXT, apps,              "s.apps")

/* Texts of a registration that are stored as they come and stay as they are: X(name), the column of
 * `session` and of `ended` and the member of struct session and struct session_new. A new one stands here
 * too, and is read in src/api/registration.c. */
#define REGISTERED_TEXTS(X) X(acr) X(amr) X(idp_issuer) X(idp_session_id)
#define REGISTERED_COLUMN(name) ", " #name
#define REGISTERED_SQL REGISTERED_TEXTS(REGISTERED_COLUMN)

/* Whether and how it ended: X(kind, member, SQL over a row s of `session`, SQL over a row s of `ended`). */
#define SESSION_ENDING(X) \
	X(TEXT, status,            "IF(s.expires_at > UTC_TIMESTAMP(3), 'active', 'expired')", "CONCAT(s.how)") \
	X(TIME, revoked_ms,        "CAST(NULL AS DATETIME(3))",                       "IF(s.how = 'revoked', s.ended_at, NULL)") \
	X(TEXT, revoked_by,        "NULL",                                            "s.revoked_by") \
	X(TEXT, revoke_reason,     "NULL",                                            "s.reason")
/* clang-format on */

/* The latest instant that a session's expires_at may move to. */
#define ABSOLUTE_END_SQL "COALESCE(s.absolute_expires_at, s.expires_at)"

#define SESSION_TYPE_TEXT struct str
#define SESSION_TYPE_TIME int64_t
#define SESSION_TYPE_INT int64_t
#define SESSION_MEMBER(kind, member, ...) SESSION_TYPE_##kind member;
struct session {
	SESSION_COLUMNS(SESSION_MEMBER)
	SESSION_ENDING(SESSION_MEMBER)
	SESSION_DETAILS(SESSION_MEMBER) /* of session_get only */
};

struct session_page {
	struct session *rows;
	size_t count;
	int64_t total; /* exact, of the same moment as the rows */
};

/* An offset past the end: no rows, exact total. */
MUST_CHECK enum err session_list(struct db *db, struct arena *a, const struct session_scope *scope,
	const struct session_range *range, struct session_page *out);

/* The one session in the scope (scope->session_id is set); living ones take one round trip.
 * ERR_NOT_FOUND. */
MUST_CHECK enum err session_get(
	struct db *db, struct arena *a, const struct session_scope *scope, struct session *out);

/* ERR_NOT_FOUND unless a session of the scope, living or ended, is there. */
MUST_CHECK enum err session_exists(
	struct db *db, struct arena *a, const struct session_scope *scope);

#endif
