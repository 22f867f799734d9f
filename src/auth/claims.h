/* SPDX-License-Identifier: MIT
 * Reads the header and single claims of a JWT and checks their types and sizes. Private to jwt.c
 * and logout.c, which decide what claims they need. */
#ifndef AUTH_CLAIMS_H
#define AUTH_CLAIMS_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct json;

struct claims {
	struct arena *arena;
	const struct json *tree;
	const char **why; /* set when a claim is refused */
};

struct jwt_header {
	struct str alg;
	struct str kid, typ; /* p == NULL: none */
};

/* The header of a compact JWS, not yet verified. With crit it is ERR_UNAUTHORIZED and *why. */
MUST_CHECK enum err claims_header(
	struct arena *a, struct str token, struct jwt_header *out, const char **why);

/* Whether the typ of a header is `name`, with or without "application/", in upper or lower case. */
bool claims_is_type(struct str typ, const char *name);

/* The payload of a token whose signature was verified. */
MUST_CHECK enum err claims_parse(
	struct arena *a, struct str payload, const char **why, struct claims *out);

/* ERR_UNAUTHORIZED with the phrase "claim NAME WHAT". */
enum err claims_refuse(const struct claims *c, const char *name, const char *what);

/* NULL if absent or null. */
const struct json *claims_find(const struct claims *c, const char *name);

/* A NumericDate (RFC 7519 section 2) in milliseconds; `absent` if the claim is missing. */
MUST_CHECK enum err claims_time(
	const struct claims *c, const char *name, int64_t absent, int64_t *out);

/* An identifier, p == NULL if absent. It is not empty, at most LIMIT_ID_BYTES long, and has no
 * control characters. The JSON reader has checked that it is UTF-8. */
MUST_CHECK enum err claims_id(const struct claims *c, const char *name, struct str *out);

#endif
