/* SPDX-License-Identifier: MIT
 * Reads JSON text into a tree. All memory comes from the arena, also that of yajl.
 *
 * yajl is less strict than RFC 8259: it takes vertical tabs and form feeds for white space, accepts
 * some ill-formed UTF-8, and makes a character from half a surrogate pair (some versions read past
 * the text there). So `acceptable` checks the text first. */
#include "json/reader.h"

#include <math.h>
#include <stdlib.h>
#include <yajl/yajl_parse.h>

#include "base/limits.h"
#include "yajl_alloc.h"

struct scope {
	struct json *node;
	struct json **tail; /* where its next child is linked */
};

struct reader {
	struct arena *arena;
	struct json *root;
	struct str key; /* name of the member whose value comes next */
	size_t depth, nodes;
	bool over; /* a limit was exceeded */
	struct scope scopes[LIMIT_JSON_DEPTH];
};

/* Links a new node into the tree; NULL past the limit. */
static struct json *add(struct reader *r, enum json_type type)
{
	r->over = r->over || r->nodes == LIMIT_JSON_NODES;
	if (r->over)
		return NULL;
	r->nodes++;

	struct json *node = arena_zalloc(r->arena, sizeof(*node));

	node->type = type;
	if (r->depth == 0) {
		r->root = node;
		return node;
	}

	struct scope *s = &r->scopes[r->depth - 1];

	if (s->node->type == JSON_OBJECT)
		node->key = r->key;
	*s->tail = node;
	s->tail = &node->next;
	s->node->count++;
	return node;
}

static int on_null(void *ctx)
{
	return add(ctx, JSON_NULL) != NULL;
}

static int on_bool(void *ctx, int v)
{
	struct json *node = add(ctx, JSON_BOOL);

	if (node != NULL)
		node->boolean = v != 0;
	return node != NULL;
}

/* yajl has checked the grammar. A number that is too large for a double is refused. */
static int on_number(void *ctx, const char *p, size_t n)
{
	struct reader *r = ctx;
	struct json *node = add(r, JSON_DOUBLE);

	if (node == NULL)
		return 0;
	if (str_to_i64((struct str){p, n}, &node->integer) == STR_INT_OK) {
		node->type = JSON_INT;
		node->number = (double)node->integer;
		return 1;
	}

	node->number = strtod(arena_dup(r->arena, p, n), NULL);
	return isfinite(node->number);
}

static struct str copy(struct reader *r, const unsigned char *p, size_t n)
{
	return (struct str){arena_dup(r->arena, (const char *)p, n), n};
}

static int on_string(void *ctx, const unsigned char *p, size_t n)
{
	struct reader *r = ctx;
	struct json *node = add(r, JSON_STRING);

	if (node != NULL)
		node->text = copy(r, p, n);
	return node != NULL;
}

static int on_key(void *ctx, const unsigned char *p, size_t n)
{
	struct reader *r = ctx;

	r->key = copy(r, p, n);
	return 1;
}

static int open_scope(struct reader *r, enum json_type type)
{
	struct json *node;

	r->over = r->over || r->depth == LIMIT_JSON_DEPTH;
	node = add(r, type);
	if (node != NULL)
		r->scopes[r->depth++] = (struct scope){node, &node->first};
	return node != NULL;
}

static int on_map(void *ctx)
{
	return open_scope(ctx, JSON_OBJECT);
}

static int on_array(void *ctx)
{
	return open_scope(ctx, JSON_ARRAY);
}

static int on_array_end(void *ctx)
{
	struct reader *r = ctx;

	r->depth--;
	return 1;
}

struct member {
	struct json *node;
	size_t at; /* place in the text */
};

static int by_place(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static int by_key(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	struct str k = x->node->key, l = y->node->key;
	int order = memcmp(k.p, l.p, k.n < l.n ? k.n : l.n);

	if (order == 0)
		order = k.n < l.n ? -1 : k.n > l.n;
	return order != 0 ? order : by_place(a, b);
}

/* Keeps the last of the members with one name. Sorting makes this fast for many members. */
static void drop_repeated(struct reader *r, struct json *obj)
{
	struct arena_mark mark = arena_mark(r->arena);
	struct member *list = arena_array(r->arena, obj->count, sizeof(*list));
	size_t n = 0, kept = 0;

	for (struct json *m = obj->first; m != NULL; m = m->next, n++)
		list[n] = (struct member){m, n};
	qsort(list, n, sizeof(*list), by_key);
	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || !str_eq(list[i].node->key, list[i + 1].node->key))
			list[kept++] = list[i];
	if (kept < n) {
		struct json **tail = &obj->first;

		qsort(list, kept, sizeof(*list), by_place);
		for (size_t i = 0; i < kept; i++) {
			*tail = list[i].node;
			tail = &list[i].node->next;
		}
		*tail = NULL;
		obj->count = kept;
	}
	arena_rewind(r->arena, mark);
}

static int on_map_end(void *ctx)
{
	struct reader *r = ctx;
	struct json *obj = r->scopes[--r->depth].node;

	if (obj->count > 1)
		drop_repeated(r, obj);
	return 1;
}

/* The value of four hex digits at p; -1 if they are none. */
static int hex4(const char *p, size_t n)
{
	int v = 0;

	if (n < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = str_hex_value(p[i]);

		if (digit < 0)
			return -1;
		v = v << 4 | digit;
	}
	return v;
}

/* Offset of the first byte that yajl would wrongly accept; text.n if there is none. */
static size_t acceptable(struct str text)
{
	size_t end = str_utf8_fault(text), i = 0;

	while (i < end) {
		const char *p = text.p + i;
		size_t left = end - i;

		if (*p == '\v' || *p == '\f')
			return i;
		if (*p != '\\') {
			i++;
			continue;
		}

		int unit = left > 2 && p[1] == 'u' ? hex4(p + 2, left - 2) : -1;

		if (unit < 0xD800 || unit > 0xDFFF) {
			i += 2;
			continue;
		}

		int low = left > 8 && p[6] == '\\' && p[7] == 'u' ? hex4(p + 8, left - 8) : -1;

		if (unit > 0xDBFF || low < 0xDC00 || low > 0xDFFF)
			return i;
		i += 12;
	}
	return end;
}

static bool is_word(char c)
{
	static const char other[] = {' ', '\t', '\r', '\n', '[', ']', '{', '}', ',', ':', '"'};

	return memchr(other, c, sizeof(other)) == NULL;
}

/* The end of the token, or of the one blank, that begins at i; SIZE_MAX for a string without an
 * end. */
static size_t token_end(struct str text, size_t i)
{
	if (text.p[i] == '"') {
		for (i++; i < text.n; i++) {
			if (text.p[i] == '"')
				return i + 1;
			if (text.p[i] == '\\')
				i++;
		}
		return SIZE_MAX;
	}
	if (!is_word(text.p[i]))
		return i + 1;
	while (i < text.n && is_word(text.p[i]))
		i++;
	return i;
}

/* The start of the token at which yajl stopped; a person looks for the fault there. If yajl stopped
 * at a blank, the start of the next token. */
static size_t token_start(struct str text, size_t stop)
{
	for (size_t i = 0, end; i < text.n; i = end) {
		end = token_end(text, i);
		if (end >= stop && memchr(" \t\r\n", text.p[i], 4) == NULL)
			return i;
	}
	return text.n;
}

enum err json_parse(struct arena *a, struct str text, struct json **out, size_t *error_at)
{
	static const yajl_callbacks callbacks = {
		.yajl_null = on_null,
		.yajl_boolean = on_bool,
		.yajl_number = on_number,
		.yajl_string = on_string,
		.yajl_start_map = on_map,
		.yajl_map_key = on_key,
		.yajl_end_map = on_map_end,
		.yajl_start_array = on_array,
		.yajl_end_array = on_array_end,
	};
	struct reader r = {.arena = a};
	yajl_alloc_funcs funcs = json_yajl_alloc(a);

	*out = NULL;
	*error_at = acceptable(text);
	if (*error_at < text.n || text.n == 0)
		return ERR_INVALID;

	yajl_handle parser = yajl_alloc(&callbacks, &funcs, &r);

	BUG_ON(parser == NULL);
	BUG_ON(!yajl_config(parser, yajl_dont_validate_strings, 1)); /* `acceptable` has done it */
	if (yajl_parse(parser, (const unsigned char *)text.p, text.n) != yajl_status_ok) {
		*error_at = token_start(text, yajl_get_bytes_consumed(parser));
		return r.over ? ERR_TOO_LARGE : ERR_INVALID;
	}
	/* Only here does yajl judge a word at the end of the text. If that fails, either something
	 * is missing at the end, or the word follows a complete value. */
	if (yajl_complete_parse(parser) != yajl_status_ok || r.root == NULL) {
		*error_at = token_start(text, r.root != NULL && r.depth == 0 ? text.n : SIZE_MAX);
		return ERR_INVALID;
	}
	*out = r.root;
	return ERR_OK;
}

const struct json *json_member(const struct json *obj, const char *name)
{
	const struct json *found = NULL;

	if (obj == NULL || obj->type != JSON_OBJECT)
		return NULL;
	for (const struct json *m = obj->first; m != NULL; m = m->next)
		if (str_eq(m->key, str_from(name)))
			found = m;
	return found;
}
