/* SPDX-License-Identifier: MIT
 * Holds any number of bytes in little memory: those beyond SPOOL_MEMORY go to a file without a
 * name, which spool_close removes. A spool is written once, then read from the beginning. */
#ifndef BASE_SPOOL_H
#define BASE_SPOOL_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"

#define SPOOL_MEMORY ((size_t)1 << 20)

struct spool {
	char *memory; /* SPOOL_MEMORY bytes of the arena; NULL before the first write */
	size_t in_memory;
	FILE *file;   /* NULL: not needed so far */
	size_t bytes; /* written altogether */
	bool failed;  /* the file could not be made, written or read */
	struct arena *arena;
};

void spool_init(struct spool *s, struct arena *a);
void spool_write(struct spool *s, const char *p, size_t n);
void spool_close(struct spool *s); /* the spool is then empty and may be used again */

/* Calls fn with each part of what was written, in order. Then nothing more may be written until
 * spool_close. False when it failed; fn may have had some parts before. */
typedef void (*spool_fn)(void *ctx, const char *p, size_t n);
bool spool_read(struct spool *s, spool_fn fn, void *ctx);

#endif
