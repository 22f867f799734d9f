/* SPDX-License-Identifier: MIT
 * The FastCGI side of one worker, over libfcgi; the only file that includes <fcgiapp.h>. */
#ifndef SERVER_FCGI_H
#define SERVER_FCGI_H

#include <stdbool.h>

#include "http/request.h"

struct fcgi;

enum fcgi_role { FCGI_ROLE_RESPONDER, FCGI_ROLE_AUTHORIZER };

enum fcgi_event {
	FCGI_REQUEST, /* one is there, until fcgi_finish */
	FCGI_IDLE,    /* none came for a second */
	FCGI_STOP,    /* a signal came, and no request is there */
	FCGI_FAILED   /* the listening socket cannot be used any more; logged */
};

/* True when descriptor 0 is a listening socket, as spawn-fcgi, lighttpd, mod_fcgid and systemd
 * leave it. */
bool fcgi_inherited(void);

/* After fork. From here on SIGTERM, SIGINT and SIGUSR1 end fcgi_accept and do nothing else, and
 * SIGHUP and SIGPIPE are ignored: a request that has begun is always finished. NULL, logged, when
 * that fails. */
struct fcgi *fcgi_open(void);
void fcgi_close(struct fcgi *f);

/* Waits for a request or for a signal to stop, a second at the most. */
enum fcgi_event fcgi_accept(struct fcgi *f);

const struct http_env *fcgi_env(const struct fcgi *f);
enum fcgi_role fcgi_role(const struct fcgi *f);
void fcgi_write(void *fcgi, const char *p, size_t n); /* fits http_response.write */

/* Drains the rest of standard input, ends the request and closes its connection in one system call.
 * The connection is closed even when the web server asked to keep it: a worker with a kept
 * connection would leave other requests waiting. */
void fcgi_finish(struct fcgi *f);

#endif
