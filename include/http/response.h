/* SPDX-License-Identifier: MIT
 * Status, headers and body of one answer. The body is complete before the status line is written,
 * so an error at the last row is still a clean 500; an answer that grows with the data
 * (revoke-all) says http_response_stream first and goes out in parts. */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <stdbool.h>

#include "base/buf.h"

#define HTTP_HEADERS_MAX 16
#define HTTP_STREAM_CHUNK 65536

struct http_header_line {
	const char *name;
	struct str value;
};

struct http_response {
	struct arena *arena;
	int status;
	struct http_header_line headers[HTTP_HEADERS_MAX];
	size_t header_count;
	struct buf body;
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

/* The answer is for this caller: no cache may keep it, and no browser guess what it is. First of
 * all, for every answer; a handler of what is the same for everybody sets another Cache-Control. */
void http_response_is_private(struct http_response *res);

/* Throws the body away, for an error found half-way; headers stay. BUG when started. */
void http_response_restart(struct http_response *res);

/* From here on the body leaves in chunks of HTTP_STREAM_CHUNK bytes, without a Content-Length;
 * status and headers are final. A second call does nothing. */
void http_response_stream(struct http_response *res);

/* Sends what is left. 204 and 304 carry no body and no Content-Type. */
void http_response_finish(struct http_response *res);

const char *http_status_text(int status); /* "Unknown" for one that status.def does not list */

#endif
