/* SPDX-License-Identifier: MIT
 * Memory that outlives a request. What belongs to a request is in its arena. */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stddef.h>

#include "base/macros.h"

/* Zeroed, for free(3). Never NULL: without memory the process ends (out_of_memory). */
MUST_CHECK void *heap_zalloc(size_t count, size_t bytes);

#endif
