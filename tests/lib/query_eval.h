/* SPDX-License-Identifier: MIT
 * The filter language evaluated over rows in memory, by the rules of the language alone: the judge
 * of what the room query compiles to. Works from the checked tree (fields, operators, literals),
 * not from what the compiler makes of it. Rows are of lib/query_fields.h. */
#ifndef LIB_QUERY_EVAL_H
#define LIB_QUERY_EVAL_H

#include "../src/query/tree.h"
#include "lib/query_fields.h"

#define EVAL_FIELDS QUERY_TEST_FIELDS
#define EVAL_TAGS 4
#define EVAL_SET 5

enum eval_kind { EVAL_NULL, EVAL_TEXT, EVAL_BOOL, EVAL_NUMBER, EVAL_TIME };

struct eval_cell {
	enum eval_kind kind;
	struct str s;
	bool b;
	double d;
	int64_t ms;
};

struct eval_row {
	struct eval_cell cells[EVAL_FIELDS]; /* in the order of the fields; unused: tags, sets */
	struct str tag_keys[EVAL_TAGS];
	struct eval_cell tags[EVAL_TAGS];
	size_t tag_count;
	struct str set[EVAL_SET]; /* may repeat an element */
	size_t set_count;
	struct str tags_json, set_json; /* as the database holds them; p == NULL: NULL */
};

bool query_eval(const struct query *q, const struct eval_row *row);

/* Which row comes first: < 0, > 0, never 0 for two rows. */
int query_eval_order(const struct query *q, const struct eval_row *a, const struct eval_row *b);

#endif
