/* SPDX-License-Identifier: MIT
 * The FastCGI side of one worker, with libfcgi. */
#ifndef SERVER_FCGI_H
#define SERVER_FCGI_H

#include <stdbool.h>

#include "http/request.h"

struct fcgi;

enum fcgi_role { FCGI_ROLE_RESPONDER, FCGI_ROLE_AUTHORIZER };

enum fcgi_event {
	FCGI_REQUEST, /* there is a request, until fcgi_finish */
	FCGI_IDLE,    /* no request came for a second */
	FCGI_STOP,    /* a signal came, and no request is there */
	FCGI_FAILED   /* the listening socket cannot be used any more; logged */
};

/* True if descriptor 0 is a listening socket, which spawn-fcgi, lighttpd, mod_fcgid and systemd
 * pass on. */
bool fcgi_inherited(void);

/* Called after fork. From then on SIGTERM, SIGINT and SIGUSR1 only end fcgi_accept, and SIGHUP and
 * SIGPIPE are ignored, so that a request that has begun is always finished. NULL, logged, if that
 * fails. */
struct fcgi *fcgi_open(void);
void fcgi_close(struct fcgi *f);

/* Waits for a request or a signal to stop, at most a second. */
enum fcgi_event fcgi_accept(struct fcgi *f);

const struct http_env *fcgi_env(const struct fcgi *f);
enum fcgi_role fcgi_role(const struct fcgi *f);
void fcgi_write(void *fcgi, const char *p, size_t n); /* for http_response.write */

/* Reads the rest of the body, ends the request and closes its connection, even if the web server
 * asked to keep it: a worker with a kept connection would leave other requests waiting. */
void fcgi_finish(struct fcgi *f);

#endif
