/* SPDX-License-Identifier: MIT
 * The file of public keys (RFC 7517) as those see it who write it: `rollcall-admin keys` adds and
 * drops keys of one's own, `rollcall-admin jwks` replaces those of the identity provider. Own keys
 * carry a member "rollcall", by which the two know each other's. The file is written aside and then
 * renamed. On failure *why is a phrase about the file, and it is as it was. */
#ifndef AUTH_KEYSET_H
#define AUTH_KEYSET_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

struct json;

/* Members of a key of one's own, as text within its object. */
#define KEYSET_OWN "\"rollcall\":\"own\""

/* The keys of the set; NULL in *first for a file that is not there or lists none. */
MUST_CHECK enum err keyset_read(
	struct arena *a, const char *file, const struct json **first, const char **why);

bool keyset_has_kid(const struct json *jwk, struct str kid);

/* The keys but for that of kid `but` (p == NULL: all), and `more`, a JWK's text, if p != NULL. */
MUST_CHECK enum err keyset_write(struct arena *a, const char *file, const struct json *first,
	struct str but, struct str more, const char **why);

struct keyset_change {
	size_t usable;       /* keys of the provider that were written */
	size_t own;          /* own keys that stayed */
	bool changed;        /* false: the file had the same keys; its time is now all the same */
	const char *ignored; /* why one of the provider's keys was left out; NULL: none was */
};

/* Replaces every key of the file but the own ones by those of the set `fetched` that the service
 * can use, of each its public members alone. ERR_INVALID if there is none of them. */
MUST_CHECK enum err keyset_replace(struct arena *a, const char *file, struct str fetched,
	struct keyset_change *out, const char **why);

#endif
