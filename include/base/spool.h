/* SPDX-License-Identifier: MIT
 * Bytes of any number, of which little is in memory: beyond SPOOL_MEMORY they go to a file without
 * a name, which ends with the spool. Written once, then read from the beginning. */
#ifndef BASE_SPOOL_H
#define BASE_SPOOL_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"

#define SPOOL_MEMORY ((size_t)1 << 20)

struct spool {
	char *memory; /* SPOOL_MEMORY bytes of the arena, once something was written */
	size_t in_memory;
	FILE *file;   /* NULL: none was needed */
	size_t bytes; /* written altogether */
	bool failed;  /* the file could not be made, written or read: what is read is not whole */
	struct arena *arena;
};

void spool_init(struct spool *s, struct arena *a);
void spool_write(struct spool *s, const char *p, size_t n);
void spool_close(struct spool *s); /* and empty again */

/* Reads what was written, in order: calls fn with parts of it. Afterwards nothing more may be
 * written until spool_close. False when it failed; fn may then have seen a part. */
typedef void (*spool_fn)(void *ctx, const char *p, size_t n);
bool spool_read(struct spool *s, spool_fn fn, void *ctx);

#endif
