/* SPDX-License-Identifier: MIT
 * The bump allocator of base/arena.h: a stack of chunks. Each chunk is a separate mapping, so that
 * a reset returns the memory of a large request to the system (malloc would keep it). The first
 * chunk stays for the life of the arena.
 *
 * Under AddressSanitizer unused space is poisoned, and a poisoned gap follows every allocation, so
 * that AddressSanitizer finds an overrun of one byte. */
#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/heap.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define GAP_BYTES ((size_t)16)
#define POISON(p, n) __asan_poison_memory_region((p), (n))
#define UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define GAP_BYTES ((size_t)0)
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

#define ALIGNMENT ((size_t)16)
#define CHUNK_BYTES ((size_t)256 * 1024)
#define ARENA_LIST_FIRST ((size_t)8) /* elements of a list that grows */

/* Head of a mapping; the space for allocations follows it. */
struct chunk {
	struct chunk *below;
	size_t mapped; /* the whole mapping, this head included */
	size_t space;  /* bytes after the head */
	size_t used;   /* bytes of `space` in use; a multiple of ALIGNMENT */
};

static_assert(sizeof(struct chunk) % 16 == 0, "space after the head is aligned");

struct arena {
	struct chunk *top; /* never NULL */
	char *latest;      /* the latest allocation, when arena_grow may extend it */
	size_t held;
};

static char *space_of(struct chunk *c)
{
	return (char *)(c + 1);
}

static void push_chunk(struct arena *a, size_t need)
{
	size_t mapped = (need + sizeof(struct chunk) + CHUNK_BYTES - 1) / CHUNK_BYTES * CHUNK_BYTES;
	struct chunk *c =
		mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (c == MAP_FAILED)
		out_of_memory(mapped);
	c->below = a->top;
	c->mapped = mapped;
	c->space = mapped - sizeof(*c);
	c->used = 0;
	POISON(space_of(c), c->space);
	a->top = c;
	a->held += mapped;
}

static void pop_chunk(struct arena *a)
{
	struct chunk *c = a->top;

	a->top = c->below;
	a->held -= c->mapped;
	UNPOISON(space_of(c), c->space); /* else the next mapping here is poisoned */
	munmap(c, c->mapped);
}

struct arena *arena_open(void)
{
	struct arena *a = heap_zalloc(1, sizeof(*a));

	push_chunk(a, 1);
	return a;
}

void arena_close(struct arena *a)
{
	if (a == NULL)
		return;
	while (a->top != NULL)
		pop_chunk(a);
	free(a);
}

/* The bytes that an allocation takes from a chunk. An empty one takes space too, so that no two
 * allocations have the same address. */
static size_t footprint(size_t bytes)
{
	if (bytes > SIZE_MAX / 4)
		out_of_memory(bytes);
	if (bytes == 0)
		bytes = 1;
	return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + GAP_BYTES;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
	size_t take = footprint(bytes);

	if (take > a->top->space - a->top->used)
		push_chunk(a, take);
	a->latest = space_of(a->top) + a->top->used;
	a->top->used += take;
	UNPOISON(a->latest, bytes);
	return a->latest;
}

void *arena_zalloc(struct arena *a, size_t bytes)
{
	return memset(arena_alloc(a, bytes), 0, bytes);
}

void *arena_array(struct arena *a, size_t count, size_t bytes)
{
	BUG_ON(bytes != 0 && count > SIZE_MAX / bytes);
	return arena_zalloc(a, count * bytes);
}

void *arena_grow(struct arena *a, void *old, size_t old_bytes, size_t bytes)
{
	if (old != NULL && old == a->latest) {
		size_t start = (size_t)(a->latest - space_of(a->top));
		size_t take = footprint(bytes);

		if (take <= a->top->space - start) {
			a->top->used = start + take;
			POISON(a->latest, take);
			UNPOISON(a->latest, bytes);
			return old;
		}
	}
	void *new = arena_alloc(a, bytes);

	if (old != NULL) {
		memcpy(new, old, old_bytes < bytes ? old_bytes : bytes);
		POISON(old, old_bytes);
	}
	return new;
}

void *arena_next(struct arena *a, void *list, size_t count, size_t *room, size_t bytes)
{
	size_t old = *room;

	if (count < old)
		return list;
	*room = old == 0 ? ARENA_LIST_FIRST : old * 2;
	return arena_grow(a, list, old * bytes, *room * bytes);
}

char *arena_dup(struct arena *a, const char *p, size_t n)
{
	char *copy = arena_alloc(a, n + 1);

	if (n)
		memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	BUG_ON(n < 0);

	char *text = arena_alloc(a, (size_t)n + 1);

	vsnprintf(text, (size_t)n + 1, fmt, ap);
	return text;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *text = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return text;
}

struct arena_mark arena_mark(const struct arena *a)
{
	return (struct arena_mark){a->top, a->top->used};
}

void arena_rewind(struct arena *a, struct arena_mark mark)
{
	while (a->top != mark.chunk) {
		BUG_ON(a->top->below == NULL); /* a mark of another arena, or no longer valid */
		pop_chunk(a);
	}
	BUG_ON(mark.used > a->top->used);
	/* The chunk may hold tokens. The system wipes chunks that were unmapped. */
	UNPOISON(space_of(a->top) + mark.used, a->top->used - mark.used);
	explicit_bzero(space_of(a->top) + mark.used, a->top->used - mark.used);
	a->top->used = mark.used;
	a->latest = NULL;
	POISON(space_of(a->top) + mark.used, a->top->space - mark.used);
}

void arena_reset(struct arena *a)
{
	while (a->top->below != NULL)
		pop_chunk(a);
	arena_rewind(a, (struct arena_mark){a->top, 0});
}

size_t arena_held(const struct arena *a)
{
	return a->held;
}
