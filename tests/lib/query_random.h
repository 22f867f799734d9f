/* SPDX-License-Identifier: MIT
 * Random rows and random well-typed filters over lib/query_fields.h, from a seed. Values of both
 * come from the same small pools of awkward text, so that tests hit. */
#ifndef LIB_QUERY_RANDOM_H
#define LIB_QUERY_RANDOM_H

#include "lib/query_eval.h"

struct query_random {
	uint64_t state;
};

unsigned query_random_below(struct query_random *r, unsigned n);

/* Fills a row whose id is "r" and the number, in the arena. */
void query_random_row(struct query_random *r, struct arena *a, int number, struct eval_row *row);

/* The text of a filter, a sort now and then included. */
struct str query_random_filter(struct query_random *r, struct arena *a);

#endif
