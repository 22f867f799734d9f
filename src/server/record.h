/* SPDX-License-Identifier: MIT
 * Reads and checks FastCGI records from a connection; libfcgi sees none of them. A connection
 * carries one request: BEGIN_REQUEST, PARAMS up to the empty one, STDIN up to the empty one, all
 * with one id. Management records, a second id, DATA and ABORT_REQUEST end the connection. Called
 * by server/fcgi.c. */
#ifndef SERVER_RECORD_H
#define SERVER_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

enum record_role { RECORD_RESPONDER = 1, RECORD_AUTHORIZER = 2 };

enum record_head {
	RECORD_HEAD,      /* complete and correct */
	RECORD_ROLE,      /* asks for an unknown role */
	RECORD_TOO_LARGE, /* more parameters, or bytes of them, than base/limits.h allows */
	RECORD_BAD        /* not FastCGI, not complete, or not in time */
};

/* A parameter: text inside record_reader.params. */
struct record_param {
	const char *name; /* ends where the value begins */
	size_t name_bytes;
	char *value; /* ends with NUL */
	size_t value_bytes;
};

struct record_reader {
	int fd;
	int id;                  /* of the request */
	int role;                /* an enum record_role once the head is RECORD_HEAD */
	bool ended;              /* STDIN has ended */
	bool broken;             /* nothing more can be read */
	size_t content, padding; /* unread bytes of the current record */
	size_t at, stop;         /* the unread bytes of `in` */
	unsigned char in[16384];
	size_t param_bytes;
	unsigned char params[LIMIT_PARAM_BYTES + 1]; /* contents of all PARAMS, one after another */
	size_t list_count;                           /* set once the head is RECORD_HEAD */
	struct record_param list[LIMIT_PARAMS];
};

/* Starts to read a new connection. */
void record_open(struct record_reader *r, int fd);

/* Reads up to the empty PARAMS record, until that instant of the monotonic clock, and lists the
 * parameters. */
enum record_head record_read_head(struct record_reader *r, int64_t until_us);

/* Reads a part of STDIN. 0: its end; -1: broken, or not in time. */
long record_read(struct record_reader *r, void *out, size_t n, int64_t until_us);

/* Reads and drops all bytes until that instant or the other side's end. Bytes that have already
 * come are always read, because closing a connection with unread bytes could destroy the answer.
 * Wipes what was read. */
void record_discard(struct record_reader *r, int64_t until_us);

#endif
