/* SPDX-License-Identifier: MIT
 * Makes own keys and signs tokens with them, for hosts without an identity provider and for service
 * tokens. For rollcall-admin, the demonstration and tests; the service itself only verifies. Signs
 * with OpenSSL, so that cjose verifies the tokens of another implementation. */
#ifndef AUTH_SIGN_H
#define AUTH_SIGN_H

#include "base/err.h"
#include "base/str.h"

struct sign_files {
	const char *key;  /* PEM, RSA 2048, mode 0600 */
	const char *jwks; /* the public keys, mode 0644; it may hold other keys too */
};

/* The next three functions: on failure *why is a phrase about a file, and both files are unchanged
 * unless it says otherwise. Each file is written under another name, then renamed. The other keys
 * of the set stay. *kid is the thumbprint of RFC 7638, in the arena. */

/* Makes a key and adds its public key to the set. ERR_CONFLICT: there is a key already, and
 * `replace` is false. */
MUST_CHECK enum err sign_key_new(struct arena *a, const struct sign_files *files, bool replace,
	struct str *kid, const char **why);

/* Adds the public key of the key file to the set, unless the set has it. */
MUST_CHECK enum err sign_key_publish(
	struct arena *a, const struct sign_files *files, struct str *kid, const char **why);

/* Removes a key from the set. ERR_NOT_FOUND: the set has no such key. */
MUST_CHECK enum err sign_key_drop(
	struct arena *a, const char *jwks, struct str kid, const char **why);

/* A JWT with the members of `more` (text as in an object, without braces, or empty), then the
 * claims of the JSON object, byte for byte. The key file holds an RSA key in PEM, for RS256, or the
 * symmetric key of HS256. STR_NONE and *why if it fails. */
struct str sign_token(struct arena *a, const char *key_file, struct str claims, struct str more,
	const char **why);

/* The same, with an exp in one hour if the claims have no exp. */
struct str sign_token_for_an_hour(
	struct arena *a, const char *key_file, struct str claims, const char **why);

#endif
