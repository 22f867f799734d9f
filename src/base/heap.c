/* SPDX-License-Identifier: MIT
 * Allocates zeroed memory; see the header. */
#include "base/heap.h"

#include <stdlib.h>

void *heap_zalloc(size_t count, size_t bytes)
{
	void *p = calloc(count > 0 ? count : 1, bytes);

	if (p == NULL)
		out_of_memory(count * bytes);
	return p;
}
