/* SPDX-License-Identifier: MIT
 * The first SPOOL_MEMORY bytes are in memory, the rest is in the file. A failure is noted and
 * reported by spool_read, so that writers need not check each call. */
#include "base/spool.h"

#include <string.h>

#define READ_BYTES 65536

void spool_init(struct spool *s, struct arena *a)
{
	*s = (struct spool){.arena = a};
}

void spool_close(struct spool *s)
{
	if (s->file != NULL)
		fclose(s->file);
	s->file = NULL;
	s->in_memory = s->bytes = 0;
	s->failed = false;
}

void spool_write(struct spool *s, const char *p, size_t n)
{
	size_t here = n;

	if (s->memory == NULL)
		s->memory = arena_alloc(s->arena, SPOOL_MEMORY);
	if (here > SPOOL_MEMORY - s->in_memory)
		here = SPOOL_MEMORY - s->in_memory;
	memcpy(s->memory + s->in_memory, p, here);
	s->in_memory += here;
	s->bytes += n;
	if (here == n || s->failed)
		return;
	if (s->file == NULL)
		s->file = tmpfile();
	s->failed = s->file == NULL || fwrite(p + here, 1, n - here, s->file) != n - here;
}

bool spool_read(struct spool *s, spool_fn fn, void *ctx)
{
	size_t left = s->bytes - s->in_memory;
	char *part;

	s->failed = s->failed ||
		    (s->file != NULL && (fflush(s->file) != 0 || fseek(s->file, 0, SEEK_SET) != 0));
	if (s->failed)
		return false;
	if (s->in_memory > 0)
		fn(ctx, s->memory, s->in_memory);
	part = left > 0 ? arena_alloc(s->arena, READ_BYTES) : NULL;
	while (left > 0 && !s->failed) {
		size_t n = left < READ_BYTES ? left : READ_BYTES;

		s->failed = fread(part, 1, n, s->file) != n;
		if (!s->failed)
			fn(ctx, part, n);
		left -= n;
	}
	return !s->failed;
}
