/* SPDX-License-Identifier: MIT
 * Streaming JSON over yajl_gen. Writes into the caller's buf and takes the little memory it needs
 * from the arena.
 *
 * yajl escapes and places commas. Scopes are kept here, because yajl lets an array close an open
 * map and crashes after one close too many. Text is made well-formed here, because yajl's own check
 * passes overlong forms and surrogates; that check stays off. */
#include "json/writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <yajl/yajl_gen.h>

#include "base/clock.h"
#include "base/limits.h"
#include "json/reader.h"
#include "yajl_alloc.h"

/* Deep enough for a client's tree inside one of our envelopes, and below yajl's own limit of
 * 128. */
#define DEPTH_MAX (LIMIT_JSON_DEPTH + 32)

struct json_writer {
	struct arena *arena;
	yajl_gen gen;
	enum err err; /* the first error; nothing is written after it */
	bool begun;   /* there is a value at the top; yajl refuses a second */
	size_t depth;
	bool in_object[DEPTH_MAX];
};

static void print(void *ctx, const char *p, size_t n)
{
	buf_add(ctx, p, n);
}

struct json_writer *json_writer_new(struct arena *a, struct buf *out)
{
	struct json_writer *w = arena_zalloc(a, sizeof(*w));
	yajl_alloc_funcs funcs = json_yajl_alloc(a);

	w->arena = a;
	w->gen = yajl_gen_alloc(&funcs);
	BUG_ON(w->gen == NULL);
	BUG_ON(!yajl_gen_config(w->gen, yajl_gen_print_callback, print, out));
	return w;
}

static void latch(struct json_writer *w, bool fine)
{
	if (!fine && w->err == ERR_OK)
		w->err = ERR_INTERNAL;
}

static void check(struct json_writer *w, yajl_gen_status status)
{
	latch(w, status == yajl_gen_status_ok);
}

/* Writes text, made well-formed. */
static void put_text(struct json_writer *w, struct str s)
{
	check(w, yajl_gen_string(w->gen, (const unsigned char *)s.p, s.n));
}

/* Writes the key if one is needed. False: no value may follow. */
static bool begin(struct json_writer *w, struct str key)
{
	bool wants_key = w->depth > 0 && w->in_object[w->depth - 1];

	latch(w, (key.p != NULL) == wants_key);
	if (w->err != ERR_OK)
		return false;
	w->begun = true;
	if (wants_key)
		put_text(w, key);
	return true;
}

static void open_scope(struct json_writer *w, struct str key, bool object)
{
	latch(w, w->depth < DEPTH_MAX);
	if (!begin(w, key))
		return;
	w->in_object[w->depth++] = object;
	check(w, object ? yajl_gen_map_open(w->gen) : yajl_gen_array_open(w->gen));
}

void json_obj(struct json_writer *w, const char *key)
{
	open_scope(w, str_from(key), true);
}

void json_arr(struct json_writer *w, const char *key)
{
	open_scope(w, str_from(key), false);
}

void json_end(struct json_writer *w)
{
	latch(w, w->depth > 0);
	if (w->err != ERR_OK)
		return;

	bool object = w->in_object[--w->depth];

	check(w, object ? yajl_gen_map_close(w->gen) : yajl_gen_array_close(w->gen));
}

static void put_null(struct json_writer *w, struct str key)
{
	if (begin(w, key))
		check(w, yajl_gen_null(w->gen));
}

static void put_i64(struct json_writer *w, struct str key, int64_t v)
{
	if (begin(w, key))
		check(w, yajl_gen_integer(w->gen, v));
}

static void put_str(struct json_writer *w, struct str key, struct str v)
{
	if (v.p == NULL)
		put_null(w, key);
	else if (begin(w, key))
		put_text(w, str_to_utf8(w->arena, v));
}

static void put_bool(struct json_writer *w, struct str key, bool v)
{
	if (begin(w, key))
		check(w, yajl_gen_bool(w->gen, v));
}

/* Writes the fewest digits that read back as the same number; 17 always do. */
static void put_f64(struct json_writer *w, struct str key, double v)
{
	char text[32];
	int n = 0;

	if (!isfinite(v)) {
		put_null(w, key);
		return;
	}
	if (!begin(w, key))
		return;
	for (int digits = 15; digits <= 17; digits++) {
		n = snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	check(w, yajl_gen_number(w->gen, text, (size_t)n));
}

void json_null(struct json_writer *w, const char *key)
{
	put_null(w, str_from(key));
}

void json_bool(struct json_writer *w, const char *key, bool v)
{
	put_bool(w, str_from(key), v);
}

void json_i64(struct json_writer *w, const char *key, int64_t v)
{
	put_i64(w, str_from(key), v);
}

void json_f64(struct json_writer *w, const char *key, double v)
{
	put_f64(w, str_from(key), v);
}

void json_str(struct json_writer *w, const char *key, struct str v)
{
	put_str(w, str_from(key), v);
}

void json_cstr(struct json_writer *w, const char *key, const char *v)
{
	put_str(w, str_from(key), str_from(v));
}

void json_time(struct json_writer *w, const char *key, int64_t ms)
{
	char text[CLOCK_TEXT_BYTES];

	if (ms == TIME_NONE) {
		json_null(w, key);
		return;
	}
	clock_format(ms, text);
	if (begin(w, str_from(key)))
		put_text(w, (struct str){text, CLOCK_TEXT_BYTES - 1});
}

void json_member_str(struct json_writer *w, struct str key, struct str v)
{
	put_str(w, str_to_utf8(w->arena, key), v);
}

void json_member_i64(struct json_writer *w, struct str key, int64_t v)
{
	put_i64(w, str_to_utf8(w->arena, key), v);
}

static void put_tree(struct json_writer *w, struct str key, const struct json *v);

static void put_children(struct json_writer *w, const struct json *v)
{
	for (const struct json *c = v->first; c != NULL && w->err == ERR_OK; c = c->next)
		put_tree(w, v->type == JSON_OBJECT ? str_to_utf8(w->arena, c->key) : STR_NONE, c);
	json_end(w);
}

/* Recursion ends at DEPTH_MAX, where opening a scope is an error. */
static void put_tree(struct json_writer *w, struct str key, const struct json *v)
{
	switch (v->type) {
	case JSON_NULL:
		put_null(w, key);
		break;
	case JSON_BOOL:
		put_bool(w, key, v->boolean);
		break;
	case JSON_INT:
		put_i64(w, key, v->integer);
		break;
	case JSON_DOUBLE:
		put_f64(w, key, v->number);
		break;
	case JSON_STRING:
		put_str(w, key, v->text);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		open_scope(w, key, v->type == JSON_OBJECT);
		put_children(w, v);
		break;
	}
}

void json_tree(struct json_writer *w, const char *key, const struct json *v)
{
	static const struct json null = {.type = JSON_NULL};

	put_tree(w, str_from(key), v != NULL ? v : &null);
}

enum err json_finish(struct json_writer *w)
{
	latch(w, w->depth == 0 && w->begun);
	return w->err;
}

struct str json_text(struct arena *a, const struct json *tree)
{
	struct json_writer *w;
	struct buf text;

	if (tree == NULL)
		return STR_NONE;
	buf_init(&text, a);
	w = json_writer_new(a, &text);
	json_tree(w, NULL, tree);
	BUG_ON(json_finish(w) != ERR_OK);
	return buf_view(&text);
}
