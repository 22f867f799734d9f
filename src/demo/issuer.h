/* SPDX-License-Identifier: MIT
 * Keys and tokens for demonstrations, tests and benches: what an identity provider would do. Never
 * part of the service; signs with OpenSSL itself, so that verification by cjose is checked against
 * another implementation. */
#ifndef DEMO_ISSUER_H
#define DEMO_ISSUER_H

#include "base/err.h"
#include "base/str.h"

#define DEMO_KEY_FILE "demo-key.pem"
#define DEMO_JWKS_FILE "jwks.json"

/* Makes sure that `dir`, which exists, holds demo-key.pem (RSA 2048, mode 0600) and jwks.json (its
 * public half, RS256, kid as of RFC 7638). What is there stays. ERR_CONFLICT: a jwks.json is there
 * without the key; ERR_INTERNAL: a file or the key could not be made. Both are logged. */
MUST_CHECK enum err demo_keys_create(const char *dir);

/* A JWT, RS256, with the claims of that JSON object as they are written there, and exp in an hour
 * if they have none. STR_NONE and *why if that is not possible. */
struct str demo_token(
	struct arena *a, const char *pem_file, struct str claims_json, const char **why);

#endif
