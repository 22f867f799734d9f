/* SPDX-License-Identifier: MIT
 * Tree -> typed tree: checks names against the field table, operators and literals against the type
 * of the left side, skip and limit; then the sort parameter. Entry points query_check,
 * query_paging. Writes into the tree only.
 *
 * There are two walks, because a wrong name anywhere is reported before a wrong type. The type of
 * the left side alone decides what is allowed (`accepts`). The node's view says how the two sides
 * are compared. */
#include <stdarg.h>

#include "tree.h"

enum left { LEFT_STRING, LEFT_BOOL, LEFT_DATETIME, LEFT_COUNT, LEFT_ANY, LEFT__COUNT };
enum column { COL_EQ, COL_ORDER, COL_IN, COL_BETWEEN, COL_CONTAINS, COL_ICONTAINS, COL__COUNT };

#define Z 1  /* null */
#define B 2  /* bool */
#define S 4  /* string */
#define N 8  /* number */
#define T 16 /* datetime */

/* clang-format off */
static const unsigned char accepts[LEFT__COUNT][COL__COUNT] = {
	/*                EQ                 ORDER      IN         BETWEEN CONTAINS ICONTAINS */
	[LEFT_STRING]   = {S | N | Z,         S | N,     S | N,     0,      S | N,   S},
	[LEFT_BOOL]     = {B | Z,             0,         0,         0,      0,       0},
	[LEFT_DATETIME] = {T | Z,             T,         T,         T,      0,       0},
	[LEFT_COUNT]    = {N | Z,             N,         S | N,     N,      S | N,   0},
	[LEFT_ANY]      = {S | N | B | T | Z, S | N | T, S | N | T, T,      S | N,   S},
};
/* clang-format on */

static const char *const left_names[LEFT__COUNT] = {
	"a string", "a bool", "a datetime", "a count", "a tag"};

static const enum column columns[] = {
	[QUERY_EQ] = COL_EQ,
	[QUERY_LT] = COL_ORDER,
	[QUERY_LE] = COL_ORDER,
	[QUERY_GT] = COL_ORDER,
	[QUERY_GE] = COL_ORDER,
	[QUERY_IN] = COL_IN,
	[QUERY_BETWEEN] = COL_BETWEEN,
	[QUERY_CONTAINS] = COL_CONTAINS,
	[QUERY_ICONTAINS] = COL_ICONTAINS,
};

static const char *const column_names[COL__COUNT] = {
	"= or !=", "<, <=, > or >=", "in", "between", "contains", "icontains"};

static const struct {
	unsigned char bit;
	const char *name;
} kinds[] = {
	[VALUE_NULL] = {Z, "null"},
	[VALUE_BOOL] = {B, "a bool"},
	[VALUE_STRING] = {S, "a string"},
	[VALUE_INT] = {N, "a number"},
	[VALUE_DOUBLE] = {N, "a number"},
	[VALUE_TIME] = {T, "a datetime"},
};

struct check {
	struct query *q;
	struct query_error *error;
};

typedef enum err (*node_fn)(struct check *c, struct query_node *node);

/* Calls fn for every test of the tree, in the order of the text. */
static enum err each_test(struct check *c, const struct query_chain *chain, node_fn fn)
{
	for (size_t i = 0; i < chain->count; i++) {
		struct query_node *node = chain->links[i].prime;
		enum err err = ERR_OK;

		if (node->kind == NODE_GROUP)
			err = each_test(c, &node->group, fn);
		else if (node->kind == NODE_TEST)
			err = fn(c, node);
		if (err)
			return err;
	}
	return ERR_OK;
}

static enum err fail_sort(struct check *c, enum err code, struct query_place place, struct str name)
{
	struct str shown = query_excerpt(name);

	query_fail(c->q->arena, c->error, code, place, "cannot sort by '%.*s'", STR_FMT(shown));
	c->error->found = name;
	return code;
}

static const char *field_of_alias(const struct query_fields *fields, struct str name)
{
	for (size_t i = 0; i < fields->alias_count; i++)
		if (str_eq(name, str_from(fields->aliases[i].name)))
			return fields->aliases[i].field;
	return NULL;
}

static struct str list_fields(struct arena *a, const struct query_fields *fields)
{
	struct buf b;

	buf_init(&b, a);
	for (size_t i = 0; i < fields->count; i++) {
		buf_str(&b, i == 0 ? STR("") : STR(", "));
		buf_str(&b, str_from(fields->list[i].name));
		buf_str(&b, fields->list[i].type == QUERY_ANY ? STR(".KEY") : STR(""));
	}
	return buf_view(&b);
}

/* Names the right field if the wrong name is a member of an answer, else all fields. */
static enum err fail_unknown(
	struct check *c, enum err code, struct query_place place, struct str name)
{
	const char *field = field_of_alias(c->q->fields, name);
	struct str shown = query_excerpt(name), all;

	if (field != NULL) {
		query_fail(c->q->arena, c->error, code, place,
			"unknown field '%.*s', in filters it is %s", STR_FMT(shown), field);
		c->error->expected = str_from(field);
	} else {
		all = list_fields(c->q->arena, c->q->fields);
		query_fail(c->q->arena, c->error, code, place,
			"unknown field '%.*s', the fields are %.*s", STR_FMT(shown), STR_FMT(all));
		c->error->expected = all;
	}
	c->error->found = name;
	return code;
}

/* The field of a name, or NULL. For a QUERY_ANY *below becomes the text after "tags.". */
static const struct query_field *find_field(
	const struct query_fields *fields, struct str name, struct str *below)
{
	*below = STR_NONE;
	for (size_t i = 0; i < fields->count; i++) {
		const struct query_field *f = &fields->list[i];
		struct str own = str_from(f->name);

		if (f->type != QUERY_ANY && str_eq(name, own))
			return f;
		if (f->type == QUERY_ANY && str_starts(name, own) && name.n > own.n + 1 &&
			name.p[own.n] == '.') {
			*below = (struct str){name.p + own.n + 1, name.n - own.n - 1};
			return f;
		}
	}
	return NULL;
}

/* Names have only ASCII letters, '_', '-' and '.', so a JSON path needs no escapes. Tags are flat:
 * a deeper name gets no path and finds nothing. */
static enum err resolve(struct check *c, struct query_node *node)
{
	struct str below;

	node->field = find_field(c->q->fields, node->name, &below);
	if (node->field == NULL)
		return fail_unknown(c, ERR_INVALID_FILTER, node->name_place, node->name);
	if (below.p != NULL && memchr(below.p, '.', below.n) == NULL)
		node->path = str_printf(c->q->arena, "$.\"%.*s\"", STR_FMT(below));
	return ERR_OK;
}

/* The message begins with the name of the test's left side. */
PRINTF_LIKE(4, 5)
static enum err fail_type(struct check *c, const struct query_node *node, struct query_place place,
	const char *fmt, ...)
{
	struct str name = query_excerpt(node->name);
	va_list ap;

	va_start(ap, fmt);

	const char *what = arena_vprintf(c->q->arena, fmt, ap);

	va_end(ap);
	query_fail(
		c->q->arena, c->error, ERR_INVALID_FILTER, place, "'%.*s' %s", STR_FMT(name), what);
	c->error->found = node->source;
	return ERR_INVALID_FILTER;
}

/* Only sets may be in set functions, and sets may be only there. */
static enum err check_set(struct check *c, const struct query_node *node)
{
	bool is_set = node->field->type == QUERY_STRING_SET;

	if (node->sub_query)
		return fail_type(c, node, node->name_place, "is no set of entities");
	if (node->set != SET_NONE && !is_set)
		return fail_type(c, node, node->name_place, "is no set");
	if (node->set == SET_NONE && is_set)
		return fail_type(c, node, node->name_place,
			"is a set and needs anyOf, allOf, count or isEmpty");
	return ERR_OK;
}

static enum left left_of(const struct query_node *node)
{
	enum query_type type = node->field->type;

	if (node->set == SET_COUNT)
		return LEFT_COUNT;
	if (type == QUERY_BOOL)
		return LEFT_BOOL;
	if (type == QUERY_DATETIME)
		return LEFT_DATETIME;
	return type == QUERY_ANY ? LEFT_ANY : LEFT_STRING;
}

static enum query_view view_of(const struct query_node *node, enum left left)
{
	bool text = node->values[0].kind == VALUE_STRING || columns[node->op] == COL_CONTAINS ||
		    columns[node->op] == COL_ICONTAINS;
	bool listed = columns[node->op] == COL_EQ || columns[node->op] == COL_IN;

	if (node->values[0].kind == VALUE_NULL)
		return VIEW_NULL;
	if (left == LEFT_BOOL || node->values[0].kind == VALUE_BOOL)
		return VIEW_BOOL;
	if (left == LEFT_DATETIME)
		return VIEW_TIME;
	if (left == LEFT_COUNT)
		return text ? VIEW_COUNT_TEXT : VIEW_COUNT;
	if (left == LEFT_STRING || text)
		return node->field->type == QUERY_CIDR && listed ? VIEW_ADDRESS : VIEW_TEXT;
	return node->values[0].kind == VALUE_DOUBLE ? VIEW_NUMBER : VIEW_NEVER;
}

/* A wrong address would match no row, or with != every row, so it is refused. */
static enum err check_networks(struct check *c, const struct query_node *node)
{
	struct query_network unused;

	for (size_t i = 0; i < node->value_count; i++) {
		const struct query_value *v = &node->values[i];
		struct str shown = query_excerpt(v->kind == VALUE_STRING ? v->s : v->source);

		if (v->kind != VALUE_STRING || !query_network_read(v->s, &unused))
			return fail_type(c, node, v->place,
				"is an address; '%.*s' is neither an address nor a network (such "
				"as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32)",
				STR_FMT(shown));
	}
	return ERR_OK;
}

static enum err check_types(struct check *c, struct query_node *node)
{
	enum err err = check_set(c, node);

	if (err || node->set == SET_IS_EMPTY)
		return err;

	enum left left = left_of(node);
	enum column column = columns[node->op];

	if (node->bare && left != LEFT_BOOL && left != LEFT_ANY)
		return fail_type(c, node, node->name_place, "is no condition by itself, it is %s",
			left_names[left]);
	if (accepts[left][column] == 0)
		return fail_type(c, node, node->op_place, "is %s and cannot be tested with %s",
			left_names[left], column_names[column]);
	for (size_t i = 0; i < node->value_count; i++) {
		const struct query_value *v = &node->values[i];

		if (!(accepts[left][column] & kinds[v->kind].bit))
			return fail_type(c, node, v->place, "is %s: %s cannot be used with %s",
				left_names[left], kinds[v->kind].name, column_names[column]);
	}
	node->view = view_of(node, left);
	return node->view == VIEW_ADDRESS ? check_networks(c, node) : ERR_OK;
}

static enum err resolve_keys(struct check *c, enum err code)
{
	struct str below;

	for (size_t i = 0; i < c->q->key_count; i++) {
		struct query_key *key = &c->q->keys[i];

		key->field = find_field(c->q->fields, key->name, &below);
		if (key->field == NULL)
			return fail_unknown(c, code, key->place, key->name);
	}
	return ERR_OK;
}

static enum err check_keys(struct check *c, enum err code)
{
	for (size_t i = 0; i < c->q->key_count; i++) {
		const struct query_key *key = &c->q->keys[i];
		enum query_type type = key->field->type;

		if (!key->field->sortable || type == QUERY_ANY || type == QUERY_STRING_SET)
			return fail_sort(c, code, key->place, key->name);
	}
	return ERR_OK;
}

static enum err check_integer(
	struct check *c, enum err code, bool has, const struct query_value *v, const char *what)
{
	if (!has || v->kind == VALUE_INT)
		return ERR_OK;
	query_fail(c->q->arena, c->error, code, v->place, "%s takes an integer", what);
	c->error->found = v->source;
	return code;
}

static enum err check_paging(struct check *c, enum err code, const struct query *q)
{
	enum err err = check_integer(c, code, q->has_skip, &q->skip, "skip");

	return err ? err : check_integer(c, code, q->has_limit, &q->limit, "limit");
}

enum err query_check(struct query *q, const struct query_fields *fields, struct str sort,
	struct query_error *error)
{
	struct check c = {q, error};
	struct query tail;
	enum err err;

	*error = (struct query_error){.code = ERR_OK};
	q->fields = fields;
	if ((err = each_test(&c, &q->where, resolve)) ||
		(err = resolve_keys(&c, ERR_INVALID_FILTER)) ||
		(err = each_test(&c, &q->where, check_types)) ||
		(err = check_keys(&c, ERR_INVALID_FILTER)) ||
		(err = check_paging(&c, ERR_INVALID_FILTER, q)))
		return err;
	if (q->key_count > 0 || sort.n == 0)
		return ERR_OK;
	if ((err = query_parse_sort(q, sort, &tail, error)) ||
		(err = resolve_keys(&c, ERR_INVALID_SORT)) ||
		(err = check_keys(&c, ERR_INVALID_SORT)))
		return err;
	return check_paging(&c, ERR_INVALID_SORT, &tail);
}

void query_paging(const struct query *q, bool has_limit, int64_t limit, bool has_offset,
	int64_t offset, int64_t ceiling, int64_t *out_limit, int64_t *out_offset)
{
	int64_t n = q->has_limit ? q->limit.i : has_limit ? limit : 0;
	int64_t skip = q->has_skip ? q->skip.i : has_offset ? offset : 0;

	if (n == -1)
		n = ceiling;
	else if (n <= 0)
		n = EDGE_LIMIT_DEFAULT;
	else if (n > EDGE_LIMIT_MAX)
		n = EDGE_LIMIT_MAX;
	if (n > ceiling)
		n = ceiling;
	if (skip < 0)
		skip = 0;
	else if (skip > EDGE_OFFSET_MAX)
		skip = EDGE_OFFSET_MAX;
	*out_limit = n;
	*out_offset = skip;
}
