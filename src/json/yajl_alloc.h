/* SPDX-License-Identifier: MIT
 * yajl's memory out of an arena: whatever way a parse or an answer ends, nothing leaks. Only for
 * src/json. Freeing does nothing; the arena forgets it all. */
#ifndef JSON_YAJL_ALLOC_H
#define JSON_YAJL_ALLOC_H

#include <yajl/yajl_common.h>

struct arena;

yajl_alloc_funcs json_yajl_alloc(struct arena *a);

#endif
