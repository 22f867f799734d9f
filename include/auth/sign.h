/* SPDX-License-Identifier: MIT
 * Keys of one's own and tokens signed with them: what an identity provider does, for those who have
 * none, and for service tokens. For rollcall-admin, the demonstration and tests; the service itself
 * only verifies. Signs with OpenSSL, so that verification by cjose meets another implementation. */
#ifndef AUTH_SIGN_H
#define AUTH_SIGN_H

#include "base/err.h"
#include "base/str.h"

struct sign_files {
	const char *key;  /* PEM, RSA 2048, mode 0600 */
	const char *jwks; /* the public halves, mode 0644; keys of others may be in it too */
};

/* All three: on failure *why is a phrase about a file, and both files are as they were. Each file
 * is written aside, then renamed. Keys that the set holds stay, but for the dropped one. *kid is
 * the thumbprint of RFC 7638, in the arena. */

/* A new key, whose public half is added to the set. ERR_CONFLICT: there is a key already, and
 * `replace` is false. */
MUST_CHECK enum err sign_key_new(struct arena *a, const struct sign_files *files, bool replace,
	struct str *kid, const char **why);

/* The public half of the key that is there is added to the set, unless it is in it. */
MUST_CHECK enum err sign_key_publish(
	struct arena *a, const struct sign_files *files, struct str *kid, const char **why);

/* ERR_NOT_FOUND: the set has no such key. */
MUST_CHECK enum err sign_key_drop(
	struct arena *a, const char *jwks, struct str kid, const char **why);

/* A JWT with the claims of that JSON object as they are written there, behind the members of `more`
 * (text as in an object, without braces, or empty). The key file holds an RSA key in PEM, for
 * RS256, or else the symmetric key of HS256. STR_NONE and *why if that is not possible. */
struct str sign_token(struct arena *a, const char *key_file, struct str claims, struct str more,
	const char **why);

/* The same, with exp in an hour if the claims have none. */
struct str sign_token_for_an_hour(
	struct arena *a, const char *key_file, struct str claims, const char **why);

#endif
