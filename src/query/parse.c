/* SPDX-License-Identifier: MIT
 * Tokens -> tree, by the grammar of schema/filter.md 3. Entry points query_parse and, for check.c,
 * query_parse_sort; allocates in the arena it is given.
 *
 * A syntax error is reported before a value error (an instant that does not exist): the first value
 * error is kept until the whole text is read. Where the grammar has `__`, the next token must have
 * `space` set. LIMIT_FILTER_DEPTH limits the recursion of parentheses and sub-queries, and the
 * number of `not`; a chain of and/or is a loop. */
#include "cursor.h"

#define AFTER_CONDITION "\"and\", \"or\""
#define OPERATOR "an operator (=, !=, <, <=, >, >=, in, between, contains, icontains)"
#define CLOSING " or ')'"
#define CONDITION                                                                                  \
	"a condition (a name, \"not\", \"(\", true, false, anyOf, allOf, count or isEmpty)"

#define NOT_NAME                                                                                   \
	"; before a name that begins like an operator \"not\" needs parentheses: not (name)"
#define TOO_LONG_A_LIST                                                                            \
	"more values than the limit of " LIMIT_TEXT(LIMIT_FILTER_LIST) " in one list"
#define TOO_MANY_KEYS "more sort keys than the limit of " LIMIT_TEXT(LIMIT_FILTER_SORT_KEYS)

static enum err parse_query(struct query_cursor *p, struct query *q, enum query_token_kind end);

static void add_value(struct query_cursor *p, struct query_node *node, struct query_value v)
{
	size_t n = node->value_count, size = sizeof(v);

	/* Room for 1, 2, 4, ... values. */
	if ((n & (n - 1)) == 0 || n == 0)
		node->values = arena_grow(p->a, node->values, n * size, (n ? n * 2 : 1) * size);
	node->values[n] = v;
	node->value_count = n + 1;
}

/* One double in a list makes all its numbers doubles. */
static void level_numbers(struct query_node *node)
{
	bool has_double = false;

	for (size_t i = 0; i < node->value_count; i++)
		has_double = has_double || node->values[i].kind == VALUE_DOUBLE;
	for (size_t i = 0; i < node->value_count && has_double; i++) {
		struct query_value *v = &node->values[i];

		if (v->kind == VALUE_INT)
			v->d = (double)v->i;
		v->kind = VALUE_DOUBLE;
	}
}

static bool is_item(const struct query_cursor *p)
{
	return cursor_at(p, TOK_STRING) || cursor_at(p, TOK_NUMBER) || cursor_at(p, TOK_DATETIME);
}

/* "[" item { "," item } "]"; all items are of one kind. */
static enum err parse_list(struct query_cursor *p, struct query_node *node)
{
	enum query_token_kind kind = TOK_END;

	if (cursor_expect_spaced(p, TOK_LBRACKET, "'['"))
		return p->code;
	do {
		if (node->value_count > 0)
			cursor_next(p);
		if (!is_item(p))
			return cursor_unexpected(p, "a string, a number or datetime(...)");
		if (node->value_count > 0 && !cursor_at(p, kind))
			return cursor_unexpected(
				p, "an item of the same kind as the first of the list");
		if (node->value_count == LIMIT_FILTER_LIST)
			return cursor_too_much(p, TOO_LONG_A_LIST);
		kind = p->now.kind;
		add_value(p, node, cursor_value(p));
	} while (cursor_at(p, TOK_COMMA));
	level_numbers(node);
	return cursor_expect(p, TOK_RBRACKET, "',' or ']'");
}

static enum err parse_between(struct query_cursor *p, struct query_node *node)
{
	enum query_token_kind kind = p->now.kind;

	if (kind != TOK_NUMBER && kind != TOK_DATETIME)
		return cursor_unexpected(p, "a number or datetime(...)");
	if (cursor_need_space(p))
		return p->code;
	add_value(p, node, cursor_value(p));
	if (cursor_expect_spaced(p, TOK_AND, "\"and\""))
		return p->code;
	if (!cursor_at(p, kind))
		return cursor_unexpected(p, kind == TOK_NUMBER ? "a number" : "datetime(...)");
	if (cursor_need_space(p))
		return p->code;
	add_value(p, node, cursor_value(p));
	return ERR_OK;
}

/* Whether the current token may follow the operator; *expected says what may. */
static bool fits_operand(
	const struct query_cursor *p, enum query_token_kind op, const char **expected)
{
	if (op == TOK_ICONTAINS) {
		*expected = "a string";
		return cursor_at(p, TOK_STRING);
	}
	if (op == TOK_CONTAINS) {
		*expected = "a string or a number";
		return cursor_at(p, TOK_STRING) || cursor_at(p, TOK_NUMBER);
	}
	if (op == TOK_ORDER) {
		*expected = "a string, a number or datetime(...)";
		return is_item(p);
	}
	*expected = "a string, a number, datetime(...), true, false or null";
	return is_item(p) || cursor_at(p, TOK_BOOL) || cursor_at(p, TOK_NULL);
}

static bool is_operator(const struct query_token *t)
{
	return t->kind == TOK_EQ || t->kind == TOK_ORDER || t->kind == TOK_IN ||
	       t->kind == TOK_BETWEEN || t->kind == TOK_CONTAINS || t->kind == TOK_ICONTAINS;
}

/* The operator and the right side of a test. */
static enum err parse_test(struct query_cursor *p, struct query_node *node)
{
	struct query_token op = p->now;
	bool word = op.kind == TOK_IN || op.kind == TOK_BETWEEN;
	const char *expected;

	if (!is_operator(&op))
		return cursor_unexpected(p, OPERATOR);
	if (word && cursor_need_space(p))
		return p->code;
	node->op = op.op;
	node->negated = op.negated;
	node->op_place = op.place;
	cursor_next(p);
	if (op.kind == TOK_IN)
		return parse_list(p, node);
	if (op.kind == TOK_BETWEEN)
		return parse_between(p, node);
	if (!fits_operand(p, op.kind, &expected))
		return cursor_unexpected(p, expected);
	if ((op.kind == TOK_CONTAINS || op.kind == TOK_ICONTAINS) && cursor_need_space(p))
		return p->code;
	add_value(p, node, cursor_value(p));
	return ERR_OK;
}

static enum err parse_name(struct query_cursor *p, struct query_node *node)
{
	node->name = p->now.text;
	node->name_place = p->now.place;
	return cursor_expect(p, TOK_IDENT, "a name");
}

/* A name, or "from NAME where QUERY", which check.c refuses. */
static enum err parse_set(struct query_cursor *p, struct query_node *node)
{
	struct query ignored = {.arena = p->a};

	if (!cursor_at(p, TOK_FROM))
		return parse_name(p, node);
	node->sub_query = true;
	if (cursor_deeper(p))
		return p->code;
	cursor_next(p);
	if (cursor_need_space(p) || parse_name(p, node))
		return p->code;
	if (cursor_expect_spaced(p, TOK_WHERE, "\"where\""))
		return p->code;
	if (cursor_need_space(p) || parse_query(p, &ignored, TOK_RPAREN))
		return p->code;
	p->depth--;
	return ERR_OK;
}

static enum query_set set_function(enum query_token_kind kind)
{
	if (kind == TOK_ANY_OF)
		return SET_ANY_OF;
	if (kind == TOK_ALL_OF)
		return SET_ALL_OF;
	if (kind == TOK_COUNT)
		return SET_COUNT;
	return kind == TOK_IS_EMPTY ? SET_IS_EMPTY : SET_NONE;
}

/* anyOf(...), allOf(...), count(...), isEmpty(...). */
static enum err parse_call(struct query_cursor *p, struct query_node *node)
{
	node->set = set_function(p->now.kind);
	node->op_place = p->now.place;
	cursor_next(p);
	if (cursor_open_call(p))
		return p->code;
	if (node->set == SET_ANY_OF || node->set == SET_ALL_OF) {
		if (parse_name(p, node))
			return p->code;
	} else if (parse_set(p, node)) {
		return p->code;
	}
	if (cursor_expect(p, TOK_RPAREN, "')'"))
		return p->code;
	return node->set == SET_IS_EMPTY ? ERR_OK : parse_test(p, node);
}

static enum err parse_chain(struct query_cursor *p, struct query_chain *out);

static enum err parse_group(struct query_cursor *p, struct query_node *node)
{
	node->kind = NODE_GROUP;
	if (cursor_deeper(p))
		return p->code;
	cursor_next(p);
	if (parse_chain(p, &node->group))
		return p->code;
	p->depth--;
	return cursor_expect(p, TOK_RPAREN,
		p->after_name ? OPERATOR ", " AFTER_CONDITION CLOSING : AFTER_CONDITION CLOSING);
}

/* A name with a test, or by itself. */
static enum err parse_field(struct query_cursor *p, struct query_node *node)
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

static enum err parse_prime(struct query_cursor *p, struct query_node *node)
{
	const char *start = p->now.text.p;
	enum err err = ERR_OK;

	node->kind = NODE_TEST;
	p->after_name = false;
	if (cursor_at(p, TOK_LPAREN)) {
		err = parse_group(p, node);
		p->after_name = false;
	} else if (cursor_at(p, TOK_BOOL)) {
		node->kind = NODE_TRUTH;
		node->truth = cursor_value(p).b;
	} else if (cursor_at(p, TOK_IDENT)) {
		err = parse_field(p, node);
		p->after_name = node->bare;
	} else if (set_function(p->now.kind) != SET_NONE) {
		err = parse_call(p, node);
	} else if (is_operator(&p->now) && p->now.negated && !cursor_at(p, TOK_EQ)) {
		err = cursor_unexpected(p, CONDITION NOT_NAME);
	} else {
		err = cursor_unexpected(p, CONDITION);
	}
	if (err == ERR_OK)
		node->source = (struct str){start, (size_t)(p->end - start)};
	return err;
}

static struct query_link *add_link(struct arena *a, struct query_chain *c)
{
	c->links = arena_next(a, c->links, c->count, &c->room, sizeof(*c->links));
	c->links[c->count] = (struct query_link){.last = true};
	return &c->links[c->count++];
}

/* bool = "not" __ bool | prime [ __ ( "and" | "or" ) __ bool ], as a loop. */
static enum err parse_chain(struct query_cursor *p, struct query_chain *out)
{
	int depth = p->depth;

	for (;;) {
		struct query_node *prime = arena_zalloc(p->a, sizeof(*prime));
		size_t nots = 0;

		for (; cursor_at(p, TOK_NOT); nots++) {
			if (cursor_deeper(p))
				return p->code;
			cursor_next(p);
			if (cursor_need_space(p))
				return p->code;
		}
		if (parse_prime(p, prime))
			return p->code;

		struct query_link *link = add_link(p->a, out);

		link->nots = nots;
		link->prime = prime;
		if (!cursor_at(p, TOK_AND) && !cursor_at(p, TOK_OR))
			break;
		link->last = false;
		link->is_or = cursor_at(p, TOK_OR);
		if (cursor_need_space(p))
			return p->code;
		cursor_next(p);
		if (cursor_need_space(p))
			return p->code;
	}
	p->depth = depth;
	return ERR_OK;
}

/* key { "," key } */
static enum err parse_keys(struct query_cursor *p, struct query *q)
{
	for (;;) {
		struct query_key key = {.name = p->now.text, .place = p->now.place};

		if (cursor_at(p, TOK_IDENT) && q->key_count == LIMIT_FILTER_SORT_KEYS)
			return cursor_too_much(p, TOO_MANY_KEYS);
		if (cursor_expect(p, TOK_IDENT, "the name of a field"))
			return p->code;
		if (cursor_at(p, TOK_ASC) || cursor_at(p, TOK_DESC)) {
			key.desc = cursor_at(p, TOK_DESC);
			if (cursor_need_space(p))
				return p->code;
			cursor_next(p);
		}
		q->keys[q->key_count++] = key;
		if (!cursor_at(p, TOK_COMMA))
			return ERR_OK;
		cursor_next(p);
	}
}

/* [ __ skip ] [ __ limit ]; `first`: nothing stands before it, so no white space is needed. */
static enum err parse_paging(struct query_cursor *p, struct query *q, bool first)
{
	if (cursor_at(p, TOK_SKIP)) {
		if (!first && cursor_need_space(p))
			return p->code;
		cursor_next(p);
		if (!cursor_at(p, TOK_NUMBER))
			return cursor_unexpected(p, "a number");
		if (cursor_need_space(p))
			return p->code;
		q->has_skip = true;
		q->skip = cursor_value(p);
		first = false;
	}
	if (!cursor_at(p, TOK_LIMIT))
		return ERR_OK;
	if (!first && cursor_need_space(p))
		return p->code;
	cursor_next(p);
	if (!cursor_at(p, TOK_NUMBER) && !cursor_at(p, TOK_NONE))
		return cursor_unexpected(p, "a number or \"none\"");
	if (cursor_need_space(p))
		return p->code;
	q->has_limit = true;
	if (cursor_at(p, TOK_NUMBER)) {
		q->limit = cursor_value(p);
	} else {
		q->limit = (struct query_value){.kind = VALUE_INT, .i = -1, .place = p->now.place};
		cursor_next(p);
	}
	return ERR_OK;
}

/* What may follow in a query that stops here, for a message. */
static const char *could_follow(
	struct query_cursor *p, const struct query *q, enum query_token_kind end)
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
static enum err parse_query(struct query_cursor *p, struct query *q, enum query_token_kind end)
{
	bool first = true;

	p->after_name = false;
	if (!cursor_at(p, TOK_SORT) && !cursor_at(p, TOK_SKIP) && !cursor_at(p, TOK_LIMIT)) {
		if (parse_chain(p, &q->where))
			return p->code;
		q->has_where = true;
		first = false;
	}
	if (cursor_at(p, TOK_SORT)) {
		if (!first && cursor_need_space(p))
			return p->code;
		cursor_next(p);
		if (cursor_expect_spaced(p, TOK_BY, "\"by\""))
			return p->code;
		if (cursor_need_space(p) || parse_keys(p, q))
			return p->code;
		first = false;
	}
	if (parse_paging(p, q, first))
		return p->code;
	if (!cursor_at(p, end))
		return cursor_unexpected(p, could_follow(p, q, end));
	return ERR_OK;
}

enum err query_parse(
	struct arena *a, struct str filter, struct query **out, struct query_error *error)
{
	struct query_cursor p = {.a = a, .code = ERR_INVALID_FILTER, .error = error};
	struct query *q = arena_zalloc(a, sizeof(*q));

	*out = NULL;
	*error = (struct query_error){.code = ERR_OK};
	q->arena = a;
	if (filter.n > 0) {
		if (cursor_begin(&p, filter) || parse_query(&p, q, TOK_END) || cursor_unreal(&p))
			return p.code;
	}
	*out = q;
	return ERR_OK;
}

enum err query_parse_sort(
	struct query *q, struct str sort, struct query *tail, struct query_error *error)
{
	struct query_cursor p = {.a = q->arena, .code = ERR_INVALID_SORT, .error = error};

	*tail = (struct query){.arena = q->arena};
	if (cursor_begin(&p, sort) || parse_keys(&p, q) || parse_paging(&p, tail, false))
		return p.code;
	if (!cursor_at(&p, TOK_END)) {
		tail->key_count = 1;
		return cursor_unexpected(&p, could_follow(&p, tail, TOK_END));
	}
	return cursor_unreal(&p);
}
