/* SPDX-License-Identifier: MIT
 * Reads a FastCGI environment and body into one struct: mount point, path segments, query, body.
 * Knows no routes and no FastCGI protocol: the environment comes through struct http_env.
 *
 * The path comes undecoded from REQUEST_URI (so that %2F stays inside a segment), else from
 * SCRIPT_NAME + PATH_INFO. src/http/target.h says how the mount is found. Paths are not normalised:
 * one with a dot segment or an empty inner segment is refused. */
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

/* The source of a request; server/fcgi.c fills it. Its strings live until the request ends. */
struct http_env {
	void *ctx;
	const char *(*get)(void *ctx, const char *name); /* CGI variable, NULL if absent */
	long (*read)(void *ctx, char *out, size_t n);    /* bytes of the body; 0: end, -1: error */
};

struct http_request {
	struct arena *arena;
	const struct http_env *env;
	enum http_method method;
	struct str mount;  /* "" at the root, else "/apps/sessions" */
	struct str prefix; /* the caller's prefix that matches, or "" */
	struct str path;   /* after mount and prefix, undecoded; if path_ok is false, the whole path
			      of any length, for the log */
	struct str segments[LIMIT_PATH_SEGMENTS]; /* of path, percent-decoded; an empty one at the
						     end is left out */
	size_t segment_count;
	bool path_ok; /* false (404): too long, too many segments, an empty or dot segment, or no
			 prefix matches */
	struct str query; /* as sent; read it with http_form_last(r->arena, r->query, "page") */
	bool query_ok;    /* false (400): over LIMIT_QUERY_BYTES; `query` is then empty */
	struct str body;  /* after http_request_body */
	char id[LIMIT_REQUEST_ID_BYTES + 1]; /* schema/api.md 2.1: the client's or a new UUID */
};

/* Never fails: path_ok, query_ok and method show the faults. `prefixes` lists `count` base paths;
 * each begins with "/", or is "" for a path that ends at the mount. The mount is the web server's
 * parameter ROLLCALL_MOUNT ("/" is the root), else `mount`, else what target_parse finds. */
void http_request_parse(struct http_request *r, struct arena *a, const struct http_env *env,
	const struct str *prefixes, size_t count, struct str mount);

/* A request header by its CGI name without HTTP_ ("AUTHORIZATION"; CONTENT_TYPE and CONTENT_LENGTH
 * never have HTTP_). If it is absent, the names with REDIRECT_ that an Apache rewrite makes are
 * tried. An empty header counts as absent (p == NULL), because nginx sends absent ones as empty. */
struct str http_header(const struct http_request *r, const char *cgi_name);

/* Reads the whole body. ERR_TOO_LARGE if it exceeds `limit` (before reading, if CONTENT_LENGTH says
 * so). ERR_BAD_REQUEST if CONTENT_LENGTH is no number, or not the length of the body. Without
 * CONTENT_LENGTH (chunked) it reads to the end. */
MUST_CHECK enum err http_request_body(struct http_request *r, size_t limit);

/* True if the Content-Type is application/json or application/…+json, with any parameters. */
bool http_is_json(struct str content_type);
bool http_is_form(struct str content_type); /* application/x-www-form-urlencoded */

/* Whether an Accept header (RFC 9110 section 12.5.1; p == NULL: anything) accepts application/json
 * with q > 0. */
bool http_accepts_json(struct str accept);

/* The first or the last value of a name in application/x-www-form-urlencoded text or a query
 * string. The value is percent-decoded and need not be UTF-8; p == NULL if absent. '+' is a space,
 * a '%' without two hex digits stays as it is, a name without '=' has the value "". */
struct str http_form_first(struct arena *a, struct str text, const char *name);
struct str http_form_last(struct arena *a, struct str text, const char *name);

#endif
