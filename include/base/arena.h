/* SPDX-License-Identifier: MIT
 * Bump allocator. A worker has one arena and resets it after each request, in server/worker.c only.
 * Memory of a request therefore lives until the request ends, and handlers never call free().
 *
 * Allocation never returns NULL: running out of memory ends the worker (see base/macros.h). Memory
 * is 16-byte aligned. It is zeroed only where a comment says so. Unused space is poisoned under
 * AddressSanitizer. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/macros.h"

struct arena;

/* A point to rewind to. It is valid until the arena is reset or rewound to an earlier mark. */
struct arena_mark {
	void *chunk;
	size_t used;
};

struct arena *arena_open(void);
void arena_close(struct arena *a);

void *arena_alloc(struct arena *a, size_t bytes);
void *arena_zalloc(struct arena *a, size_t bytes);              /* zeroed */
void *arena_array(struct arena *a, size_t count, size_t bytes); /* zeroed; BUG on overflow */

/* Grows `old` from `old_bytes` to `bytes`, in place when it is the latest allocation. `old` may be
 * NULL. Do not use the old pointer afterwards. */
void *arena_grow(struct arena *a, void *old, size_t old_bytes, size_t bytes);

/* A list of elements of `bytes` with a place for the next one: grown if it holds *room of them. */
void *arena_next(struct arena *a, void *list, size_t count, size_t *room, size_t bytes);

/* NUL-terminated copies. */
char *arena_dup(struct arena *a, const char *p, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);

/* Rewinding frees and wipes everything that was allocated or grown since the mark. A buffer from
 * before the mark must not grow after it. */
struct arena_mark arena_mark(const struct arena *a);
void arena_rewind(struct arena *a, struct arena_mark mark);

/* Frees everything. Keeps one small chunk, wiped, for the next request. */
void arena_reset(struct arena *a);

/* Bytes held from the system, for tests and metrics. */
size_t arena_held(const struct arena *a);

#endif
