/* SPDX-License-Identifier: MIT
 * The keys that tokens are checked against: a JWKS file (RFC 7517) and, if configured, one
 * symmetric key for HS256. A process has one set of keys, and the processes that it forks inherit
 * it. The file is looked at again at most once a second, and read when it changed. If the new file
 * is broken, the old keys stay, and that is logged once. A file that was only touched changes
 * nothing but its time. */
#ifndef AUTH_JWKS_H
#define AUTH_JWKS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/str.h"

struct jwks;

struct jwks_config {
	const char *jwks_file;  /* NULL: none */
	const char *hs256_file; /* NULL: HS256 refused. The key's bytes (keyfile_secret) */
};

/* Before a start: ERR_INVALID unless every file that is configured gives at least one key. *why is
 * then a phrase for the person who starts the program. The log names the keys of a set that are
 * ignored. */
MUST_CHECK enum err jwks_try(const struct jwks_config *cfg, const char **why);

/* Opens and loads. A file that cannot be used is logged and leaves no keys: every token is then
 * refused and the next look may find a good file. */
struct jwks *jwks_open(const struct jwks_config *cfg);
void jwks_close(struct jwks *keys);

/* Looks at the files if a second has passed since the last look. True when keys were replaced. */
bool jwks_refresh(struct jwks *keys);

/* When the file that the keys were read from was written, by the wall clock; TIME_NONE: none was
 * read. */
int64_t jwks_modified_ms(const struct jwks *keys);

/* One key of a set as it would be used: its public members, kid and alg, as JSON. ERR_INVALID if it
 * would be ignored; *why is then a phrase for a person. */
struct json;
MUST_CHECK enum err jwks_read_key(
	struct arena *a, const struct json *jwk, struct str *out, const char **why);

/* Changes whenever keys are replaced, so that caches of verified tokens know. */
uint64_t jwks_generation(const struct jwks *keys);

/* Number of usable keys, for --check. */
size_t jwks_count(const struct jwks *keys);

/* One line a usable key: its kid, or -, and the algorithms it verifies. */
void jwks_list(const struct jwks *keys, FILE *out);

/* Verifies one compact JWS against the key that `kid` (p == NULL: any single fitting key) and `alg`
 * select. The algorithm must fit the key's kty, and its alg and use and key_ops where it has them.
 * RS/PS/ES 256, 384, 512; HS256 only with the symmetric key; never none. *payload is in the arena.
 * On ERR_UNAUTHORIZED *why is a short English phrase fit for a client ("unknown key"). */
MUST_CHECK enum err jwks_verify(struct jwks *keys, struct arena *a, struct str token,
	struct str alg, struct str kid, struct str *payload, const char **why);

#endif
