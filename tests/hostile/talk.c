/* SPDX-License-Identifier: MIT
 * Raw connections for hostile HTTP; see the header. Memory of a case is the arena of its
 * connection, which is emptied behind it. */
#include "talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"

/* How long nothing may come: of a request that has to be answered, and of one that may leave the
 * server waiting. */
#define PATIENCE_US INT64_C(60000000)
#define SILENCE_US INT64_C(400000)

struct line {
	int fd; /* -1: idle */
	struct arena *arena;
	struct make_case c;
	uint64_t number;
	size_t sent;
	struct buf heard;
	int64_t since_us;
	enum talk_outcome outcome;
};

static void dial(struct line *l, const struct talk_plan *plan)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(plan->port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	arena_reset(l->arena);
	if (!plan->next(plan->ctx, l->arena, &l->c, &l->number))
		return;
	buf_init(&l->heard, l->arena);
	l->sent = 0;
	l->outcome = TALK_CLOSED;
	l->since_us = clock_monotonic_us();
	l->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(l->fd >= 0);
	if (connect(l->fd, (struct sockaddr *)&to, sizeof(to)) != 0 && errno != EINPROGRESS)
		l->outcome = TALK_REFUSED;
}

static void hang_up(struct line *l, const struct talk_plan *plan)
{
	const struct linger now = {.l_onoff = 1};

	if (l->c.end == END_RESET)
		setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(l->fd);
	l->fd = -1;
	plan->done(plan->ctx, &l->c, l->number, buf_view(&l->heard), l->outcome);
}

/* False when the case is over. A server may close before it has read all. */
static bool say(struct line *l)
{
	ssize_t n = send(l->fd, l->c.bytes.p + l->sent, l->c.bytes.n - l->sent, MSG_NOSIGNAL);

	if (n < 0 && errno == ECONNREFUSED)
		l->outcome = TALK_REFUSED;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR || errno == EPIPE || errno == ECONNRESET;
	l->sent += (size_t)n;
	if (l->sent < l->c.bytes.n)
		return true;
	if (l->c.end == END_HALF_CLOSE)
		shutdown(l->fd, SHUT_WR);
	return l->c.end != END_CLOSE && l->c.end != END_RESET;
}

static bool hear(struct line *l)
{
	char part[16384];
	ssize_t n = recv(l->fd, part, sizeof(part), 0);

	if (n > 0)
		buf_add(&l->heard, part, (size_t)n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool is_patient(struct line *l, int64_t now_us)
{
	if (now_us - l->since_us < (l->c.framed ? PATIENCE_US : SILENCE_US))
		return true;
	l->outcome = TALK_SILENT;
	return false;
}

static bool go_on(struct line *l, short events, int64_t now_us)
{
	if (l->outcome == TALK_REFUSED)
		return false;
	if (events == 0)
		return is_patient(l, now_us);
	l->since_us = now_us;
	if ((events & POLLIN) != 0)
		return hear(l);
	if ((events & (POLLERR | POLLHUP)) != 0)
		return false;
	return (events & POLLOUT) == 0 || say(l);
}

static size_t turn(struct line *lines, struct pollfd *p, const struct talk_plan *plan)
{
	size_t busy = 0;
	int64_t now_us;

	for (size_t i = 0; i < plan->connections; i++) {
		if (lines[i].fd < 0)
			dial(&lines[i], plan);
		busy += lines[i].fd >= 0;
		p[i] = (struct pollfd){.fd = lines[i].fd,
			.events = POLLIN | (lines[i].sent < lines[i].c.bytes.n ? POLLOUT : 0)};
	}
	if (busy == 0)
		return 0;
	poll(p, (nfds_t)plan->connections, 100);
	now_us = clock_monotonic_us();
	for (size_t i = 0; i < plan->connections; i++)
		if (lines[i].fd >= 0 && !go_on(&lines[i], p[i].revents, now_us))
			hang_up(&lines[i], plan);
	return busy;
}

void talk_run(const struct talk_plan *plan)
{
	struct line *lines = test_calloc(plan->connections, sizeof(*lines));
	struct pollfd *p = test_calloc(plan->connections, sizeof(*p));

	for (size_t i = 0; i < plan->connections; i++)
		lines[i] = (struct line){.fd = -1, .arena = arena_open()};
	while (turn(lines, p, plan) > 0)
		continue;
	for (size_t i = 0; i < plan->connections; i++)
		arena_close(lines[i].arena);
	test_free(p);
	test_free(lines);
}
