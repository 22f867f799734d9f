/* SPDX-License-Identifier: MIT
 * libFuzzer target: the bytes of a connection to a worker, through everything that a worker has for
 * them: epoll, records, libfcgi, the body, an answer, the close. Descriptor 0 becomes a listening
 * socket. A good request follows the bytes on a connection of its own: it has to be answered,
 * whatever came before it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/fuzz.h"
#include "server/fcgi.h"

static struct fcgi *worker;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static unsigned long long turn;

static void listen_on_0(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	/* The abstract name space: nothing is left behind. */
	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "rollcall-fuzz-%ld",
		(long)getpid());
	fuzz_must(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
			  listen(fd, 8) == 0 && dup2(fd, 0) == 0,
		"not listening", STR(""));
	close(fd);
	worker = fcgi_open();
	fuzz_must(worker != NULL, "no worker", STR(""));
}

static int send_bytes(struct str bytes)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	fuzz_must(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "not connected",
		bytes);
	fuzz_must(send(fd, bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)bytes.n,
		"not sent", bytes);
	shutdown(fd, SHUT_WR);
	return fd;
}

/* One with a number, by which it is known. */
static struct str good_request(struct arena *a, struct str number)
{
	char head[] = {1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, /* BEGIN_REQUEST */
		1, 4, 0, 1, 0, (char)(number.n + 6), 0, 0, 4, (char)number.n, 'T', 'U', 'R', 'N'},
	     tail[] = {1, 4, 0, 1, 0, 0, 0, 0, 1, 5, 0, 1, 0, 0, 0, 0};
	char *out = arena_alloc(a, sizeof(head) + number.n + sizeof(tail));

	memcpy(out, head, sizeof(head));
	memcpy(out + sizeof(head), number.p, number.n);
	memcpy(out + sizeof(head) + number.n, tail, sizeof(tail));
	return (struct str){out, sizeof(head) + number.n + sizeof(tail)};
}

/* True when it was the good one. */
static bool serve(struct str number)
{
	static const char answer[] = "Status: 200 OK\r\n\r\nok";
	static char part[4096];
	const struct http_env *env = fcgi_env(worker);
	const char *turned = env->get(env->ctx, "TURN"), *length;
	bool good = turned != NULL && str_eq(str_from(turned), number);

	length = env->get(env->ctx, "CONTENT_LENGTH");
	(void)env->get(env->ctx, "REQUEST_URI");
	if (length == NULL || *length != '7')
		while (env->read(env->ctx, part, sizeof(part)) > 0)
			;
	fcgi_write(worker, answer, sizeof(answer) - 1);
	fcgi_finish(worker);
	return good;
}

/* What a client gets: nothing, or records of the protocol that end with END_REQUEST. */
static void check_answer(int fd, struct str input, bool good)
{
	static unsigned char got[65536];
	size_t n = 0, at = 0;
	ssize_t more;
	int type = 0;

	while (n < sizeof(got) && (more = recv(fd, got + n, sizeof(got) - n, 0)) > 0)
		n += (size_t)more;
	while (at + 8 <= n) {
		type = got[at + 1];
		fuzz_must(got[at] == 1 && (type == 3 || type == 6 || type == 7), "record", input);
		at += 8u + ((size_t)got[at + 4] << 8 | got[at + 5]) + got[at + 6];
	}
	fuzz_must(at == n && (n == 0 || type == 3), "half a record", input);
	fuzz_must(!good || n > 0, "no answer", input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = fuzz_arena();
	struct str input = fuzz_input(data, size), number;
	int hostile, good;

	if (worker == NULL)
		listen_on_0();
	if (size > 60000)
		return 0;
	number = str_printf(a, "%llu", ++turn);
	hostile = send_bytes(input);
	good = send_bytes(good_request(a, number));
	do {
		fuzz_must(fcgi_accept(worker) == FCGI_REQUEST, "no request", input);
	} while (!serve(number));
	check_answer(hostile, input, false);
	check_answer(good, input, true);
	close(hostile);
	close(good);
	return 0;
}
