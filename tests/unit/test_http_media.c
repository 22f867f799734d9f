/* SPDX-License-Identifier: MIT
 * Content-Type and Accept. Own program. */
#include "unit/test_http_env.h"

struct row {
	const char *text;
	bool want;
};

static void run_rows(const struct row *rows, size_t count, bool (*is)(struct str))
{
	int failed = 0;

	for (size_t i = 0; i < count; i++) {
		if (is(str_from(rows[i].text)) == rows[i].want)
			continue;
		print_error("[%s]: want %d\n", rows[i].text != NULL ? rows[i].text : "(absent)",
			rows[i].want);
		failed++;
	}
	assert_int_equal(failed, 0);
}

static void json__is_application_json_or_a_kin(void **state)
{
	static const struct row rows[] = {
		{"application/json", true},
		{"Application/JSON", true},
		{"application/json; charset=utf-8", true},
		{"application/json;charset=utf-8", true},
		{" application/json ", true},
		{"application/problem+json", true},
		{"application/vnd.api+json; v=1", true},
		{"application/+json", false},
		{"application/jsonp", false},
		{"application/xjson", false},
		{"text/json", false},
		{"text/plain", false},
		{"text/plain; x=\"application/json\"", false},
		{"", false},
		{NULL, false},
		{"application/json, text/plain", false},
		{"*/*", false},
		{"application/x-www-form-urlencoded", false},
		{"image/svg+json", false},
	};

	(void)state;
	run_rows(rows, ARRAY_LEN(rows), http_is_json);
}

static void form__is_urlencoded_only(void **state)
{
	static const struct row rows[] = {
		{"application/x-www-form-urlencoded", true},
		{"APPLICATION/x-www-form-urlencoded ; charset=UTF-8", true},
		{"multipart/form-data; boundary=x", false},
		{"application/json", false},
		{"", false},
		{NULL, false},
	};

	(void)state;
	run_rows(rows, ARRAY_LEN(rows), http_is_form);
}

static void accept__takes_json_by_its_most_specific_range(void **state)
{
	static const struct row rows[] = {
		{NULL, true},
		{"", true},
		{" , ,", true},
		{"*/*", true},
		{"application/*", true},
		{"application/json", true},
		{"APPLICATION/Json", true},
		{"text/html, */*;q=0.1", true},
		{"text/html,application/xhtml+xml,*/*;q=0.8", true},
		{"text/html", false},
		{"text/*", false},
		{"application/xml", false},
		{"json", false},
		{"application/json;q=0", false},
		{"application/json; q=0.000", false},
		{"application/json;Q=0.", false},
		{"application/json ; q = 0", false},
		{"application/json;v=1;q=0", false},
		{"*/*;q=0", false},
		{"application/json;q=0.001", true},
		{"application/json;q", true},
		{"application/json;q=abc", true},
		{"application/json;q=0x", true},
		{"application/json;q=0, */*", false},
		{"*/*, application/json;q=0", false},
		{"application/*;q=0, */*", false},
		{"*/*;q=0, application/json", true},
		{"application/*;q=0, application/json", true},
		{"application/json;q=0, application/json", true},
		{"application/json, application/json;q=0", true},
		{"application/json;charset=utf-8", true},
		{"application/json;v=\"a;q=0;b\"", true},
		{"application/json;v=\";\";q=0", false},
		{"text/plain;x=\", application/json, \"", false},
		{"text/x;y=\"\\\", */*, \"", false},
	};

	(void)state;
	run_rows(rows, ARRAY_LEN(rows), http_accepts_json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json__is_application_json_or_a_kin),
		cmocka_unit_test(form__is_urlencoded_only),
		cmocka_unit_test(accept__takes_json_by_its_most_specific_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
