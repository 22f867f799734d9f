/* SPDX-License-Identifier: MIT
 * Tokens and nodes of the filter language, private to the room query (its tests include it too).
 * lex.c makes tokens; parse.c (with cursor.c) makes nodes, and value.c the values of literals;
 * check.c adds field, path and view; compile.c and reading.c only read. Everything lives in the
 * arena of the query.
 *
 * `and`, `or` and `not` have no precedence: each takes everything to its right. The conditions
 * between two parentheses are therefore a flat list (struct query_chain) that is read from its
 * right end. Only parentheses need recursion, and their depth is limited. */
#ifndef QUERY_TREE_H
#define QUERY_TREE_H

#include "base/address.h"
#include "base/limits.h"
#include "query/query.h"

/* clang-format off */
enum query_token_kind {
	TOK_END, TOK_BAD, /* a character that starts no token; `why` says what was expected */
	TOK_LPAREN, TOK_RPAREN, TOK_LBRACKET, TOK_RBRACKET, TOK_COMMA,
	TOK_EQ, TOK_ORDER, TOK_IN, TOK_BETWEEN, TOK_CONTAINS, TOK_ICONTAINS,
	TOK_AND, TOK_OR, TOK_NOT,
	TOK_ASC, TOK_DESC, TOK_SORT, TOK_BY, TOK_SKIP, TOK_LIMIT, TOK_NONE,
	TOK_WHERE, TOK_FROM, TOK_ALL_OF, TOK_ANY_OF, TOK_COUNT, TOK_IS_EMPTY,
	TOK_NULL, TOK_BOOL, TOK_STRING, TOK_NUMBER, TOK_DATETIME, TOK_TIMESTAMP, TOK_IDENT
};
/* clang-format on */

enum query_op {
	QUERY_EQ,
	QUERY_LT,
	QUERY_LE,
	QUERY_GT,
	QUERY_GE,
	QUERY_IN,
	QUERY_BETWEEN,
	QUERY_CONTAINS,
	QUERY_ICONTAINS
};

struct query_place {
	int line, column; /* line from 1, column from 0, in code points */
};

struct query_token {
	enum query_token_kind kind;
	enum query_op op; /* of an operator */
	bool negated;     /* !=, not in, not between, ... */
	bool space;       /* white space stands before it */
	struct query_place place;
	struct str text;
	const char *why; /* of TOK_BAD */
};

struct query_lexer {
	struct str text; /* valid UTF-8 */
	size_t at;
	struct query_place place;
};

void query_lex_begin(struct query_lexer *lex, struct str text);
/* After TOK_BAD and TOK_END the lexer stays where it is. */
struct query_token query_lex_next(struct query_lexer *lex);

/* Length of the RFC 3339 timestamp (by its grammar only) at the start of s, or 0. */
size_t query_timestamp_length(struct str s);

enum query_value_kind { VALUE_NULL, VALUE_BOOL, VALUE_STRING, VALUE_INT, VALUE_DOUBLE, VALUE_TIME };

struct query_value {
	enum query_value_kind kind;
	bool b;
	int64_t i;
	double d;
	struct str s;
	int64_t ms; /* VALUE_TIME: the millisecond; `ns` adds nanoseconds to it */
	int32_t ns;
	struct query_place place;
	struct str source;
};

/* Reads a literal token. False if its grammar is right but it has no value (30 February, 1e999). */
MUST_CHECK bool query_value_read(
	struct arena *a, const struct query_token *token, struct query_value *out);

/* The decimal text of a number (VALUE_INT, VALUE_DOUBLE): the fewest digits that read back as the
 * same number, without an exponent. */
struct str query_number_text(struct arena *a, const struct query_value *v);

/* The first and last address of a network ("203.0.113.0/24", "2001:db8::/32") or of one address, as
 * 4 or 16 bytes. Host bits are ignored. Addresses within ::ffff:0:0/96 are IPv4. */
struct query_network {
	unsigned char first[ADDRESS_V6_BYTES], last[ADDRESS_V6_BYTES];
	size_t bytes;
};
bool query_network_read(struct str s, struct query_network *out);

enum query_node_kind { NODE_GROUP, NODE_TRUTH, NODE_TEST };
enum query_set { SET_NONE, SET_ANY_OF, SET_ALL_OF, SET_COUNT, SET_IS_EMPTY };

/* How a test compares its two sides; check.c decides it from the field's type and the literals. */
enum query_view {
	VIEW_NULL, /* against null */
	VIEW_TEXT,
	VIEW_ADDRESS, /* text, where a literal may be a network */
	VIEW_BOOL,    /* null counts as false; a bare name is "= true" */
	VIEW_TIME,
	VIEW_NUMBER, /* a tag as a double */
	VIEW_COUNT,
	VIEW_COUNT_TEXT,
	VIEW_NEVER /* a tag against an integer or an instant, which never match */
};

struct query_link;

/* links[0].prime op links[1].prime op ...; each op and each `not` reaches to the end. */
struct query_chain {
	struct query_link *links;
	size_t count, room;
};

struct query_node {
	enum query_node_kind kind;
	struct str source; /* as the client wrote it */

	struct query_chain group; /* NODE_GROUP: what is between parentheses */
	bool truth;               /* NODE_TRUTH: the literal true or false */

	/* NODE_TEST. A bare name is QUERY_EQ with the value true and `bare`; isEmpty has no op. */
	enum query_set set;
	bool sub_query; /* isEmpty(from ... where ...), count(...): parsed, then refused */
	bool bare, negated;
	struct str name;
	struct query_place name_place, op_place;
	enum query_op op;
	struct query_value *values;
	size_t value_count;

	/* By check.c. */
	const struct query_field *field;
	struct str path; /* JSON path of a tag; p == NULL: deeper than any tag */
	enum query_view view;
};

struct query_link {
	size_t nots; /* number of `not` before it */
	struct query_node *prime;
	bool last, is_or; /* nothing follows; `or` follows, else `and` */
};

struct query_key {
	struct str name;
	struct query_place place;
	bool desc;
	const struct query_field *field;
};

struct query {
	struct arena *arena;
	bool has_where;
	struct query_chain where;
	struct query_key keys[LIMIT_FILTER_SORT_KEYS];
	size_t key_count;
	bool has_skip, has_limit; /* `none` reads as -1 */
	struct query_value skip, limit;
	const struct query_fields *fields; /* by check.c */
};

/* Parses the text after "sort by " into keys of *q. A skip or limit after them goes to *tail: it
 * has no effect, but it has to be valid. */
MUST_CHECK enum err query_parse_sort(
	struct query *q, struct str sort, struct query *tail, struct query_error *error);

/* Fills *error and returns code. The formatted message gets "line L, column C: " in front of it. */
enum err query_fail(struct arena *a, struct query_error *error, enum err code,
	struct query_place place, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* The start of s, for a message: at most 64 bytes, cut between code points. */
struct str query_excerpt(struct str s);

#endif
