/* SPDX-License-Identifier: MIT
 * Typed tree -> SQL fragments with bound arguments, for MariaDB 10.11. Entry points query_where and
 * query_order; called by src/model after query_check. Writes only to a struct sql.
 *
 * Every condition is 0 or 1, never NULL. Tests of a plain field have the form `field <=> ?` or
 * `field IS NOT NULL AND field < ?`, so that an index serves them. The SQL text does not depend on
 * values of strings and numbers, so that prepared handles are reused.
 *
 * - Text is compared in utf8mb4_nopad_bin, by code points, with spaces at the end. icontains maps
 * both sides with UPPER in utf8mb4_uca1400_ai_ci, which is Unicode 14's simple upper-case mapping
 * (later code points map to themselves; older collations lack hundreds).
 * - Instants are stored in milliseconds, and literals have nanoseconds: a literal becomes the first
 * millisecond that is not before it, or that is after it, and the test becomes < or >=.
 * - A tag that is absent, an object or an array counts as null. A key that is stored with needless
 * escapes ("\u0061") is not found; Rollcall stores none.
 * - The text of the stored number -0.0 is "0". */
#include "tree.h"

#define JSON_ELEMENTS                                                                              \
	", '$[*]' COLUMNS (v LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$'))"  \
	" AS query_set"
#define UTF8_BINARY " USING utf8mb4) COLLATE utf8mb4_nopad_bin"
#define UTF8_CASING " USING utf8mb4) COLLATE utf8mb4_uca1400_ai_ci) COLLATE utf8mb4_nopad_bin"

/* The server writes a double with the fewest digits that read back, but as 1.5e20 if that is
 * shorter. NUMBER_TEXT takes digits and power apart and writes it without an exponent. */
#define NUMBER "CONCAT(query_number.n)"
#define POWER "CAST(SUBSTRING_INDEX(" NUMBER ", 'e', -1) AS SIGNED)"
#define DIGITS "REPLACE(REPLACE(SUBSTRING_INDEX(" NUMBER ", 'e', 1), '-', ''), '.', '')"
#define NUMBER_TEXT                                                                                \
	"CASE WHEN LOCATE('e', " NUMBER ") = 0 THEN " NUMBER " ELSE CONCAT("                       \
	"IF(query_number.n < 0, '-', ''), IF(" POWER " < 0,"                                       \
	" CONCAT('0.', REPEAT('0', -" POWER " - 1), " DIGITS "),"                                  \
	" RPAD(" DIGITS ", " POWER " + 1, '0'))) END"

/* The first instant that is compared: year 1, which also stands for "never". */
#define FIRST_MS INT64_C(-62135596800000)

/* This many changes between and/or become nested parentheses; the rest becomes one flat CASE,
 * because the server's parser and optimizer recurse. */
#define NESTED_MAX 8

/* The forms of the left side of a test in SQL. */
enum operand { OP_FIELD, OP_ELEMENT, OP_TAG_TEXT, OP_TAG_NUMBER, OP_COUNT, OP_COUNT_TEXT };

static void put_elements(struct sql *sql, const struct query_node *node)
{
	sql_add(sql, SQL("JSON_TABLE("));
	sql_add(sql, node->field->expr);
	sql_add(sql, SQL(JSON_ELEMENTS));
}

/* Adds `before`, the field's expression and `after`, whose '?' becomes the tag's path. */
static void put_tag(struct sql *sql, const struct query_node *node, struct sql_frag before,
	struct sql_frag after)
{
	sql_add(sql, before);
	sql_add(sql, node->field->expr);
	sql_add(sql, after);
	sql_arg(sql, db_str(node->path));
}

static void put_tag_text(struct sql *sql, const struct query_node *node)
{
	put_tag(sql, node, SQL("CONVERT(CASE JSON_TYPE(JSON_EXTRACT("), SQL(", ?))"));
	put_tag(sql, node, SQL(" WHEN 'STRING' THEN JSON_VALUE("), SQL(", ?)"));
	put_tag(sql, node, SQL(" WHEN 'BOOLEAN' THEN CONCAT(JSON_EXTRACT("), SQL(", ?))"));
	put_tag(sql, node,
		SQL(" WHEN 'NULL' THEN NULL WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL"
		    " ELSE (SELECT " NUMBER_TEXT " FROM JSON_TABLE(JSON_EXTRACT("),
		SQL(", ?), '$' COLUMNS (n DOUBLE PATH '$')) AS query_number) END" UTF8_BINARY));
}

static void put_tag_number(struct sql *sql, const struct query_node *node)
{
	put_tag(sql, node, SQL("CASE WHEN JSON_TYPE(JSON_EXTRACT("), SQL(", ?))"));
	put_tag(sql, node, SQL(" IN ('INTEGER', 'DOUBLE') THEN CAST(JSON_VALUE("),
		SQL(", ?) AS DOUBLE) END"));
}

static enum operand operand_of(const struct query_node *node)
{
	if (node->set == SET_COUNT)
		return node->view == VIEW_COUNT ? OP_COUNT : OP_COUNT_TEXT;
	if (node->set != SET_NONE)
		return OP_ELEMENT;
	if (node->field->type != QUERY_ANY)
		return OP_FIELD;
	return node->view == VIEW_NUMBER ? OP_TAG_NUMBER : OP_TAG_TEXT;
}

static void put_operand(struct sql *sql, const struct query_node *node)
{
	enum operand operand = operand_of(node);

	if (operand == OP_FIELD) {
		sql_add(sql, node->field->expr);
	} else if (operand == OP_ELEMENT) {
		sql_add(sql, SQL("query_set.v"));
	} else if (operand == OP_TAG_TEXT) {
		put_tag_text(sql, node);
	} else if (operand == OP_TAG_NUMBER) {
		put_tag_number(sql, node);
	} else {
		bool text = operand == OP_COUNT_TEXT;

		sql_add(sql, text ? SQL("CONVERT((SELECT COUNT(DISTINCT query_set.v) FROM ")
				  : SQL("(SELECT COUNT(DISTINCT query_set.v) FROM "));
		put_elements(sql, node);
		sql_add(sql, text ? SQL(")" UTF8_BINARY) : SQL(")"));
	}
}

static struct str text_of(struct sql *sql, const struct query_value *v)
{
	return v->kind == VALUE_STRING ? v->s : query_number_text(sql->arena, v);
}

/* The literal as an argument. An instant between two milliseconds equals nothing: NULL. */
static void bind(struct sql *sql, const struct query_node *node, const struct query_value *v)
{
	if (node->view == VIEW_NUMBER)
		sql_arg(sql, db_f64(v->d));
	else if (node->view == VIEW_COUNT)
		sql_arg(sql, v->kind == VALUE_INT ? db_i64(v->i) : db_f64(v->d));
	else if (node->view == VIEW_TIME)
		sql_arg(sql,
			db_time(v->ns != 0 || v->ms < FIRST_MS || v->ms > CLOCK_LAST_MS ? TIME_NONE
											: v->ms));
	else
		sql_arg(sql, db_str(text_of(sql, v)));
}

static struct sql_frag order_sign(enum query_op op)
{
	if (op == QUERY_LT)
		return SQL(" < ?");
	if (op == QUERY_LE)
		return SQL(" <= ?");
	return op == QUERY_GT ? SQL(" > ?") : SQL(" >= ?");
}

/* Orders an instant against v. `before`: < or <=. `past`: the limit is the millisecond after v. No
 * instant of a row is beyond CLOCK_LAST_MS. */
static void put_time_order(struct sql *sql, const struct query_node *node, enum query_op op,
	const struct query_value *v)
{
	bool before = op == QUERY_LT || op == QUERY_LE;
	bool past = op == QUERY_LE || op == QUERY_GT || v->ns > 0;
	int64_t ms = v->ms < FIRST_MS        ? FIRST_MS
		     : v->ms > CLOCK_LAST_MS ? CLOCK_LAST_MS + 1
					     : v->ms + past;

	sql_add(sql, SQL("("));
	put_operand(sql, node);
	if (ms > CLOCK_LAST_MS) {
		sql_add(sql, before ? SQL(" IS NOT NULL)") : SQL(" IS NULL AND FALSE)"));
		return;
	}
	sql_add(sql, SQL(" IS NOT NULL AND "));
	put_operand(sql, node);
	sql_add(sql, before ? SQL(" < ?)") : SQL(" >= ?)"));
	sql_arg(sql, db_time(ms));
}

static void put_order(struct sql *sql, const struct query_node *node, enum query_op op,
	const struct query_value *v)
{
	bool plain = operand_of(node) == OP_FIELD;

	if (node->view == VIEW_TIME) {
		put_time_order(sql, node, op, v);
		return;
	}
	sql_add(sql, plain ? SQL("(") : SQL("COALESCE("));
	put_operand(sql, node);
	if (plain) {
		sql_add(sql, SQL(" IS NOT NULL AND "));
		put_operand(sql, node);
	}
	sql_add(sql, order_sign(op));
	bind(sql, node, v);
	sql_add(sql, plain ? SQL(")") : SQL(", 0)"));
}

static void put_equal(struct sql *sql, const struct query_node *node, const struct query_value *v)
{
	bool may_be_null = node->view == VIEW_TIME;

	sql_add(sql, may_be_null ? SQL("COALESCE(") : SQL("("));
	put_operand(sql, node);
	sql_add(sql, may_be_null ? SQL(" = ?, 0)") : SQL(" <=> ?)"));
	bind(sql, node, v);
}

static void put_in(struct sql *sql, const struct query_node *node)
{
	bool plain = operand_of(node) == OP_FIELD && node->view != VIEW_TIME;

	sql_add(sql, plain ? SQL("(") : SQL("COALESCE("));
	put_operand(sql, node);
	if (plain) {
		sql_add(sql, SQL(" IS NOT NULL AND "));
		put_operand(sql, node);
	}
	for (size_t i = 0; i < node->value_count; i++) {
		sql_add(sql, i == 0 ? SQL(" IN (?") : SQL(", ?"));
		bind(sql, node, &node->values[i]);
	}
	sql_add(sql, plain ? SQL("))") : SQL("), 0)"));
}

static void put_contains(struct sql *sql, const struct query_node *node)
{
	bool fold = node->op == QUERY_ICONTAINS;

	sql_add(sql, fold ? SQL("COALESCE(LOCATE(UPPER(CONVERT(?" UTF8_CASING ", UPPER(CONVERT(")
			  : SQL("COALESCE(LOCATE(?, "));
	bind(sql, node, &node->values[0]);
	put_operand(sql, node);
	sql_add(sql, fold ? SQL(UTF8_CASING ") > 0, 0)") : SQL(") > 0, 0)"));
}

static void bind_bytes(struct sql *sql, const unsigned char *p, size_t n)
{
	sql_arg(sql, db_bytes((struct str){arena_dup(sql->arena, (const char *)p, n), n}));
}

/* Tests whether the field is one of the listed addresses or in one of the networks. An application
 * that writes with SQL may have left IPv4 written as IPv6: its last 4 bytes count. */
static void put_address(struct sql *sql, const struct query_node *node)
{
	struct query_network net;

	for (size_t i = 0; i < node->value_count; i++) {
		const struct query_value *v = &node->values[i];

		sql_add(sql, i == 0 ? SQL("(") : SQL(" OR "));
		BUG_ON(!query_network_read(v->s, &net)); /* check.c has read it before */
		sql_add(sql, SQL("COALESCE(LENGTH(INET6_ATON("));
		put_operand(sql, node);
		sql_add(sql, SQL(")) - 12 * (LEFT(INET6_ATON("));
		put_operand(sql, node);
		sql_add(sql, SQL("), 12) = ?) = ? AND RIGHT(INET6_ATON("));
		bind_bytes(sql, address_mapped, sizeof(address_mapped));
		sql_arg(sql, db_i64((int64_t)net.bytes));
		put_operand(sql, node);
		sql_add(sql, SQL("), ?) BETWEEN ? AND ?, 0)"));
		sql_arg(sql, db_i64((int64_t)net.bytes));
		bind_bytes(sql, net.first, net.bytes);
		bind_bytes(sql, net.last, net.bytes);
	}
	sql_add(sql, SQL(")"));
}

static void put_bool(struct sql *sql, const struct query_node *node)
{
	if (node->field->type == QUERY_ANY) {
		put_tag(sql, node, SQL("(COALESCE(CONCAT(JSON_EXTRACT("),
			SQL(", ?)) = 'true', 0) = ?)"));
	} else {
		sql_add(sql, SQL("(("));
		put_operand(sql, node);
		sql_add(sql, SQL(" IS TRUE) = ?)"));
	}
	sql_arg(sql, db_i64(node->values[0].b));
}

/* count(s) = null is true for every row, as in OpenZiti. */
static void put_null(struct sql *sql, const struct query_node *node)
{
	if (node->set == SET_COUNT) {
		sql_add(sql, SQL("TRUE"));
	} else if (node->field->type == QUERY_ANY) {
		put_tag(sql, node, SQL("(JSON_VALUE("), SQL(", ?) IS NULL)"));
	} else {
		sql_add(sql, SQL("("));
		put_operand(sql, node);
		sql_add(sql, SQL(" IS NULL)"));
	}
}

static void put_test(struct sql *sql, const struct query_node *node, bool negated)
{
	if (negated)
		sql_add(sql, SQL("(NOT "));
	if (node->view == VIEW_NULL)
		put_null(sql, node);
	else if (node->view == VIEW_NEVER)
		sql_add(sql, SQL("FALSE"));
	else if (node->view == VIEW_BOOL)
		put_bool(sql, node);
	else if (node->view == VIEW_ADDRESS)
		put_address(sql, node);
	else if (node->op == QUERY_EQ)
		put_equal(sql, node, &node->values[0]);
	else if (node->op == QUERY_IN)
		put_in(sql, node);
	else if (node->op == QUERY_CONTAINS || node->op == QUERY_ICONTAINS)
		put_contains(sql, node);
	else if (node->op != QUERY_BETWEEN)
		put_order(sql, node, node->op, &node->values[0]);
	else {
		sql_add(sql, SQL("("));
		put_order(sql, node, QUERY_GE, &node->values[0]);
		sql_add(sql, SQL(" AND "));
		put_order(sql, node, QUERY_LT, &node->values[1]);
		sql_add(sql, SQL(")"));
	}
	if (negated)
		sql_add(sql, SQL(")"));
}

/* allOf: no element fails the test. After a set function, `not in` and `not between` negate the
 * whole test; other negations apply to each element. */
static void put_leaf(struct sql *sql, const struct query_node *node)
{
	bool whole = node->negated && (node->op == QUERY_IN || node->op == QUERY_BETWEEN);

	if (node->set == SET_NONE || node->set == SET_COUNT) {
		put_test(sql, node, node->negated);
		return;
	}
	sql_add(sql, (node->set == SET_ANY_OF) != whole ? SQL("EXISTS (SELECT 1 FROM ")
							: SQL("NOT EXISTS (SELECT 1 FROM "));
	put_elements(sql, node);
	if (node->set != SET_IS_EMPTY) {
		sql_add(sql, node->set == SET_ANY_OF ? SQL(" WHERE ") : SQL(" WHERE NOT "));
		put_test(sql, node, node->negated && !whole);
	}
	sql_add(sql, SQL(")"));
}

static void put_chain(struct sql *sql, const struct query_chain *chain);

static void put_prime(struct sql *sql, const struct query_node *node, bool negated)
{
	sql_add(sql, negated ? SQL("(NOT ") : SQL("("));
	if (node->kind == NODE_GROUP)
		put_chain(sql, &node->group);
	else if (node->kind == NODE_TRUTH)
		sql_add(sql, node->truth ? SQL("TRUE") : SQL("FALSE"));
	else
		put_leaf(sql, node);
	sql_add(sql, SQL(")"));
}

/* Adds one link to the CASE: it decides the result or leaves it to the next link. */
static void put_decision(struct sql *sql, const struct query_link *link, bool negated, bool is_or)
{
	sql_add(sql, link->last ? SQL(" ELSE ") : SQL(" WHEN "));
	put_prime(sql, link->prime, negated != (!link->last && !is_or));
	if (!link->last)
		sql_add(sql, is_or ? SQL(" THEN 1") : SQL(" THEN 0"));
}

/* a op (b op (c ...)). A `not` reaches to the end: by De Morgan's laws it negates every condition
 * after it and swaps every and/or. The result is a list of conditions in runs of and/or. */
static void put_chain(struct sql *sql, const struct query_chain *chain)
{
	bool negated = false, run_is_or = false;
	size_t open = 1;

	sql_add(sql, SQL("("));
	for (size_t i = 0; i < chain->count; i++) {
		const struct query_link *link = &chain->links[i];
		bool is_or;

		negated ^= link->nots % 2 == 1;
		is_or = link->is_or != negated;
		if (i > 0 && !link->last && is_or != run_is_or && open <= NESTED_MAX)
			sql_add(sql, ++open > NESTED_MAX ? SQL("CASE") : SQL("("));
		if (!link->last)
			run_is_or = is_or;
		if (open > NESTED_MAX) {
			put_decision(sql, link, negated, is_or);
			continue;
		}
		put_prime(sql, link->prime, negated);
		if (!link->last)
			sql_add(sql, is_or ? SQL(" OR ") : SQL(" AND "));
	}
	if (open > NESTED_MAX) {
		sql_add(sql, SQL(" END"));
		open--;
	}
	for (; open > 0; open--)
		sql_add(sql, SQL(")"));
}

void query_where(const struct query *q, struct sql *sql)
{
	if (q->has_where)
		put_chain(sql, &q->where);
	else
		sql_add(sql, SQL("(TRUE)"));
}

void query_order(const struct query *q, struct sql *sql)
{
	struct sql_frag tie = q->fields->tie;

	sql_add(sql, SQL("ORDER BY "));
	for (size_t i = 0; i < q->key_count; i++) {
		struct sql_frag expr = q->keys[i].field->expr;

		sql_add(sql, expr);
		if (q->keys[i].desc)
			sql_add(sql, SQL(" DESC"));
		/* After the unique id no further key changes the order. */
		if (expr.n == tie.n && memcmp(expr.text, tie.text, tie.n) == 0)
			return;
		sql_add(sql, SQL(", "));
	}
	sql_add(sql, tie);
}
