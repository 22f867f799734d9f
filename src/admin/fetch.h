/* SPDX-License-Identifier: MIT
 * Fetches a document over HTTPS and checks the certificate; plain HTTP is allowed only to this
 * host. For jwks.c. */
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
	bool https_only;     /* no plain HTTP to this host either */
};

/* Whether the URL is http:// and names this host (localhost, 127.0.0.0/8, ::1). */
bool fetch_is_loopback(const char *url);

/* The body of a GET whose answer is 200, after at most FETCH_REDIRECTS redirections, each to https.
 * Everything else is ERR_INVALID with a phrase in *why: a URL that is not allowed, no answer within
 * FETCH_SECONDS, more than FETCH_BYTES. */
MUST_CHECK enum err fetch_get(struct arena *a, const char *url, const struct fetch_rules *rules,
	struct str *body, const char **why);

#endif
