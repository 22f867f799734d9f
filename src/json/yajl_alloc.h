/* SPDX-License-Identifier: MIT
 * Memory for yajl from an arena, so that nothing leaks however a parse ends. For src/json alone.
 * Freeing does nothing; the arena is freed as a whole. */
#ifndef JSON_YAJL_ALLOC_H
#define JSON_YAJL_ALLOC_H

#include <yajl/yajl_common.h>

struct arena;

yajl_alloc_funcs json_yajl_alloc(struct arena *a);

#endif
