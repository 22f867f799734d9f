/* SPDX-License-Identifier: MIT
 * The FastCGI side of one worker, with libfcgi; the only file with <fcgiapp.h>. Called by worker.c.
 *
 * A worker does not wait in libfcgi's accept. It waits in epoll for the listening socket and for
 * the signals that stop it, which are otherwise blocked. So no stop is lost between the test of a
 * flag and a blocking accept, and none interrupts a read in the middle of a request. The socket is
 * non-blocking, because another worker may be quicker; EPOLLEXCLUSIVE wakes one worker for each
 * connection, as a blocking accept would.
 *
 * libfcgi never reads the connection: server/record.c reads and checks it, and lists the
 * parameters. libfcgi reads an empty request, always the same, from a file in memory, and then gets
 * the connection for the answer. */
#define _GNU_SOURCE /* memfd_create */
#include "fcgi.h"

#include <errno.h>
#include <fcntl.h>
#include <fastcgi.h>
#include <fcgiapp.h>
#include <fcgios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/macros.h"
#include "record.h"

#define LISTEN_FD 0

/* Time limit for the whole body: behind a web server that passes on a body as it comes
 * (mod_proxy_fcgi), a few slow clients must not occupy all workers. */
#define BODY_US INT64_C(10000000)

/* Time limit for all records before the body. A web server sends them at once. */
#define HEAD_US INT64_C(2000000)

/* Time limits for the whole answer, and for a pause in it: a few clients that do not read must not
 * occupy all workers. */
#define ANSWER_US INT64_C(30000000)
#define STALL_US INT64_C(5000000)
#define ANSWER_PART 65536

/* An idle worker returns to the caller after this time. */
#define IDLE_MS 1000

/* How long the rest of a body is read and dropped before closing. The time is limited, not the
 * bytes: web servers pass on megabytes of a body that was refused for its length, and need the
 * connection until then. */
#define DRAIN_US INT64_C(500000)

struct fcgi {
	FCGX_Request request;
	struct record_reader in;
	int head; /* the file in memory */
	int epoll, signals;
	bool is_tcp, stopping;
	int64_t body_until_us, answer_until_us; /* monotonic; 0 before the answer's first byte */
	struct http_env env;
};

/* Compares lengths first: most names differ in length, and a request asks for about thirty. */
static const char *get(void *ctx, const char *name)
{
	const struct fcgi *f = ctx;
	size_t n = strlen(name);

	for (size_t i = 0; i < f->in.list_count; i++)
		if (f->in.list[i].name_bytes == n && memcmp(f->in.list[i].name, name, n) == 0)
			return f->in.list[i].value;
	return NULL;
}

static long read_body(void *ctx, char *out, size_t n)
{
	struct fcgi *f = ctx;

	return record_read(&f->in, out, n, f->body_until_us);
}

bool fcgi_inherited(void)
{
	int on = 0;
	socklen_t n = sizeof(on);

	return getsockopt(LISTEN_FD, SOL_SOCKET, SO_ACCEPTCONN, &on, &n) == 0 && on != 0;
}

static bool is_tcp(int fd)
{
	int domain = AF_UNSPEC;
	socklen_t n = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 && domain != AF_UNIX;
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

/* The file in memory: a request without parameters. */
static bool open_head(struct fcgi *f)
{
	static const unsigned char head[] = {FCGI_VERSION_1, FCGI_BEGIN_REQUEST, 0, 1, 0,
		sizeof(FCGI_BeginRequestBody), 0, 0, 0, FCGI_RESPONDER, 0, 0, 0, 0, 0, 0,
		FCGI_VERSION_1, FCGI_PARAMS, 0, 1, 0, 0, 0, 0};

	f->head = memfd_create("rollcall-head", MFD_CLOEXEC);
	return f->head >= 0 && write(f->head, head, sizeof(head)) == (ssize_t)sizeof(head);
}

struct fcgi *fcgi_open(void)
{
	struct fcgi *f = heap_zalloc(1, sizeof(*f));

	f->epoll = f->signals = f->head = -1;
	f->is_tcp = is_tcp(LISTEN_FD);
	f->env = (struct http_env){.ctx = f, .get = get, .read = read_body};
	if (FCGX_Init() == 0 && FCGX_InitRequest(&f->request, -1, FCGI_FAIL_ACCEPT_ON_INTR) == 0 &&
		open_head(f) && watch(f))
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
	if (f->head >= 0)
		close(f->head);
	free(f);
}

enum waited { WAITED_IN_VAIN, WAITED_CONNECTION, WAITED_STOP };

/* Sets f->stopping if a signal came. A connection that came together with a signal is still served,
 * because the kernel woke no other worker for it. */
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

/* Whether the error concerns one connection only, or another worker was quicker. */
static bool passes(int error)
{
	return error == EAGAIN || error == EINTR || error == ECONNABORTED || error == EPROTO;
}

static void set_header(unsigned char h[FCGI_HEADER_LEN], int type, int id, size_t length)
{
	h[0] = FCGI_VERSION_1;
	h[1] = (unsigned char)type;
	h[2] = (unsigned char)(id >> 8);
	h[3] = (unsigned char)id;
	h[4] = (unsigned char)(length >> 8);
	h[5] = (unsigned char)length;
	h[6] = h[7] = 0;
}

/* Makes libfcgi begin an answer to this request. False, logged: it does not. */
static bool begin_answer(struct fcgi *f)
{
	f->request.ipcFd = f->head;
	f->request.keepConnection = 1; /* else FCGX_Accept_r would close it first */
	if (lseek(f->head, 0, SEEK_SET) == 0 && FCGX_Accept_r(&f->request) == 0) {
		f->request.requestId = f->in.id;
		return true;
	}
	log_event(LOG_ERROR, "request not read", "why", strerror(errno), NULL);
	if (f->request.ipcFd < 0)
		(void)open_head(f);
	f->request.ipcFd = -1;
	return false;
}

static void send_end(const struct fcgi *f, int protocol_status)
{
	unsigned char end[FCGI_HEADER_LEN + sizeof(FCGI_EndRequestBody)] = {0};

	set_header(end, FCGI_END_REQUEST, f->in.id, sizeof(FCGI_EndRequestBody));
	end[FCGI_HEADER_LEN + 4] = (unsigned char)protocol_status;
	(void)send(f->in.fd, end, sizeof(end), MSG_DONTWAIT);
}

/* The answer is made here, because the path is not known. */
static void send_too_large(const struct fcgi *f)
{
	static const char answer[] = "Status: 431 Request Header Fields Too Large\r\n"
				     "Content-Type: application/json\r\n"
				     "Cache-Control: no-store\r\n"
				     "X-Content-Type-Options: nosniff\r\n\r\n"
				     "{\"detail\":\"Request header fields too large\"}";
	unsigned char record[FCGI_HEADER_LEN + sizeof(answer) - 1];

	set_header(record, FCGI_STDOUT, f->in.id, sizeof(answer) - 1);
	memcpy(record + FCGI_HEADER_LEN, answer, sizeof(answer) - 1);
	(void)send(f->in.fd, record, sizeof(record), MSG_DONTWAIT);
	send_end(f, FCGI_REQUEST_COMPLETE);
}

static void refuse(struct fcgi *f, enum record_head head)
{
	static const char *const why[] = {[RECORD_ROLE] = "unknown role",
		[RECORD_TOO_LARGE] = "too many parameters",
		[RECORD_BAD] = "head not complete in time"};

	if (head == RECORD_ROLE)
		send_end(f, FCGI_UNKNOWN_ROLE);
	if (head == RECORD_TOO_LARGE)
		send_too_large(f);
	record_discard(&f->in, clock_monotonic_us() + (head == RECORD_TOO_LARGE ? DRAIN_US : 0));
	close(f->in.fd);
	log_event(LOG_INFO, "connection refused", "why", why[head], NULL);
}

/* Reads the records before the body. False: there is no request; the connection is closed. */
static bool read_head(struct fcgi *f, int connection)
{
	const struct timeval stall = {.tv_sec = STALL_US / 1000000};
	enum record_head head;
	int on = 1;

	if (f->is_tcp)
		setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &stall, sizeof(stall));
	record_open(&f->in, connection);
	head = record_read_head(&f->in, clock_monotonic_us() + HEAD_US);
	if (head != RECORD_HEAD) {
		refuse(f, head);
		return false;
	}
	if (!begin_answer(f)) {
		close(connection);
		return false;
	}
	f->request.ipcFd = connection;
	/* One connection has one request: while a worker kept a connection, requests of others
	 * would wait in the backlog. */
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
	return f->in.role == RECORD_AUTHORIZER ? FCGI_ROLE_AUTHORIZER : FCGI_ROLE_RESPONDER;
}

/* If the web server has closed the connection or takes too long, the rest of the answer is dropped.
 * The connection is shut down, so that ending the request does not wait either. */
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
	int64_t until_us = clock_monotonic_us() + DRAIN_US;
	char rest[8192];

	while (record_read(&f->in, rest, sizeof(rest), until_us) > 0)
		;
}

static bool has_body(struct fcgi *f)
{
	const char *length = get(f, "CONTENT_LENGTH");

	return (length != NULL && *length != '\0' && strcmp(length, "0") != 0) ||
	       get(f, "HTTP_TRANSFER_ENCODING") != NULL;
}

/* Closing a connection with unread bytes can destroy the answer, so they are read, after the answer
 * if there may be many. Then the connection is closed at once; libfcgi would shut down and read
 * until the web server has closed, which a slow client can delay. For an authorizer's request
 * nothing is awaited: it has no body, and Apache sends no end of one. */
void fcgi_finish(struct fcgi *f)
{
	if (f->in.role == RECORD_RESPONDER && !f->in.ended) {
		if (has_body(f))
			FCGX_FFlush(f->request.out);
		drain(f);
	}
	record_discard(&f->in, 0);
	FCGX_Detach(&f->request);
	FCGX_Finish_r(&f->request);
}
