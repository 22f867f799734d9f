/* SPDX-License-Identifier: MIT
 * Method, headers, request id, query and body of a request. Own program; needs no web server. */
#include "base/buf.h"
#include "unit/test_http_env.h"

static const struct str prefixes[] = {{"/api/v1", 7}};

static void parse(struct http_request *r, struct arena *a, struct http_env *env, struct fake_env *f)
{
	*env = fake_http_env(f);
	http_request_parse(r, a, env, prefixes, ARRAY_LEN(prefixes), STR_NONE);
}

static void method__is_matched_exactly(void **state)
{
	static const struct {
		const char *text;
		enum http_method want;
	} rows[] = {
		{"GET", HTTP_GET},
		{"HEAD", HTTP_HEAD},
		{"POST", HTTP_POST},
		{"PUT", HTTP_PUT},
		{"PATCH", HTTP_PATCH},
		{"DELETE", HTTP_DELETE},
		{"OPTIONS", HTTP_OPTIONS},
		{"get", HTTP_OTHER},
		{"GETS", HTTP_OTHER},
		{"PROPFIND", HTTP_OTHER},
		{"", HTTP_OTHER},
		{NULL, HTTP_OTHER},
		{"OTHER", HTTP_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_open();
		struct fake_env f = {.vars = {{"REQUEST_METHOD", rows[i].text}}};
		struct http_env env;
		struct http_request r;

		parse(&r, a, &env, &f);
		assert_string_equal(http_method_text(r.method), http_method_text(rows[i].want));
		arena_close(a);
	}
}

static void header__is_found_where_servers_leave_it(void **state)
{
	static const struct {
		const char *name, *header;
		struct fake_var vars[3];
		const char *want;
	} rows[] = {
		{"as is", "AUTHORIZATION", {{"HTTP_AUTHORIZATION", "Bearer a"}}, "Bearer a"},
		{"Apache rewrite", "AUTHORIZATION", {{"REDIRECT_HTTP_AUTHORIZATION", "Bearer b"}},
			"Bearer b"},
		{"Apache, two rewrites", "AUTHORIZATION",
			{{"REDIRECT_REDIRECT_HTTP_AUTHORIZATION", "Bearer c"}}, "Bearer c"},
		{"empty and a rewrite", "AUTHORIZATION",
			{{"HTTP_AUTHORIZATION", ""}, {"REDIRECT_HTTP_AUTHORIZATION", "Bearer d"}},
			"Bearer d"},
		{"the nearest counts", "AUTHORIZATION",
			{{"REDIRECT_HTTP_AUTHORIZATION", "no"}, {"HTTP_AUTHORIZATION", "Bearer e"}},
			"Bearer e"},
		{"empty is absent", "AUTHORIZATION", {{"HTTP_AUTHORIZATION", ""}}, NULL},
		{"absent", "ACCEPT", {{"HTTP_AUTHORIZATION", "x"}}, NULL},
		{"a client cannot fake it", "AUTHORIZATION",
			{{"HTTP_REDIRECT_HTTP_AUTHORIZATION", "Bearer f"}}, NULL},
		{"content type", "CONTENT_TYPE", {{"CONTENT_TYPE", "text/plain"}}, "text/plain"},
		{"content type only there", "CONTENT_TYPE", {{"HTTP_CONTENT_TYPE", "a/b"}}, NULL},
	};
	int failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_open();
		struct fake_env f = {.at = 0};
		struct http_env env;
		struct http_request r;

		memcpy(f.vars, rows[i].vars, sizeof(rows[i].vars));
		parse(&r, a, &env, &f);
		failed += differs(
			rows[i].name, "header", http_header(&r, rows[i].header), rows[i].want);
		arena_close(a);
	}
	assert_int_equal(failed, 0);
}

static void id_after(const char *given, char id[LIMIT_REQUEST_ID_BYTES + 1])
{
	struct arena *a = arena_open();
	struct fake_env f = {.vars = {{"HTTP_X_REQUEST_ID", given}}};
	struct http_env env;
	struct http_request r;

	parse(&r, a, &env, &f);
	memcpy(id, r.id, sizeof(r.id));
	arena_close(a);
}

static void request_id__is_echoed_when_sane_else_fresh(void **state)
{
	static const char *const bad[] = {NULL, "", "a b", "a\nb", "a/b", "\xc3\xa9", "a,b", "<x>"};
	char id[LIMIT_REQUEST_ID_BYTES + 1], other[LIMIT_REQUEST_ID_BYTES + 1];
	char longest[LIMIT_REQUEST_ID_BYTES + 2];

	(void)state;
	id_after("AZaz09._-", id);
	assert_string_equal(id, "AZaz09._-");
	id_after("x", id);
	assert_string_equal(id, "x");
	memset(longest, 'a', sizeof(longest));
	longest[LIMIT_REQUEST_ID_BYTES] = '\0';
	id_after(longest, id);
	assert_string_equal(id, longest);
	longest[LIMIT_REQUEST_ID_BYTES] = 'a';
	longest[LIMIT_REQUEST_ID_BYTES + 1] = '\0';
	id_after(longest, id);
	assert_int_equal(strlen(id), 36);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		id_after(bad[i], id);
		id_after(bad[i], other);
		assert_int_equal(strlen(id), 36);
		assert_string_not_equal(id, other);
	}
}

static void query__last_value_counts_and_escapes_are_undone(void **state)
{
	static const struct {
		const char *name, *query, *uri, *want;
	} rows[] = {
		{"one", "p=1", NULL, "1"},
		{"last counts", "p=1&q=3&p=2&r=4", NULL, "2"},
		{"last counts even if empty", "p=1&p=", NULL, ""},
		{"without =", "p", NULL, ""},
		{"absent", "q=1&pp=2&P=3", NULL, NULL},
		{"empty query", "", NULL, NULL},
		{"no query", NULL, NULL, NULL},
		{"plus", "p=a+b%2Bc", NULL, "a b+c"},
		{"bad escapes stay", "p=%zz%4%", NULL, "%zz%4%"},
		{"escaped separators", "p=a%26b%3Dc", NULL, "a&b=c"},
		{"second =", "p=a=b", NULL, "a=b"},
		{"escaped name", "%70=x", NULL, "x"},
		{"empty parts", "&&p=1&&", NULL, "1"},
		{"semicolon separates nothing", "p=1;p=2", NULL, "1;p=2"},
		{"UTF-8", "p=%C3%A9", NULL, "\xc3\xa9"},
		{"query only in REQUEST_URI", "", "/api/v1/me?p=7#f", "7"},
		{"QUERY_STRING first", "p=8", "/api/v1/me?p=7", "8"},
	};
	int failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_open();
		struct fake_env f = {
			.vars = {{"QUERY_STRING", rows[i].query}, {"REQUEST_URI", rows[i].uri}}};
		struct http_env env;
		struct http_request r;

		parse(&r, a, &env, &f);
		assert_true(r.query_ok);
		failed += differs(rows[i].name, "p", http_form_last(a, r.query, "p"), rows[i].want);
		arena_close(a);
	}
	assert_int_equal(failed, 0);
}

static void query_over_the_limit__is_told_and_has_no_parameters(void **state)
{
	(void)state;
	for (size_t over = 0; over <= 1; over++) {
		struct arena *a = arena_open();
		struct fake_env f = {.at = 0};
		struct http_env env;
		struct http_request r;
		struct buf query;

		/* Many parameters are no fault: those unknown are ignored. */
		buf_init(&query, a);
		buf_str(&query, STR("p=1"));
		while (query.n < LIMIT_QUERY_BYTES + over)
			buf_char(&query, query.n % 2 == 1 ? '&' : 'a');
		buf_char(&query, '\0');
		f.vars[0] = (struct fake_var){"QUERY_STRING", query.p};
		parse(&r, a, &env, &f);
		assert_int_equal(r.query_ok, over == 0);
		assert_int_equal(
			differs("p", "p", http_form_last(a, r.query, "p"), over == 0 ? "1" : NULL),
			0);
		arena_close(a);
	}
}

static void form__first_and_last_value_of_a_name(void **state)
{
	struct arena *a = arena_open();
	struct str text = STR("p=1&q=2&&p=3&=v&%70=4");

	(void)state;
	assert_true(str_eq(http_form_first(a, text, "p"), STR("1")));
	assert_true(str_eq(http_form_last(a, text, "p"), STR("4")));
	assert_true(str_eq(http_form_first(a, text, ""), STR("v")));
	assert_null(http_form_first(a, text, "r").p);
	assert_null(http_form_last(a, STR_NONE, "p").p);
	arena_close(a);
}

#define BODY_LIMIT 10000

static void body__is_whole_or_refused(void **state)
{
	static const struct {
		const char *name, *length;
		size_t bytes, piece, fail_at;
		enum err want;
	} rows[] = {
		{"exact", "5", 5, 0, 0, ERR_OK},
		{"exact, byte by byte", "5", 5, 1, 0, ERR_OK},
		{"empty", "0", 0, 0, 0, ERR_OK},
		{"absent length and body", NULL, 0, 0, 0, ERR_OK},
		{"empty length, as nginx sends it", "", 0, 0, 0, ERR_OK},
		{"chunked", NULL, 9000, 0, 0, ERR_OK},
		{"chunked, in pieces", NULL, 9000, 7, 0, ERR_OK},
		{"chunked at the limit", NULL, BODY_LIMIT, 4095, 0, ERR_OK},
		{"chunked past the limit", NULL, BODY_LIMIT + 1, 0, 0, ERR_TOO_LARGE},
		{"chunked far past the limit", NULL, 5 * BODY_LIMIT, 0, 0, ERR_TOO_LARGE},
		{"at the limit", "10000", BODY_LIMIT, 100, 0, ERR_OK},
		{"too short", "6", 5, 0, 0, ERR_BAD_REQUEST},
		{"nothing of it", "6", 0, 0, 0, ERR_BAD_REQUEST},
		{"too long", "4", 5, 0, 0, ERR_BAD_REQUEST},
		{"too long, byte by byte", "4", 5, 1, 0, ERR_BAD_REQUEST},
		{"declared none but some", "0", 1, 0, 0, ERR_BAD_REQUEST},
		{"a failing read", "50", 50, 10, 20, ERR_BAD_REQUEST},
		{"a failing read, chunked", NULL, 50, 10, 20, ERR_BAD_REQUEST},
		{"a failing read behind it", "50", 50, 0, 50, ERR_BAD_REQUEST},
		{"no number", "5x", 5, 0, 0, ERR_BAD_REQUEST},
		{"negative", "-5", 5, 0, 0, ERR_BAD_REQUEST},
		{"plus", "+5", 5, 0, 0, ERR_BAD_REQUEST},
		{"blank", " 5", 5, 0, 0, ERR_BAD_REQUEST},
		{"list", "5,5", 5, 0, 0, ERR_BAD_REQUEST},
		{"leading zeros", "0005", 5, 0, 0, ERR_OK},
	};
	char *bytes = test_malloc(5 * BODY_LIMIT);
	int failed = 0;

	(void)state;
	for (size_t i = 0; i < 5 * BODY_LIMIT; i++)
		bytes[i] = (char)(i % 251); /* NULs among them */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_open();
		struct fake_env f = {.vars = {{"CONTENT_LENGTH", rows[i].length}},
			.body = {bytes, rows[i].bytes},
			.piece = rows[i].piece,
			.fail_at = rows[i].fail_at};
		struct http_env env;
		struct http_request r;
		enum err err;

		parse(&r, a, &env, &f);
		err = http_request_body(&r, BODY_LIMIT);
		if (err != rows[i].want || (!err && !str_eq(r.body, f.body))) {
			print_error("%s: %s, %zu bytes\n", rows[i].name, err_text(err), r.body.n);
			failed++;
		}
		arena_close(a);
	}
	test_free(bytes);
	assert_int_equal(failed, 0);
}

static void declared_length_past_the_limit__is_refused_unread(void **state)
{
	static const char *const lengths[] = {"10001", "99999999999", "9223372036854775807",
		"9223372036854775808", "99999999999999999999999999999"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct arena *a = arena_open();
		struct fake_env f = {.vars = {{"CONTENT_LENGTH", lengths[i]}}, .body = STR("abc")};
		struct http_env env;
		struct http_request r;

		parse(&r, a, &env, &f);
		assert_int_equal(http_request_body(&r, BODY_LIMIT), ERR_TOO_LARGE);
		assert_int_equal(f.asked, 0);
		arena_close(a);
	}
}

static void limit_of_nothing__takes_only_an_empty_body(void **state)
{
	struct arena *a = arena_open();
	struct fake_env f = {.body = STR("")};
	struct http_env env;
	struct http_request r;

	(void)state;
	parse(&r, a, &env, &f);
	assert_int_equal(http_request_body(&r, 0), ERR_OK);
	assert_int_equal(r.body.n, 0);
	f.body = STR("x");
	assert_int_equal(http_request_body(&r, 0), ERR_TOO_LARGE);
	arena_close(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(method__is_matched_exactly),
		cmocka_unit_test(header__is_found_where_servers_leave_it),
		cmocka_unit_test(request_id__is_echoed_when_sane_else_fresh),
		cmocka_unit_test(query__last_value_counts_and_escapes_are_undone),
		cmocka_unit_test(query_over_the_limit__is_told_and_has_no_parameters),
		cmocka_unit_test(form__first_and_last_value_of_a_name),
		cmocka_unit_test(body__is_whole_or_refused),
		cmocka_unit_test(declared_length_past_the_limit__is_refused_unread),
		cmocka_unit_test(limit_of_nothing__takes_only_an_empty_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
