/* SPDX-License-Identifier: MIT
 * One document from another host, over HTTPS with the certificate checked; plain HTTP only to this
 * host itself. For jwks.c. */
#ifndef ADMIN_FETCH_H
#define ADMIN_FETCH_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

#define FETCH_BYTES (256 * 1024)
#define FETCH_SECONDS 30
#define FETCH_REDIRECTS 3

struct fetch_rules {
	const char *ca_file; /* PEM, instead of the system's authorities; NULL: the system's */
	bool https_only;     /* not even this host over plain HTTP */
};

/* Whether the URL is http:// and names this host (localhost, 127.0.0.0/8, ::1). */
bool fetch_is_loopback(const char *url);

/* The body of a GET that was answered with 200, after at most FETCH_REDIRECTS redirections, each to
 * https. ERR_INVALID, with a phrase in *why, for everything else: a URL that is not allowed, no
 * answer within FETCH_SECONDS, more than FETCH_BYTES. */
MUST_CHECK enum err fetch_get(struct arena *a, const char *url, const struct fetch_rules *rules,
	struct str *body, const char **why);

#endif
