/* SPDX-License-Identifier: MIT
 * Records of FastCGI written to the pool's socket by hand, and what comes back. */
#ifndef TESTS_E2E_FASTCGI_H
#define TESTS_E2E_FASTCGI_H

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

static inline void add_record(struct buf *b, int type, int id, int padding, struct str content)
{
	const char header[8] = {1, (char)type, (char)(id >> 8), (char)id, (char)(content.n >> 8),
		(char)content.n, (char)padding, 0};

	buf_add(b, header, sizeof(header));
	buf_str(b, content);
	for (int i = 0; i < padding; i++)
		buf_char(b, 'p');
}

static inline void add_begin(struct buf *b, int id, int role)
{
	const char body[8] = {(char)(role >> 8), (char)role, 1};

	add_record(b, BEGIN, id, 0, (struct str){body, sizeof(body)});
}

static inline void add_pair(struct buf *b, struct str name, struct str value)
{
	const char length[4] = {(char)(value.n >> 24 | 0x80), (char)(value.n >> 16),
		(char)(value.n >> 8), (char)value.n};

	buf_char(b, (char)name.n);
	buf_add(b, length, sizeof(length));
	buf_str(b, name);
	buf_str(b, value);
}

static inline struct str environment(struct e2e *t, struct str uri)
{
	struct buf b;

	buf_init(&b, t->arena);
	add_pair(&b, STR("REQUEST_METHOD"), STR("GET"));
	add_pair(&b, STR("REQUEST_URI"), uri);
	add_pair(&b, STR("SERVER_PROTOCOL"), STR("HTTP/1.1"));
	return buf_view(&b);
}

/* A whole one, or all but the end of its body. */
static inline struct str request(struct e2e *t, int role, int padding, bool whole)
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

static inline int64_t now_ms(void)
{
	return clock_monotonic_us() / 1000;
}

static inline int begin(struct e2e *t)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", pool_file(t, "pool.sock"));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* How many bytes were taken. */
static inline size_t say(int fd, struct str s)
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
static inline struct str hear(struct e2e *t, int fd)
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

static inline struct str ask(struct e2e *t, struct str message)
{
	int fd = begin(t);

	say(fd, message);
	return hear(t, fd);
}

/* Takes the answer apart. Returns the protocol status of END_REQUEST, OPEN_END if there is none;
 * a record of a kind that a web server does not expect fails the test. */
static inline int read_answer(struct e2e *t, struct str answer, struct str *out)
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

static inline void expect_answer(struct e2e *t, struct str message, const char *begins)
{
	struct str out;

	assert_int_equal(read_answer(t, ask(t, message), &out), 0);
	if (!str_starts(out, str_from(begins)))
		fail_msg("%.*s", STR_FMT(out));
}

static inline int setup(void **state)
{
	struct fastcgi_test *f = test_calloc(1, sizeof(*f));
	void *t;

	if (e2e_open(&t) != 0)
		return 1;
	f->t = t;
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fastcgi_test *f = *state;
	void *t = f->t;

	e2e_close(&t);
	test_free(f);
	return 0;
}

static inline int note_workers(void **state)
{
	struct fastcgi_test *f = *state;

	f->count = pool_workers(f->t, f->workers);
	return f->count == 0;
}

static inline int same_workers_answer(void **state)
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

#define hostile(name) cmocka_unit_test_setup_teardown(name, note_workers, same_workers_answer)

#endif
