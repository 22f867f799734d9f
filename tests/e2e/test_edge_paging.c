/* SPDX-License-Identifier: MIT
 * Paging and order of the Edge Management API's list (schema/filter.md 7): which number counts,
 * what it becomes, what the answer reports, and in which order the rows come. Through the running
 * stack. */
#include "edge.h"

#define ROWS 25

/* Rows 0 to 24 in the order of their ids, all created in the same instant. */
struct world {
	struct e2e_tenant tenant;
	struct str root, ids[ROWS];
	const char *mine; /* the filter that these rows alone match */
};

/* Users go 4, 3, 2, 1, 0, 4 ..., so that each has five rows; the last five rows' name is unknown.
 */
static struct str user_of(struct e2e *t, int row)
{
	return str_printf(t->arena, "usr%d", 4 - row % 5);
}

static void put_users(struct e2e *t, struct e2e_tenant tenant)
{
	static const char *const names[] = {"Zoe", "anna", "Ärger", "Anna", NULL};

	for (int i = 0; i < 5; i++) {
		const struct user_new user = {.tenant_id = tenant.id,
			.id = user_of(t, i),
			.display_name = str_from(names[i])};

		e2e_user(t, &user);
	}
}

static struct world world(struct e2e *t)
{
	struct world w = {.tenant = e2e_tenant(t, STR_NONE), .root = e2e_super_admin(t)};
	struct str stem = e2e_name(t, "row");
	int64_t now = e2e_now_ms(t);

	w.mine = arena_printf(t->arena, "tenantId = \"%s\"", w.tenant.id.p);
	put_users(t, w.tenant);
	for (int i = 0; i < ROWS; i++) {
		struct session_new s = e2e_session(t, w.tenant, user_of(t, i));

		s.id = w.ids[i] = str_printf(t->arena, "%s-%02d", stem.p, i);
		s.created_ms = now - 60 * 1000;
		s.last_activity_ms = i % 2 == 0 ? TIME_NONE : now - 1000 * i;
		s.is_mfa_complete = i % 3 == 0;
		e2e_put(t, &s);
	}
	return w;
}

static struct e2e_answer list(
	struct e2e *t, const struct world *w, const char *behind, const char *params)
{
	return edge_list(t, w->root, arena_printf(t->arena, "%s%s", w->mine, behind), params);
}

static const struct paging {
	const char *behind, *params; /* what follows in the filter, and as query parameters */
	int64_t limit, offset;       /* reported */
	int rows;
} pagings[] = {
	{"", "", 10, 0, 10},
	{"", "&limit=", 10, 0, 10},
	{"", "&offset=", 10, 0, 10},
	{"", "&limit=0", 10, 0, 10},
	{"", "&limit=-2", 10, 0, 10},
	{"", "&limit=-9223372036854775808", 10, 0, 10},
	{"", "&limit=1", 1, 0, 1},
	{"", "&limit=%2B7", 7, 0, 7},
	{"", "&limit=007", 7, 0, 7},
	{"", "&limit=500", 500, 0, 25},
	{"", "&limit=501", 500, 0, 25},
	{"", "&limit=9223372036854775807", 500, 0, 25},
	{"", "&limit=-1", 10000, 0, 25},
	{"", "&offset=20", 10, 20, 5},
	{"", "&offset=24&limit=3", 3, 24, 1},
	{"", "&offset=25", 10, 25, 0},
	{"", "&offset=-5", 10, 0, 10},
	{"", "&offset=100000", 10, 100000, 0},
	{"", "&offset=100001", 10, 100000, 0},
	{"", "&offset=9223372036854775807&limit=-1", 10000, 100000, 0},
	{"", "&limit=-1&offset=5", 10000, 5, 20},
	{" limit 3", "", 3, 0, 3},
	{" limit 3", "&limit=7", 3, 0, 3},
	{" limit 0", "&limit=7", 10, 0, 10},
	{" limit -7", "", 10, 0, 10},
	{" limit -1", "", 10000, 0, 25},
	{" limit none", "&limit=7", 10000, 0, 25},
	{" LIMIT NONE", "", 10000, 0, 25},
	{" limit 700", "", 500, 0, 25},
	{" skip 4", "&limit=7", 7, 4, 7},
	{" skip 4", "&offset=24", 10, 4, 10},
	{" limit 4", "&offset=24", 4, 24, 1},
	{" skip -4", "&offset=24", 10, 0, 10},
	{" skip 20 limit none", "", 10000, 20, 5},
	{" skip 100001 limit 2", "", 2, 100000, 0},
	{" sort by token skip 24 limit none", "", 10000, 24, 1},
	/* Of several parameters of a name the first counts, as in OpenZiti. */
	{"", "&limit=3&limit=7", 3, 0, 3},
	{"", "&limit=&limit=7", 10, 0, 10},
	{"", "&offset=20&offset=0", 10, 20, 5},
};

static void page__is_as_reported(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);

	for (size_t i = 0; i < ARRAY_LEN(pagings); i++) {
		const struct paging *p = &pagings[i];
		struct e2e_answer a = list(t, &w, p->behind, p->params);
		bool fits;

		expect_status(&a, 200);
		fits = e2e_int(a.json, "meta.pagination.limit") == p->limit &&
		       e2e_int(a.json, "meta.pagination.offset") == p->offset &&
		       edge_total(&a) == ROWS && (int)e2e_at(a.json, "data")->count == p->rows;
		if (!fits)
			fail_msg("[%s] [%s] gave %.*s", p->behind, p->params, STR_FMT(a.body));
	}
}

/* -1 is not another word for the largest page. */
static void unlimited__goes_past_500(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	struct str root = e2e_super_admin(t);
	const char *mine = arena_printf(t->arena, "tenantId = \"%s\"", tenant.id.p);
	struct e2e_answer a;

	e2e_put_many(t, tenant, STR("u"), 520);
	a = edge_list(t, root, mine, "&limit=-1");
	assert_int_equal(e2e_at(a.json, "data")->count, 520);
	a = edge_list(t, root, mine, "&limit=501");
	assert_int_equal(e2e_at(a.json, "data")->count, 500);
	assert_int_equal(edge_total(&a), 520);
	a = edge_list(
		t, root, arena_printf(t->arena, "%s sort by token skip 15 limit none", mine), "");
	assert_int_equal(e2e_at(a.json, "data")->count, 505);
}

static void walk__sees_every_row_once(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	static const char *const sorts[] = {"", " sort by mfaComplete desc", " sort by createdAt",
		" sort by identity.name desc, lastActivityAt"};

	for (size_t s = 0; s < ARRAY_LEN(sorts); s++) {
		int seen[ROWS] = {0};

		for (int offset = 0; offset < ROWS; offset += 4) {
			struct e2e_answer a = list(t, &w, sorts[s],
				arena_printf(t->arena, "&limit=4&offset=%d", offset));

			for (int i = 0; i < ROWS; i++)
				seen[i] += e2e_has(e2e_at(a.json, "data"), w.ids[i]);
		}
		for (int i = 0; i < ROWS; i++)
			assert_int_equal(seen[i], 1);
	}
}

static const struct bad_page {
	const char *params, *code, *field, *value;
} bad_pages[] = {
	{"limit=abc", "COULD_NOT_VALIDATE", "limit", "abc"},
	{"limit=1.0", "COULD_NOT_VALIDATE", "limit", "1.0"},
	{"limit=1e1", "COULD_NOT_VALIDATE", "limit", "1e1"},
	{"limit=%201", "COULD_NOT_VALIDATE", "limit", " 1"},
	{"limit=+1", "COULD_NOT_VALIDATE", "limit", " 1"},
	{"limit=none", "COULD_NOT_VALIDATE", "limit", "none"},
	{"limit=0x10", "COULD_NOT_VALIDATE", "limit", "0x10"},
	{"limit=9223372036854775808", "COULD_NOT_VALIDATE", "limit", "9223372036854775808"},
	{"offset=abc", "COULD_NOT_VALIDATE", "offset", "abc"},
	{"offset=1;DROP%20TABLE%20session", "COULD_NOT_VALIDATE", "offset", "1;DROP TABLE session"},
	{"limit=1%20OR%201=1", "COULD_NOT_VALIDATE", "limit", "1 OR 1=1"},
	{"limit=x&offset=y", "COULD_NOT_VALIDATE", "limit", "x"},
	{"limit=5&limit=x", "COULD_NOT_VALIDATE", "limit", "x"},
	{"limit=x&limit=5", "INVALID_PAGINATION", "limit", "x"},
	{"offset=x&offset=5", "INVALID_PAGINATION", "offset", "x"},
};

static void bad_number__is_named(void **state)
{
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t);

	for (size_t i = 0; i < ARRAY_LEN(bad_pages); i++) {
		const struct bad_page *b = &bad_pages[i];
		bool page = strcmp(b->code, "INVALID_PAGINATION") == 0;
		struct e2e_answer a = edge_list(t, root, NULL, b->params);

		edge_expect_error(&a, 400, b->code,
			page ? "The pagination properties provided are invalid"
			     : "The supplied request contains an invalid document");
		expect_members(e2e_at(a.json, "error.cause"), "field value reason");
		expect_str(e2e_text(a.json, "error.cause.field"), str_from(b->field));
		expect_str(e2e_text(a.json, "error.cause.value"), str_from(b->value));
		expect_str(e2e_text(a.json, "error.causeMessage"),
			e2e_text(a.json, "error.cause.reason"));
	}
}

/* Rows of the answer as their numbers: "24 0 3". */
static const char *order_of(struct e2e *t, const struct world *w, const struct e2e_answer *a)
{
	const char *out = "";

	for (const struct json *s = e2e_at(a->json, "data")->first; s != NULL; s = s->next)
		for (int i = 0; i < ROWS; i++)
			if (str_eq(e2e_text(s, "id"), w->ids[i]))
				out = arena_printf(t->arena, "%s%s%d", out, *out ? " " : "", i);
	return out;
}

static const struct order {
	const char *behind, *params;
	const char *want; /* the first rows */
} orders[] = {
	/* Without a sort, and within equals, by id ascending. */
	{"", "", "0 1 2 3 4 5"},
	{" sort by createdAt", "", "0 1 2 3 4 5"},
	{" sort by createdAt desc", "", "0 1 2 3 4 5"},
	{" sort by id desc", "", "24 23 22 21 20 19"},
	{" sort by id desc, createdAt", "", "24 23 22 21 20 19"},
	{" sort by identity", "", "4 9 14 19 24 3"},
	{" sort by identity desc", "", "0 5 10 15 20 1"},
	{" sort by identity desc, id desc", "", "20 15 10 5 0 21"},
	{" sort by identity asc, mfaComplete desc", "", "9 24 4 14 19 3"},
	{" SORT BY identity DESC", "", "0 5 10 15 20 1"},
	/* false before true; null before everything, and behind it with desc. */
	{" sort by mfaComplete", "", "1 2 4 5 7 8"},
	{" sort by mfaComplete desc", "", "0 3 6 9 12 15"},
	{" sort by isSystem desc", "", "0 1 2 3 4 5"},
	{" sort by lastActivityAt", "", "0 2 4 6 8 10"},
	{" sort by lastActivityAt desc", "", "1 3 5 7 9 11"},
	{" sort by userAgent, identity", "", "4 9 14 19 24 3"},
	/* By bytes: Anna, Zoe, anna, Ärger; row 4 and its like have no name. */
	{" sort by identity.name", "", "4 9 14 19 24 3"},
	{" sort by identity.name desc", "", "2 7 12 17 22 1"},
	/* The parameter is what may follow "sort by"; one in the filter wins. */
	{"", "&sort=identity%20desc", "0 5 10 15 20 1"},
	{"", "&sort=identity%20DESC,id%20desc", "20 15 10 5 0 21"},
	{"", "&sort=identity+desc", "0 5 10 15 20 1"},
	{"", "&sort=identity%20desc%20limit%203", "0 5 10 15 20 1"},
	{"", "&sort=identity%20desc%20skip%203", "0 5 10 15 20 1"},
	{" sort by identity", "&sort=identity%20desc", "4 9 14 19 24 3"},
	{"", "&sort=", "0 1 2 3 4 5"},
	{" sort by identity", "&sort=nonsense%20at%20all", "4 9 14 19 24 3"},
};

static void rows__come_in_order(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);

	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		const struct order *o = &orders[i];
		struct e2e_answer a =
			list(t, &w, o->behind, arena_printf(t->arena, "&limit=6%s", o->params));

		expect_status(&a, 200);
		if (strcmp(order_of(t, &w, &a), o->want) != 0)
			fail_msg("[%s] [%s] gave %s, expected %s", o->behind, o->params,
				order_of(t, &w, &a), o->want);
	}
}

static void bad_sort__is_refused(void **state)
{
	static const char *const sorts[] = {"nonsense", "tags.x", "tags", "configTypes", "id;",
		"id,", "id asc desc", "sort by id", "id; DROP TABLE session", "id limit x", "1",
		"s.id", "(SELECT 1)", "id' -- ", "a,b,c,d,e,f,g,h,i", "id limit 1 skip 1", "TOKEN"};
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t);

	for (size_t i = 0; i < ARRAY_LEN(sorts); i++) {
		struct e2e_answer a = edge_list(
			t, root, NULL, arena_printf(t->arena, "sort=%s", edge_encode(t, sorts[i])));

		if (a.status != 400)
			print_error("%s\n", sorts[i]);
		edge_expect_error(
			&a, 400, "INVALID_SORT_IDENTIFIER", "The sort order supplied is invalid");
		expect_str(e2e_text(a.json, "error.cause.code"), STR("UNHANDLED"));
		expect_str(e2e_text(a.json, "error.causeMessage"),
			e2e_text(a.json, "error.cause.message"));
	}
	for (size_t i = 0; i < 4; i++) {
		struct e2e_answer a =
			edge_list(t, root, arena_printf(t->arena, "true sort by %s", sorts[i]), "");

		edge_expect_error(
			&a, 400, "INVALID_FILTER", "The filter query supplied is invalid");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page__is_as_reported),
		cmocka_unit_test(unlimited__goes_past_500),
		cmocka_unit_test(walk__sees_every_row_once),
		cmocka_unit_test(bad_number__is_named),
		cmocka_unit_test(rows__come_in_order),
		cmocka_unit_test(bad_sort__is_refused),
	};

	return cmocka_run_group_tests(tests, e2e_open, e2e_close);
}
