/* SPDX-License-Identifier: MIT
 * libFuzzer target: a whole request to the application, with a store that cannot be reached. An
 * input is lines, the values of the variables below in their order, then the body; an Authorization
 * of one letter stands for a good token. It asserts that each answer is one of those that the
 * program gives on purpose: never 500, 503 with Retry-After, JSON that is JSON, no header with a
 * line end in it. */
#include <openssl/hmac.h>
#include <stdlib.h>

#include "api/authorizer.h"
#include "api/routes.h"
#include "auth/jwt.h"
#include "call/dispatch.h"
#include "db/db.h"
#include "http/response.h"
#include "json/reader.h"
#include "lib/fuzz.h"

static const char *const names[] = {"REQUEST_METHOD", "REQUEST_URI", "HTTP_AUTHORIZATION",
	"HTTP_COOKIE", "HTTP_ZT_SESSION", "CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_ACCEPT",
	"HTTP_SEC_FETCH_SITE", "HTTP_ORIGIN", "HTTP_HOST", "QUERY_STRING"};

#define NAMES (sizeof(names) / sizeof(names[0]))
#define AUTHORIZATION 2

static const char secret[] = "0123456789abcdef0123456789abcdef";

static const struct {
	char letter;
	const char *claims;
} callers[] = {
	{'A', "{\"sub\":\"root\",\"role\":\"super_admin\",\"exp\":9999999999}"},
	{'P', "{\"sub\":\"p\",\"role\":\"partner_admin\",\"partner_id\":\"p1\",\"exp\":9999999999}"},
	{'T', "{\"sub\":\"t\",\"role\":\"tenant_admin\",\"tenant_id\":\"t1\",\"exp\":9999999999}"},
	{'S', "{\"sub\":\"s\",\"platform_token\":true,\"scope\":\"admin:read admin:write "
	      "sessions:write sessions:introspect\",\"exp\":9999999999}"},
	{'U', "{\"sub\":\"u\",\"tenant_id\":\"t1\",\"exp\":9999999999}"},
	{'D', "{\"sub\":\"u\",\"tenant_id\":\"t1\",\"sid\":\"s1\",\"exp\":9999999999}"},
};

struct request {
	const char *values[NAMES];
	struct str body, answer;
	size_t at;
	struct buf sent;
};

static struct app app;
static char tokens[sizeof(callers) / sizeof(callers[0])][1024];

static void make_token(struct arena *a, const char *claims, char out[1024])
{
	struct str header = STR("{\"alg\":\"HS256\"}"), text;
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	text = str_printf(a, "%.*s.%.*s", STR_FMT(str_base64url(a, header.p, header.n)),
		STR_FMT(str_base64url(a, claims, strlen(claims))));
	HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)text.p, text.n, mac,
		&n);
	snprintf(out, 1024, "Bearer %.*s.%.*s", STR_FMT(text), STR_FMT(str_base64url(a, mac, n)));
}

static void open_app(struct arena *a)
{
	const struct jwks_config keys = {.hs256_file = fuzz_file(0, str_from(secret))};
	const struct jwt_config jwt = {.leeway_s = 30, .cache_entries = 64};
	const struct db_config db = {
		.defaults_file = fuzz_file(1, STR("[rollcall]\nsocket=/nonexistent/socket\n")),
		.group = "rollcall",
		.connect_timeout_s = 1,
		.statement_ms = 1000,
		.lock_wait_s = 1};

	app.cfg = (struct app_config){.api_prefix = STR("/api/v1"),
		.edge_prefix = STR("/edge/management/v1"),
		.body_limit = 4096,
		.retry_after_s = 2,
		.edge_max_rows = 10000,
		.costly_most = 1,
		.activity = {.interval_s = 60},
		.session_s = 3600,
		.cookie = "rollcall_session",
		.idp_issuer = "https://id.example.org",
		.idp_clients = "shop",
		.metrics_allow = "127.0.0.1",
		.version = "fuzz"};
	app.routes = &api_routes;
	app.keys = jwks_open(&keys);
	app.jwt = jwt_open(&jwt, app.keys);
	app.db = db_open(&db);
	for (size_t i = 0; i < sizeof(callers) / sizeof(callers[0]); i++)
		make_token(a, callers[i].claims, tokens[i]);
}

static const char *get(void *ctx, const char *name)
{
	const struct request *r = ctx;

	for (size_t i = 0; i < NAMES; i++)
		if (strcmp(names[i], name) == 0)
			return r->values[i];
	return NULL;
}

static long read_body(void *ctx, char *out, size_t n)
{
	struct request *r = ctx;
	size_t left = r->body.n - r->at, part = left < n ? left : n;

	if (part > 0)
		memcpy(out, r->body.p + r->at, part);
	r->at += part;
	return (long)part;
}

static void write_answer(void *ctx, const char *p, size_t n)
{
	buf_add(&((struct request *)ctx)->sent, p, n);
}

static void fill(struct request *r, struct arena *a, struct str rest)
{
	struct str line;

	for (size_t i = 0; i < NAMES; i++)
		if (str_split(&rest, '\n', &line) && line.n > 0)
			r->values[i] = arena_dup(a, line.p, line.n);
	for (size_t i = 0; i < sizeof(callers) / sizeof(callers[0]); i++)
		if (r->values[AUTHORIZATION] != NULL &&
			strcmp(r->values[AUTHORIZATION], (const char[]){callers[i].letter, 0}) == 0)
			r->values[AUTHORIZATION] = tokens[i];
	r->body = rest.p != NULL ? rest : STR("");
}

static bool has_header(const struct http_response *res, const char *name)
{
	for (size_t i = 0; i < res->header_count; i++)
		if (strcmp(res->headers[i].name, name) == 0)
			return true;
	return false;
}

static struct str header(const struct http_response *res, const char *name)
{
	for (size_t i = 0; i < res->header_count; i++)
		if (strcmp(res->headers[i].name, name) == 0)
			return res->headers[i].value;
	return STR("");
}

static void check(const struct http_response *res, struct arena *a, struct str input)
{
	struct json *tree;
	size_t at;

	fuzz_must(res->status >= 200 && (res->status < 500 || res->status == 503), "status", input);
	fuzz_must(res->status != 503 || has_header(res, "Retry-After"), "503 without hint", input);
	for (size_t i = 0; i < res->header_count; i++)
		fuzz_must(memchr(res->headers[i].value.p, '\n', res->headers[i].value.n) == NULL &&
				  memchr(res->headers[i].value.p, '\r', res->headers[i].value.n) ==
					  NULL,
			"a line end in a header", input);
	if (str_starts(header(res, "Content-Type"), STR("application/json")) && res->body.n > 0 &&
		res->spool.bytes == 0)
		fuzz_must(json_parse(a, buf_view(&res->body), &tree, &at) != ERR_INVALID, "no JSON",
			input);
}

static void ask(struct arena *a, struct request *r, bool authorizes, struct str input)
{
	const struct http_env env = {.ctx = r, .get = get, .read = read_body};
	struct after after = {.touch_session = STR_NONE};
	struct http_response res;

	buf_init(&r->sent, a);
	http_response_init(&res, a, write_answer, r);
	if (authorizes)
		authorizer_answer(&app, a, &env, &res, &after);
	else
		dispatch(&app, a, &env, &res, &after);
	check(&res, a, input);
	http_response_finish(&res);
	fuzz_must(str_starts(buf_view(&r->sent), STR("Status: ")), "no answer", input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = fuzz_arena();
	struct str input = fuzz_input(data, size);
	struct request r = {.at = 0};

	if (app.db == NULL)
		open_app(a);
	fill(&r, a, input);
	ask(a, &r, size % 8 == 7, input);
	return 0;
}
