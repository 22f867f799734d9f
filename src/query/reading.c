/* SPDX-License-Identifier: MIT
 * The two readings of a filter that mixes and, or and not without parentheses: as the language has
 * it (no precedence, each reaches to the end) and as most people mean it (not before and before
 * or). Entry point query_is_ambiguous, for the callers that warn or refuse; writes only to the
 * arena.
 *
 * Both readings are written with all parentheses and compared as text: "a or b and c" mixes, but
 * reads as it is meant. */
#include "tree.h"

static void write_chain(struct buf *b, const struct query_chain *chain, bool meant);

/* "not inactive" would read as the operator "not in". */
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

static void write_prime(struct buf *b, const struct query_link *link, bool meant)
{
	const struct query_node *node = link->prime;
	bool wrapped;

	/* Parentheses round a single condition say nothing. */
	while (node->kind == NODE_GROUP && node->group.count == 1 && node->group.links[0].nots == 0)
		node = node->group.links[0].prime;
	wrapped = link->nots > 0 && begins_like_operator(node->source);
	if (node->kind == NODE_GROUP)
		write_chain(b, &node->group, meant);
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
		write_prime(b, link, false);
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

static void write_meant(struct buf *b, const struct query_chain *chain)
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
		write_prime(b, link, true);
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

static void write_chain(struct buf *b, const struct query_chain *chain, bool meant)
{
	if (meant)
		write_meant(b, chain);
	else
		write_read(b, chain);
}

bool query_is_ambiguous(const struct query *q, struct str *as_read, struct str *as_meant)
{
	struct buf read, meant;

	buf_init(&read, q->arena);
	buf_init(&meant, q->arena);
	write_chain(&read, &q->where, false);
	write_chain(&meant, &q->where, true);
	*as_read = buf_view(&read);
	*as_meant = buf_view(&meant);
	return !str_eq(*as_read, *as_meant);
}

bool query_is_condition(const struct query *q)
{
	return q->has_where && q->key_count == 0 && !q->has_skip && !q->has_limit;
}
