/* SPDX-License-Identifier: MIT
 * The two readings of a filter that mixes and, or and not without parentheses: the language's (no
 * precedence, each reaches to the end) and a person's (not before and before or). Entry point
 * query_is_ambiguous; the other functions tell what a filter consists of. Writes only to the arena.
 *
 * Both are written with all parentheses and compared as text. If they are equal, as for "a or b and
 * c", the second reading is the one from left to right. */
#include "tree.h"

enum way { AS_READ, BY_PRECEDENCE, FROM_LEFT };

static void write_chain(struct buf *b, const struct query_chain *chain, enum way way);

/* The lexer would read "not inactive" as the operator "not in". */
static bool begins_like_operator(struct str s)
{
	static const char *const operators[] = {"in", "between", "contains", "icontains"};

	for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
		struct str op = str_from(operators[i]);

		if (s.n >= op.n && str_eq_nocase((struct str){s.p, op.n}, op))
			return true;
	}
	return false;
}

static bool follows_not(const struct buf *b)
{
	return b->n >= 4 && memcmp(b->p + b->n - 4, "not ", 4) == 0;
}

static void write_prime(struct buf *b, const struct query_link *link, enum way way)
{
	const struct query_node *node = link->prime;
	bool wrapped;

	/* Parentheses around a single condition change nothing. */
	while (node->kind == NODE_GROUP && node->group.count == 1 && node->group.links[0].nots == 0)
		node = node->group.links[0].prime;
	wrapped = follows_not(b) && begins_like_operator(node->source);
	if (node->kind == NODE_GROUP)
		write_chain(b, &node->group, way);
	else
		buf_printf(b, wrapped ? "(%.*s)" : "%.*s", STR_FMT(node->source));
}

static void repeat(struct buf *b, const char *text, size_t n)
{
	for (; n > 0; n--)
		buf_str(b, str_from(text));
}

static void write_read(struct buf *b, const struct query_chain *chain)
{
	bool run = false, run_is_or = false;
	size_t open = 0;

	for (size_t i = 0; i < chain->count; i++) {
		const struct query_link *link = &chain->links[i];

		repeat(b, "(not ", link->nots);
		open += link->nots;
		if (!link->last && (!run || link->nots > 0 || link->is_or != run_is_or)) {
			buf_char(b, '(');
			open++;
		}
		run = true;
		run_is_or = link->is_or;
		write_prime(b, link, AS_READ);
		if (!link->last)
			buf_str(b, link->is_or ? STR(" or ") : STR(" and "));
	}
	repeat(b, ")", open);
}

static bool has_or(const struct query_chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		if (!chain->links[i].last && chain->links[i].is_or)
			return true;
	return false;
}

static void write_by_precedence(struct buf *b, const struct query_chain *chain)
{
	bool some_or = has_or(chain), in_and = false;

	if (some_or)
		buf_char(b, '(');
	for (size_t i = 0; i < chain->count; i++) {
		const struct query_link *link = &chain->links[i];
		bool goes_on = !link->last && !link->is_or;

		if (goes_on && !in_and)
			buf_char(b, '(');
		repeat(b, "(not ", link->nots);
		write_prime(b, link, BY_PRECEDENCE);
		repeat(b, ")", link->nots);
		if (!goes_on && in_and)
			buf_char(b, ')');
		in_and = goes_on;
		if (!link->last)
			buf_str(b, link->is_or ? STR(" or ") : STR(" and "));
	}
	if (some_or)
		buf_char(b, ')');
}

/* Whether the operators before links[i + 1] and before links[i] differ. */
static bool changes(const struct query_chain *chain, size_t i)
{
	return i > 0 && !chain->links[i].last && chain->links[i].is_or != chain->links[i - 1].is_or;
}

static void write_from_left(struct buf *b, const struct query_chain *chain)
{
	if (chain->count > 1)
		buf_char(b, '(');
	for (size_t i = 0; i < chain->count; i++)
		if (changes(chain, i))
			buf_char(b, '(');
	for (size_t i = 0; i < chain->count; i++) {
		const struct query_link *link = &chain->links[i];

		repeat(b, "(not ", link->nots);
		write_prime(b, link, FROM_LEFT);
		repeat(b, ")", link->nots);
		if (changes(chain, i))
			buf_char(b, ')');
		if (!link->last)
			buf_str(b, link->is_or ? STR(" or ") : STR(" and "));
	}
	if (chain->count > 1)
		buf_char(b, ')');
}

static void write_chain(struct buf *b, const struct query_chain *chain, enum way way)
{
	switch (way) {
	case AS_READ:
		write_read(b, chain);
		return;
	case BY_PRECEDENCE:
		write_by_precedence(b, chain);
		return;
	case FROM_LEFT:
		write_from_left(b, chain);
		return;
	}
}

static struct str reading(const struct query *q, enum way way)
{
	struct buf b;

	buf_init(&b, q->arena);
	write_chain(&b, &q->where, way);
	return buf_view(&b);
}

bool query_is_ambiguous(const struct query *q, struct str *as_read, struct str *as_meant)
{
	*as_read = reading(q, AS_READ);
	*as_meant = reading(q, BY_PRECEDENCE);
	if (str_eq(*as_read, *as_meant))
		*as_meant = reading(q, FROM_LEFT);
	return !str_eq(*as_read, *as_meant);
}

const struct query_field *query_first_key(const struct query *q, bool *descending)
{
	*descending = q->key_count > 0 && q->keys[0].desc;
	return q->key_count > 0 ? q->keys[0].field : NULL;
}

bool query_is_lookup(const struct query *q)
{
	const struct query_link *link = q->where.links;
	const struct query_node *node;

	if (!q->has_where || q->where.count != 1 || link->nots != 0)
		return false;
	node = link->prime;
	while (node->kind == NODE_GROUP && node->group.count == 1 && node->group.links[0].nots == 0)
		node = node->group.links[0].prime;
	return node->kind == NODE_TEST && node->set == SET_NONE && !node->negated &&
	       (node->op == QUERY_EQ || node->op == QUERY_IN) && node->field != NULL &&
	       node->field->indexed;
}

bool query_is_all(const struct query *q)
{
	return !q->has_where;
}

bool query_is_condition(const struct query *q)
{
	return q->has_where && q->key_count == 0 && !q->has_skip && !q->has_limit;
}
