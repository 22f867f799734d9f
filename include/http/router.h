/* SPDX-License-Identifier: MIT
 * Matches a method and path segments against a const table of rows. Knows no route of ours. A
 * pattern is "/tenants/{tenant_id}/sessions/stats". A literal segment is chosen before a {…},
 * whatever the order and the method of the rows, and that choice is final: "stats", "users" or
 * "revoke-all" is never read as an id where a row has it as a literal. A trailing slash is the same
 * resource. A {…} segment matches what http_is_id accepts and the caller does not exclude. */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include "http/request.h"

#define ROUTER_VARS_MAX 3

/* First member of the caller's row. */
struct route_key {
	enum http_method method;
	const char *prefix;  /* name of the base path this row lives under; compared as text */
	const char *pattern; /* "" or "/" for the base path itself */
};

struct route_match {
	const void *row;                        /* NULL: no such path, or not under this method */
	struct str vars[ROUTER_VARS_MAX];       /* in order of the pattern */
	const char *var_names[ROUTER_VARS_MAX]; /* into the pattern, ended by "}" and not NUL */
	size_t var_count;
	bool path_known;  /* row == NULL and path_known: 405 */
	struct str allow; /* with 405: "GET, HEAD, POST", in the arena */
};

/* Whether a text may stand in a {…}: 1 to LIMIT_ID_BYTES bytes of UTF-8 without NUL. */
bool http_is_id(struct str value);

/* Whether `variable` ("{session_id}") may be `value`, an id. */
typedef bool (*route_takes_fn)(struct str variable, struct str value);

/* `rows`: count rows of `stride` bytes beginning with struct route_key. HEAD finds GET's row.
 * `prefix` is the one whose base path the request matched. */
struct route_match router_match(const void *rows, size_t count, size_t stride, route_takes_fn takes,
	const char *prefix, const struct http_request *r);

#endif
