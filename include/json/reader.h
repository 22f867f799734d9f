/* SPDX-License-Identifier: MIT
 * JSON text to a tree in an arena, over yajl's SAX parser, with limits on depth and nodes
 * (LIMIT_JSON_DEPTH, LIMIT_JSON_NODES): yajl itself takes two million brackets without complaint.
 * RFC 8259; a repeated member name keeps the last value, as Python's and JavaScript's readers do.
 * Invalid UTF-8, trailing text, comments and an empty text are errors. */
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
	struct str key; /* member name when the parent is an object */
	bool boolean;
	int64_t integer;    /* JSON_INT: fits int64; a larger one is JSON_DOUBLE */
	double number;      /* JSON_INT and JSON_DOUBLE */
	struct str text;    /* JSON_STRING */
	struct json *first; /* JSON_ARRAY, JSON_OBJECT: children in order */
	struct json *next;  /* sibling */
	size_t count;       /* children */
};

/* ERR_INVALID: not JSON. ERR_TOO_LARGE: past a limit. *error_at is then the byte offset of the
 * fault. */
MUST_CHECK enum err json_parse(
	struct arena *a, struct str text, struct json **out, size_t *error_at);

/* The last member of that name, NULL if absent or `obj` is no object (NULL included). */
const struct json *json_member(const struct json *obj, const char *name);

#endif
