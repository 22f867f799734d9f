/* SPDX-License-Identifier: MIT
 * Streaming JSON writer. Writes into the caller's buf and takes its memory from the arena.
 *
 * It does not use yajl's generator, which took half of a worker's time for a list. That generator
 * also lets an array close an open map, and writes overlong forms and surrogates as UTF-8. */
#include "json/writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "json/reader.h"

/* Deep enough for a client's tree inside an answer. */
#define DEPTH_MAX (LIMIT_JSON_DEPTH + 32)

struct json_writer {
	struct arena *arena;
	struct buf *out;
	enum err err; /* the first error; nothing is written after it */
	bool begun;   /* a value was begun at the top; a second one is an error */
	bool comma;   /* the next value in this scope needs a comma before it */
	size_t depth;
	bool in_object[DEPTH_MAX];
};

struct json_writer *json_writer_new(struct arena *a, struct buf *out)
{
	struct json_writer *w = arena_zalloc(a, sizeof(*w));

	w->arena = a;
	w->out = out;
	return w;
}

static void latch(struct json_writer *w, bool fine)
{
	if (!fine && w->err == ERR_OK)
		w->err = ERR_INTERNAL;
}

/* RFC 8259 section 7: quotation mark, reverse solidus and control characters are escaped. */
static bool is_plain(char c)
{
	return (unsigned char)c >= ' ' && c != '"' && c != '\\';
}

#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (unsigned char)(c))

/* The bytes at the front that need no escape. Tests eight at a time: a byte less than n sets its
 * highest bit in `word - EACH_BYTE(n)`. A borrow can set it too, and the second loop decides. */
static size_t plain_run(struct str s)
{
	size_t at = 0;
	uint64_t word;

	for (; s.n - at >= sizeof(word); at += sizeof(word)) {
		uint64_t quote, solidus, below;

		memcpy(&word, s.p + at, sizeof(word));
		quote = word ^ EACH_BYTE('"');
		solidus = word ^ EACH_BYTE('\\');
		below = ((quote - EACH_BYTE(1)) & ~quote) | ((solidus - EACH_BYTE(1)) & ~solidus) |
			((word - EACH_BYTE(' ')) & ~word);
		if ((below & EACH_BYTE(0x80)) != 0)
			break;
	}
	while (at < s.n && is_plain(s.p[at]))
		at++;
	return at;
}

static void put_escape(struct buf *out, char c)
{
	static const char digits[] = "0123456789ABCDEF", letters[] = {['"'] = '"',
								 ['\\'] = '\\',
								 ['\b'] = 'b',
								 ['\t'] = 't',
								 ['\n'] = 'n',
								 ['\f'] = 'f',
								 ['\r'] = 'r'};
	unsigned char byte = (unsigned char)c;
	char text[] = {'\\', letters[byte], '0', '0', digits[byte >> 4], digits[byte & 15]};
	bool has_letter = text[1] != '\0';

	if (!has_letter)
		text[1] = 'u';
	buf_add(out, text, has_letter ? 2 : sizeof(text));
}

/* Writes well-formed text as a quoted string. */
static void put_text(struct json_writer *w, struct str s)
{
	buf_char(w->out, '"');
	for (;;) {
		size_t run = plain_run(s);

		buf_add(w->out, s.p, run);
		if (run == s.n)
			break;
		put_escape(w->out, s.p[run]);
		s.p += run + 1;
		s.n -= run + 1;
	}
	buf_char(w->out, '"');
}

/* Writes the comma and the key if they are needed. False: no value may follow. */
static bool begin(struct json_writer *w, struct str key)
{
	bool wants_key = w->depth > 0 && w->in_object[w->depth - 1];

	latch(w, (key.p != NULL) == wants_key && (w->depth > 0 || !w->begun));
	if (w->err != ERR_OK)
		return false;
	w->begun = true;
	if (w->comma)
		buf_char(w->out, ',');
	w->comma = true;
	if (wants_key) {
		put_text(w, key);
		buf_char(w->out, ':');
	}
	return true;
}

static void open_scope(struct json_writer *w, struct str key, bool object)
{
	latch(w, w->depth < DEPTH_MAX);
	if (!begin(w, key))
		return;
	w->in_object[w->depth++] = object;
	w->comma = false;
	buf_char(w->out, object ? '{' : '[');
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
	buf_char(w->out, w->in_object[--w->depth] ? '}' : ']');
	w->comma = true;
}

static void put_null(struct json_writer *w, struct str key)
{
	if (begin(w, key))
		buf_str(w->out, STR("null"));
}

static void put_i64(struct json_writer *w, struct str key, int64_t v)
{
	char text[24], *p = text + sizeof(text);
	uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	if (!begin(w, key))
		return;
	do
		*--p = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (v < 0)
		*--p = '-';
	buf_add(w->out, p, (size_t)(text + sizeof(text) - p));
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
		buf_str(w->out, v ? STR("true") : STR("false"));
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
	buf_add(w->out, text, (size_t)n);
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
	char text[1 + CLOCK_TEXT_BYTES] = {'"'};

	if (ms == TIME_NONE) {
		json_null(w, key);
		return;
	}
	clock_format(ms, text + 1);
	text[CLOCK_TEXT_BYTES] = '"';
	if (begin(w, str_from(key)))
		buf_add(w->out, text, sizeof(text));
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
