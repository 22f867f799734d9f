/* SPDX-License-Identifier: MIT
 * Bodies of requests as odd clients send them: every web server hands them on in the same way, at
 * the root and below a path. */
/* e2e: every-server, no-valgrind */
#include "web.h"

static struct str chunked(struct e2e *t, struct str body, size_t chunk)
{
	struct buf out;

	buf_init(&out, t->arena);
	for (size_t at = 0; at < body.n; at += chunk) {
		size_t n = body.n - at < chunk ? body.n - at : chunk;

		buf_printf(&out, "%zx;x=y\r\n", n);
		buf_add(&out, body.p + at, n);
		buf_str(&out, STR("\r\n"));
	}
	buf_str(&out, STR("0\r\n\r\n"));
	return buf_view(&out);
}

static void chunked_body__is_read_like_any_other(void **state)
{
	static const struct {
		size_t size, chunk;
	} rows[] = {{0, 1}, {0, 4096}, {100, 7}, {8192, 1000}, {20000, 20000}, {200000, 16384},
		{BODY_LIMIT, 65536}};
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
		struct str id = e2e_put_session(t, tn, STR("u"));
		struct str body = revoke_body(t, tn.id, rows[i].size);
		const char *head = head_of(
			t, root, "POST", REVOKE_ALL, JSON_TYPE "Transfer-Encoding: chunked");
		struct e2e_answer a = plain(t, head, chunked(t, body, rows[i].chunk));

		print_message("           %zu bytes in chunks of %zu\n", body.n, rows[i].chunk);
		expect_status(&a, 200);
		expect_str(e2e_text(a.json, "data.session_ids.0"), id);
	}
}

static void chunked_body__may_be_empty(void **state)
{
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t);
	const char *line = JSON_TYPE "Transfer-Encoding: chunked";
	struct e2e_answer a =
		plain(t, head_of(t, root, "POST", REVOKE_ALL, line), STR("0\r\n\r\n"));

	expect_status(&a, 422);
	expect_str(e2e_text(a.json, "detail.0.type"), STR("missing"));
	a = plain(t, head_of(t, root, "POST", "/api/v1/me/sessions/revoke-all", line),
		STR("0\r\n\r\n"));
	expect_status(&a, 200);
}

/* lighttpd takes no POST that does not say how long its body is, and says so itself. */
static bool is_refused_by_lighttpd(const struct e2e_answer *a)
{
	return a->status == 411 && e2e_header(a, "X-Request-Id").p == NULL &&
	       str_starts(e2e_header(a, "Server"), STR("lighttpd"));
}

static void missing_content_length__is_no_body(void **state)
{
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t);
	struct e2e_answer a = plain(t, head_of(t, root, "POST", REVOKE_ALL, ""), STR(""));

	if (!is_refused_by_lighttpd(&a)) {
		expect_status(&a, 422);
		expect_str(e2e_text(a.json, "detail.0.type"), STR("missing"));
		a = plain(
			t, head_of(t, root, "POST", "/api/v1/me/sessions/revoke-all", ""), STR(""));
		expect_status(&a, 200);
	}
	a = plain(t, head_of(t, root, "DELETE", "/api/v1/me/sessions/none", ""), STR(""));
	expect_status(&a, 404);
}

/* One byte too many is refused by the program, in its own words, however it comes. */
static void oversized_body__is_413_however_it_comes(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str root = e2e_super_admin(t), body = revoke_body(t, tn.id, BODY_LIMIT + 1);
	const char *length = arena_printf(t->arena, JSON_TYPE "Content-Length: %zu", body.n);
	struct e2e_answer a;

	e2e_put_session(t, tn, STR("u"));
	a = plain(t, head_of(t, root, "POST", REVOKE_ALL, length), body);
	expect_status(&a, 413);
	expect_members(a.json, "detail");
	a = plain(t, head_of(t, root, "POST", REVOKE_ALL, JSON_TYPE "Transfer-Encoding: chunked"),
		chunked(t, body, 65536));
	expect_status(&a, 413);
	expect_members(a.json, "detail");
	/* Just the limit is not too much. */
	length = arena_printf(t->arena, JSON_TYPE "Content-Length: %d", BODY_LIMIT);
	a = plain(
		t, head_of(t, root, "POST", REVOKE_ALL, length), (struct str){body.p, BODY_LIMIT});
	expect_status(&a, 200);
	assert_int_equal(e2e_int(a.json, "data.revoked_count"), 1);
}

static void expect_100_continue__is_answered_before_the_body(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str id = e2e_put_session(t, tn, STR("u")), body = revoke_body(t, tn.id, 3000);
	struct place at = place(t);
	const char *head = head_of(t, e2e_super_admin(t), "POST", REVOKE_ALL,
		arena_printf(
			t->arena, JSON_TYPE "Expect: 100-continue\r\nContent-Length: %zu", body.n));
	struct str first = str_from(head);
	struct e2e_answer a;
	struct buf in;
	int fd = dial(&at);

	buf_init(&in, t->arena);
	send_all(fd, first);
	while (end_of_head(&in) == NULL && read_more(fd, &in))
		continue;
	a = parsed(t, head, &in);
	expect_status(&a, 100);
	in.n = 0;
	send_all(fd, body);
	while (read_more(fd, &in))
		continue;
	close(fd);
	a = parsed(t, head, &in);
	expect_status(&a, 200);
	expect_str(e2e_text(a.json, "data.session_ids.0"), id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunked_body__is_read_like_any_other),
		cmocka_unit_test(chunked_body__may_be_empty),
		cmocka_unit_test(missing_content_length__is_no_body),
		cmocka_unit_test(oversized_body__is_413_however_it_comes),
		cmocka_unit_test(expect_100_continue__is_answered_before_the_body),
	};

	return cmocka_run_group_tests(tests, e2e_open, e2e_close);
}
