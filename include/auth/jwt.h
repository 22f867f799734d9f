/* SPDX-License-Identifier: MIT
 * Verification of a bearer JWT (RFC 7519, RFC 8725) into a principal, with a bounded cache of
 * verified tokens keyed by their SHA-256. The cache holds what a token says, never whether its
 * session is active: the database is asked that on every request. */
#ifndef AUTH_JWT_H
#define AUTH_JWT_H

#include "auth/jwks.h"
#include "auth/principal.h"

struct jwt;

struct jwt_config {
	const char *issuer;   /* NULL: not checked */
	const char *audience; /* NULL: not checked */
	int64_t leeway_s;     /* for exp and nbf */
	size_t cache_entries; /* 0: no cache */
};

/* One for each worker. `keys` has to outlive it. */
struct jwt *jwt_open(const struct jwt_config *cfg, struct jwks *keys);
void jwt_close(struct jwt *j);

/* Checks the token: three parts of canonical base64url; alg and kid but no crit in the header; the
 * signature; then the claims: sub and exp are required, nbf is checked, iss and aud if configured,
 * and the types of sid, tenant_id, partner_id, role, scope and platform_token. *out lives in the
 * arena. On ERR_UNAUTHORIZED *why is a short phrase for the client, static or in the arena.
 * `now_ms` is the wall clock. It calls jwks_refresh. */
MUST_CHECK enum err jwt_verify(struct jwt *j, struct arena *a, struct str token, int64_t now_ms,
	struct principal *out, const char **why);

/* All claims of a token that jwt_verify has accepted, to show them. */
struct json;
MUST_CHECK enum err jwt_claims(struct arena *a, struct str token, const struct json **out);

#endif
