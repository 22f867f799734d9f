/* SPDX-License-Identifier: MIT
 * Tokens -> tree, by the grammar of the filter language. Entry points query_parse and, for check.c,
 * query_parse_sort; allocates in the arena it is given.
 *
 * Syntax errors win over value errors (an instant that does not exist): the first of the latter is
 * kept until the whole text has been read. White space matters: what the grammar writes `__` asks
 * the next token for `space`. Recursion is bounded by LIMIT_FILTER_DEPTH: only parentheses, `not` and
 * sub-queries nest; a chain of and/or is a loop. */
#include <stdarg.h>

#include "tree.h"

#define TEXT2(n) #n
#define TEXT(n) TEXT2(n)

#define AFTER_CONDITION "\"and\", \"or\""
#define OPERATOR "an operator (=, !=, <, <=, >, >=, in, between, contains, icontains)"
#define CLOSING " or ')'"
#define CONDITION "a condition (a name, \"not\", \"(\", true, false, anyOf, allOf, count or isEmpty)"

struct parser {
	struct arena *a;
	struct query_lexer lex;
	struct query_token now;
	const char *end; /* of the token before `now` */
	int depth;
	bool after_name; /* an operator could have come here as well */
	enum err code;   /* of whatever goes wrong */
	struct query_error *error;
	bool has_unreal;
	struct query_value unreal; /* the first literal without a value */
};

static enum err parse_query(struct parser *p, struct query *q, enum query_token_kind end);

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
	error->message = place.line == 0 ? str_from(what)
		: str_printf(a, "line %d, column %d: %s", place.line, place.column, what);
	return code;
}

/* The token at hand is not what the grammar wants. */
static enum err unexpected(struct parser *p, const char *expected)
{
	const struct query_token *t = &p->now;
	struct str found = query_excerpt(t->text);

	if (t->kind == TOK_BAD && t->why)
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

static enum err too_much(struct parser *p, const char *what)
{
	enum err err = query_fail(p->a, p->error, p->code, p->now.place, "%s", what);

	p->error->found = p->now.text;
	return err;
}

static bool at(const struct parser *p, enum query_token_kind kind)
{
	return p->now.kind == kind;
}

static void next(struct parser *p)
{
	p->end = p->now.text.p + p->now.text.n;
	p->now = query_lex_next(&p->lex);
}

/* Takes a token of this kind, with or without white space before it. */
static enum err expect(struct parser *p, enum query_token_kind kind, const char *expected)
{
	if (!at(p, kind))
		return unexpected(p, expected);
	next(p);
	return ERR_OK;
}

static enum err need_space(struct parser *p)
{
	/* At the end or a bad character the caller's next step says better what is missing. */
	if (p->now.space || at(p, TOK_BAD) || at(p, TOK_END))
		return ERR_OK;
	return unexpected(p, "white space");
}

static enum err expect_spaced(struct parser *p, enum query_token_kind kind, const char *expected)
{
	if (at(p, kind) && !p->now.space)
		return unexpected(p, "white space");
	return expect(p, kind, expected);
}

/* The '(' of a function, which follows its name at once. */
static enum err open_call(struct parser *p)
{
	if (p->now.space)
		return unexpected(p, "'(' without white space before it");
	return expect(p, TOK_LPAREN, "'('");
}

static enum err deeper(struct parser *p)
{
	if (++p->depth > LIMIT_FILTER_DEPTH)
		return too_much(p, "nested deeper than the limit of " TEXT(LIMIT_FILTER_DEPTH)
			" levels of parentheses and \"not\"");
	return ERR_OK;
}

static struct query_value read_value(struct parser *p)
{
	struct query_value v;

	if (!query_value_read(p->a, &p->now, &v) && !p->has_unreal) {
		p->has_unreal = true;
		p->unreal = v;
	}
	next(p);
	return v;
}

static void add_value(struct parser *p, struct query_node *node, struct query_value v)
{
	size_t n = node->value_count, size = sizeof(v);

	/* Room for 1, 2, 4, ... values. */
	if ((n & (n - 1)) == 0 || n == 0)
		node->values = arena_grow(p->a, node->values, n * size, (n ? n * 2 : 1) * size);
	node->values[n] = v;
	node->value_count = n + 1;
}

static bool is_item(const struct parser *p)
{
	return at(p, TOK_STRING) || at(p, TOK_NUMBER) || at(p, TOK_DATETIME);
}

/* "[" item { "," item } "]", all of one kind. */
static enum err parse_list(struct parser *p, struct query_node *node)
{
	enum query_token_kind kind = TOK_END;

	if (expect_spaced(p, TOK_LBRACKET, "'['"))
		return p->code;
	do {
		if (node->value_count > 0)
			next(p);
		if (!is_item(p))
			return unexpected(p, "a string, a number or datetime(...)");
		if (node->value_count > 0 && !at(p, kind))
			return unexpected(p, "an item of the same kind as the first of the list");
		if (node->value_count == LIMIT_FILTER_LIST)
			return too_much(p, "more values than the limit of " TEXT(LIMIT_FILTER_LIST)
				" in one list");
		kind = p->now.kind;
		add_value(p, node, read_value(p));
	} while (at(p, TOK_COMMA));
	return expect(p, TOK_RBRACKET, "',' or ']'");
}

static enum err parse_between(struct parser *p, struct query_node *node)
{
	enum query_token_kind kind = p->now.kind;

	if (kind != TOK_NUMBER && kind != TOK_DATETIME)
		return unexpected(p, "a number or datetime(...)");
	if (need_space(p))
		return p->code;
	add_value(p, node, read_value(p));
	if (expect_spaced(p, TOK_AND, "\"and\""))
		return p->code;
	if (!at(p, kind))
		return unexpected(p, kind == TOK_NUMBER ? "a number" : "datetime(...)");
	if (need_space(p))
		return p->code;
	add_value(p, node, read_value(p));
	return ERR_OK;
}

/* Whether the token at hand may stand behind the operator, and what else could. */
static bool fits_operand(const struct parser *p, enum query_token_kind op, const char **expected)
{
	if (op == TOK_ICONTAINS) {
		*expected = "a string";
		return at(p, TOK_STRING);
	}
	if (op == TOK_CONTAINS) {
		*expected = "a string or a number";
		return at(p, TOK_STRING) || at(p, TOK_NUMBER);
	}
	if (op == TOK_ORDER) {
		*expected = "a string, a number or datetime(...)";
		return is_item(p);
	}
	*expected = "a string, a number, datetime(...), true, false or null";
	return is_item(p) || at(p, TOK_BOOL) || at(p, TOK_NULL);
}

static bool is_operator(const struct query_token *t)
{
	return t->kind == TOK_EQ || t->kind == TOK_ORDER || t->kind == TOK_IN ||
		t->kind == TOK_BETWEEN || t->kind == TOK_CONTAINS || t->kind == TOK_ICONTAINS;
}

/* The operator and the right side of a test. */
static enum err parse_test(struct parser *p, struct query_node *node)
{
	struct query_token op = p->now;
	bool word = op.kind == TOK_IN || op.kind == TOK_BETWEEN;
	const char *expected;

	if (!is_operator(&op))
		return unexpected(p, OPERATOR);
	if (word && need_space(p))
		return p->code;
	node->op = op.op;
	node->negated = op.negated;
	node->op_place = op.place;
	next(p);
	if (op.kind == TOK_IN)
		return parse_list(p, node);
	if (op.kind == TOK_BETWEEN)
		return parse_between(p, node);
	if (!fits_operand(p, op.kind, &expected))
		return unexpected(p, expected);
	if ((op.kind == TOK_CONTAINS || op.kind == TOK_ICONTAINS) && need_space(p))
		return p->code;
	add_value(p, node, read_value(p));
	return ERR_OK;
}

static enum err parse_name(struct parser *p, struct query_node *node)
{
	node->name = p->now.text;
	node->name_place = p->now.place;
	return expect(p, TOK_IDENT, "a name");
}

/* A name, or "from NAME where QUERY", which no field here can answer: read, and refused by check.c. */
static enum err parse_set(struct parser *p, struct query_node *node)
{
	struct query ignored = {.arena = p->a};

	if (!at(p, TOK_FROM))
		return parse_name(p, node);
	node->sub_query = true;
	if (deeper(p))
		return p->code;
	next(p);
	if (need_space(p) || parse_name(p, node))
		return p->code;
	if (expect_spaced(p, TOK_WHERE, "\"where\""))
		return p->code;
	if (need_space(p) || parse_query(p, &ignored, TOK_RPAREN))
		return p->code;
	p->depth--;
	return ERR_OK;
}

/* anyOf(...), allOf(...), count(...), isEmpty(...). */
static enum err parse_call(struct parser *p, struct query_node *node)
{
	node->set = at(p, TOK_ANY_OF) ? SET_ANY_OF
		: at(p, TOK_ALL_OF)   ? SET_ALL_OF
		: at(p, TOK_COUNT)    ? SET_COUNT
				      : SET_IS_EMPTY;
	node->op_place = p->now.place;
	next(p);
	if (open_call(p))
		return p->code;
	if (node->set == SET_ANY_OF || node->set == SET_ALL_OF) {
		if (parse_name(p, node))
			return p->code;
	} else if (parse_set(p, node)) {
		return p->code;
	}
	if (expect(p, TOK_RPAREN, "')'"))
		return p->code;
	return node->set == SET_IS_EMPTY ? ERR_OK : parse_test(p, node);
}

static enum err parse_chain(struct parser *p, struct query_chain *out);

static enum err parse_group(struct parser *p, struct query_node *node)
{
	node->kind = NODE_GROUP;
	if (deeper(p))
		return p->code;
	next(p);
	if (parse_chain(p, &node->group))
		return p->code;
	p->depth--;
	return expect(p, TOK_RPAREN,
		p->after_name ? OPERATOR ", " AFTER_CONDITION CLOSING : AFTER_CONDITION CLOSING);
}

/* A name with a test, or by itself. */
static enum err parse_field(struct parser *p, struct query_node *node)
{
	if (parse_name(p, node))
		return p->code;
	if (is_operator(&p->now))
		return parse_test(p, node);
	node->bare = true;
	node->op_place = node->name_place;
	add_value(p, node,
		(struct query_value){.kind = VALUE_BOOL, .b = true, .place = node->name_place});
	return ERR_OK;
}

static enum err parse_prime(struct parser *p, struct query_node *node)
{
	const char *start = p->now.text.p;
	enum err err = ERR_OK;

	node->kind = NODE_TEST;
	p->after_name = false;
	if (at(p, TOK_LPAREN)) {
		err = parse_group(p, node);
		p->after_name = false;
	} else if (at(p, TOK_BOOL)) {
		node->kind = NODE_TRUTH;
		node->truth = read_value(p).b;
	} else if (at(p, TOK_IDENT)) {
		err = parse_field(p, node);
		p->after_name = node->bare;
	} else if (at(p, TOK_ANY_OF) || at(p, TOK_ALL_OF) || at(p, TOK_COUNT) ||
		at(p, TOK_IS_EMPTY)) {
		err = parse_call(p, node);
	} else if (is_operator(&p->now) && p->now.negated && !at(p, TOK_EQ)) {
		err = unexpected(p, CONDITION "; \"not\" before a name that begins like an operator"
			" needs parentheses: not (name)");
	} else {
		err = unexpected(p, CONDITION);
	}
	if (!err)
		node->source = (struct str){start, (size_t)(p->end - start)};
	return err;
}

static struct query_link *add_link(struct arena *a, struct query_chain *c)
{
	if (c->count == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 4;

		c->links = arena_grow(a, c->links, c->cap * sizeof(*c->links), cap * sizeof(*c->links));
		c->cap = cap;
	}
	c->links[c->count] = (struct query_link){.last = true};
	return &c->links[c->count++];
}

/* bool = "not" __ bool | prime [ __ ( "and" | "or" ) __ bool ], as a loop. */
static enum err parse_chain(struct parser *p, struct query_chain *out)
{
	int depth = p->depth;

	for (;;) {
		struct query_node *prime = arena_zalloc(p->a, sizeof(*prime));
		size_t nots = 0;

		for (; at(p, TOK_NOT); nots++) {
			if (deeper(p))
				return p->code;
			next(p);
			if (need_space(p))
				return p->code;
		}
		if (parse_prime(p, prime))
			return p->code;

		struct query_link *link = add_link(p->a, out);

		link->nots = nots;
		link->prime = prime;
		if (!at(p, TOK_AND) && !at(p, TOK_OR))
			break;
		link->last = false;
		link->is_or = at(p, TOK_OR);
		if (need_space(p))
			return p->code;
		next(p);
		if (need_space(p))
			return p->code;
	}
	p->depth = depth;
	return ERR_OK;
}

/* key { "," key } */
static enum err parse_keys(struct parser *p, struct query *q)
{
	for (;;) {
		struct query_key key = {.name = p->now.text, .place = p->now.place};

		if (at(p, TOK_IDENT) && q->key_count == LIMIT_FILTER_SORT_KEYS)
			return too_much(p, "more sort keys than the limit of "
				TEXT(LIMIT_FILTER_SORT_KEYS));
		if (expect(p, TOK_IDENT, "the name of a field"))
			return p->code;
		if (at(p, TOK_ASC) || at(p, TOK_DESC)) {
			key.desc = at(p, TOK_DESC);
			if (need_space(p))
				return p->code;
			next(p);
		}
		q->keys[q->key_count++] = key;
		if (!at(p, TOK_COMMA))
			return ERR_OK;
		next(p);
	}
}

/* [ __ skip ] [ __ limit ]; `first`: nothing stands before, no white space needed. */
static enum err parse_paging(struct parser *p, struct query *q, bool first)
{
	if (at(p, TOK_SKIP)) {
		if (!first && need_space(p))
			return p->code;
		next(p);
		if (!at(p, TOK_NUMBER))
			return unexpected(p, "a number");
		if (need_space(p))
			return p->code;
		q->has_skip = true;
		q->skip = read_value(p);
		first = false;
	}
	if (!at(p, TOK_LIMIT))
		return ERR_OK;
	if (!first && need_space(p))
		return p->code;
	next(p);
	if (!at(p, TOK_NUMBER) && !at(p, TOK_NONE))
		return unexpected(p, "a number or \"none\"");
	if (need_space(p))
		return p->code;
	q->has_limit = true;
	if (at(p, TOK_NUMBER)) {
		q->limit = read_value(p);
	} else {
		q->limit = (struct query_value){.kind = VALUE_INT, .i = -1, .place = p->now.place};
		next(p);
	}
	return ERR_OK;
}

/* What could have followed a query that stops here, for a message. */
static const char *could_follow(struct parser *p, const struct query *q, enum query_token_kind end)
{
	const char *last = end == TOK_END ? "the end" : "')'";
	const char *more = "\"limit\" or ";

	if (q->has_limit)
		more = "";
	else if (q->key_count > 0 && !q->has_skip)
		more = "',', \"asc\", \"desc\", \"skip\", \"limit\" or ";
	else if (!q->has_skip && p->after_name)
		more = OPERATOR ", " AFTER_CONDITION ", \"sort by\", \"skip\", \"limit\" or ";
	else if (!q->has_skip)
		more = AFTER_CONDITION ", \"sort by\", \"skip\", \"limit\" or ";
	return arena_printf(p->a, "%s%s", more, last);
}

/* bool [ sort ] [ skip ] [ limit ], at least one of them, up to the end or, in a sub-query, ')'. */
static enum err parse_query(struct parser *p, struct query *q, enum query_token_kind end)
{
	bool first = true;

	p->after_name = false;
	if (!at(p, TOK_SORT) && !at(p, TOK_SKIP) && !at(p, TOK_LIMIT)) {
		if (parse_chain(p, &q->where))
			return p->code;
		q->has_where = true;
		first = false;
	}
	if (at(p, TOK_SORT)) {
		if (!first && need_space(p))
			return p->code;
		next(p);
		if (expect_spaced(p, TOK_BY, "\"by\""))
			return p->code;
		if (need_space(p) || parse_keys(p, q))
			return p->code;
		first = false;
	}
	if (parse_paging(p, q, first))
		return p->code;
	if (!at(p, end))
		return unexpected(p, could_follow(p, q, end));
	return ERR_OK;
}

static enum err unreal(const struct parser *p)
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

static enum err begin(struct parser *p, struct str text)
{
	if (text.n > LIMIT_FILTER_BYTES)
		return query_fail(p->a, p->error, p->code, (struct query_place){0, 0},
			"longer than the limit of " TEXT(LIMIT_FILTER_BYTES) " bytes");
	/* A copy: the tree points into the text. */
	query_lex_begin(&p->lex, str_to_utf8(p->a, str_dup(p->a, text)));
	next(p);
	return ERR_OK;
}

enum err query_parse(struct arena *a, struct str filter, struct query **out,
	struct query_error *error)
{
	struct parser p = {.a = a, .code = ERR_INVALID_FILTER, .error = error};
	struct query *q = arena_zalloc(a, sizeof(*q));

	*out = NULL;
	*error = (struct query_error){.code = ERR_OK};
	q->arena = a;
	if (filter.n > 0) {
		if (begin(&p, filter) || parse_query(&p, q, TOK_END) || unreal(&p))
			return p.code;
	}
	*out = q;
	return ERR_OK;
}

enum err query_parse_sort(struct query *q, struct str sort, struct query_error *error)
{
	struct parser p = {.a = q->arena, .code = ERR_INVALID_SORT, .error = error};
	struct query ignored = {.arena = q->arena};

	if (begin(&p, sort) || parse_keys(&p, q) || parse_paging(&p, &ignored, false))
		return p.code;
	if (!at(&p, TOK_END)) {
		ignored.key_count = 1;
		return unexpected(&p, could_follow(&p, &ignored, TOK_END));
	}
	return unreal(&p);
}
