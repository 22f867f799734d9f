/* SPDX-License-Identifier: MIT
 * Active sessions as the Edge Management API shows them, found with the filter language. Instants
 * are ms UTC. Reads confirm the scope's gate. */
#ifndef MODEL_API_SESSION_H
#define MODEL_API_SESSION_H

#include "base/err.h"
#include "db/db.h"
#include "model/scope.h"
#include "model/session.h"
#include "query/query.h"

#define TOKEN_SQL                                                                                  \
	"COALESCE(CONCAT('sha256:', LOWER(LEFT(HEX(s.token_digest), 16))), '')"                    \
	" COLLATE utf8mb4_nopad_bin"
#define NAME_SQL "COALESCE(s.user_display_name, s.user_email)"
#define UPDATED_SQL "GREATEST(s.created_at, s.last_activity_at)"

/* clang-format off */
/* What is read of it, as in model/session.h; `token` is "sha256:" and 16 hex digits, "" without a token;
 * user_name is the display name, else the e-mail; last_activity_ms is in year 1 if there was none, as
 * OpenZiti has it. */
#define API_SESSION_COLUMNS(X) \
	X(TEXT, id,               "s.id",               ) \
	X(TEXT, user_id,          "s.user_id",          ) \
	X(TEXT, user_name,        NAME_SQL,             ) \
	X(TEXT, ip_address,       "s.ip_address",       ) \
	X(TEXT, authenticator_id, "s.authenticator_id", ) \
	X(TEXT, token,            TOKEN_SQL,            ) \
	X(TEXT, tags,             "s.tags",             ) \
	X(TEXT, config_types,     "s.config_types",     ) \
	X(TIME, created_ms,       "s.created_at",       ) \
	X(TIME, updated_ms,       UPDATED_SQL,          ) \
	X(TIME, last_activity_ms, "s.last_activity_at", ) \
	X(TIME, expires_ms,       "s.expires_at",       ) \
	X(INT,  is_mfa_complete,  "s.is_mfa_complete",  ) \
	X(INT,  is_mfa_required,  "s.is_mfa_required",  ) \
	X(INT,  improper_client_cert_chain, "s.improper_client_cert_chain", )
/* clang-format on */

struct api_session {
	API_SESSION_COLUMNS(SESSION_MEMBER)
};

/* The names that a filter may use, upstream's first and our extensions behind. */
extern const struct query_fields api_session_fields;

/* Reads one page of the sessions that the scope's filter matches, in the filter's order, and calls
 * fn with each row. The texts of a row are in `row_arena`, which fn may reset. fn must not use the
 * database. *total is exact and of the same moment as the rows; it is set after the last row. */
typedef enum err (*api_session_fn)(void *ctx, const struct api_session *s);
MUST_CHECK enum err api_session_list(struct db *db, struct arena *a, struct arena *row_arena,
	const struct session_scope *scope, int64_t limit, int64_t offset, api_session_fn fn,
	void *ctx, int64_t *total);

/* ERR_NOT_FOUND unless that session is in the scope. */
MUST_CHECK enum err api_session_get(
	struct db *db, struct arena *a, const struct session_scope *scope, struct api_session *out);

#endif
