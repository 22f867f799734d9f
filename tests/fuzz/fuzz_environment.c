/* SPDX-License-Identifier: MIT
 * libFuzzer target: a FastCGI environment and a body into a struct http_request, and the router
 * over our routes. An input is lines, the values of the variables below in their order; what is
 * behind the last of them is the body. It asserts that a path which is accepted has no empty or dot
 * segment and none too many, that an id which is given a caller is safe in a header, and that a
 * route's variable is an id. */
#include <stdlib.h>

#include "api/routes.h"
#include "http/request.h"
#include "http/router.h"
#include "lib/fuzz.h"

enum { BODY_MOST = 512 };

static const char *const names[] = {"REQUEST_METHOD", "REQUEST_URI", "SCRIPT_NAME", "PATH_INFO",
	"QUERY_STRING", "ROLLCALL_MOUNT", "CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_X_REQUEST_ID",
	"HTTP_ACCEPT", "REDIRECT_HTTP_AUTHORIZATION", "HTTP_COOKIE"};

struct environment {
	const char *values[sizeof(names) / sizeof(names[0])];
	struct str body;
	size_t at;
};

static const char *get(void *ctx, const char *name)
{
	const struct environment *e = ctx;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return e->values[i];
	return NULL;
}

/* A web server gives it in pieces. */
static long read_body(void *ctx, char *out, size_t n)
{
	struct environment *e = ctx;
	size_t left = e->body.n - e->at, part = left < 7 ? left : 7;

	part = part < n ? part : n;
	if (part > 0)
		memcpy(out, e->body.p + e->at, part);
	e->at += part;
	return (long)part;
}

/* A '-' alone stands for an absent variable. A value ends at a NUL, as in the environment. */
static void fill(struct environment *e, struct arena *a, struct str rest)
{
	struct str line;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_split(&rest, '\n', &line) && !str_eq(line, STR("-")))
			e->values[i] = arena_dup(a, line.p, line.n);
	e->body = rest.p != NULL ? rest : STR("");
}

static void check_path(const struct http_request *r)
{
	fuzz_must(r->segment_count <= LIMIT_PATH_SEGMENTS, "too many segments", r->path);
	for (size_t i = 0; r->path_ok && i < r->segment_count; i++) {
		fuzz_must(r->segments[i].n > 0, "empty segment", r->path);
		fuzz_must(!str_eq(r->segments[i], STR(".")) && !str_eq(r->segments[i], STR("..")),
			"dot segment", r->path);
	}
}

static void check_id(const char *id)
{
	static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789._-";
	size_t n = strlen(id);

	fuzz_must(n > 0 && n <= LIMIT_REQUEST_ID_BYTES && strspn(id, safe) == n, "request id",
		str_from(id));
}

static bool takes(struct str variable, struct str value)
{
	fuzz_must(variable.n > 2, "variable", variable);
	fuzz_must(http_is_id(value), "no id", value);
	return true;
}

static void check_route(const struct http_request *r)
{
	static const char *const prefixes[] = {PREFIX_V1, PREFIX_EDGE, PREFIX_CONSOLE, PREFIX_ROOT};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		struct route_match m = router_match(api_routes.rows, api_routes.count,
			sizeof(api_routes.rows[0]), takes, prefixes[i], r);

		fuzz_must(m.row == NULL || !m.path_known || m.allow.p == NULL, "found and refused",
			r->path);
		for (size_t v = 0; m.row != NULL && v < m.var_count; v++)
			fuzz_must(http_is_id(m.vars[v]), "no id", m.vars[v]);
	}
}

static void check_headers(struct http_request *r)
{
	struct str type = http_header(r, "CONTENT_TYPE");
	enum err err = http_request_body(r, BODY_MOST);

	fuzz_must(err == ERR_OK || err == ERR_TOO_LARGE || err == ERR_BAD_REQUEST, "body", r->body);
	fuzz_must(err != ERR_OK || r->body.n <= BODY_MOST, "large body", r->body);
	fuzz_must(!(http_is_json(type) && http_is_form(type)), "two types", type);
	(void)http_accepts_json(http_header(r, "ACCEPT"));
	(void)http_header(r, "AUTHORIZATION");
	(void)http_form_last(r->arena, r->query, "page");
}

static void run(struct arena *a, const struct http_env *env, struct str mount)
{
	static const struct str prefixes[] = {{"/api/v1", 7}, {"/edge/management/v1", 19},
		{"/healthz", 8}, {"/authorize", 10}, {"/console", 8}, {"", 0}};
	struct http_request *r = arena_zalloc(a, sizeof(*r));

	((struct environment *)env->ctx)->at = 0;
	http_request_parse(r, a, env, prefixes, sizeof(prefixes) / sizeof(prefixes[0]), mount);
	check_path(r);
	check_id(r->id);
	fuzz_must(r->query.n <= LIMIT_QUERY_BYTES, "long query", r->query);
	if (r->path_ok)
		check_route(r);
	check_headers(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = fuzz_arena();
	struct environment e = {0};
	const struct http_env env = {.ctx = &e, .get = get, .read = read_body};

	fill(&e, a, fuzz_input(data, size));
	run(a, &env, STR_NONE);
	run(a, &env, STR("/apps/sessions"));
	return 0;
}
