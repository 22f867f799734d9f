/* SPDX-License-Identifier: MIT
 * One worker's end of FastCGI, over libfcgi; the only file with <fcgiapp.h>.
 *
 * The surprise is where a worker waits: not in libfcgi's accept, but in epoll, for the listening
 * socket and for the signals that stop it. These signals are blocked at all other times. So a stop
 * is not lost between the test of a flag and a blocking accept, and it does not interrupt a read in
 * the middle of a request. The socket is made non-blocking, because another worker may be quicker;
 * EPOLLEXCLUSIVE wakes one worker a connection, as a blocking accept would. libfcgi gets the
 * accepted connection, with time limits that it cannot set itself, and no socket to accept another
 * from. */
#include "fcgi.h"

#include <errno.h>
#include <fcntl.h>
#include <fcgiapp.h>
#include <fcgios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/macros.h"

#define LISTEN_FD 0

/* How long a whole body may take to arrive. Some web servers hand a body on as it comes
 * (mod_proxy_fcgi): four slow clients must not hold four workers. */
#define BODY_US INT64_C(10000000)

/* How long each read of the records before the body may wait. A web server sends them at once. */
#define HEAD_US INT64_C(2000000)

/* How long the web server may take to read a whole answer, and how long it may read nothing of it.
 * Four clients that do not read must not hold four workers. */
#define ANSWER_US INT64_C(30000000)
#define STALL_US INT64_C(5000000)
#define ANSWER_PART 65536

/* An idle worker returns to the caller after this time. */
#define IDLE_MS 1000

/* How long the rest of a body is read and thrown away before the connection closes. It is a time
 * and not a size: web servers pass on megabytes of a body that was refused by its length, and need
 * the connection until then. */
#define DRAIN_US INT64_C(500000)

struct fcgi {
	FCGX_Request request;
	int epoll, signals;
	bool stopping;
	int64_t body_until_us,
		answer_until_us; /* monotonic; the answer's is 0 before its first byte */
	struct http_env env;
};

static const char *get(void *ctx, const char *name)
{
	struct fcgi *f = ctx;

	return FCGX_GetParam(name, f->request.envp);
}

static void set_time_limit(const struct fcgi *f, int direction, int64_t us)
{
	struct timeval wait = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};

	setsockopt(f->request.ipcFd, SOL_SOCKET, direction, &wait, sizeof(wait));
}

/* Waits until a part of the body can be read. Nobody can see what libfcgi still holds of earlier
 * reads, so libfcgi's own read has to wait, with a time limit on the socket. False: the time was
 * over, or the web server is gone. *end: there is no more. */
static bool fill(struct fcgi *f, int64_t until_us, bool *end)
{
	FCGX_Stream *in = f->request.in;
	int64_t left_us = until_us - clock_monotonic_us();
	int c;

	*end = in->isClosed != 0;
	if (*end || in->rdNext < in->stop)
		return true;
	if (left_us < 1)
		left_us = 1; /* 0 would mean no limit */
	set_time_limit(f, SO_RCVTIMEO, left_us);
	c = FCGX_GetChar(in);
	*end = c == EOF;
	return c == EOF ? FCGX_GetError(in) == 0 : FCGX_UnGetChar(c, in) == c;
}

static long read_body(void *ctx, char *out, size_t n)
{
	struct fcgi *f = ctx;
	FCGX_Stream *in = f->request.in;
	size_t there;
	bool end;

	if (!fill(f, f->body_until_us, &end))
		return -1;
	if (end)
		return 0;
	there = (size_t)(in->stop - in->rdNext);
	return FCGX_GetStr(out, (int)(n < there ? n : there), in);
}

bool fcgi_inherited(void)
{
	int on = 0;
	socklen_t n = sizeof(on);

	return getsockopt(LISTEN_FD, SOL_SOCKET, SO_ACCEPTCONN, &on, &n) == 0 && on != 0;
}

static bool watch(struct fcgi *f)
{
	struct epoll_event request = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.fd = LISTEN_FD};
	struct epoll_event stop = {.events = EPOLLIN};
	int flags = fcntl(LISTEN_FD, F_GETFL);
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_SETMASK, &set, NULL) != 0)
		return false;
	if (flags < 0 || fcntl(LISTEN_FD, F_SETFL, flags | O_NONBLOCK) != 0)
		return false;
	f->signals = stop.data.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	f->epoll = epoll_create1(EPOLL_CLOEXEC);
	return f->signals >= 0 && f->epoll >= 0 &&
	       epoll_ctl(f->epoll, EPOLL_CTL_ADD, LISTEN_FD, &request) == 0 &&
	       epoll_ctl(f->epoll, EPOLL_CTL_ADD, f->signals, &stop) == 0;
}

struct fcgi *fcgi_open(void)
{
	struct fcgi *f = heap_zalloc(1, sizeof(*f));

	f->epoll = f->signals = -1;
	f->env = (struct http_env){.ctx = f, .get = get, .read = read_body};
	if (FCGX_Init() == 0 && FCGX_InitRequest(&f->request, -1, FCGI_FAIL_ACCEPT_ON_INTR) == 0 &&
		watch(f))
		return f;
	log_event(LOG_ERROR, "cannot serve descriptor 0", "why", strerror(errno), NULL);
	fcgi_close(f);
	return NULL;
}

void fcgi_close(struct fcgi *f)
{
	if (f == NULL)
		return;
	FCGX_Free(&f->request, 1);
	OS_LibShutdown();
	if (f->epoll >= 0)
		close(f->epoll);
	if (f->signals >= 0)
		close(f->signals);
	free(f);
}

enum waited { WAITED_IN_VAIN, WAITED_CONNECTION, WAITED_STOP };

/* Sets f->stopping when a signal came. A connection that came together with a signal is still
 * served, because the kernel woke no other worker for it. */
static enum waited wait_for_connection(struct fcgi *f)
{
	struct epoll_event ev[2];
	bool ready = false;
	int n;

	do {
		n = epoll_wait(f->epoll, ev, ARRAY_LEN(ev), IDLE_MS);
	} while (n < 0 && errno == EINTR);
	BUG_ON(n < 0);
	for (int i = 0; i < n; i++) {
		if (ev[i].data.fd == LISTEN_FD)
			ready = true;
		else
			f->stopping = true;
	}
	if (ready)
		return WAITED_CONNECTION;
	return f->stopping ? WAITED_STOP : WAITED_IN_VAIN;
}

/* Errors of one connection (or another worker was quicker), and not of the listening socket. */
static bool passes(int error)
{
	return error == EAGAIN || error == EINTR || error == ECONNABORTED || error == EPROTO;
}

/* Reads the records up to the body. False: they are malformed or do not come; the connection is
 * then closed. */
static bool read_head(struct fcgi *f, int connection)
{
	int on = 1;

	/* Fails where the connection is not TCP, which is no error. */
	setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	f->request.ipcFd = connection;
	f->request.keepConnection = 1; /* else FCGX_Accept_r closes it first */
	set_time_limit(f, SO_RCVTIMEO, HEAD_US);
	set_time_limit(f, SO_SNDTIMEO, STALL_US);
	if (FCGX_Accept_r(&f->request) != 0)
		return false;
	/* One connection, one request: a worker that kept the connection for more would leave other
	 * requests waiting in the backlog. */
	f->request.keepConnection = 0;
	f->body_until_us = clock_monotonic_us() + BODY_US;
	f->answer_until_us = 0;
	return true;
}

enum fcgi_event fcgi_accept(struct fcgi *f)
{
	while (!f->stopping) {
		enum waited waited = wait_for_connection(f);
		int connection;

		if (waited == WAITED_IN_VAIN)
			return FCGI_IDLE;
		if (waited == WAITED_STOP)
			break;
		connection = accept(LISTEN_FD, NULL, NULL);
		if (connection < 0 && !passes(errno)) {
			log_event(LOG_ERROR, "accept failed", "why", strerror(errno), NULL);
			return FCGI_FAILED;
		}
		if (connection >= 0 && read_head(f, connection))
			return FCGI_REQUEST;
	}
	return FCGI_STOP;
}

const struct http_env *fcgi_env(const struct fcgi *f)
{
	return &f->env;
}

enum fcgi_role fcgi_role(const struct fcgi *f)
{
	const char *role = FCGX_GetParam("FCGI_ROLE", f->request.envp);

	if (role != NULL && strcmp(role, "RESPONDER") == 0)
		return FCGI_ROLE_RESPONDER;
	if (role != NULL && strcmp(role, "AUTHORIZER") == 0)
		return FCGI_ROLE_AUTHORIZER;
	return FCGI_ROLE_OTHER;
}

/* A web server that went away is no error of ours: the rest of the answer is dropped. So is the
 * rest for a web server that takes too long; the connection is shut down, so that the end of the
 * answer does not wait either. */
void fcgi_write(void *fcgi, const char *p, size_t n)
{
	struct fcgi *f = fcgi;

	if (f->answer_until_us == 0)
		f->answer_until_us = clock_monotonic_us() + ANSWER_US;
	while (n > 0) {
		int part = n > ANSWER_PART ? ANSWER_PART : (int)n;

		if (clock_monotonic_us() >= f->answer_until_us ||
			FCGX_PutStr(p, part, f->request.out) < 0) {
			shutdown(f->request.ipcFd, SHUT_RDWR);
			return;
		}
		p += part;
		n -= (size_t)part;
	}
}

static void drain(struct fcgi *f)
{
	FCGX_Stream *in = f->request.in;
	int64_t until_us = clock_monotonic_us() + DRAIN_US;
	char rest[8192];
	bool end = false;

	while (clock_monotonic_us() < until_us && fill(f, until_us, &end) && !end) {
		size_t there = (size_t)(in->stop - in->rdNext);

		(void)FCGX_GetStr(rest, (int)(there < sizeof(rest) ? there : sizeof(rest)), in);
	}
}

static bool has_body(const struct fcgi *f)
{
	const char *length = FCGX_GetParam("CONTENT_LENGTH", f->request.envp);

	return (length != NULL && *length != '\0' && strcmp(length, "0") != 0) ||
	       FCGX_GetParam("HTTP_TRANSFER_ENCODING", f->request.envp) != NULL;
}

/* A close with unread bytes can destroy the answer, so they are read; where there may be many, the
 * answer is sent first. Then the connection is closed at once: libfcgi's own way (shut down, wait,
 * read until the web server has closed) lasts as long as a slow client likes. The request of an
 * Authorizer has no body, and Apache does not send the end of one: there is nothing to drain, and
 * libfcgi's own way ends at once. */
void fcgi_finish(struct fcgi *f)
{
	if (fcgi_role(f) == FCGI_ROLE_RESPONDER) {
		if (f->request.in->isClosed == 0) {
			if (has_body(f))
				FCGX_FFlush(f->request.out);
			drain(f);
		}
		FCGX_Detach(&f->request);
	}
	FCGX_Finish_r(&f->request);
}
