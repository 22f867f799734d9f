/* SPDX-License-Identifier: MIT
 * Reads FastCGI records from a connection; see the header. Whoever can write to the pool's socket
 * can send anything at any speed, so every length is checked before use, and every wait has a fixed
 * end.
 *
 * libfcgi does not read the connection, because it answers FCGI_GET_VALUES through an array of 64
 * bytes without a check, pads with bytes of its stack, and has no limits. */
#include "record.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

enum { HEADER_BYTES = 8, BEGIN_BYTES = 8, VERSION = 1 };
enum { DISCARD_PARTS = 512 };
enum { BEGIN_REQUEST = 1, PARAMS = 4, STDIN = 5 };

void record_open(struct record_reader *r, int fd)
{
	r->fd = fd;
	r->id = r->role = 0;
	r->ended = r->broken = false;
	r->content = r->padding = r->at = r->stop = r->param_bytes = r->list_count = 0;
}

static bool wait_for(const struct record_reader *r, int64_t until_us)
{
	struct pollfd p = {.fd = r->fd, .events = POLLIN};
	int64_t left_us;
	int n;

	do {
		left_us = until_us - clock_monotonic_us();
		if (left_us <= 0)
			return false;
		n = poll(&p, 1, (int)(left_us / 1000) + 1);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

/* Receives into `out`. It tries before it waits, because the bytes are usually there. */
static size_t receive(struct record_reader *r, void *out, size_t n, int64_t until_us)
{
	ssize_t got = -1;

	/* The time is checked here too, because a slow sender may keep the socket readable. */
	if (!r->broken && clock_monotonic_us() < until_us) {
		do {
			got = recv(r->fd, out, n, MSG_DONTWAIT);
		} while (got < 0 && (errno == EINTR || (errno == EAGAIN && wait_for(r, until_us))));
	}
	r->broken = got <= 0;
	return got <= 0 ? 0 : (size_t)got;
}

/* Makes sure that r->in has an unread byte; false if none comes. */
static bool fill(struct record_reader *r, int64_t until_us)
{
	if (r->at < r->stop)
		return true;
	r->at = 0;
	r->stop = receive(r, r->in, sizeof(r->in), until_us);
	return r->stop > 0;
}

/* Takes n bytes; drops them if `out` is NULL. */
static bool take(struct record_reader *r, unsigned char *out, size_t n, int64_t until_us)
{
	while (n > 0) {
		size_t part;

		if (!fill(r, until_us))
			return false;
		part = r->stop - r->at < n ? r->stop - r->at : n;
		if (out != NULL) {
			memcpy(out, r->in + r->at, part);
			out += part;
		}
		r->at += part;
		n -= part;
	}
	return true;
}

/* Reads the header of the next record and returns its type; 0: there is no record, or a wrong one.
 * The first BEGIN_REQUEST sets r->id; all records must have it. */
static int next_record(struct record_reader *r, int64_t until_us)
{
	unsigned char h[HEADER_BYTES];
	int id;

	if (!take(r, NULL, r->padding, until_us))
		return 0;
	r->padding = 0;
	if (!take(r, h, sizeof(h), until_us) || h[0] != VERSION)
		return 0;
	id = h[2] << 8 | h[3];
	r->content = (size_t)(h[4] << 8 | h[5]);
	r->padding = h[6];
	if (r->id == 0 && h[1] == BEGIN_REQUEST)
		r->id = id;
	return id != 0 && id == r->id ? h[1] : 0;
}

static bool read_begin(struct record_reader *r, int64_t until_us)
{
	unsigned char body[BEGIN_BYTES];

	if (next_record(r, until_us) != BEGIN_REQUEST || r->content != sizeof(body) ||
		!take(r, body, sizeof(body), until_us))
		return false;
	r->role = body[0] << 8 | body[1];
	return true;
}

/* A length has one byte, or four if the highest bit is set. */
static bool take_length(const struct record_reader *r, size_t *at, size_t *length)
{
	const unsigned char *p = r->params + *at;
	size_t left = r->param_bytes - *at;

	if (left == 0)
		return false;
	if (p[0] < 0x80) {
		*length = p[0];
		*at += 1;
		return true;
	}
	if (left < 4)
		return false;
	*length = (size_t)(p[0] & 0x7f) << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	*at += 4;
	return true;
}

/* The NUL behind a value takes the place of the next parameter's first length. */
static enum record_head list_params(struct record_reader *r)
{
	char *text = (char *)r->params;
	size_t at = 0;

	for (; at < r->param_bytes; r->list_count++) {
		struct record_param *p = &r->list[r->list_count];

		if (r->list_count == LIMIT_PARAMS)
			return RECORD_TOO_LARGE;
		if (!take_length(r, &at, &p->name_bytes) || !take_length(r, &at, &p->value_bytes) ||
			p->name_bytes + p->value_bytes > r->param_bytes - at)
			return RECORD_BAD;
		p->name = text + at;
		p->value = text + at + p->name_bytes;
		at += p->name_bytes + p->value_bytes;
	}
	for (size_t i = 0; i < r->list_count; i++)
		r->list[i].value[r->list[i].value_bytes] = '\0';
	return RECORD_HEAD;
}

enum record_head record_read_head(struct record_reader *r, int64_t until_us)
{
	if (!read_begin(r, until_us))
		return RECORD_BAD;
	if (r->role != RECORD_RESPONDER && r->role != RECORD_AUTHORIZER)
		return RECORD_ROLE;
	for (;;) {
		if (next_record(r, until_us) != PARAMS)
			return RECORD_BAD;
		if (r->content == 0)
			return list_params(r);
		if (r->content > LIMIT_PARAM_BYTES - r->param_bytes)
			return RECORD_TOO_LARGE;
		if (!take(r, r->params + r->param_bytes, r->content, until_us))
			return RECORD_BAD;
		r->param_bytes += r->content;
		r->content = 0;
	}
}

long record_read(struct record_reader *r, void *out, size_t n, int64_t until_us)
{
	size_t part;

	if (r->content == 0 && !r->ended && !r->broken) {
		r->broken = next_record(r, until_us) != STDIN;
		r->ended = !r->broken && r->content == 0;
	}
	if (r->ended || r->broken)
		return r->ended ? 0 : -1;
	if (n == 0 || !fill(r, until_us))
		return -1;
	part = r->stop - r->at < n ? r->stop - r->at : n;
	if (part > r->content)
		part = r->content;
	memcpy(out, r->in + r->at, part);
	r->at += part;
	r->content -= part;
	return (long)part;
}

void record_discard(struct record_reader *r, int64_t until_us)
{
	/* Behind the end of STDIN nothing comes. The number is limited, because a client may send
	 * as fast as this reads. */
	for (int parts = 0; parts < DISCARD_PARTS && !(r->ended && r->at == r->stop); parts++) {
		ssize_t got = recv(r->fd, r->in, sizeof(r->in), MSG_DONTWAIT);

		if (got == 0 ||
			(got < 0 && errno != EINTR && (errno != EAGAIN || !wait_for(r, until_us))))
			break;
	}
	r->broken = true;
	/* Headers hold tokens. */
	explicit_bzero(r->params, r->param_bytes);
	explicit_bzero(r->in, sizeof(r->in));
}
