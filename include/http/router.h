/* SPDX-License-Identifier: MIT
 * Matches a method and path segments against the caller's table of rows. A pattern is text such as
 * "/tenants/{tenant_id}/sessions/stats". A literal segment wins over a {…}, in any order of rows
 * and for any method: "stats" or "revoke-all" is never read as an id where a row has it as a
 * literal. A slash at the end changes nothing. A {…} matches what http_is_id accepts and the caller
 * does not exclude. */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include "http/request.h"

#define ROUTER_VARS_MAX 3

/* The first member of the caller's row. */
struct route_key {
	enum http_method method;
	const char *prefix;  /* name of the base path of this row; compared as text */
	const char *pattern; /* "" or "/" for the base path itself */
};

struct route_match {
	const void *row;                        /* NULL: no such path, or not under this method */
	struct str vars[ROUTER_VARS_MAX];       /* in the order of the pattern */
	const char *var_names[ROUTER_VARS_MAX]; /* in the pattern; "}" ends each, not NUL */
	size_t var_count;
	bool path_known;  /* row == NULL and path_known: 405 */
	struct str allow; /* for 405: "GET, HEAD, POST", in the arena */
};

/* Whether a {…} may match the text: 1 to LIMIT_ID_BYTES bytes of UTF-8 without NUL. */
bool http_is_id(struct str value);

/* Whether `variable` ("{session_id}") may be `value`, an id. */
typedef bool (*route_takes_fn)(struct str variable, struct str value);

/* `rows`: `count` rows of `stride` bytes, each beginning with struct route_key. HEAD finds the row
 * of GET. `prefix` names the base path that the request matched. */
struct route_match router_match(const void *rows, size_t count, size_t stride, route_takes_fn takes,
	const char *prefix, const struct http_request *r);

#endif
