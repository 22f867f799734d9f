/* SPDX-License-Identifier: MIT
 * Growable bytes in an arena: response bodies, SQL text, JSON. A buffer with a sink holds at most
 * `flush_at` bytes and gives the others to the sink. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"

struct buf {
	struct arena *arena;
	char *p;
	size_t n, cap;
	void (*sink)(void *ctx, const char *p, size_t n); /* NULL: keep everything */
	void *sink_ctx;
	size_t flush_at;
	size_t flushed; /* bytes given to the sink so far */
};

void buf_init(struct buf *b, struct arena *a);
void buf_add_more(
	struct buf *b, const char *p, size_t n); /* buf_add, when it has to grow or flush */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_flush(struct buf *b); /* to the sink, if there is one */

static inline void buf_add(struct buf *b, const char *p, size_t n)
{
	size_t room = b->sink != NULL && b->cap > b->flush_at ? b->flush_at : b->cap;

	if (n == 0 || b->n > room || n > room - b->n) {
		buf_add_more(b, p, n);
		return;
	}
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

static inline void buf_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

static inline void buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

static inline struct str buf_view(const struct buf *b)
{
	return (struct str){b->p != NULL ? b->p : "", b->n};
}

#endif
