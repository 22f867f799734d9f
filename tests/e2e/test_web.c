/* SPDX-License-Identifier: MIT
 * What only the side of the web server can show: requests as odd clients send them are answered the
 * same through each of them, root or sub-path. Speaks HTTP over a plain socket where a library
 * would tidy the request up. */
/* e2e: every-server, no-valgrind */
#include "web.h"

static void head__is_get_without_the_body(void **state)
{
	static const char *const paths[] = {"/api/v1/me/sessions", "/healthz", "/api/v1/none",
		"/edge/management/v1/api-sessions"};
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t);

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct e2e_answer get = plain(t, head_of(t, root, "GET", paths[i], ""), STR(""));
		struct e2e_answer head = plain(t, head_of(t, root, "HEAD", paths[i], ""), STR(""));

		assert_int_equal(head.status, get.status);
		assert_true(get.body.n > 0);
		expect_body(&head, "");
		expect_str(e2e_header(&head, "Content-Type"), e2e_header(&get, "Content-Type"));
		expect_str(e2e_header(&head, "Content-Length"), e2e_header(&get, "Content-Length"));
		expect_str(e2e_header(&get, "Content-Length"),
			str_printf(t->arena, "%zu", get.body.n));
	}
}

static void encoded_slash__is_part_of_the_id(void **state)
{
	static const struct {
		const char *id, *path;
	} rows[] = {
		{"a/b", "a%2Fb"},
		{"a/b", "a%2fb"},
		{"/", "%2F"},
		{"a//b", "a%2F%2Fb"},
		{"../x", "..%2Fx"},
		{"a?b", "a%3Fb"},
		{"a#b", "a%23b"},
		{"a%b", "a%25b"},
		{"a%2Fb", "a%252Fb"},
		{"a b", "a%20b"},
		{"a+b", "a+b"},
		{"a;b", "a;b"},
		{"a\\b", "a%5Cb"},
	};
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t);
	const char *web = getenv("ROLLCALL_TEST_WEB");
	bool shared_host = web != NULL && strcmp(web, "apache-htaccess") == 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
		struct session_new s = e2e_session(t, tn, STR("u"));
		struct str stem = e2e_name(t, "ses");
		struct e2e_answer a;

		/* Only the host could let it through (AllowEncodedSlashes). */
		if (shared_host && strchr(rows[i].id, '/') != NULL)
			continue;
		s.id = str_printf(t->arena, "%s%s", stem.p, rows[i].id);
		e2e_put(t, &s);
		a = plain(t,
			head_of(t, root, "GET",
				arena_printf(t->arena, "/api/v1/admin/sessions/%s%s", stem.p,
					rows[i].path),
				""),
			STR(""));
		print_message("           %s\n", rows[i].path);
		expect_status(&a, 200);
		expect_str(e2e_text(a.json, "data.id"), s.id);
	}
}

static void absolute_form__is_the_same_resource(void **state)
{
	struct e2e *t = *state;
	struct place at = place(t);
	const char *head = arena_printf(t->arena,
		"GET http://%s:%s%s/api/v1/me/sessions?x=http://y/ HTTP/1.1\r\nHost: %s:%s\r\n"
		"Connection: close\r\nAuthorization: Bearer %.*s\r\n\r\n",
		at.host, at.port, at.mount, at.host, at.port, STR_FMT(e2e_super_admin(t)));
	struct e2e_answer a = plain(t, head, STR(""));

	expect_status(&a, 200);
	expect_members(a.json, "data meta");
}

static void only_the_path_as_it_was_sent__counts(void **state)
{
	/* Each of these is the list of one's own sessions to somebody who tidies paths up. */
	static const char *const paths[] = {
		"//api/v1/me/sessions",
		"/api//v1/me/sessions",
		"/api/v1/me//sessions",
		"/api/v1/x/../me/sessions",
		"/api/v1/./me/sessions",
		"/api/v1/x/%2e%2e/me/sessions",
		"/api%2Fv1/me/sessions",
	};
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t);

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct e2e_answer a = plain(t, head_of(t, root, "GET", paths[i], ""), STR(""));

		print_message("           %s\n", paths[i]);
		expect_status(&a, 404);
	}
}

static void paths_beside_and_below_the_mount__are_not_ours(void **state)
{
	static const char *const paths[] = {"/x/api/v1/me/sessions", "/api/api/v1/me/sessions",
		"x/api/v1/me/sessions" /* beside; there is nothing beside the root */};
	struct e2e *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct e2e_answer a;

		if (*paths[i] != '/' && *place(t).mount == '\0')
			continue;
		a = plain(t, head_of(t, e2e_super_admin(t), "GET", paths[i], ""), STR(""));
		expect_status(&a, 404);
	}
}

static void old_http__is_answered(void **state)
{
	struct e2e *t = *state;
	struct place at = place(t);
	const char *head = arena_printf(t->arena,
		"GET %s/api/v1/me/sessions HTTP/1.0\r\nAuthorization: Bearer %.*s\r\n\r\n",
		at.mount, STR_FMT(e2e_super_admin(t)));
	struct e2e_answer a = plain(t, head, STR(""));

	expect_status(&a, 200);
	expect_members(a.json, "data meta");
}

static void authorization__arrives_however_it_is_written(void **state)
{
	static const char *const forms[] = {"Authorization: Bearer %.*s",
		"authorization: bearer %.*s", "AUTHORIZATION:Bearer %.*s",
		"Authorization:   Bearer   %.*s  "};
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t);

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct e2e_request r = {.path = "/api/v1/me/sessions"};
		struct str before, form = str_from(forms[i]);
		struct e2e_answer a;

		/* The one conversion in it is where the token goes. */
		(void)str_split(&form, '%', &before);
		r.headers[0] = arena_printf(
			t->arena, "%.*s%.*s%s", STR_FMT(before), STR_FMT(root), form.p + 3);
		a = e2e_send(t, &r);
		print_message("           %s\n", forms[i]);
		expect_status(&a, 200);
	}
}

/* More at once than there are workers: none stalls, none is lost. */
static void many_at_once__are_all_answered(void **state)
{
	struct e2e *t = *state;
	struct e2e_request r[AT_ONCE];
	struct e2e_answer a[AT_ONCE];
	struct str root = e2e_super_admin(t);

	for (int round = 0; round < 5; round++) {
		for (size_t i = 0; i < AT_ONCE; i++) {
			r[i] = (struct e2e_request){.path = "/api/v1/me/sessions", .token = root};
			if (i % 2 == 0)
				continue;
			r[i].method = "POST";
			r[i].path = "/api/v1/me/sessions/revoke-all";
		}
		e2e_send_all(t, r, a, AT_ONCE);
		for (size_t i = 0; i < AT_ONCE; i++)
			expect_status(&a[i], 200);
	}
}

/* Clients that do not finish sending keep no worker: others are answered meanwhile, and so are they
 * when they go on. */
static void slow_senders__hold_nobody_up(void **state)
{
	static const size_t parts[] = {0, 1, 20000};
	struct e2e *t = *state;
	struct place at = place(t);
	struct str root = e2e_super_admin(t);
	struct str body = revoke_body(t, e2e_tenant(t, STR_NONE).id, 60000);
	const char *head = head_of(t, root, "POST", REVOKE_ALL, JSON_TYPE "Content-Length: 60000");
	int fds[SLOW];

	for (size_t i = 0; i < SLOW; i++) {
		fds[i] = dial(&at);
		send_all(fds[i], str_from(head));
		send_all(fds[i], (struct str){body.p, parts[i % ARRAY_LEN(parts)]});
	}
	for (int i = 0; i < 20; i++) {
		struct e2e_answer a = e2e_get(t, root, "/api/v1/me/sessions");

		expect_status(&a, 200);
	}
	for (size_t i = 0; i < SLOW; i++) {
		size_t sent = parts[i % ARRAY_LEN(parts)];
		struct e2e_answer a;
		struct buf in;

		buf_init(&in, t->arena);
		send_all(fds[i], (struct str){body.p + sent, body.n - sent});
		while (read_more(fds[i], &in))
			continue;
		close(fds[i]);
		a = parsed(t, head, &in);
		expect_status(&a, 200);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(head__is_get_without_the_body),
		cmocka_unit_test(encoded_slash__is_part_of_the_id),
		cmocka_unit_test(absolute_form__is_the_same_resource),
		cmocka_unit_test(only_the_path_as_it_was_sent__counts),
		cmocka_unit_test(paths_beside_and_below_the_mount__are_not_ours),
		cmocka_unit_test(old_http__is_answered),
		cmocka_unit_test(authorization__arrives_however_it_is_written),
		cmocka_unit_test(many_at_once__are_all_answered),
		cmocka_unit_test(slow_senders__hold_nobody_up),
	};

	return cmocka_run_group_tests(tests, e2e_open, e2e_close);
}
