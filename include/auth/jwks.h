/* SPDX-License-Identifier: MIT
 * The keys that tokens are checked against: a JWKS file (RFC 7517) and, if configured, one
 * symmetric key for HS256. A process has one set of keys, and the processes that it forks inherit
 * it. The files are examined at most once a second and read again if they changed. If the new file
 * is broken, the old keys stay, and the fault is logged once. A file with new times but the same
 * text changes only jwks_modified_ms. */
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
	const char *hs256_file; /* the bytes of the key (keyfile_secret); NULL: HS256 is refused */
};

/* For the start of a program: ERR_INVALID unless every configured file gives at least one key. *why
 * is then a phrase for the person who starts it. The log names the ignored keys of a set. */
MUST_CHECK enum err jwks_try(const struct jwks_config *cfg, const char **why);

/* Opens and loads. A file that cannot be used is logged and gives no keys; its tokens are refused
 * until jwks_refresh finds a good file. */
struct jwks *jwks_open(const struct jwks_config *cfg);
void jwks_close(struct jwks *keys);

/* Examines the files if a second has passed since the last time. True if keys were replaced. */
bool jwks_refresh(struct jwks *keys);

/* The time when the JWKS file in use was written, by the wall clock; TIME_NONE: no file was
 * read. */
int64_t jwks_modified_ms(const struct jwks *keys);

/* The public members, kid and alg of one key of a set, as JSON. ERR_INVALID if the service would
 * ignore the key; *why is then a phrase for a person. */
struct json;
MUST_CHECK enum err jwks_read_key(
	struct arena *a, const struct json *jwk, struct str *out, const char **why);

/* Changes whenever keys are replaced, so that caches of verified tokens know. */
uint64_t jwks_generation(const struct jwks *keys);

/* Number of usable keys, for --check. */
size_t jwks_count(const struct jwks *keys);

/* Prints a line for each usable key of the set: its kid, or -, and the algorithms that it
 * verifies. */
void jwks_list(const struct jwks *keys, FILE *out);

/* Verifies one compact JWS with the key that `kid` (p == NULL: the only key that fits) and `alg`
 * select. The algorithm must fit the key's kty, and its alg, use and key_ops if it has them. Known
 * are RS, PS and ES with 256, 384 and 512; HS256 with the symmetric key; never "none". *payload is
 * in the arena. On ERR_UNAUTHORIZED *why is a short phrase for the client ("unknown key"). */
MUST_CHECK enum err jwks_verify(struct jwks *keys, struct arena *a, struct str token,
	struct str alg, struct str kid, struct str *payload, const char **why);

#endif
