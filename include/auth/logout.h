/* SPDX-License-Identifier: MIT
 * Verifies a logout token, with which the identity provider reports that a user signed out (OpenID
 * Connect Back-Channel Logout 1.0, section 2.6). model/once.h, not this room, makes sure that a
 * token is used once, because other workers and hosts may get it too. */
#ifndef AUTH_LOGOUT_H
#define AUTH_LOGOUT_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct jwks;

/* The greatest age of a token, without the leeway. The specification advises two minutes. */
#define LOGOUT_FRESH_S 300

struct logout_config {
	const char *issuer;  /* NULL: no token is taken */
	const char *clients; /* ids, separated by commas; NULL: no token is taken */
	int64_t leeway_s;
};

struct logout_token {
	struct str issuer;
	struct str session_id; /* sid at the provider; p == NULL: none, */
	struct str subject;    /* then all sessions of this user are meant */
	struct str id;         /* jti */
	int64_t stale_ms;      /* the time from which it is too old */
};

/* Checks the signature by a public key of the set (not HS256, not "none"); typ logout+jwt, JWT or
 * absent; iss; aud, whose members all have to be clients; iat within LOGOUT_FRESH_S; exp and nbf if
 * present; events with the logout event; no nonce; sid or sub; jti. ERR_UNAUTHORIZED and a phrase
 * for the client in *why. It calls jwks_refresh. *out lives in the arena. */
MUST_CHECK enum err logout_verify(const struct logout_config *cfg, struct jwks *keys,
	struct arena *a, struct str token, int64_t now_ms, struct logout_token *out,
	const char **why);

#endif
