/* SPDX-License-Identifier: MIT
 * Streaming JSON writer with a scope stack. Functions that write return nothing; json_finish
 * returns the first error. Inside an object the key is a string literal; in an array and at the top
 * it is NULL. Anything else is ERR_INTERNAL. Parts of a string that are not UTF-8 become U+FFFD. */
#ifndef JSON_WRITER_H
#define JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct json_writer;
struct json;

/* The writer and its memory live in the arena; the output goes to `out`. */
struct json_writer *json_writer_new(struct arena *a, struct buf *out);

void json_obj(struct json_writer *w, const char *key);
void json_arr(struct json_writer *w, const char *key);
void json_end(struct json_writer *w); /* closes the innermost object or array */

void json_null(struct json_writer *w, const char *key);
void json_bool(struct json_writer *w, const char *key, bool v);
void json_i64(struct json_writer *w, const char *key, int64_t v);
void json_f64(struct json_writer *w, const char *key, double v);       /* NaN and infinity: null */
void json_str(struct json_writer *w, const char *key, struct str v);   /* p == NULL: null */
void json_cstr(struct json_writer *w, const char *key, const char *v); /* NULL: null */
void json_time(struct json_writer *w, const char *key, int64_t ms);    /* TIME_NONE: null */
void json_tree(struct json_writer *w, const char *key, const struct json *v); /* NULL: null */

/* Like json_str and json_i64, but the key is data (a device type, a tag). */
void json_member_str(struct json_writer *w, struct str key, struct str v);
void json_member_i64(struct json_writer *w, struct str key, int64_t v);

/* ERR_OK when exactly one complete value was written. */
MUST_CHECK enum err json_finish(struct json_writer *w);

/* A whole tree as text in the arena; p == NULL for NULL. */
struct str json_text(struct arena *a, const struct json *tree);

#endif
