/* SPDX-License-Identifier: MIT
 * The stored session as the Edge Management API sees it: active ones, searched with the filter
 * language. Instants are ms UTC. */
#ifndef MODEL_API_SESSION_H
#define MODEL_API_SESSION_H

#include "base/err.h"
#include "db/db.h"
#include "model/scope.h"
#include "query/query.h"

struct api_session {
	struct str id, user_id;
	struct str user_name;  /* display name, else e-mail; p == NULL: unknown */
	struct str ip_address; /* "" if unknown, here and below where OpenZiti has no null */
	struct str authenticator_id;
	struct str token;        /* "sha256:" and 16 hex digits, "" without a token */
	struct str tags;         /* JSON object as text; p == NULL: none */
	struct str config_types; /* JSON array as text; p == NULL: none */
	int64_t created_ms, updated_ms;
	int64_t last_activity_ms; /* year 1 if there was none, as OpenZiti has it */
	int64_t is_mfa_complete, is_mfa_required, improper_client_cert_chain;
};

/* The names that a filter may use, upstream's first and our extensions behind. */
extern const struct query_fields api_session_fields;

/* One page of what the scope's filter matches, in the filter's order, each row to fn as it comes;
 * *total is exact and known only afterwards. */
typedef enum err (*api_session_fn)(void *ctx, const struct api_session *s);
MUST_CHECK enum err api_session_list(struct db *db, struct arena *a,
	const struct session_scope *scope, int64_t limit, int64_t offset, api_session_fn fn,
	void *ctx, int64_t *total);

/* ERR_NOT_FOUND unless that session is in the scope. */
MUST_CHECK enum err api_session_get(
	struct db *db, struct arena *a, const struct session_scope *scope, struct api_session *out);

#endif
