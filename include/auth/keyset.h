/* SPDX-License-Identifier: MIT
 * Reads and writes the file of public keys (RFC 7517). `rollcall-admin keys` adds and drops own
 * keys, which have a member "rollcall"; `rollcall-admin jwks` replaces the keys of the identity
 * provider. A new file is written under another name and then renamed. On failure *why is a phrase
 * about the file, and the file is unchanged. */
#ifndef AUTH_KEYSET_H
#define AUTH_KEYSET_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

struct json;

/* The member that marks an own key, as JSON text. */
#define KEYSET_OWN "\"rollcall\":\"own\""

/* *first becomes the first key of the set; NULL if the file does not exist or lists no key. */
MUST_CHECK enum err keyset_read(
	struct arena *a, const char *file, const struct json **first, const char **why);

bool keyset_has_kid(const struct json *jwk, struct str kid);

/* Writes the keys without that of kid `but`, then the JWK text `more`; both may be absent. */
MUST_CHECK enum err keyset_write(struct arena *a, const char *file, const struct json *first,
	struct str but, struct str more, const char **why);

struct keyset_change {
	size_t usable; /* keys of the provider that were written */
	size_t own;    /* own keys that stayed */
	bool changed;  /* false: the file had the same keys, and only its time was set to now */
	const char *ignored; /* why a key of the provider was left out; NULL: no key was */
};

/* Keeps the own keys of the file and replaces all others by the usable keys of the set `fetched`,
 * with their public members only. ERR_INVALID if no key of `fetched` is usable. */
MUST_CHECK enum err keyset_replace(struct arena *a, const char *file, struct str fetched,
	struct keyset_change *out, const char **why);

#endif
