/* SPDX-License-Identifier: MIT
 * A bounded table of verified tokens, keyed by their SHA-256; each worker has one. It holds what a
 * token says and its times, never whether its session is active. Part of jwt.c. */
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

/* `entries` (at least 1) is rounded down to four times a power of two, but not below four. */
struct cache *cache_open(size_t entries);
void cache_close(struct cache *c);

/* Forgets everything. */
void cache_clear(struct cache *c);

/* False if the token is not there. *out is copied into the arena. The caller compares its times
 * with now, because an entry stays after its token has expired, until its place is needed. */
bool cache_find(struct cache *c, struct arena *a, const unsigned char digest[DIGEST_BYTES],
	struct verdict *out);

/* Copies `v`. Nothing is stored if its texts exceed 2 KiB. */
void cache_store(
	struct cache *c, const unsigned char digest[DIGEST_BYTES], const struct verdict *v);

#endif
