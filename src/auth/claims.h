/* SPDX-License-Identifier: MIT
 * What a JWT says, held to types and sizes: its header and single claims. Private to jwt.c and
 * logout.c, which say which claims they want. */
#ifndef AUTH_CLAIMS_H
#define AUTH_CLAIMS_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct json;

struct claims {
	struct arena *arena;
	const struct json *tree;
	const char **why; /* of the claim that was refused */
};

struct jwt_header {
	struct str alg;
	struct str kid, typ; /* p == NULL: none */
};

/* The header of a compact JWS, not yet verified; no crit. ERR_UNAUTHORIZED and *why. */
MUST_CHECK enum err claims_header(
	struct arena *a, struct str token, struct jwt_header *out, const char **why);

/* The type of a token in its header: "logout+jwt", with or without "application/", in any case. */
bool claims_is_type(struct str typ, const char *name);

/* The payload of a token whose signature was verified. */
MUST_CHECK enum err claims_parse(
	struct arena *a, struct str payload, const char **why, struct claims *out);

/* ERR_UNAUTHORIZED with the phrase "claim NAME WHAT". */
enum err claims_refuse(const struct claims *c, const char *name, const char *what);

/* NULL if absent or null. */
const struct json *claims_find(const struct claims *c, const char *name);

/* A NumericDate (RFC 7519 section 2) in milliseconds; `absent` if there is none. */
MUST_CHECK enum err claims_time(
	const struct claims *c, const char *name, int64_t absent, int64_t *out);

/* An identifier, p == NULL if absent; if present not empty, bounded, without control characters.
 * That it is UTF-8 is the JSON reader's promise. */
MUST_CHECK enum err claims_id(const struct claims *c, const char *name, struct str *out);

#endif
