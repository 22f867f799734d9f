/* SPDX-License-Identifier: MIT
 * The cursor of cursor.h, and query_fail, which makes every error of a filter. Writes to the arena
 * and the error only. No message says that white space is missing at the end of the text or at a
 * character that starts no token. */
#include <stdarg.h>

#include "cursor.h"

#define TOO_LONG "longer than the limit of " LIMIT_TEXT(LIMIT_FILTER_BYTES) " bytes"
#define LEVELS " levels of parentheses and \"not\""
#define TOO_DEEP "nested deeper than the limit of " LIMIT_TEXT(LIMIT_FILTER_DEPTH) LEVELS

struct str query_excerpt(struct str s)
{
	size_t n = 64;

	if (s.n <= n)
		return s;
	while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return (struct str){s.p, n};
}

enum err query_fail(struct arena *a, struct query_error *error, enum err code,
	struct query_place place, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);

	const char *what = arena_vprintf(a, fmt, ap);

	va_end(ap);
	*error = (struct query_error){.code = code, .line = place.line, .column = place.column};
	error->message = str_from(what);
	if (place.line > 0)
		error->message =
			str_printf(a, "line %d, column %d: %s", place.line, place.column, what);
	return code;
}

enum err cursor_unexpected(struct query_cursor *p, const char *expected)
{
	const struct query_token *t = &p->now;
	struct str found = query_excerpt(t->text);

	if (t->kind == TOK_BAD && t->why != NULL)
		expected = t->why;
	if (t->kind == TOK_END)
		query_fail(p->a, p->error, p->code, t->place,
			"found the end of the text, expected %s", expected);
	else
		query_fail(p->a, p->error, p->code, t->place, "found '%.*s'%s, expected %s",
			STR_FMT(found), found.n < t->text.n ? "..." : "", expected);
	p->error->found = t->text;
	p->error->expected = str_from(expected);
	return p->code;
}

enum err cursor_too_much(struct query_cursor *p, const char *what)
{
	enum err err = query_fail(p->a, p->error, p->code, p->now.place, "%s", what);

	p->error->found = p->now.text;
	return err;
}

bool cursor_at(const struct query_cursor *p, enum query_token_kind kind)
{
	return p->now.kind == kind;
}

void cursor_next(struct query_cursor *p)
{
	p->end = p->now.text.p + p->now.text.n;
	p->now = query_lex_next(&p->lex);
}

enum err cursor_expect(struct query_cursor *p, enum query_token_kind kind, const char *expected)
{
	if (!cursor_at(p, kind))
		return cursor_unexpected(p, expected);
	cursor_next(p);
	return ERR_OK;
}

enum err cursor_need_space(struct query_cursor *p)
{
	/* For these two the caller's next step gives a better message. */
	if (p->now.space || cursor_at(p, TOK_BAD) || cursor_at(p, TOK_END))
		return ERR_OK;
	return cursor_unexpected(p, "white space");
}

enum err cursor_expect_spaced(
	struct query_cursor *p, enum query_token_kind kind, const char *expected)
{
	if (cursor_at(p, kind) && !p->now.space)
		return cursor_unexpected(p, "white space");
	return cursor_expect(p, kind, expected);
}

enum err cursor_open_call(struct query_cursor *p)
{
	if (p->now.space)
		return cursor_unexpected(p, "'(' without white space before it");
	return cursor_expect(p, TOK_LPAREN, "'('");
}

enum err cursor_deeper(struct query_cursor *p)
{
	if (++p->depth > LIMIT_FILTER_DEPTH)
		return cursor_too_much(p, TOO_DEEP);
	return ERR_OK;
}

struct query_value cursor_value(struct query_cursor *p)
{
	struct query_value v;

	if (!query_value_read(p->a, &p->now, &v) && !p->has_unreal) {
		p->has_unreal = true;
		p->unreal = v;
	}
	cursor_next(p);
	return v;
}

enum err cursor_unreal(const struct query_cursor *p)
{
	const struct query_value *v = &p->unreal;
	struct str source = query_excerpt(v->source);

	if (!p->has_unreal)
		return ERR_OK;
	query_fail(p->a, p->error, p->code, v->place, "'%.*s' is %s", STR_FMT(source),
		v->kind == VALUE_TIME ? "no real instant" : "too large a number");
	p->error->found = v->source;
	return p->code;
}

enum err cursor_begin(struct query_cursor *p, struct str text)
{
	if (text.n > LIMIT_FILTER_BYTES)
		return query_fail(p->a, p->error, p->code, (struct query_place){0, 0}, TOO_LONG);
	/* A copy: the tree points into the text. */
	query_lex_begin(&p->lex, str_to_utf8(p->a, str_dup(p->a, text)));
	p->now = query_lex_next(&p->lex);
	return ERR_OK;
}
