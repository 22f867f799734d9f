/* SPDX-License-Identifier: MIT
 * Growable bytes in an arena, with an optional sink. A buffer with a sink takes all its memory,
 * flush_at bytes, at the first addition and never grows, so that a writer may rewind the arena
 * between rows. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#define FIRST_BYTES ((size_t)256)

void buf_init(struct buf *b, struct arena *a)
{
	*b = (struct buf){.arena = a};
}

void buf_flush(struct buf *b)
{
	if (b->sink == NULL || b->n == 0)
		return;
	b->sink(b->sink_ctx, b->p, b->n);
	b->flushed += b->n;
	b->n = 0;
}

/* Makes room for n more bytes. */
static void reserve(struct buf *b, size_t n)
{
	if (n <= b->cap - b->n)
		return;
	if (n > SIZE_MAX / 4 || b->n > SIZE_MAX / 4)
		out_of_memory(n);

	size_t cap = b->cap ? b->cap : FIRST_BYTES;

	while (cap < b->n + n)
		cap *= 2;
	if (b->sink != NULL && cap < b->flush_at)
		cap = b->flush_at;
	b->p = arena_grow(b->arena, b->p, b->n, cap);
	b->cap = cap;
}

void buf_add_more(struct buf *b, const char *p, size_t n)
{
	if (n == 0)
		return;
	if (b->sink != NULL && (n > b->flush_at || b->n > b->flush_at - n)) {
		buf_flush(b);
		if (n >= b->flush_at) {
			b->sink(b->sink_ctx, p, n);
			b->flushed += n;
			return;
		}
	}
	reserve(b, n);
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	char small[512];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	BUG_ON(n < 0);
	if ((size_t)n < sizeof(small)) {
		buf_add(b, small, (size_t)n);
		return;
	}
	va_start(ap, fmt);
	buf_add(b, arena_vprintf(b->arena, fmt, ap), (size_t)n);
	va_end(ap);
}
