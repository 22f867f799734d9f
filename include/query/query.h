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

/* One name that a client may use. `expr` is an SQL expression of the row:
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
	bool indexed; /* an index finds rows by it; the index of a DATETIME also holds the tie */
};

/* A name from an answer that people use by mistake, and the field that they mean. */
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

/* What is wrong with a filter. Lines count from 1, columns from 0, in code points. */
struct query_error {
	enum err code;       /* ERR_INVALID_FILTER or ERR_INVALID_SORT */
	int line, column;    /* line 0: no position */
	struct str found;    /* text of the wrong token, p == NULL if none */
	struct str expected; /* what is accepted instead, p == NULL if unknown */
	struct str message;  /* one whole sentence with all of the above */
};

struct query;

/* Parses `filter` (p == NULL or empty: everything; only white space is an error).
 * ERR_INVALID_FILTER with *error filled. Limits: LIMIT_FILTER_BYTES, _DEPTH, _LIST, _SORT_KEYS. */
MUST_CHECK enum err query_parse(
	struct arena *a, struct str filter, struct query **out, struct query_error *error);

/* Called once for a query: resolves names and types, reads skip and limit. If the filter has no
 * sort, it then parses and resolves `sort` (the text after "sort by "; p == NULL or empty: none);
 * its faults are ERR_INVALID_SORT. */
MUST_CHECK enum err query_check(struct query *q, const struct query_fields *fields, struct str sort,
	struct query_error *error);

/* Paging by schema/filter.md 7. `limit` and `offset` are the query parameters, has_* is false if
 * they are absent; `ceiling` is the greatest limit, also for "none". Results are the effective
 * numbers. */
void query_paging(const struct query *q, bool has_limit, int64_t limit, bool has_offset,
	int64_t offset, int64_t ceiling, int64_t *out_limit, int64_t *out_offset);

/* Appends a condition in parentheses that is 0 or 1 for every row, never NULL. */
void query_where(const struct query *q, struct sql *sql);

/* Appends "ORDER BY …", which ends with the tie. */
void query_order(const struct query *q, struct sql *sql);

/* The first field that the rows are sorted by; NULL: the tie. */
const struct query_field *query_first_key(const struct query *q, bool *descending);

/* Whether the condition is one test, not negated, for one or more values of an indexed field, so
 * that an index finds exactly the matching rows. */
bool query_is_lookup(const struct query *q);

/* Whether there is no condition, so that every row matches. */
bool query_is_all(const struct query *q);

/* Whether the filter is only a condition: not empty, and without sort, skip and limit. */
bool query_is_condition(const struct query *q);

/* Whether the filter mixes and, or and not without parentheses, so that a person may misread it:
 * the language has no precedence. If so, *as_read and *as_meant are the two readings with all
 * parentheses. */
bool query_is_ambiguous(const struct query *q, struct str *as_read, struct str *as_meant);

#endif
