/* SPDX-License-Identifier: MIT
 * A logout token, by which the identity provider says that it signed somebody out (OpenID Connect
 * Back-Channel Logout 1.0): verified as section 2.6 says. That a token is used once is the store's
 * business (model/once.h), for other workers and hosts may get it too. */
#ifndef AUTH_LOGOUT_H
#define AUTH_LOGOUT_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct jwks;

/* How old a token may be, beside the leeway. The specification advises two minutes for its life. */
#define LOGOUT_FRESH_S 300

struct logout_config {
	const char *issuer;  /* NULL: no token is taken */
	const char *clients; /* ids, separated by commas; NULL: no token is taken */
	int64_t leeway_s;
};

struct logout_token {
	struct str issuer;
	struct str session_id; /* sid at the provider; p == NULL: none, and then */
	struct str subject;    /* all sessions of this user; one of the two is there */
	struct str id;         /* jti */
	int64_t stale_ms;      /* from when on it is refused for its age */
};

/* Signature by a public key of the set (no HS256, never none); typ logout+jwt, JWT or none; iss;
 * aud, of which each member has to be one of the clients; iat within LOGOUT_FRESH_S; exp and nbf if
 * there; events with the logout event; no nonce; sid or sub; jti. ERR_UNAUTHORIZED and a phrase for
 * the client in *why. Refreshes the keys itself. *out lives in the arena. */
MUST_CHECK enum err logout_verify(const struct logout_config *cfg, struct jwks *keys,
	struct arena *a, struct str token, int64_t now_ms, struct logout_token *out,
	const char **why);

#endif
