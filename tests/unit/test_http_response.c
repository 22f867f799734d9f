/* SPDX-License-Identifier: MIT
 * The bytes of an answer as the web server gets them. Own program. */
#include "unit/test_http_env.h"

#include "http/response.h"

struct caught {
	struct buf bytes;
	size_t calls;
};

static void catch (void *ctx, const char *p, size_t n)
{
	struct caught *c = ctx;

	c->calls++;
	buf_add(&c->bytes, p, n);
}

static void begin(struct http_response *res, struct arena *a, struct caught *c)
{
	memset(c, 0, sizeof(*c));
	buf_init(&c->bytes, a);
	http_response_init(res, a, catch, c);
}

static void answer__is_status_headers_length_and_body(void **state)
{
	static const struct {
		const char *name;
		int status;
		bool head_only;
		const char *type, *body, *want;
	} rows[] = {
		{"200", 200, false, "application/json", "{}",
			"Status: 200 OK\r\nContent-Type: application/json\r\n"
			"Content-Length: 2\r\n\r\n{}"},
		{"HEAD", 200, true, "application/json", "{}",
			"Status: 200 OK\r\nContent-Type: application/json\r\n"
			"Content-Length: 2\r\n\r\n"},
		{"empty", 200, false, NULL, "", "Status: 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{"204", 204, false, "application/json", "{}", "Status: 204 No Content\r\n\r\n"},
		{"422", 422, false, NULL, "x",
			"Status: 422 Unprocessable Content\r\nContent-Length: 1\r\n\r\nx"},
		{"unlisted", 418, false, NULL, "",
			"Status: 418 Unknown\r\nContent-Length: 0\r\n\r\n"},
	};
	int failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_open();
		struct http_response res;
		struct caught c;

		begin(&res, a, &c);
		res.status = rows[i].status;
		res.head_only = rows[i].head_only;
		if (rows[i].type != NULL)
			http_response_header(&res, "Content-Type", str_from(rows[i].type));
		buf_str(&res.body, str_from(rows[i].body));
		assert_int_equal(c.calls, 0);
		assert_false(res.started);
		http_response_finish(&res);
		assert_true(res.started);
		http_response_finish(&res); /* again: nothing */
		failed += differs(rows[i].name, "answer", buf_view(&c.bytes), rows[i].want);
		arena_close(a);
	}
	assert_int_equal(failed, 0);
}

static void header__is_replaced_and_cannot_be_split(void **state)
{
	struct arena *a = arena_open();
	struct http_response res;
	struct caught c;
	char value[] = "a\r\nX: y\0z";

	(void)state;
	begin(&res, a, &c);
	http_response_header(&res, "X-One", (struct str){value, sizeof(value) - 1});
	value[0] = 'b'; /* it was copied */
	http_response_header(&res, "X-Two", STR("1"));
	http_response_header(&res, "x-two", STR("2"));
	http_response_header(&res, "X-Three", STR_NONE);
	http_response_finish(&res);
	assert_int_equal(differs("headers", "answer", buf_view(&c.bytes),
				 "Status: 200 OK\r\nX-One: aX: yz\r\nx-two: 2\r\nX-Three: \r\n"
				 "Content-Length: 0\r\n\r\n"),
		0);
	arena_close(a);
}

static void restart__forgets_the_body(void **state)
{
	struct arena *a = arena_open();
	struct http_response res;
	struct caught c;

	(void)state;
	begin(&res, a, &c);
	http_response_header(&res, "X-Request-Id", STR("r"));
	buf_str(&res.body, STR("half an answ"));
	http_response_restart(&res);
	res.status = 500;
	buf_str(&res.body, STR("no"));
	http_response_finish(&res);
	assert_int_equal(differs("restart", "answer", buf_view(&c.bytes),
				 "Status: 500 Internal Server Error\r\nX-Request-Id: r\r\n"
				 "Content-Length: 2\r\n\r\nno"),
		0);
	arena_close(a);
}

/* Larger than what is kept in memory, so that the file has a part in it. */
#define LARGE (4 * SPOOL_MEMORY)

static void write_large(struct http_response *res, struct caught *c)
{
	char part[1000];

	memset(part, 'x', sizeof(part));
	buf_str(&res->body, STR("first,"));
	for (size_t done = 0; done < LARGE; done += sizeof(part))
		buf_add(&res->body, part, sizeof(part));
	buf_str(&res->body, STR(",last"));
	assert_int_equal(c->calls, 0);
	assert_true(http_response_is_whole(res));
}

/* What write_large has written. */
static size_t large_bytes(void)
{
	return (LARGE + 999) / 1000 * 1000 + strlen("first,,last");
}

static void large_body__has_a_length_and_little_memory(void **state)
{
	struct arena *out = arena_open(), *a = arena_open();
	struct http_response res;
	struct caught c;
	struct str got, head, tail = STR("x,last");

	(void)state;
	begin(&res, a, &c);
	buf_init(&c.bytes, out);
	write_large(&res, &c);
	assert_true(arena_held(a) < LARGE / 2);
	http_response_finish(&res);
	got = buf_view(&c.bytes);
	head = str_printf(a, "Status: 200 OK\r\nContent-Length: %zu\r\n\r\nfirst,x", large_bytes());
	assert_true(str_starts(got, head));
	assert_int_equal(got.n, head.n - strlen("first,x") + large_bytes());
	assert_memory_equal(got.p + got.n - tail.n, tail.p, tail.n);
	for (size_t i = head.n; i < got.n - tail.n; i++)
		assert_int_equal(got.p[i], 'x');
	arena_close(a);
	arena_close(out);
}

static void large_body_of_head__is_its_length_alone(void **state)
{
	struct arena *a = arena_open();
	struct http_response res;
	struct caught c;
	const char *want;

	(void)state;
	begin(&res, a, &c);
	res.head_only = true;
	write_large(&res, &c);
	http_response_finish(&res);
	want = arena_printf(a, "Status: 200 OK\r\nContent-Length: %zu\r\n\r\n", large_bytes());
	assert_int_equal(differs("HEAD", "answer", buf_view(&c.bytes), want), 0);
	arena_close(a);
}

static void large_body__is_forgotten_too(void **state)
{
	struct arena *a = arena_open();
	struct http_response res;
	struct caught c;

	(void)state;
	begin(&res, a, &c);
	write_large(&res, &c);
	http_response_restart(&res);
	res.status = 500;
	buf_str(&res.body, STR("no"));
	http_response_finish(&res);
	assert_int_equal(
		differs("restart", "answer", buf_view(&c.bytes),
			"Status: 500 Internal Server Error\r\nContent-Length: 2\r\n\r\nno"),
		0);
	arena_close(a);
}

static void status_texts__are_those_of_the_table(void **state)
{
	(void)state;
	assert_string_equal(http_status_text(200), "OK");
	assert_string_equal(http_status_text(405), "Method Not Allowed");
	assert_string_equal(http_status_text(503), "Service Unavailable");
	assert_string_equal(http_status_text(0), "Unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answer__is_status_headers_length_and_body),
		cmocka_unit_test(header__is_replaced_and_cannot_be_split),
		cmocka_unit_test(restart__forgets_the_body),
		cmocka_unit_test(large_body__has_a_length_and_little_memory),
		cmocka_unit_test(large_body_of_head__is_its_length_alone),
		cmocka_unit_test(large_body__is_forgotten_too),
		cmocka_unit_test(status_texts__are_those_of_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
