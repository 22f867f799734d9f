/* SPDX-License-Identifier: MIT
 * Every row of the table of schema/api.md 2.2: query parameters and bodies of the Sessions
 * API, with the answer byte for byte. */
#include "lib/e2e.h"

#define FAULT(loc, msg, type) "{\"loc\":[" loc "],\"msg\":\"" msg "\",\"type\":\"" type "\"}"
#define ONE(loc, msg, type) "{\"detail\":[" FAULT(loc, msg, type) "]}"

#define Q(name) "\"query\",\"" name "\""
#define B(name) "\"body\",\"" name "\""

#define INT_MSG "Input should be a valid integer, unable to parse string as an integer"
#define SIZE_MSG "Unable to parse input string as an integer, exceeded maximum size"
#define LEAST_MSG "Input should be greater than or equal to 1"
#define MOST_MSG "Input should be less than or equal to 100"
#define BOOL_MSG "Input should be a valid boolean, unable to interpret input"
#define BOOL_TYPE_MSG "Input should be a valid boolean"
#define STRING_MSG "Input should be a valid string"
#define OBJECT_MSG "Input should be a valid dictionary or object to extract fields from"

#define BAD_INT(name) FAULT(Q(name), INT_MSG, "int_parsing")
#define BAD_SIZE(name) FAULT(Q(name), SIZE_MSG, "int_parsing_size")
#define TOO_SMALL(name) FAULT(Q(name), LEAST_MSG, "greater_than_equal")
#define TOO_LARGE FAULT(Q("per_page"), MOST_MSG, "less_than_equal")
#define BAD_BOOL FAULT(Q("active_only"), BOOL_MSG, "bool_parsing")
#define LIST(faults) "{\"detail\":[" faults "]}"

#define X8 "x=1&x=1&x=1&x=1&x=1&x=1&x=1&x=1&"
#define X64 X8 X8 X8 X8 X8 X8 X8 X8

struct row {
	const char *in, *want; /* want NULL: 200 */
};

static const struct row paging[] = {
	{"page=abc", LIST(BAD_INT("page"))},
	{"page=1.5", LIST(BAD_INT("page"))},
	{"page=", LIST(BAD_INT("page"))},
	{"page", LIST(BAD_INT("page"))},
	{"page=1e3", LIST(BAD_INT("page"))},
	{"page=0x10", LIST(BAD_INT("page"))},
	{"page=1%00", LIST(BAD_INT("page"))},
	{"page=%FF", LIST(BAD_INT("page"))},
	{"page=-", LIST(BAD_INT("page"))},
	{"page=0", LIST(TOO_SMALL("page"))},
	{"page=-1", LIST(TOO_SMALL("page"))},
	{"page=-9223372036854775808", LIST(TOO_SMALL("page"))},
	{"page=9223372036854775808", LIST(BAD_SIZE("page"))},
	{"page=-9223372036854775809", LIST(BAD_SIZE("page"))},
	{"page=99999999999999999999999999", LIST(BAD_SIZE("page"))},
	{"page=1.", LIST(BAD_INT("page"))},
	{"page=.0", LIST(BAD_INT("page"))},
	{"page=1_", LIST(BAD_INT("page"))},
	{"page=_1", LIST(BAD_INT("page"))},
	{"page=1__0", LIST(BAD_INT("page"))},
	{"page=1.0_0", LIST(BAD_INT("page"))},
	{"page=0.0", LIST(TOO_SMALL("page"))},
	{"page=1", NULL},
	{"page=1.00", NULL},
	{"page=1_0", NULL},
	{"page=%2B1_0.0+", NULL},
	{"page=007", NULL},
	{"page=9223372036854775807", NULL},
	{"page=9223372036854775807&per_page=100", NULL},
	{"page=92233720368547759&per_page=100", NULL},
	{"page=4611686018427387905&per_page=2", NULL},
	{"per_page=abc", LIST(BAD_INT("per_page"))},
	{"per_page=", LIST(BAD_INT("per_page"))},
	{"per_page=0", LIST(TOO_SMALL("per_page"))},
	{"per_page=101", LIST(TOO_LARGE)},
	{"per_page=9223372036854775808", LIST(BAD_SIZE("per_page"))},
	{"per_page=1", NULL},
	{"per_page=100", NULL},
	/* All of them, in the order of the parameters and not of the query. */
	{"per_page=101&page=abc", LIST(BAD_INT("page") "," TOO_LARGE)},
	{"per_page=0&page=0", LIST(TOO_SMALL("page") "," TOO_SMALL("per_page"))},
	/* The last of a repeated one counts. */
	{"page=abc&page=1", NULL},
	{"page=1&page=abc", LIST(BAD_INT("page"))},
	{"page=0&page=1&page=2", NULL},
	/* Unknown ones are ignored, and names are not folded. */
	{"x=1&Page=abc&page_=0&&=&=x", NULL},
	{X64 X64 X64 "page=0", LIST(TOO_SMALL("page"))},
	{"%70age=0", LIST(TOO_SMALL("page"))},
	{"user_id=%FF%00", NULL},
};

static const struct row booleans[] = {
	{"active_only=maybe", LIST(BAD_BOOL)},
	{"active_only=", LIST(BAD_BOOL)},
	{"active_only", LIST(BAD_BOOL)},
	{"active_only=2", LIST(BAD_BOOL)},
	{"active_only=truee", LIST(BAD_BOOL)},
	{"active_only=null", LIST(BAD_BOOL)},
	{"active_only=%FF", LIST(BAD_BOOL)},
	{"active_only=maybe&active_only=1", NULL},
	{"active_only=1&active_only=maybe", LIST(BAD_BOOL)},
	{"page=abc&per_page=101&active_only=maybe",
		LIST(BAD_BOOL "," BAD_INT("page") "," TOO_LARGE)},
	{"per_page=0&active_only=x", LIST(BAD_BOOL "," TOO_SMALL("per_page"))},
};

static void check_rows(struct e2e *t, const char *path, const struct row *rows, size_t count)
{
	struct str root = e2e_super_admin(t);

	for (size_t i = 0; i < count; i++) {
		struct e2e_answer a = e2e_get(t, root, "%s?%s", path, rows[i].in);

		/* lighttpd takes no control characters and nothing but UTF-8. */
		if (a.status == 400 && e2e_header(&a, "X-Request-Id").p == NULL &&
			(strstr(rows[i].in, "%00") != NULL || strstr(rows[i].in, "%FF") != NULL))
			continue;
		expect_status(&a, rows[i].want != NULL ? 422 : 200);
		if (rows[i].want != NULL)
			expect_body(&a, rows[i].want);
	}
}

static void paging_parameters__are_checked_on_every_list(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	const char *tenant = arena_printf(t->arena, "/api/v1/tenants/%s/sessions", tn.id.p);
	const char *user = arena_printf(t->arena, "/api/v1/tenants/%s/sessions/users/u", tn.id.p);

	check_rows(t, "/api/v1/admin/sessions/", paging, ARRAY_LEN(paging));
	check_rows(t, tenant, paging, ARRAY_LEN(paging));
	check_rows(t, user, paging, ARRAY_LEN(paging));
	check_rows(t, tenant, booleans, ARRAY_LEN(booleans));
	check_rows(t, user, booleans, ARRAY_LEN(booleans));
}

static void parameters_of_other_endpoints__are_ignored(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str root = e2e_super_admin(t), id = e2e_put_session(t, tn, STR("u"));
	static const char bad[] = "page=abc&per_page=0&active_only=maybe";
	struct e2e_answer a;

	a = e2e_get(t, root, "/api/v1/admin/sessions/?active_only=maybe");
	expect_status(&a, 200);
	a = e2e_get(t, root, "/api/v1/admin/sessions/%s?%s", id.p, bad);
	expect_status(&a, 200);
	a = e2e_get(t, root, "/api/v1/tenants/%s/sessions/stats?%s", tn.id.p, bad);
	expect_status(&a, 200);
	a = e2e_get(t, root, "/api/v1/me/sessions?%s", bad);
	expect_status(&a, 200);
	a = e2e_delete(t, root, "/api/v1/admin/sessions/%s?%s", id.p, bad);
	expect_status(&a, 204);
}

static void page_behind_every_offset__is_empty_and_counts_exactly(void **state)
{
	static const char *const pages[] = {
		"page=2&per_page=1",
		"page=9223372036854775807&per_page=100",
		"page=92233720368547759&per_page=100",
		"page=4611686018427387905&per_page=2",
	};
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str root = e2e_super_admin(t);

	e2e_put_session(t, tn, STR("u"));
	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		struct e2e_answer a =
			e2e_get(t, root, "/api/v1/tenants/%s/sessions?%s", tn.id.p, pages[i]);

		expect_status(&a, 200);
		assert_int_equal(e2e_at(a.json, "data")->type, JSON_ARRAY);
		assert_int_equal(e2e_at(a.json, "data")->count, 0);
		assert_int_equal(e2e_int(a.json, "pagination.total_items"), 1);
	}
	struct e2e_answer a = e2e_get(t, root, "/api/v1/tenants/%s/sessions?%s", tn.id.p, pages[1]);

	assert_int_equal(e2e_int(a.json, "pagination.page"), INT64_MAX);
	assert_int_equal(e2e_int(a.json, "pagination.per_page"), 100);
	assert_int_equal(e2e_int(a.json, "pagination.total_pages"), 1);
}

static void booleans__are_taken_in_every_spelling(void **state)
{
	static const struct {
		const char *text;
		int64_t total; /* of one active and one expired session */
	} rows[] = {
		{"true", 1},
		{"True", 1},
		{"TRUE", 1},
		{"1", 1},
		{"yes", 1},
		{"YES", 1},
		{"on", 1},
		{"On", 1},
		{"t", 1},
		{"T", 1},
		{"y", 1},
		{"Y", 1},
		{"false", 2},
		{"False", 2},
		{"FALSE", 2},
		{"0", 2},
		{"no", 2},
		{"NO", 2},
		{"off", 2},
		{"oFF", 2},
		{"f", 2},
		{"F", 2},
		{"n", 2},
		{"N", 2},
	};
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct session_new s = e2e_session(t, tn, STR("u"));
	struct str root = e2e_super_admin(t);

	e2e_put_session(t, tn, STR("u"));
	s.expires_ms = s.created_ms;
	e2e_put(t, &s);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_answer a = e2e_get(t, root, "/api/v1/tenants/%s/sessions?active_only=%s",
			tn.id.p, rows[i].text);

		expect_status(&a, 200);
		assert_int_equal(e2e_int(a.json, "pagination.total_items"), rows[i].total);
		a = e2e_get(t, root, "/api/v1/tenants/%s/sessions/users/u?active_only=%s", tn.id.p,
			rows[i].text);
		assert_int_equal(e2e_int(a.json, "pagination.total_items"), rows[i].total);
	}
}

#define MISSING ONE("\"body\"", "Field required", "missing")
#define BROKEN(at) ONE("\"body\"," at, "JSON decode error", "json_invalid")
#define NO_OBJECT ONE("\"body\"", OBJECT_MSG, "model_attributes_type")

/* Bodies that are wrong whatever the endpoint. */
static const struct row broken[] = {
	{"", MISSING},
	{"nope", BROKEN("0")},
	{"{\"a\":}", BROKEN("5")},
	{"{\"a\":1", BROKEN("6")},
	{"{\"a\":1}x", BROKEN("7")},
	{"{\"a\":1}{}", BROKEN("7")},
	{"{'a':1}", BROKEN("1")},
	{"{\"a\":1,}", BROKEN("7")},
	{"{\"a\":\"\xff\"}", BROKEN("6")},
	{"{\"a\":NaN}", BROKEN("5")},
	{"// no\n{}", BROKEN("0")},
	{" ", BROKEN("1")},
	{"[]", NO_OBJECT},
	{"[{\"revoke_all\":true}]", NO_OBJECT},
	{"\"x\"", NO_OBJECT},
	{"1", NO_OBJECT},
	{"true", NO_OBJECT},
	{"null", NO_OBJECT},
};

#define IDS_LIST ONE(B("session_ids"), "Input should be a valid list", "list_type")
#define ID_FAULT(i) FAULT(B("session_ids") "," i, STRING_MSG, "string_type")
#define ALL_PARSING FAULT(B("revoke_all"), BOOL_MSG, "bool_parsing")
#define ALL_TYPE FAULT(B("revoke_all"), BOOL_TYPE_MSG, "bool_type")
#define EXCEPT_PARSING FAULT(B("except_current"), BOOL_MSG, "bool_parsing")
#define EXCEPT_TYPE FAULT(B("except_current"), BOOL_TYPE_MSG, "bool_type")

static const struct row user_revoke[] = {
	{"{\"session_ids\":\"a\"}", IDS_LIST},
	{"{\"session_ids\":1}", IDS_LIST},
	{"{\"session_ids\":true}", IDS_LIST},
	{"{\"session_ids\":{}}", IDS_LIST},
	{"{\"session_ids\":[1]}", LIST(ID_FAULT("0"))},
	{"{\"session_ids\":[\"a\",null,\"b\",[],{},true,1.5]}",
		LIST(ID_FAULT("1") "," ID_FAULT("3") "," ID_FAULT("4") "," ID_FAULT(
			"5") "," ID_FAULT("6"))},
	{"{\"revoke_all\":\"maybe\"}", LIST(ALL_PARSING)},
	{"{\"revoke_all\":\"\"}", LIST(ALL_PARSING)},
	{"{\"revoke_all\":2}", LIST(ALL_PARSING)},
	{"{\"revoke_all\":2.0}", LIST(ALL_PARSING)},
	{"{\"revoke_all\":-1}", LIST(ALL_PARSING)},
	{"{\"revoke_all\":0.5}", LIST(ALL_TYPE)},
	{"{\"revoke_all\":1e300}", LIST(ALL_TYPE)},
	{"{\"revoke_all\":9223372036854775808}", LIST(ALL_TYPE)},
	{"{\"revoke_all\":null}", LIST(ALL_TYPE)},
	{"{\"revoke_all\":[]}", LIST(ALL_TYPE)},
	{"{\"revoke_all\":{}}", LIST(ALL_TYPE)},
	{"{\"revoke_all\":true,\"except_current\":\"x\"}", LIST(EXCEPT_PARSING)},
	{"{\"revoke_all\":true,\"except_current\":null}", LIST(EXCEPT_TYPE)},
	/* All of them, in the order of the fields. */
	{"{\"except_current\":[],\"revoke_all\":3,\"session_ids\":[0]}",
		LIST(ID_FAULT("0") "," ALL_PARSING "," EXCEPT_TYPE)},
	/* The last of a repeated one counts; unknown ones are ignored. */
	{"{\"revoke_all\":true,\"revoke_all\":3}", LIST(ALL_PARSING)},
	{"{\"revoke_all\":3,\"revoke_all\":true}", NULL},
	{"{\"revoke_all\":true,\"x\":{\"y\":[]},\"Revoke_All\":3}", NULL},
	{"{\"revoke_all\":\"Yes\"}", NULL},
	{"{\"revoke_all\":1}", NULL},
	{"{\"revoke_all\":1.0}", NULL},
	{"{\"revoke_all\":\"on\",\"except_current\":\"F\"}", NULL},
	{"{\"session_ids\":[\"a\"]}", NULL},
	{"{\"session_ids\":null,\"revoke_all\":true}", NULL},
	{" \t\r\n{ \"session_ids\" : [ \"a\" ] } ", NULL},
};

static const struct row admin_revoke[] = {
	{"{\"user_id\":1}", ONE(B("user_id"), STRING_MSG, "string_type")},
	{"{\"tenant_id\":[]}", ONE(B("tenant_id"), STRING_MSG, "string_type")},
	{"{\"tenant_id\":false,\"user_id\":{}}",
		LIST(FAULT(B("user_id"), STRING_MSG, "string_type") "," FAULT(
			B("tenant_id"), STRING_MSG, "string_type"))},
	{"{\"user_id\":\"nobody\"}", NULL},
	{"{\"user_id\":\"nobody\",\"tenant_id\":null}", NULL},
};

static void check_bodies(struct e2e *t, const char *path, const struct row *rows, size_t count)
{
	struct str root = e2e_super_admin(t);

	for (size_t i = 0; i < count; i++) {
		struct e2e_answer a = e2e_post(t, root, rows[i].in, "%s", path);

		a.what = arena_printf(t->arena, "%s %s", a.what, rows[i].in);
		expect_status(&a, rows[i].want != NULL ? 422 : 200);
		if (rows[i].want != NULL)
			expect_body(&a, rows[i].want);
	}
}

static const char *user_revoke_path(struct e2e *t)
{
	return arena_printf(t->arena, "/api/v1/tenants/%s/sessions/users/u/revoke",
		e2e_tenant(t, STR_NONE).id.p);
}

static void bodies__are_checked(void **state)
{
	struct e2e *t = *state;
	const char *user = user_revoke_path(t), *admin = "/api/v1/admin/sessions/revoke-all";

	check_bodies(t, user, broken, ARRAY_LEN(broken));
	check_bodies(t, admin, broken, ARRAY_LEN(broken));
	check_bodies(t, user, user_revoke, ARRAY_LEN(user_revoke));
	check_bodies(t, admin, admin_revoke, ARRAY_LEN(admin_revoke));
}

static void missing_body__is_missing_with_and_without_a_type(void **state)
{
	struct e2e *t = *state;
	struct e2e_request r = {.method = "POST",
		.token = e2e_super_admin(t),
		.path = "/api/v1/admin/sessions/revoke-all"};
	struct e2e_answer a = e2e_send(t, &r);

	expect_status(&a, 422);
	expect_body(&a, MISSING);
	r.content_type = "application/json";
	a = e2e_send(t, &r);
	expect_body(&a, MISSING);
	r.content_type = "text/plain";
	a = e2e_send(t, &r);
	expect_body(&a, MISSING);
}

/* One fault, at the body as a whole, whose words name what is wanted. */
static void check_nothing_named(
	struct e2e *t, const char *path, const char *body, const char *one, const char *other)
{
	struct e2e_answer a = e2e_post(t, e2e_super_admin(t), body, "%s", path);
	const char *msg;

	a.what = arena_printf(t->arena, "%s %s", a.what, body);
	expect_status(&a, 422);
	assert_int_equal(e2e_at(a.json, "detail")->count, 1);
	expect_members(e2e_at(a.json, "detail.0"), "loc msg type");
	assert_int_equal(e2e_at(a.json, "detail.0.loc")->count, 1);
	expect_str(e2e_text(a.json, "detail.0.loc.0"), STR("body"));
	expect_str(e2e_text(a.json, "detail.0.type"), STR("value_error"));
	msg = e2e_text(a.json, "detail.0.msg").p;
	assert_int_equal(strncmp(msg, "Value error, ", 13), 0);
	assert_non_null(strstr(msg, one));
	assert_non_null(strstr(msg, other));
}

static void nothing_named__says_what_is_wanted(void **state)
{
	static const char *const users[] = {
		"{}",
		"{\"revoke_all\":false}",
		"{\"session_ids\":null}",
		"{\"except_current\":false}",
		"{\"session_ids\":null,\"revoke_all\":\"no\"}",
		"{\"user_id\":\"u\"}",
	};
	static const char *const admins[] = {
		"{}",
		"{\"user_id\":null}",
		"{\"tenant_id\":null,\"user_id\":null}",
		"{\"session_ids\":[\"a\"]}",
		"{\"revoke_all\":true}",
	};
	struct e2e *t = *state;
	const char *path = user_revoke_path(t);

	for (size_t i = 0; i < ARRAY_LEN(users); i++)
		check_nothing_named(t, path, users[i], "session_ids", "revoke_all");
	for (size_t i = 0; i < ARRAY_LEN(admins); i++)
		check_nothing_named(
			t, "/api/v1/admin/sessions/revoke-all", admins[i], "user_id", "tenant_id");
}

static void nested_without_end__is_refused_at_once(void **state)
{
	enum { DEPTH = 200000 };
	static const char *const opens[] = {"[", "{\"a\":"};
	struct e2e *t = *state;
	struct e2e_answer a;

	for (size_t i = 0; i < ARRAY_LEN(opens); i++) {
		struct buf b;

		buf_init(&b, t->arena);
		buf_str(&b, STR("{\"session_ids\":"));
		for (size_t n = 0; n < DEPTH; n++)
			buf_str(&b, str_from(opens[i]));
		buf_char(&b, '\0');
		a = e2e_post(t, e2e_super_admin(t), b.p, "%s", user_revoke_path(t));
		expect_status(&a, 422);
		assert_int_equal(e2e_at(a.json, "detail")->count, 1);
		expect_str(e2e_text(a.json, "detail.0.loc.0"), STR("body"));
		assert_in_range(e2e_int(a.json, "detail.0.loc.1"), 1, 1000);
		expect_str(e2e_text(a.json, "detail.0.type"), STR("json_invalid"));
		expect_str(e2e_text(a.json, "detail.0.msg"),
			STR("JSON decode error: more than 32768 values, or nested deeper than 32"));
	}
}

static void who_may_not__is_told_so_before_anything_is_checked(void **state)
{
	struct e2e *t = *state;
	struct str user = e2e_token(t, "{\"sub\":\"u\"}");
	struct e2e_answer a = e2e_get(t, STR_NONE, "/api/v1/admin/sessions/?page=abc");

	expect_status(&a, 401);
	a = e2e_get(t, user, "/api/v1/admin/sessions/?page=abc");
	expect_status(&a, 403);
	a = e2e_post(t, user, "nope", "/api/v1/admin/sessions/revoke-all");
	expect_status(&a, 403);
	a = e2e_post(t, STR_NONE, "nope", "/api/v1/admin/sessions/revoke-all");
	expect_status(&a, 401);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paging_parameters__are_checked_on_every_list),
		cmocka_unit_test(parameters_of_other_endpoints__are_ignored),
		cmocka_unit_test(page_behind_every_offset__is_empty_and_counts_exactly),
		cmocka_unit_test(booleans__are_taken_in_every_spelling),
		cmocka_unit_test(bodies__are_checked),
		cmocka_unit_test(missing_body__is_missing_with_and_without_a_type),
		cmocka_unit_test(nothing_named__says_what_is_wanted),
		cmocka_unit_test(nested_without_end__is_refused_at_once),
		cmocka_unit_test(who_may_not__is_told_so_before_anything_is_checked),
	};

	return cmocka_run_group_tests_name("Sessions API: validation", tests, e2e_open, e2e_close);
}
