/* SPDX-License-Identifier: MIT
 * Walks a route table like a tree, one path segment after another: each step keeps the rows with
 * this literal or, if there are none, those with a {…}. Allocates in the request's arena. The
 * method is compared last, so "GET /sessions/revoke-all" is 405 and not a search for a session of
 * that name. */
#include "http/router.h"

#include "base/buf.h"

/* One row on the walk. */
struct candidate {
	const struct route_key *key;
	struct str rest; /* of the pattern; p == NULL when nothing is left */
	struct str next; /* its segment at this step */
};

struct walk {
	struct candidate *list;
	size_t count;
};

/* Moves to the next segment of the pattern; false at its end. */
static bool candidate_step(struct candidate *c)
{
	while (str_split(&c->rest, '/', &c->next))
		if (c->next.n > 0)
			return true;
	return false;
}

static bool is_variable(struct str segment)
{
	return segment.n > 2 && segment.p[0] == '{' && segment.p[segment.n - 1] == '}';
}

bool http_is_id(struct str value)
{
	return value.n > 0 && value.n <= LIMIT_ID_BYTES && memchr(value.p, '\0', value.n) == NULL &&
	       str_is_utf8(value);
}

static bool is_literal(struct str pattern, struct str segment)
{
	return str_eq(pattern, segment) && !is_variable(pattern);
}

/* Keeps the rows whose next segment matches `segment`. */
static void walk_step(struct walk *w, struct str segment, route_takes_fn takes)
{
	bool literal = false, id = http_is_id(segment);
	size_t kept = 0;

	for (size_t i = 0; i < w->count; i++) {
		if (!candidate_step(&w->list[i]))
			continue;
		literal = literal || is_literal(w->list[i].next, segment);
		w->list[kept++] = w->list[i];
	}
	w->count = kept;
	kept = 0;
	for (size_t i = 0; i < w->count; i++)
		if (literal ? is_literal(w->list[i].next, segment)
			    : id && is_variable(w->list[i].next) && takes(w->list[i].next, segment))
			w->list[kept++] = w->list[i];
	w->count = kept;
}

/* Keeps the rows whose pattern ends here. */
static void walk_end(struct walk *w)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->count; i++)
		if (!candidate_step(&w->list[i]))
			w->list[kept++] = w->list[i];
	w->count = kept;
}

static const struct route_key *find_method(const struct walk *w, enum http_method method)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->list[i].key->method == method)
			return w->list[i].key;
	return method == HTTP_HEAD ? find_method(w, HTTP_GET) : NULL;
}

static struct str allow_text(struct arena *a, const struct walk *w)
{
	struct buf b;

	buf_init(&b, a);
	for (int m = 0; m < HTTP_OTHER; m++) {
		if (find_method(w, (enum http_method)m) == NULL)
			continue;
		if (b.n > 0)
			buf_str(&b, STR(", "));
		buf_str(&b, str_from(http_method_text((enum http_method)m)));
	}
	return buf_view(&b);
}

static void fill_vars(
	struct route_match *m, const struct route_key *key, const struct http_request *r)
{
	struct candidate c = {.key = key, .rest = str_from(key->pattern)};

	for (size_t i = 0; i < r->segment_count && candidate_step(&c); i++) {
		if (!is_variable(c.next))
			continue;
		BUG_ON(m->var_count == ROUTER_VARS_MAX);
		m->var_names[m->var_count] = c.next.p + 1;
		m->vars[m->var_count++] = r->segments[i];
	}
}

struct route_match router_match(const void *rows, size_t count, size_t stride, route_takes_fn takes,
	const char *prefix, const struct http_request *r)
{
	struct route_match m = {.allow = STR_NONE};
	const struct route_key *found;
	struct walk w = {.count = 0};

	if (!r->path_ok)
		return m;
	w.list = arena_array(r->arena, count, sizeof(*w.list));
	for (size_t i = 0; i < count; i++) {
		const void *row = (const char *)rows + i * stride;
		const struct route_key *key = row;

		if (strcmp(key->prefix, prefix) == 0)
			w.list[w.count++] =
				(struct candidate){key, str_from(key->pattern), STR_NONE};
	}
	for (size_t i = 0; i < r->segment_count; i++)
		walk_step(&w, r->segments[i], takes);
	walk_end(&w);
	m.path_known = w.count > 0;
	found = find_method(&w, r->method);
	if (found != NULL) {
		m.row = found;
		fill_vars(&m, found, r);
	} else if (m.path_known) {
		m.allow = allow_text(r->arena, &w);
	}
	return m;
}
