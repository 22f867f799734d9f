/* SPDX-License-Identifier: MIT
 * Status, headers and body of one answer. The body is complete before the status line is written,
 * so an error at the last row still gives a 500. A large body waits in a spool (base/spool.h). */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/spool.h"

#define HTTP_HEADERS_MAX 16
#define HTTP_BODY_PART 32768 /* bytes of the body that are kept outside the spool */

struct http_header_line {
	const char *name;
	struct str value;
};

struct http_response {
	struct arena *arena;
	int status;
	struct http_header_line headers[HTTP_HEADERS_MAX];
	size_t header_count;
	struct buf body; /* the latest bytes; the earlier ones are in `spool` */
	struct spool spool;
	bool head_only; /* HEAD: the headers of GET with Content-Length, no body */
	bool started;   /* the status line is written; nothing can be changed */
	void (*write)(void *ctx, const char *p, size_t n); /* to the web server */
	void *write_ctx;
};

void http_response_init(struct http_response *res, struct arena *a,
	void (*write)(void *ctx, const char *p, size_t n), void *write_ctx);

/* Sets or replaces a header; the case of the name does not matter. The name is a literal. The value
 * is copied without CR, LF and NUL. Do not set Content-Length and Status: http_response_finish
 * writes them. */
void http_response_header(struct http_response *res, const char *name, struct str value);

/* Sets Retry-After, for a 503. */
void http_response_retry_after(struct http_response *res, int64_t seconds);

/* Sets headers so that no cache keeps the answer and no browser guesses its type. Called first for
 * every answer; a handler whose answer is the same for all callers sets another Cache-Control. */
void http_response_is_private(struct http_response *res);

/* Drops the body but keeps the headers, for an error in the middle of an answer. BUG if started. */
void http_response_restart(struct http_response *res);

/* Whether the whole body is there. False: the file of the spool failed. */
bool http_response_is_whole(const struct http_response *res);

/* Sends everything, once, and closes the spool. 204 and 304 have no body and no Content-Type. */
void http_response_finish(struct http_response *res);

const char *http_status_text(int status); /* "Unknown" if status.def does not list it */

#endif
