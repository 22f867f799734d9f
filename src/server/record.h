/* SPDX-License-Identifier: MIT
 * FastCGI records as they arrive on a connection, and nothing of what they mean to libfcgi: it gets
 * to see no byte that was not looked at here. A connection carries one request: BEGIN_REQUEST,
 * PARAMS up to the empty one, STDIN up to the empty one, all with one id. Management records, a
 * second id, DATA and ABORT_REQUEST end the connection. Called by server/fcgi.c. */
#ifndef SERVER_RECORD_H
#define SERVER_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

enum record_role { RECORD_RESPONDER = 1, RECORD_AUTHORIZER = 2 };

enum record_head {
	RECORD_HEAD,      /* whole, and fit for libfcgi */
	RECORD_ROLE,      /* asks for a role that there is not */
	RECORD_TOO_LARGE, /* more parameters, or bytes of them, than base/limits.h allows */
	RECORD_BAD        /* no FastCGI, not all of it, or not in time */
};

struct record_reader {
	int fd;
	int id;                  /* of the request */
	int role;                /* an enum record_role once the head is RECORD_HEAD */
	bool ended;              /* STDIN has ended */
	bool broken;             /* nothing more can be read */
	size_t content, padding; /* of the record in hand, not read yet */
	size_t at, stop;         /* what there is of `in` */
	unsigned char in[16384];
	size_t param_bytes;
	unsigned char params[LIMIT_PARAM_BYTES]; /* contents of all PARAMS, one after another */
};

/* Begins with a new connection. */
void record_open(struct record_reader *r, int fd);

/* Reads up to the empty PARAMS record, until that instant of the monotonic clock. The lengths of
 * names and values add up to param_bytes. */
enum record_head record_read_head(struct record_reader *r, int64_t until_us);

/* Reads a part of STDIN. 0: its end; -1: no more of it comes, or not in time. */
long record_read(struct record_reader *r, void *out, size_t n, int64_t until_us);

/* Throws away what comes, of any kind, until that instant or the other side's end; what is there
 * already in any case, for bytes that were not read would take the answer along when the connection
 * is closed. Wipes what was read. */
void record_discard(struct record_reader *r, int64_t until_us);

#endif
