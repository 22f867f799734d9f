/* SPDX-License-Identifier: MIT
 * The files of the console as a browser's cache and its security policy see them, through every web
 * server. What the pages do is in tests/e2e/test_console.sh. */
#include "api/routes.h"
#include "lib/e2e.h"

/* What stands between two texts of a page. */
static struct str between(struct e2e *t, struct str page, const char *before, const char *behind)
{
	const char *text = str_dup(t->arena, page).p;
	const char *at = strstr(text, before), *end;

	if (at == NULL)
		fail_msg("%s is not in the page", before);
	at += strlen(before);
	end = strstr(at, behind);
	assert_non_null(end);
	return (struct str){at, (size_t)(end - at)};
}

/* "/console/DIGEST/app.js", as the page names it. */
static const char *program(struct e2e *t)
{
	struct e2e_answer a = e2e_get(t, STR_NONE, "/console/");
	struct str file;

	expect_status(&a, 200);
	file = between(t, a.body, "<script type=\"module\" src=\"", "\"");
	return arena_printf(t->arena, "/console/%.*s", STR_FMT(file));
}

static const char *header_text(struct e2e *t, const struct e2e_answer *a, const char *name)
{
	struct str value = e2e_header(a, name);

	return value.p == NULL ? "" : str_dup(t->arena, value).p;
}

static void every_file__is_guarded(void **state)
{
	struct e2e *t = *state;
	const char *paths[] = {"/", "/console/", "/console/reference", program(t)};
	const char *const types[] = {"text/html; charset=utf-8", "text/html; charset=utf-8",
		"text/html; charset=utf-8", "text/javascript; charset=utf-8"};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct e2e_answer a = e2e_get(t, STR_NONE, "%s", paths[i]);
		const char *policy = header_text(t, &a, "Content-Security-Policy");

		expect_status(&a, 200);
		assert_string_equal(header_text(t, &a, "Content-Type"), types[i]);
		assert_string_equal(header_text(t, &a, "X-Content-Type-Options"), "nosniff");
		assert_non_null(strstr(policy, "default-src 'self'"));
		assert_non_null(strstr(policy, "frame-ancestors 'none'"));
		assert_null(strstr(policy, "unsafe"));
	}
}

static void what_has_a_digest_in_its_name__is_kept_and_pages_are_asked_for(void **state)
{
	struct e2e *t = *state;
	struct e2e_answer page = e2e_get(t, STR_NONE, "/console/");
	struct e2e_answer file = e2e_get(t, STR_NONE, "%s", program(t));
	struct e2e_answer other = e2e_get(t, STR_NONE, "/console/0123456789abcdef/app.js");
	struct e2e_answer none = e2e_get(t, STR_NONE, "%s.map", program(t));

	assert_string_equal(header_text(t, &page, "Cache-Control"), "no-cache");
	assert_string_equal(
		header_text(t, &file, "Cache-Control"), "public, max-age=31536000, immutable");
	expect_status(&other, 404);
	expect_status(&none, 404);
	assert_null(strstr(header_text(t, &other, "Cache-Control"), "immutable"));
}

static void what_the_browser_has__is_304(void **state)
{
	struct e2e *t = *state;
	const char *paths[] = {"/", "/console/", program(t)};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct e2e_answer first = e2e_get(t, STR_NONE, "%s", paths[i]);
		const char *etag = header_text(t, &first, "ETag");
		const struct {
			const char *value;
			int status;
		} rows[] = {
			{etag, 304},
			{arena_printf(t->arena, "\"x\", W/%s", etag), 304},
			{"*", 304},
			{"\"x\"", 200},
			{"x", 200},
		};

		assert_true(strlen(etag) > 2);
		for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
			struct e2e_request r = {.path = paths[i]};
			struct e2e_answer a;

			r.headers[0] = arena_printf(t->arena, "If-None-Match: %s", rows[k].value);
			a = e2e_send(t, &r);
			expect_status(&a, rows[k].status);
			assert_int_equal(a.body.n > 0, rows[k].status == 200);
			assert_string_equal(header_text(t, &a, "ETag"), etag);
		}
	}
}

static void reference__has_every_operation_and_nothing_from_elsewhere(void **state)
{
	struct e2e *t = *state;
	struct e2e_answer root = e2e_get(t, STR_NONE, "/");
	struct e2e_answer page = e2e_get(t, STR_NONE, "/console/reference");
	struct e2e_answer slash = e2e_get(t, STR_NONE, "/console/reference/");
	const char *text = str_dup(t->arena, page.body).p;
	static const char *const links[] = {"href=\"console/\"", "href=\"console/reference\"",
		"href=\"./api/v1/openapi.json\"", "href=\"readyz\""};

	expect_status(&page, 200);
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		if (strstr(str_dup(t->arena, root.body).p, links[i]) == NULL)
			fail_msg("%s is not in the page at the mount", links[i]);
	for (size_t i = 0; i < api_routes.count; i++) {
		const struct route_key *key = &api_routes.rows[i].key;
		const char *base = strcmp(key->prefix, PREFIX_V1) == 0     ? "/api/v1"
				   : strcmp(key->prefix, PREFIX_EDGE) == 0 ? "/edge/management/v1"
									   : NULL;

		if (base != NULL &&
			strstr(text, arena_printf(t->arena, "%s%s", base, key->pattern)) == NULL)
			fail_msg("%s%s is not in the reference", base, key->pattern);
	}
	assert_null(strstr(text, "<script"));
	assert_null(strstr(text, "src="));
	assert_null(strstr(text, "href=\"http"));
	assert_null(strstr(text, "@api@"));
	assert_null(strstr(text, "@edge@"));
	expect_status(&slash, 302);
	expect_str(e2e_header(&slash, "Location"), STR("../reference"));
}

static void head__is_get_without_the_body(void **state)
{
	struct e2e *t = *state;
	struct e2e_answer get = e2e_get(t, STR_NONE, "/console/");
	struct e2e_answer head =
		e2e_send(t, &(struct e2e_request){.method = "HEAD", .path = "/console/"});
	struct e2e_answer post = e2e_post(t, STR_NONE, "{}", "/console/");

	expect_status(&head, 200);
	assert_int_equal(head.body.n, 0);
	expect_str(e2e_header(&head, "ETag"), e2e_header(&get, "ETag"));
	expect_status(&post, 405);
	expect_str(e2e_header(&post, "Allow"), STR("GET, HEAD"));
}

/* A path without its last slash would make every link of the page lead elsewhere. */
static void console_without_a_slash__leads_to_the_one_with_it(void **state)
{
	struct e2e *t = *state;
	struct e2e_answer a = e2e_get(t, STR_NONE, "/console");
	const char *location = header_text(t, &a, "Location");
	size_t n = strlen(location);

	expect_status(&a, 302);
	assert_true(n >= 9 && strcmp(location + n - 9, "/console/") == 0);
}

static void page__knows_where_the_api_is(void **state)
{
	struct e2e *t = *state;
	struct e2e_answer a = e2e_get(t, STR_NONE, "/console/"), root = e2e_get(t, STR_NONE, "/");

	expect_str(between(t, a.body, "data-api=\"", "\""), STR("../api/v1"));
	assert_null(memchr(a.body.p, '@', a.body.n));
	assert_null(memchr(root.body.p, '@', root.body.n));
	expect_str(between(t, root.body, "<li><a href=\"", "\""), STR("console/"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file__is_guarded),
		cmocka_unit_test(what_has_a_digest_in_its_name__is_kept_and_pages_are_asked_for),
		cmocka_unit_test(what_the_browser_has__is_304),
		cmocka_unit_test(reference__has_every_operation_and_nothing_from_elsewhere),
		cmocka_unit_test(head__is_get_without_the_body),
		cmocka_unit_test(console_without_a_slash__leads_to_the_one_with_it),
		cmocka_unit_test(page__knows_where_the_api_is),
	};

	return cmocka_run_group_tests(tests, e2e_open, e2e_close);
}
