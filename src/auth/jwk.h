/* SPDX-License-Identifier: MIT
 * One key of a set as its JWK describes it (RFC 7517), and the known algorithms. Private to jwk.c
 * and jwks.c. */
#ifndef AUTH_JWK_H
#define AUTH_JWK_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

struct json;

/* The kinds of keys. An algorithm belongs to exactly one family. */
enum family { FAMILY_RSA, FAMILY_P256, FAMILY_P384, FAMILY_P521, FAMILY_OCT };

struct algorithm {
	const char *name;
	enum family family;
};

struct jwk {
	enum family family;
	const struct algorithm *only; /* the key's own alg; NULL: any of its family */
	size_t sig_bytes;             /* length of every signature by this key */
	struct str kid;               /* of `json`; p == NULL: none */
	struct str text;              /* its public members alone, as JSON */
};

const struct algorithm *algorithm_find(struct str name); /* NULL: unknown */

/* ERR_INVALID unless it is a public key that verifies with a known algorithm; *why is then a phrase
 * for the log. `exposed`: others can read the file of the key. */
MUST_CHECK enum err jwk_read(
	struct arena *a, const struct json *json, bool exposed, struct jwk *out, const char **why);

#endif
