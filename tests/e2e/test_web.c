/* SPDX-License-Identifier: MIT
 * What only the side of the web server can show: requests as odd clients send them are answered the
 * same through each of them, root or sub-path. Speaks HTTP over a plain socket where a library
 * would tidy the request up. */
/* e2e: every-server, no-valgrind */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/e2e.h"

#define BODY_LIMIT (1024 * 1024)
#define WAIT_MS 20000
#define AT_ONCE 100
#define SLOW 40 /* more than there are workers */

/* Plain HTTP */

struct place {
	const char *host, *port, *mount;
};

/* Of "http://host:port/mount". */
static struct place place(struct e2e *t)
{
	struct str rest = str_from(t->url), authority, host;

	assert_true(str_starts(rest, STR("http://")));
	rest.p += 7;
	rest.n -= 7;
	(void)str_split(&rest, '/', &authority);
	(void)str_split(&authority, ':', &host);
	return (struct place){
		.host = str_dup(t->arena, host).p,
		.port = str_dup(t->arena, authority).p,
		.mount = rest.p == NULL ? "" : str_printf(t->arena, "/%.*s", STR_FMT(rest)).p,
	};
}

static int dial(const struct place *at)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	int fd;

	assert_int_equal(getaddrinfo(at->host, at->port, &hints, &found), 0);
	fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, found->ai_addr, found->ai_addrlen), 0);
	freeaddrinfo(found);
	return fd;
}

/* A server that has answered may close before it has read everything: that is no failure here. */
static void send_all(int fd, struct str text)
{
	while (text.n > 0) {
		ssize_t n = send(fd, text.p, text.n, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		text.p += n;
		text.n -= (size_t)n;
	}
}

/* Reads more; false at the end. */
static bool read_more(int fd, struct buf *in)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char part[4096];
	ssize_t n;

	if (poll(&p, 1, WAIT_MS) != 1)
		fail_msg("no answer within %d ms", WAIT_MS);
	n = recv(fd, part, sizeof(part), 0);
	if (n <= 0)
		return false;
	buf_add(in, part, (size_t)n);
	return true;
}

/* Where the head ends, NULL: not yet. */
static const char *end_of_head(const struct buf *in)
{
	const struct str all = buf_view(in);

	for (size_t i = 0; i + 4 <= all.n; i++)
		if (memcmp(all.p + i, "\r\n\r\n", 4) == 0)
			return all.p + i + 4;
	return NULL;
}

static struct e2e_answer parsed(struct e2e *t, const char *what, struct buf *in)
{
	struct e2e_answer a = {.what = what};
	const char *body = end_of_head(in);
	struct json *tree;
	size_t at;

	if (body == NULL || in->n < 12)
		fail_msg("%s: no answer, but \"%.*s\"", what, STR_FMT(buf_view(in)));
	a.status = (in->p[9] - '0') * 100 + (in->p[10] - '0') * 10 + (in->p[11] - '0');
	a.head = (struct str){in->p, (size_t)(body - in->p)};
	a.body = (struct str){body, in->n - a.head.n};
	if (a.body.n > 0 && json_parse(t->arena, a.body, &tree, &at) == ERR_OK)
		a.json = tree;
	return a;
}

/* Sends head and body as they are, on a connection that the server is told to close; reads the
 * whole answer. */
static struct e2e_answer plain(struct e2e *t, const char *head, struct str body)
{
	struct place at = place(t);
	struct str first = str_from(head);
	int fd = dial(&at);
	struct buf in;

	buf_init(&in, t->arena);
	send_all(fd, first);
	send_all(fd, body);
	while (read_more(fd, &in))
		continue;
	close(fd);
	return parsed(t, head, &in);
}

/* A request's head, with one line more (without its end), or "". */
static const char *head_of(
	struct e2e *t, struct str token, const char *method, const char *path, const char *line)
{
	struct place at = place(t);

	return arena_printf(t->arena,
		"%s %s%s HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\nAuthorization: Bearer "
		"%.*s\r\n"
		"%s%s\r\n",
		method, at.mount, path, at.host, at.port, STR_FMT(token), line,
		*line != '\0' ? "\r\n" : "");
}

/* Bodies */

/* A body that ends every session of the tenant, padded to n bytes. */
static struct str revoke_body(struct e2e *t, struct str tenant_id, size_t n)
{
	struct str json = str_printf(t->arena, "{\"tenant_id\":\"%s\"}", tenant_id.p);
	char *p = arena_alloc(t->arena, n > json.n ? n : json.n);

	memset(p, ' ', n > json.n ? n : json.n);
	memcpy(p, json.p, json.n);
	return (struct str){p, n > json.n ? n : json.n};
}

#define REVOKE_ALL "/api/v1/admin/sessions/revoke-all"
#define JSON_TYPE "Content-Type: application/json\r\n"

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

/* Heads and targets */

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

/* Load */

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
		cmocka_unit_test(chunked_body__is_read_like_any_other),
		cmocka_unit_test(chunked_body__may_be_empty),
		cmocka_unit_test(missing_content_length__is_no_body),
		cmocka_unit_test(oversized_body__is_413_however_it_comes),
		cmocka_unit_test(expect_100_continue__is_answered_before_the_body),
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
