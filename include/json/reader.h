/* SPDX-License-Identifier: MIT
 * Reads JSON text (RFC 8259) into a tree in an arena, with yajl's SAX parser. Depth and nodes have
 * limits (LIMIT_JSON_DEPTH, LIMIT_JSON_NODES), because yajl has none. Of members with one name the
 * last one counts, as in Python and JavaScript. Invalid UTF-8, trailing text, comments and an empty
 * text are errors. */
#ifndef JSON_READER_H
#define JSON_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_INT,
	JSON_DOUBLE,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

struct json {
	enum json_type type;
	struct str key; /* member name if the parent is an object */
	bool boolean;
	int64_t integer;    /* JSON_INT: fits int64; a larger one is JSON_DOUBLE */
	double number;      /* JSON_INT and JSON_DOUBLE */
	struct str text;    /* JSON_STRING */
	struct json *first; /* JSON_ARRAY, JSON_OBJECT: children in order */
	struct json *next;  /* sibling */
	size_t count;       /* children */
};

/* ERR_INVALID: not JSON. ERR_TOO_LARGE: a limit is exceeded. *error_at is then the fault's offset
 * in bytes. */
MUST_CHECK enum err json_parse(
	struct arena *a, struct str text, struct json **out, size_t *error_at);

/* The last member of that name. NULL if there is none, or `obj` is NULL or no object. */
const struct json *json_member(const struct json *obj, const char *name);

#endif
