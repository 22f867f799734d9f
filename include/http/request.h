/* SPDX-License-Identifier: MIT
 * A FastCGI environment and body, read into one struct: mount point, path segments, query, body.
 * Knows no route of ours and no libfcgi: the environment comes through struct http_env.
 *
 * The path is taken raw from REQUEST_URI (so that %2F stays inside a segment), else from
 * SCRIPT_NAME + PATH_INFO. http/target.h says how the mount is found. Nothing is normalised: a path
 * with a dot segment or an empty inner segment is refused. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

enum http_method {
#define METHOD(name) HTTP_##name,
#include "http/method.def"
#undef METHOD
	HTTP_OTHER, /* anything else: 405 on a known path */
	HTTP_METHOD__COUNT
};

const char *http_method_text(enum http_method m);

/* Where a request comes from; server/fcgi.c fills it. Strings live until the request ends. */
struct http_env {
	void *ctx;
	const char *(*get)(void *ctx, const char *name); /* CGI variable, NULL if absent */
	long (*read)(void *ctx, char *out, size_t n);    /* body bytes; 0 end, -1 error */
};

struct http_request {
	struct arena *arena;
	const struct http_env *env;
	enum http_method method;
	struct str mount;  /* "" at the root, else "/apps/sessions" */
	struct str prefix; /* the matching one of the caller's prefixes, or "" */
	struct str path;   /* behind mount and prefix, raw, no query; when path_ok is false the
			      whole one, of any length, for the log */
	struct str segments[LIMIT_PATH_SEGMENTS]; /* of path, percent-decoded; no last empty one */
	size_t segment_count;
	bool path_ok;     /* false: too long, too many segments, an empty or dot segment, or
			     outside every prefix: 404 */
	struct str query; /* as it was sent: http_form_last(r->arena, r->query, "page") */
	bool query_ok;    /* false: over LIMIT_QUERY_BYTES, and then it is empty: 400 */
	struct str body;  /* after http_request_body */
	char id[LIMIT_REQUEST_ID_BYTES + 1]; /* schema/api.md 2.1: echoed or a fresh UUID */
};

/* Never fails: what is wrong shows in path_ok, query_ok and method. `prefixes` lists `count` base
 * paths, each beginning with "/", or "" for the mount itself with
 * nothing behind it. The mount is the web server's parameter ROLLCALL_MOUNT ("/" is
 * the root); without it `mount`; without that (p == NULL) the mount that target_parse finds. */
void http_request_parse(struct http_request *r, struct arena *a, const struct http_env *env,
	const struct str *prefixes, size_t count, struct str mount);

/* A request header by its CGI name without HTTP_ ("AUTHORIZATION"; CONTENT_TYPE and CONTENT_LENGTH
 * come as themselves). Falls back to the REDIRECT_ form that an Apache rewrite leaves behind. An
 * empty header counts as absent (p == NULL), for nginx sends absent ones as empty. */
struct str http_header(const struct http_request *r, const char *cgi_name);

/* Reads the whole body. ERR_TOO_LARGE past `limit` (before reading when CONTENT_LENGTH says so).
 * ERR_BAD_REQUEST when CONTENT_LENGTH is no number, or the body is shorter or longer than it says.
 * Without CONTENT_LENGTH (chunked) it reads to the end. */
MUST_CHECK enum err http_request_body(struct http_request *r, size_t limit);

/* True when the Content-Type is application/json or application/…+json, any parameters. */
bool http_is_json(struct str content_type);
bool http_is_form(struct str content_type); /* application/x-www-form-urlencoded */

/* RFC 9110 section 12.5.1: whether an Accept header (p == NULL: anything) takes application/json
 * with q > 0. */
bool http_accepts_json(struct str accept);

/* application/x-www-form-urlencoded, also a query string: the first or the last value of a name,
 * percent-decoded and not necessarily UTF-8; p == NULL if absent. '+' is a space, a '%' without two
 * hex digits stays as it is, a name without '=' has the value "". */
struct str http_form_first(struct arena *a, struct str text, const char *name);
struct str http_form_last(struct arena *a, struct str text, const char *name);

#endif
