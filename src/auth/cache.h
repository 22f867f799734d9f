/* SPDX-License-Identifier: MIT
 * Tokens already verified, keyed by their SHA-256: a bounded table at worker scope. It holds what a
 * token says and until when, never whether the session behind it is alive. Part of jwt.c. */
#ifndef AUTH_CACHE_H
#define AUTH_CACHE_H

#include "auth/digest.h"
#include "auth/principal.h"

struct cache;

/* What a verified token says. */
struct verdict {
	struct principal who;
	int64_t not_before_ms; /* INT64_MIN if the token has no nbf */
};

/* `entries` at least 1; rounded down to four times a power of two, but never under four. */
struct cache *cache_open(size_t entries);
void cache_close(struct cache *c);

/* Forgets everything. */
void cache_clear(struct cache *c);

/* False if it is not there. *out is copied into the arena. The caller still compares its times with
 * now: an entry stays in the table after its token has expired, until its place is needed. */
bool cache_find(struct cache *c, struct arena *a, const unsigned char digest[DIGEST_BYTES],
	struct verdict *out);

/* Copies `v`; nothing is stored if its texts are more than 2 KiB. */
void cache_store(
	struct cache *c, const unsigned char digest[DIGEST_BYTES], const struct verdict *v);

#endif
