/* SPDX-License-Identifier: MIT
 * The list-filter language of OpenZiti's Edge Management API as schema/filter.md describes it:
 * text -> tokens -> tree -> typed tree -> SQL fragments with bound arguments. Knows no session:
 * names come from a field table.
 *
 * Stages, each usable by itself: query_parse (lex.c, parse.c), query_check (check.c: names, types,
 * paging), query_where / query_order (compile.c). The tree lives in the arena. */
#ifndef QUERY_QUERY_H
#define QUERY_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "db/compose.h"

enum query_type {
	QUERY_STRING,
	QUERY_BOOL,
	QUERY_DATETIME,
	QUERY_ANY,
	QUERY_STRING_SET,
	QUERY_CIDR
};

/* One name a client may use. `expr` is an SQL expression of the row:
 *   STRING    text in a binary collation, NULL allowed
 *   BOOL      0, 1 or NULL
 *   DATETIME  DATETIME(3), NULL allowed
 *   ANY       a JSON object of text, number, bool and null (tags); the name is a prefix, "tags"
 *             stands for tags.KEY
 *   STRING_SET a JSON array of distinct strings, NULL reads as empty
 *   CIDR      a STRING, but =, !=, in and not in take addresses and networks ("10.0.0.0/8") by
 *             value (extension), and nothing else but null */
struct query_field {
	const char *name;
	enum query_type type;
	struct sql_frag expr;
	bool sortable;
	bool indexed; /* an index finds rows by it; that of a DATETIME also holds the tie */
};

/* What people write because answers call it so, and the field that it is. */
struct query_alias {
	const char *name, *field;
};

struct query_fields {
	const struct query_field *list;
	size_t count;
	const struct query_alias *aliases; /* for messages; only `field` works in a filter */
	size_t alias_count;
	struct sql_frag tie; /* expression of the unique id that ends every ORDER BY, ascending */
};

/* What is wrong, for a dialect to print. Line from 1, column from 0, in code points. */
struct query_error {
	enum err code;       /* ERR_INVALID_FILTER or ERR_INVALID_SORT */
	int line, column;    /* line 0: no position */
	struct str found;    /* the offending token's text, p == NULL if none */
	struct str expected; /* what would have been accepted, p == NULL if none */
	struct str message;  /* one whole sentence, all of the above included */
};

struct query;

/* Parses `filter` (p == NULL or empty: everything; only white space is an error).
 * ERR_INVALID_FILTER with *error filled. Limits: LIMIT_FILTER_BYTES, _DEPTH, _LIST, _SORT_KEYS. */
MUST_CHECK enum err query_parse(
	struct arena *a, struct str filter, struct query **out, struct query_error *error);

/* Once for a query: resolves names and types, reads skip and limit. Then, if the filter has no sort
 * of its own, parses and resolves `sort` (what may follow "sort by "; p == NULL or empty: none):
 * ERR_INVALID_SORT. */
MUST_CHECK enum err query_check(struct query *q, const struct query_fields *fields, struct str sort,
	struct query_error *error);

/* Paging as schema/filter.md 7 has it; `limit` and `offset` are the query parameters, has_* false
 * if absent; `ceiling` is what unlimited means here, and the most. Results are the effective
 * numbers. */
void query_paging(const struct query *q, bool has_limit, int64_t limit, bool has_offset,
	int64_t offset, int64_t ceiling, int64_t *out_limit, int64_t *out_offset);

/* Appends a condition that is 0 or 1 for every row, never NULL, in parentheses. */
void query_where(const struct query *q, struct sql *sql);

/* Appends "ORDER BY …", ending in the tie. */
void query_order(const struct query *q, struct sql *sql);

/* The field that the rows are sorted by, NULL: by the tie. */
const struct query_field *query_first_key(const struct query *q, bool *descending);

/* Whether its condition is one test, not negated, for one value or several of an
 * indexed field, so that an index finds just the rows that match. */
bool query_is_lookup(const struct query *q);

/* Whether it has no condition, so that every row matches. */
bool query_is_all(const struct query *q);

/* Whether it is a condition and nothing else: no sort, skip or limit, and not empty. */
bool query_is_condition(const struct query *q);

/* Whether the filter mixes and, or and not without parentheses, so that a person may read it
 * otherwise than the language does, which has no precedence. If so *as_read and *as_meant are the
 * two readings with all parentheses. */
bool query_is_ambiguous(const struct query *q, struct str *as_read, struct str *as_meant);

#endif
