/* SPDX-License-Identifier: MIT
 * The allocation functions for yajl. yajl does not pass the old size when it reallocates, so the
 * size is stored before each block. */
#include "yajl_alloc.h"

#include "base/arena.h"

/* Its size keeps the block after it aligned for any type. */
struct head {
	_Alignas(16) size_t bytes;
};

static void *take(void *ctx, size_t bytes)
{
	struct head *h = arena_alloc(ctx, sizeof(*h) + bytes);

	h->bytes = bytes;
	return h + 1;
}

static void *retake(void *ctx, void *old, size_t bytes)
{
	if (old == NULL)
		return take(ctx, bytes);

	struct head *h = (struct head *)old - 1;

	h = arena_grow(ctx, h, sizeof(*h) + h->bytes, sizeof(*h) + bytes);
	h->bytes = bytes;
	return h + 1;
}

static void leave(void *ctx, void *p)
{
	(void)ctx;
	(void)p;
}

yajl_alloc_funcs json_yajl_alloc(struct arena *a)
{
	return (yajl_alloc_funcs){.malloc = take, .realloc = retake, .free = leave, .ctx = a};
}
