/* SPDX-License-Identifier: MIT
 * Verification of a bearer JWT (RFC 7519, RFC 8725) into a principal, with a bounded cache of
 * verified tokens keyed by their SHA-256. The cache holds signatures and claims until exp; it never
 * holds whether a session is alive: that is asked of the database on every request. */
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

/* Worker scope. `keys` is borrowed and outlives it. */
struct jwt *jwt_open(const struct jwt_config *cfg, struct jwks *keys);
void jwt_close(struct jwt *j);

/* Checks the token: three parts of canonical base64url, header alg and kid, no crit, signature,
 * then claims: sub (a non-empty string), exp required, nbf honoured, iss and aud where configured;
 * types of sid, tenant_id, partner_id, role, scope, platform_token. *out lives in the arena. On
 * ERR_UNAUTHORIZED *why is a short phrase for the client, static or in the arena. `now_ms` is the
 * wall clock. Refreshes the keys itself: callers need no jwks_refresh. */
MUST_CHECK enum err jwt_verify(struct jwt *j, struct arena *a, struct str token, int64_t now_ms,
	struct principal *out, const char **why);

/* All claims of a token that jwt_verify has accepted, for those who show them. */
struct json;
MUST_CHECK enum err jwt_claims(struct arena *a, struct str token, const struct json **out);

#endif
