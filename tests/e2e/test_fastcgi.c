/* SPDX-License-Identifier: MIT
 * Whoever can write to the pool's socket, without a web server between: malformed, hostile and slow
 * FastCGI. After each test the workers are the same processes, and a request is answered. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/e2e.h"
#include "lib/pool.h"

enum { BEGIN = 1, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES, VALUES, UNKNOWN };
enum { RESPONDER = 1, AUTHORIZER, FILTER };
enum { OPEN_END = -1, PATIENCE_MS = 15000 };

struct fastcgi_test {
	struct e2e *t;
	pid_t workers[POOL_WORKERS_MAX];
	size_t count;
};

/* Messages */

static void add_record(struct buf *b, int type, int id, int padding, struct str content)
{
	const char header[8] = {1, (char)type, (char)(id >> 8), (char)id, (char)(content.n >> 8),
		(char)content.n, (char)padding, 0};

	buf_add(b, header, sizeof(header));
	buf_str(b, content);
	for (int i = 0; i < padding; i++)
		buf_char(b, 'p');
}

static void add_begin(struct buf *b, int id, int role)
{
	const char body[8] = {(char)(role >> 8), (char)role, 1};

	add_record(b, BEGIN, id, 0, (struct str){body, sizeof(body)});
}

static void add_pair(struct buf *b, struct str name, struct str value)
{
	const char length[4] = {(char)(value.n >> 24 | 0x80), (char)(value.n >> 16),
		(char)(value.n >> 8), (char)value.n};

	buf_char(b, (char)name.n);
	buf_add(b, length, sizeof(length));
	buf_str(b, name);
	buf_str(b, value);
}

static struct str environment(struct e2e *t, struct str uri)
{
	struct buf b;

	buf_init(&b, t->arena);
	add_pair(&b, STR("REQUEST_METHOD"), STR("GET"));
	add_pair(&b, STR("REQUEST_URI"), uri);
	add_pair(&b, STR("SERVER_PROTOCOL"), STR("HTTP/1.1"));
	return buf_view(&b);
}

/* A whole one, or all but the end of its body. */
static struct str request(struct e2e *t, int role, int padding, bool whole)
{
	struct buf b;

	buf_init(&b, t->arena);
	add_begin(&b, 1, role);
	add_record(&b, PARAMS, 1, padding, environment(t, STR("/healthz")));
	add_record(&b, PARAMS, 1, padding, STR(""));
	if (whole)
		add_record(&b, STDIN, 1, padding, STR(""));
	return buf_view(&b);
}

/* Conversations */

static int64_t now_ms(void)
{
	return clock_monotonic_us() / 1000;
}

static int begin(struct e2e *t)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", pool_file(t, "pool.sock"));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* How many bytes were taken. */
static size_t say(int fd, struct str s)
{
	size_t sent = 0;

	while (sent < s.n) {
		ssize_t n = send(fd, s.p + sent, s.n - sent, MSG_NOSIGNAL);

		if (n < 0)
			break;
		sent += (size_t)n;
	}
	return sent;
}

/* What comes until the worker closes. */
static struct str hear(struct e2e *t, int fd)
{
	int64_t until = now_ms() + PATIENCE_MS;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char part[4096];
	struct buf b;
	ssize_t n = 1;

	buf_init(&b, t->arena);
	while (n > 0) {
		if (poll(&p, 1, (int)(until - now_ms())) <= 0)
			fail_msg("the worker keeps the connection open");
		n = recv(fd, part, sizeof(part), 0);
		if (n > 0)
			buf_add(&b, part, (size_t)n);
	}
	close(fd);
	return buf_view(&b);
}

static struct str ask(struct e2e *t, struct str message)
{
	int fd = begin(t);

	say(fd, message);
	return hear(t, fd);
}

/* Takes the answer apart. Returns the protocol status of END_REQUEST, OPEN_END if there is none;
 * a record of a kind that a web server does not expect fails the test. */
static int read_answer(struct e2e *t, struct str answer, struct str *out)
{
	const unsigned char *p = (const unsigned char *)answer.p;
	int status = OPEN_END;
	struct buf b;

	buf_init(&b, t->arena);
	for (size_t at = 0; at < answer.n;) {
		size_t length;

		assert_true(answer.n - at >= 8);
		length = (size_t)(p[at + 4] << 8 | p[at + 5]);
		assert_true(answer.n - at - 8 >= length + p[at + 6]);
		if (p[at + 1] == STDOUT)
			buf_add(&b, answer.p + at + 8, length);
		else if (p[at + 1] == END)
			status = p[at + 8 + 4];
		else
			fail_msg("a record of type %d", p[at + 1]);
		at += 8 + length + p[at + 6];
	}
	*out = buf_view(&b);
	return status;
}

static void expect_answer(struct e2e *t, struct str message, const char *begins)
{
	struct str out;

	assert_int_equal(read_answer(t, ask(t, message), &out), 0);
	if (!str_starts(out, str_from(begins)))
		fail_msg("%.*s", STR_FMT(out));
}

/* Setup */

static int setup(void **state)
{
	struct fastcgi_test *f = test_calloc(1, sizeof(*f));
	void *t;

	if (e2e_open(&t) != 0)
		return 1;
	f->t = t;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fastcgi_test *f = *state;
	void *t = f->t;

	e2e_close(&t);
	test_free(f);
	return 0;
}

static int note_workers(void **state)
{
	struct fastcgi_test *f = *state;

	f->count = pool_workers(f->t, f->workers);
	return f->count == 0;
}

static int same_workers_answer(void **state)
{
	struct fastcgi_test *f = *state;
	pid_t now[POOL_WORKERS_MAX];

	for (size_t i = 0; i < 2 * f->count; i++)
		expect_answer(f->t, request(f->t, RESPONDER, 0, true), "Status: 200");
	if (pool_workers(f->t, now) != f->count ||
		memcmp(now, f->workers, f->count * sizeof(now[0])) != 0)
		print_error("a worker has died\n");
	else
		return 0;
	return 1;
}

/* Tests */

static void padding__is_skipped_wherever_it_is(void **state)
{
	struct fastcgi_test *f = *state;

	for (int padding = 0; padding < 256; padding += 85)
		expect_answer(f->t, request(f->t, RESPONDER, padding, true), "Status: 200");
}

static void parameters_in_small_records__are_put_together(void **state)
{
	struct fastcgi_test *f = *state;
	struct str env = environment(f->t, STR("/healthz"));
	struct buf b;

	buf_init(&b, f->t->arena);
	add_begin(&b, 0x1234, RESPONDER);
	for (size_t i = 0; i < env.n; i++)
		add_record(&b, PARAMS, 0x1234, (int)(i % 7), (struct str){env.p + i, 1});
	add_record(&b, PARAMS, 0x1234, 0, STR(""));
	add_record(&b, STDIN, 0x1234, 0, STR(""));
	expect_answer(f->t, buf_view(&b), "Status: 200");
}

/* libfcgi would write them all into 64 bytes of its stack. */
static struct str get_values(struct e2e *t, size_t n)
{
	struct buf pairs, b;

	buf_init(&pairs, t->arena);
	for (size_t i = 0; i < n; i++)
		buf_str(&pairs, STR("\16\0FCGI_MAX_CONNS"));
	buf_init(&b, t->arena);
	add_record(&b, GET_VALUES, 0, 0, buf_view(&pairs));
	return buf_view(&b);
}

static void management_records__end_nothing_but_the_connection(void **state)
{
	struct fastcgi_test *f = *state;
	struct str head = request(f->t, RESPONDER, 0, false), values = get_values(f->t, 400), out;

	for (size_t i = 0; i < 2 * f->count; i++) {
		ask(f->t, values);
	}
	/* In front of the head, in the middle of it, and in the place of a body. */
	for (size_t at = 0; at <= head.n; at += at == 0 ? 16 : head.n - 16) {
		struct buf b;

		buf_init(&b, f->t->arena);
		buf_add(&b, head.p, at);
		buf_str(&b, values);
		buf_add(&b, head.p + at, head.n - at);
		read_answer(f->t, ask(f->t, buf_view(&b)), &out);
	}
}

static void unknown_management_records__get_no_bytes_of_the_stack(void **state)
{
	struct fastcgi_test *f = *state;
	struct buf b;

	for (int type = 10; type < 256; type += 35) {
		buf_init(&b, f->t->arena);
		add_record(&b, type, 0, 0, STR("x"));
		assert_int_equal(ask(f->t, buf_view(&b)).n, 0);
	}
	assert_int_equal(ask(f->t, get_values(f->t, 1)).n, 0);
}

/* As many as there are workers, and a byte every now and then. */
static void trickling_heads__are_given_up_together(void **state)
{
	struct fastcgi_test *f = *state;
	struct str message = request(f->t, RESPONDER, 255, true);
	int fds[POOL_WORKERS_MAX];
	size_t closed = 0, at = 0;
	int64_t from = now_ms();

	for (size_t i = 0; i < f->count; i++)
		fds[i] = begin(f->t);
	while (closed < f->count) {
		/* Two seconds for a head, and a second to be started. */
		if (now_ms() - from > 3000)
			fail_msg("%zu of %zu are still open", f->count - closed, f->count);
		assert_true(at < message.n);
		for (size_t i = 0; i < f->count; i++) {
			if (fds[i] >= 0 && send(fds[i], message.p + at, 1, MSG_NOSIGNAL) < 0) {
				close(fds[i]);
				fds[i] = -1;
				closed++;
			}
		}
		at++;
		pool_pause_ms(50);
	}
}

static void endless_parameters__are_431_and_not_held(void **state)
{
	enum { ENOUGH = 300 * 1024 * 1024, AT_MOST = 16 * 1024 * 1024 };
	struct fastcgi_test *f = *state;
	struct buf head, part;
	struct str out;
	size_t sent = 0, n;
	int fd = begin(f->t);

	buf_init(&head, f->t->arena);
	add_begin(&head, 1, RESPONDER);
	say(fd, buf_view(&head));
	buf_init(&part, f->t->arena);
	add_record(&part, PARAMS, 1, 0,
		(struct str){memset(arena_alloc(f->t->arena, 65535), 'a', 65535), 65535});
	do {
		n = say(fd, buf_view(&part));
		sent += n;
	} while (n == part.n && sent < ENOUGH);
	assert_true(sent < AT_MOST);
	/* Who goes on sending may lose the answer, and nobody else does. */
	close(fd);

	buf_init(&part, f->t->arena);
	for (int i = 0; i < 5; i++)
		add_record(&head, PARAMS, 1, 0,
			(struct str){memset(arena_alloc(f->t->arena, 65535), 0, 65535), 65535});
	fd = begin(f->t);
	say(fd, buf_view(&head));
	shutdown(fd, SHUT_WR);
	assert_int_equal(read_answer(f->t, hear(f->t, fd), &out), 0);
	assert_true(str_starts(out, STR("Status: 431")));
}

static void ten_thousand_parameters__are_431(void **state)
{
	struct fastcgi_test *f = *state;
	struct buf b;

	buf_init(&b, f->t->arena);
	add_begin(&b, 1, RESPONDER);
	for (int i = 0; i < 10000; i++)
		add_record(&b, PARAMS, 1, 0, STR("\1\1XY"));
	add_record(&b, PARAMS, 1, 0, STR(""));
	add_record(&b, STDIN, 1, 0, STR(""));
	expect_answer(f->t, buf_view(&b), "Status: 431");
}

static void lengths_beyond_the_parameters__close_the_connection(void **state)
{
	const struct str heads[] = {
		STR("\200"),
		STR("\200\0\0"),
		STR("\5"),
		STR("\5\5abcde"),
		STR("\377\377\377\377\377\377\377\377ab"),
		STR("\1\377\377\377\377ab"),
		STR("\177\177ab"),
		STR("\1\1ab\200"),
	};
	struct fastcgi_test *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		struct buf b;

		buf_init(&b, f->t->arena);
		add_begin(&b, 1, RESPONDER);
		add_record(&b, PARAMS, 1, 0, heads[i]);
		add_record(&b, PARAMS, 1, 0, STR(""));
		add_record(&b, STDIN, 1, 0, STR(""));
		assert_int_equal(ask(f->t, buf_view(&b)).n, 0);
	}
}

static void records_cut_anywhere__hold_nobody(void **state)
{
	struct fastcgi_test *f = *state;
	struct str whole = request(f->t, RESPONDER, 3, false);

	/* Of the last record only the padding may be missing. */
	for (size_t n = 0; n < whole.n - 3; n++) {
		int fd = begin(f->t);

		say(fd, (struct str){whole.p, n});
		shutdown(fd, SHUT_WR);
		assert_int_equal(hear(f->t, fd).n, 0);
	}
}

/* Neither end of the body nor of the connection is sent: nobody waits for them. */
static void authorizers__are_let_go_at_once(void **state)
{
	struct fastcgi_test *f = *state;
	int64_t from = now_ms();

	for (int i = 0; i < 20; i++)
		expect_answer(f->t, request(f->t, AUTHORIZER, 0, false), "Status: 401");
	assert_true(now_ms() - from < 2000);
}

static void unknown_roles__are_told_so(void **state)
{
	static const int roles[] = {FILTER, 0, 4, 0x101, 0xffff};
	struct fastcgi_test *f = *state;
	struct str out;

	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		int64_t from = now_ms();

		assert_int_equal(
			read_answer(f->t, ask(f->t, request(f->t, roles[i], 0, false)), &out), 3);
		assert_int_equal(out.n, 0);
		assert_true(now_ms() - from < 1000);
	}
}

static void second_requests_on_a_connection__end_it(void **state)
{
	struct fastcgi_test *f = *state;
	struct str first = request(f->t, RESPONDER, 0, true);

	for (size_t at = 16; at < first.n - 8; at += first.n - 16 - 16) {
		struct buf b;

		buf_init(&b, f->t->arena);
		buf_add(&b, first.p, at);
		add_begin(&b, 2, RESPONDER);
		add_record(&b, PARAMS, 2, 0, environment(f->t, STR("/healthz")));
		buf_add(&b, first.p + at, first.n - at);
		ask(f->t, buf_view(&b));
	}
}

#define REVOKED "token=nobody"

enum { RECORDS = 5 };

/* A revocation of a token, answered with 200, unless one record is of another type or id than the
 * others, or the id of all is 0. */
static struct str revocation(struct e2e *t, int all, int other, int type, int id)
{
	static const int types[RECORDS] = {BEGIN, PARAMS, PARAMS, STDIN, STDIN};
	static const char begin_body[8] = {0, RESPONDER, 1};
	struct str contents[RECORDS] = {
		{begin_body, sizeof(begin_body)}, {0}, STR(""), STR(REVOKED), STR("")};
	struct buf env, b;

	buf_init(&env, t->arena);
	add_pair(&env, STR("REQUEST_METHOD"), STR("POST"));
	add_pair(&env, STR("REQUEST_URI"), STR("/api/v1/sessions/revoke"));
	add_pair(&env, STR("CONTENT_TYPE"), STR("application/x-www-form-urlencoded"));
	add_pair(&env, STR("CONTENT_LENGTH"), str_printf(t->arena, "%zu", strlen(REVOKED)));
	contents[1] = buf_view(&env);
	buf_init(&b, t->arena);
	for (int i = 0; i < RECORDS; i++)
		add_record(&b, i == other ? type : types[i], i == other ? id : all, 0, contents[i]);
	return buf_view(&b);
}

/* In the head nothing is answered; a body that is cut by such a record is not whole. */
static void records_of_another_version_type_or_id__are_not_taken(void **state)
{
	static const struct {
		int type, id;
	} others[RECORDS][3] = {
		{{PARAMS, 1}, {STDIN, 1}, {BEGIN, 0}},
		{{STDIN, 1}, {PARAMS, 2}, {PARAMS, 0}},
		{{DATA, 1}, {PARAMS, 2}, {PARAMS, 0x101}},
		{{DATA, 1}, {STDIN, 2}, {PARAMS, 1}},
	};
	struct fastcgi_test *f = *state;

	struct str version_2 = revocation(f->t, 1, -1, 0, 0);

	expect_answer(f->t, version_2, "Status: 200");
	((char *)version_2.p)[0] = 2;
	assert_int_equal(ask(f->t, version_2).n, 0);
	assert_int_equal(ask(f->t, revocation(f->t, 0, -1, 0, 0)).n, 0);
	for (int i = 0; i < RECORDS - 1; i++) {
		for (size_t j = 0; j < ARRAY_LEN(others[i]); j++) {
			struct str message =
				revocation(f->t, 1, i, others[i][j].type, others[i][j].id);

			if (i == 3)
				expect_answer(f->t, message, "Status: 400");
			else if (ask(f->t, message).n != 0)
				fail_msg("record %d, type %d, id %d is answered", i,
					others[i][j].type, others[i][j].id);
		}
	}
}

static void aborted_requests__close_the_connection(void **state)
{
	struct fastcgi_test *f = *state;
	struct buf b;

	buf_init(&b, f->t->arena);
	add_begin(&b, 1, RESPONDER);
	add_record(&b, ABORT, 1, 0, STR(""));
	assert_int_equal(ask(f->t, buf_view(&b)).n, 0);
}

static uint32_t random_step(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void garbage__is_survived(void **state)
{
	struct fastcgi_test *f = *state;
	struct str whole = request(f->t, RESPONDER, 5, true);
	uint32_t seed = 20260722;

	for (int round = 0; round < 2000; round++) {
		char *p = arena_alloc(f->t->arena, whole.n);
		int fd = begin(f->t);

		memcpy(p, whole.p, whole.n);
		for (uint32_t hits = 1 + random_step(&seed) % 8; hits > 0; hits--)
			p[random_step(&seed) % whole.n] = (char)random_step(&seed);
		if (round % 4 == 0) {
			for (size_t i = 0; i < whole.n; i++)
				p[i] = (char)random_step(&seed);
		}
		say(fd, (struct str){p, whole.n});
		shutdown(fd, SHUT_WR);
		hear(f->t, fd);
	}
}

#define hostile(name) cmocka_unit_test_setup_teardown(name, note_workers, same_workers_answer)

int main(void)
{
	const struct CMUnitTest tests[] = {
		hostile(padding__is_skipped_wherever_it_is),
		hostile(parameters_in_small_records__are_put_together),
		hostile(management_records__end_nothing_but_the_connection),
		hostile(unknown_management_records__get_no_bytes_of_the_stack),
		hostile(trickling_heads__are_given_up_together),
		hostile(endless_parameters__are_431_and_not_held),
		hostile(ten_thousand_parameters__are_431),
		hostile(lengths_beyond_the_parameters__close_the_connection),
		hostile(records_cut_anywhere__hold_nobody),
		hostile(authorizers__are_let_go_at_once),
		hostile(unknown_roles__are_told_so),
		hostile(second_requests_on_a_connection__end_it),
		hostile(records_of_another_version_type_or_id__are_not_taken),
		hostile(aborted_requests__close_the_connection),
		hostile(garbage__is_survived),
	};

	return cmocka_run_group_tests_name("The pool's socket", tests, setup, teardown);
}
