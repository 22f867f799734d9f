/* SPDX-License-Identifier: MIT
 * The current token, for parse.c: tests it, takes it, reports syntax errors. Private to parse.c and
 * cursor.c. A function that fails has filled the error, and returns its code. */
#ifndef QUERY_CURSOR_H
#define QUERY_CURSOR_H

#include "tree.h"

struct query_cursor {
	struct arena *a;
	struct query_lexer lex;
	struct query_token now;
	const char *end; /* end of the token before `now` */
	int depth;       /* of parentheses, `not` and sub-queries */
	bool after_name; /* an operator could follow here too */
	enum err code;   /* of every error */
	struct query_error *error;
	bool has_unreal;
	struct query_value unreal; /* the first literal without a value */
};

/* Reads the first token of a copy of the text. Set the arena, code and error before. */
MUST_CHECK enum err cursor_begin(struct query_cursor *p, struct str text);

bool cursor_at(const struct query_cursor *p, enum query_token_kind kind);
void cursor_next(struct query_cursor *p);
/* Takes the current literal. The first one without a value is kept for cursor_unreal. */
struct query_value cursor_value(struct query_cursor *p);

/* The current token is not what the grammar wants. */
enum err cursor_unexpected(struct query_cursor *p, const char *expected);
/* The current token exceeds a limit. */
enum err cursor_too_much(struct query_cursor *p, const char *what);

/* Takes a token of this kind; _spaced: with white space before it. */
MUST_CHECK enum err cursor_expect(
	struct query_cursor *p, enum query_token_kind kind, const char *expected);
MUST_CHECK enum err cursor_expect_spaced(
	struct query_cursor *p, enum query_token_kind kind, const char *expected);
MUST_CHECK enum err cursor_need_space(struct query_cursor *p);
/* Takes the '(' of a function, which follows the name without white space. */
MUST_CHECK enum err cursor_open_call(struct query_cursor *p);

/* Goes one level down; the caller restores `depth`. */
MUST_CHECK enum err cursor_deeper(struct query_cursor *p);
/* The fault of the first literal that had no value, if any. */
MUST_CHECK enum err cursor_unreal(const struct query_cursor *p);

#endif
