/* SPDX-License-Identifier: MIT
 * yajl takes its memory from an arena, so that nothing leaks however a parse or an answer ends. For
 * src/json alone. Freeing does nothing; the arena forgets everything at once. */
#ifndef JSON_YAJL_ALLOC_H
#define JSON_YAJL_ALLOC_H

#include <yajl/yajl_common.h>

struct arena;

yajl_alloc_funcs json_yajl_alloc(struct arena *a);

#endif
