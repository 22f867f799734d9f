/* SPDX-License-Identifier: MIT
 * HTTP over a plain socket, for what a library would tidy up. */
#ifndef TESTS_E2E_WEB_H
#define TESTS_E2E_WEB_H

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

struct place {
	const char *host, *port, *mount;
};

/* Of "http://host:port/mount". */
static inline struct place place(struct e2e *t)
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

static inline int dial(const struct place *at)
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
static inline void send_all(int fd, struct str text)
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
static inline bool read_more(int fd, struct buf *in)
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

static inline struct e2e_answer parsed(struct e2e *t, const char *what, struct buf *in)
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
static inline struct e2e_answer plain(struct e2e *t, const char *head, struct str body)
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

/* A body that ends every session of the tenant, padded to n bytes. */
static inline struct str revoke_body(struct e2e *t, struct str tenant_id, size_t n)
{
	struct str json = str_printf(t->arena, "{\"tenant_id\":\"%s\"}", tenant_id.p);
	char *p = arena_alloc(t->arena, n > json.n ? n : json.n);

	memset(p, ' ', n > json.n ? n : json.n);
	memcpy(p, json.p, json.n);
	return (struct str){p, n > json.n ? n : json.n};
}

#define REVOKE_ALL "/api/v1/admin/sessions/revoke-all"
#define JSON_TYPE "Content-Type: application/json\r\n"

#endif
