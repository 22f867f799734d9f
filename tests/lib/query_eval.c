/* SPDX-License-Identifier: MIT
 * See lib/query_eval.h. The surprise: upper-casing asks the C library (its Unicode tables), so that
 * the database's idea of it is checked against another one. */
#define _XOPEN_SOURCE 700

#include "lib/query_eval.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <wctype.h>

#define TEXT_MAX 1024

/* What stands on the left of a test: one value, or null. */
struct left {
	enum eval_kind kind;
	struct str s;
	bool b;
	double d;
	int64_t ms;
	char room[TEXT_MAX];
};

static int compare_text(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* Fewest digits that round-trip, written without an exponent. */
static struct str double_text(double d, char room[TEXT_MAX])
{
	char digits[64] = "", *p = room;
	int precision = 0, point;

	do
		snprintf(digits, sizeof(digits), "%+.*e", precision, d);
	while (strtod(digits, NULL) != d && ++precision < 18);
	point = atoi(strchr(digits, 'e') + 1) + 1;
	*strchr(digits, 'e') = '\0';
	if (digits[0] == '-')
		*p++ = '-';
	if (precision > 0)
		memmove(digits + 2, digits + 3, strlen(digits + 3) + 1);
	for (int i = point; i <= 0; i++) {
		*p++ = '0';
		if (i == point)
			*p++ = '.';
	}
	for (int i = 0; i < precision + 1 || i < point; i++) {
		if (i == point && i > 0)
			*p++ = '.';
		*p++ = i < precision + 1 ? digits[1 + i] : '0';
	}
	return (struct str){room, (size_t)(p - room)};
}

static struct str literal_text(const struct query_value *v, char room[TEXT_MAX])
{
	if (v->kind == VALUE_STRING)
		return v->s;
	if (v->kind == VALUE_DOUBLE)
		return double_text(v->d, room);
	return (struct str){room, (size_t)snprintf(room, TEXT_MAX, "%" PRId64, v->i)};
}

static bool holds(struct str text, struct str part)
{
	for (size_t i = 0; i + part.n <= text.n; i++)
		if (str_eq((struct str){text.p + i, part.n}, part))
			return true;
	return false;
}

static bool holds_nocase(struct str text, struct str part)
{
	locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	wint_t a[TEXT_MAX], b[TEXT_MAX];
	size_t n = 0, m = 0;
	bool found = false;

	for (size_t at = 0; at < text.n;)
		a[n++] = towupper_l((wint_t)str_code_point(text, &at), unicode);
	for (size_t at = 0; at < part.n;)
		b[m++] = towupper_l((wint_t)str_code_point(part, &at), unicode);
	for (size_t i = 0; i + m <= n && !found; i++)
		found = m == 0 || memcmp(a + i, b, m * sizeof(*a)) == 0;
	freelocale(unicode);
	return found;
}

static bool ordered(enum query_op op, int c)
{
	if (op == QUERY_EQ || op == QUERY_IN)
		return c == 0;
	if (op == QUERY_LT)
		return c < 0;
	if (op == QUERY_LE)
		return c <= 0;
	return op == QUERY_GT ? c > 0 : c >= 0;
}

static int compare_double(double a, double b)
{
	return (a > b) - (a < b);
}

static int compare_time(int64_t ms, const struct query_value *v)
{
	if (ms != v->ms)
		return ms < v->ms ? -1 : 1;
	return v->ns > 0 ? -1 : 0;
}

/* The bytes of an address, 0 if it is none. IPv4 written as IPv6 is IPv4. */
static size_t address_bytes(const char *text, unsigned char out[16])
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (inet_pton(AF_INET, text, out) == 1)
		return 4;
	if (inet_pton(AF_INET6, text, out) != 1)
		return 0;
	if (memcmp(out, mapped, sizeof(mapped)) != 0)
		return 16;
	memcpy(out, out + sizeof(mapped), 4);
	return 4;
}

static bool in_network(struct str address, struct str network)
{
	char text[128] = "", net[128] = "";
	unsigned char a[16], b[16];
	bool written_v6 = memchr(network.p, ':', network.n) != NULL;
	long bits;
	size_t n;

	if (address.n >= sizeof(text) || network.n >= sizeof(net))
		return false;
	memcpy(text, address.p, address.n);
	memcpy(net, network.p, network.n);
	bits = strchr(net, '/') != NULL ? atol(strchr(net, '/') + 1) : written_v6 ? 128 : 32;
	if (strchr(net, '/') != NULL)
		*strchr(net, '/') = '\0';
	n = address_bytes(net, b);
	if (n == 4 && written_v6)
		bits -= 96;
	/* Wider than all of IPv4: IPv6, where no IPv4 address is. */
	if (n == 0 || bits < 0 || address_bytes(text, a) != n)
		return false;
	for (long i = 0; i < bits; i++)
		if (((a[i / 8] ^ b[i / 8]) >> (7 - i % 8)) & 1)
			return false;
	return true;
}

/* One literal against a left value that is not null and of the right kind. */
static bool compare(const struct query_node *node, enum query_op op, const struct left *l,
	const struct query_value *v)
{
	char room[TEXT_MAX];

	if (l->kind == EVAL_NUMBER)
		return ordered(
			op, compare_double(l->d, v->kind == VALUE_INT ? (double)v->i : v->d));
	if (l->kind == EVAL_TIME)
		return ordered(op, compare_time(l->ms, v));
	if (node->op == QUERY_CONTAINS)
		return holds(l->s, literal_text(v, room));
	if (node->op == QUERY_ICONTAINS)
		return holds_nocase(l->s, literal_text(v, room));
	if (node->field->type == QUERY_CIDR && v->kind == VALUE_STRING &&
		(op == QUERY_EQ || op == QUERY_IN) && in_network(l->s, v->s))
		return true;
	return ordered(op, compare_text(l->s, literal_text(v, room)));
}

/* The test but for its negation. */
static bool test(const struct query_node *node, const struct left *l)
{
	const struct query_value *v = node->values;

	if (v->kind == VALUE_NULL)
		return l->kind == EVAL_NULL;
	if (v->kind == VALUE_BOOL)
		return (l->kind == EVAL_BOOL && l->b) == v->b;
	if (l->kind == EVAL_NULL)
		return false;
	if (node->op == QUERY_BETWEEN)
		return compare(node, QUERY_GE, l, &v[0]) && compare(node, QUERY_LT, l, &v[1]);
	for (size_t i = 0; i < node->value_count; i++)
		if (compare(node, node->op, l, &v[i]))
			return true;
	return false;
}

static void to_text(struct left *l)
{
	if (l->kind == EVAL_BOOL)
		l->s = l->b ? STR("true") : STR("false");
	else if (l->kind == EVAL_NUMBER)
		l->s = double_text(l->d, l->room);
	if (l->kind != EVAL_NULL)
		l->kind = EVAL_TEXT;
}

/* The literal picks the view of a tag; null if the tag has no such view. */
static void view_tag(const struct query_node *node, struct left *l)
{
	enum query_value_kind kind = node->values[0].kind;
	bool has_double = false;

	for (size_t i = 0; i < node->value_count; i++)
		has_double |= node->values[i].kind == VALUE_DOUBLE;
	if (kind == VALUE_NULL || kind == VALUE_BOOL)
		return;
	if (kind == VALUE_STRING || node->op == QUERY_CONTAINS || node->op == QUERY_ICONTAINS)
		to_text(l);
	else if (kind == VALUE_TIME || !has_double || l->kind != EVAL_NUMBER)
		l->kind = EVAL_NULL;
}

static void load(struct left *l, const struct eval_cell *cell)
{
	l->kind = cell->kind;
	l->s = cell->s;
	l->b = cell->b;
	l->d = cell->d;
	l->ms = cell->ms;
}

static bool eval_tag(const struct query_node *node, const struct eval_row *row)
{
	struct str prefix = STR("tags."), key = {node->name.p + prefix.n, node->name.n - prefix.n};
	struct left l = {.kind = EVAL_NULL};

	for (size_t i = 0; i < row->tag_count; i++)
		if (str_eq(row->tag_keys[i], key))
			load(&l, &row->tags[i]);
	view_tag(node, &l);
	return test(node, &l) != node->negated;
}

static bool eval_count(const struct query_node *node, const struct eval_row *row)
{
	struct left l = {.kind = EVAL_NUMBER};
	bool text = node->values[0].kind == VALUE_STRING || node->op == QUERY_CONTAINS;

	for (size_t i = 0; i < row->set_count; i++) {
		bool seen = false;

		for (size_t j = 0; j < i; j++)
			seen |= str_eq(row->set[i], row->set[j]);
		l.d += !seen;
	}
	if (node->values[0].kind == VALUE_NULL)
		return !node->negated;
	if (text)
		to_text(&l);
	return test(node, &l) != node->negated;
}

static bool eval_set(const struct query_node *node, const struct eval_row *row)
{
	bool any = node->set == SET_ANY_OF;
	/* Of these the negation is of the whole, of the others of each element's test. */
	bool whole = node->negated && (node->op == QUERY_IN || node->op == QUERY_BETWEEN);

	if (node->set == SET_IS_EMPTY)
		return row->set_count == 0;
	for (size_t i = 0; i < row->set_count; i++) {
		struct left l = {.kind = EVAL_TEXT, .s = row->set[i]};

		if ((test(node, &l) != (node->negated && !whole)) == any)
			return any != whole;
	}
	return any == whole;
}

static bool eval_chain(const struct query_chain *chain, const struct eval_row *row);

static bool eval_node(const struct query_node *node, const struct eval_row *row)
{
	struct left l;

	if (node->kind == NODE_GROUP)
		return eval_chain(&node->group, row);
	if (node->kind == NODE_TRUTH)
		return node->truth;
	if (node->set == SET_COUNT)
		return eval_count(node, row);
	if (node->set != SET_NONE)
		return eval_set(node, row);
	if (node->field->type == QUERY_ANY)
		return eval_tag(node, row);
	load(&l, &row->cells[node->field - query_test_list]);
	return test(node, &l) != node->negated;
}

/* From the right: each and, or and not reaches to the end. */
static bool eval_chain(const struct query_chain *chain, const struct eval_row *row)
{
	bool rest = false;

	for (size_t i = chain->count; i-- > 0;) {
		const struct query_link *link = &chain->links[i];
		bool here = eval_node(link->prime, row);

		if (link->last)
			rest = here;
		else
			rest = link->is_or ? here || rest : here && rest;
		if (link->nots % 2 == 1)
			rest = !rest;
	}
	return rest;
}

bool query_eval(const struct query *q, const struct eval_row *row)
{
	return !q->has_where || eval_chain(&q->where, row);
}

static int compare_cells(const struct eval_cell *a, const struct eval_cell *b)
{
	if (a->kind == EVAL_NULL || b->kind == EVAL_NULL)
		return (a->kind != EVAL_NULL) - (b->kind != EVAL_NULL);
	if (a->kind == EVAL_BOOL)
		return a->b - b->b;
	if (a->kind == EVAL_TIME)
		return (a->ms > b->ms) - (a->ms < b->ms);
	return compare_text(a->s, b->s);
}

int query_eval_order(const struct query *q, const struct eval_row *a, const struct eval_row *b)
{
	for (size_t i = 0; i < q->key_count; i++) {
		size_t field = (size_t)(q->keys[i].field - query_test_list);
		int c = compare_cells(&a->cells[field], &b->cells[field]);

		if (c)
			return q->keys[i].desc ? -c : c;
	}
	return compare_text(a->cells[0].s, b->cells[0].s);
}
