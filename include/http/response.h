/* SPDX-License-Identifier: MIT
 * Status, headers and body of one answer. The body is complete before the status line is written,
 * so an error at the last row is still a clean 500; a large body waits in a spool (base/spool.h).
 */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/spool.h"

#define HTTP_HEADERS_MAX 16
#define HTTP_BODY_PART 32768 /* of a body that is still in memory of its own */

struct http_header_line {
	const char *name;
	struct str value;
};

struct http_response {
	struct arena *arena;
	int status;
	struct http_header_line headers[HTTP_HEADERS_MAX];
	size_t header_count;
	struct buf body; /* its latest bytes; the earlier ones are in `spool` */
	struct spool spool;
	bool head_only; /* HEAD: headers as for GET, Content-Length included, no body */
	bool started;   /* the status line is out: nothing can be taken back */
	void (*write)(void *ctx, const char *p, size_t n); /* to the web server */
	void *write_ctx;
};

void http_response_init(struct http_response *res, struct arena *a,
	void (*write)(void *ctx, const char *p, size_t n), void *write_ctx);

/* Sets or replaces (names in any case). The name is a literal; the value is copied, CR, LF and NUL
 * in it are dropped. Content-Length and Status are written by finish and stream, never set here. */
void http_response_header(struct http_response *res, const char *name, struct str value);

/* Retry-After, of a 503. */
void http_response_retry_after(struct http_response *res, int64_t seconds);

/* The answer is for this caller: no cache may keep it, and no browser guess what it is. First of
 * all, for every answer; a handler of what is the same for everybody sets another Cache-Control. */
void http_response_is_private(struct http_response *res);

/* Throws the body away, for an error found half-way; headers stay. BUG when started. */
void http_response_restart(struct http_response *res);

/* Whether the whole body is there. False: it was too large for the memory, and the file that should
 * hold the rest failed. */
bool http_response_is_whole(const struct http_response *res);

/* Sends everything, once, and gives the spool back. 204 and 304 carry no body and no Content-Type.
 */
void http_response_finish(struct http_response *res);

const char *http_status_text(int status); /* "Unknown" for one that status.def does not list */

#endif
