/* SPDX-License-Identifier: MIT
 * Reads a FastCGI environment and body into struct http_request. Reaches the web server only
 * through struct http_env; allocates only in the arena. QUERY_STRING may be empty although
 * REQUEST_URI has a query (an error document, or a rewrite to a front controller). Then the query
 * of REQUEST_URI is used. */
#include "http/request.h"

#include "base/random.h"
#include "target.h"

#define HEADER_NAME_BYTES 64
#define BODY_FIRST_BYTES 4096

static const char *const method_texts[HTTP_METHOD__COUNT] = {
#define METHOD(name) [HTTP_##name] = #name,
#include "http/method.def"
#undef METHOD
	[HTTP_OTHER] = "OTHER",
};

const char *http_method_text(enum http_method m)
{
	BUG_ON((size_t)m >= HTTP_METHOD__COUNT);
	return method_texts[m];
}

static struct str env_value(const struct http_request *r, const char *name)
{
	return str_from(r->env->get(r->env->ctx, name));
}

static enum http_method read_method(const struct http_request *r)
{
	struct str text = env_value(r, "REQUEST_METHOD");

	for (size_t m = 0; m < HTTP_OTHER; m++)
		if (str_eq(text, str_from(method_texts[m])))
			return (enum http_method)m;
	return HTTP_OTHER;
}

static bool is_id_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

static void read_id(struct http_request *r)
{
	struct str given = http_header(r, "X_REQUEST_ID");
	bool sane = given.n >= 1 && given.n <= LIMIT_REQUEST_ID_BYTES;

	for (size_t i = 0; sane && i < given.n; i++)
		sane = is_id_byte(given.p[i]);
	if (!sane) {
		random_uuid(r->id);
		return;
	}
	memcpy(r->id, given.p, given.n);
	r->id[given.n] = '\0';
}

static void read_query(struct http_request *r, struct str in_uri)
{
	struct str text = env_value(r, "QUERY_STRING");

	if (text.n == 0)
		text = in_uri;
	r->query_ok = text.n <= LIMIT_QUERY_BYTES;
	r->query = r->query_ok ? text : STR("");
}

void http_request_parse(struct http_request *r, struct arena *a, const struct http_env *env,
	const struct str *prefixes, size_t count, struct str mount)
{
	struct str told;

	memset(r, 0, sizeof(*r));
	r->arena = a;
	r->env = env;
	told = env_value(r, "ROLLCALL_MOUNT");
	r->method = read_method(r);
	r->body = STR("");
	read_id(r);
	read_query(r, target_parse(r, prefixes, count, told.n > 0 ? told : mount));
}

struct str http_header(const struct http_request *r, const char *cgi_name)
{
	static const char redirected[] = "REDIRECT_REDIRECT_HTTP_";
	char name[HEADER_NAME_BYTES];
	size_t n = strlen(cgi_name), from = sizeof(redirected) - 1;
	struct str value;

	if (strcmp(cgi_name, "CONTENT_TYPE") == 0 || strcmp(cgi_name, "CONTENT_LENGTH") == 0) {
		value = env_value(r, cgi_name);
		return value.n > 0 ? value : STR_NONE;
	}
	BUG_ON(from + n >= sizeof(name));
	memcpy(name, redirected, from);
	memcpy(name + from, cgi_name, n + 1);
	from -= strlen("HTTP_");
	for (;;) {
		value = env_value(r, name + from);
		if (value.n > 0)
			return value;
		if (from == 0)
			return STR_NONE;
		from -= strlen("REDIRECT_");
	}
}

/* Takes the next name=value off *text and decodes it; false at the end. */
static bool next_field(struct arena *a, struct str *text, struct str *name, struct str *value)
{
	struct str part;

	while (str_split(text, '&', &part)) {
		if (part.n == 0)
			continue;
		(void)str_split(&part, '=', name);
		*name = str_percent_decode(a, *name, true);
		*value = part.p != NULL ? str_percent_decode(a, part, true) : STR("");
		return true;
	}
	return false;
}

struct str http_form_first(struct arena *a, struct str text, const char *wanted)
{
	struct str name, value;

	while (next_field(a, &text, &name, &value))
		if (str_eq(name, str_from(wanted)))
			return value;
	return STR_NONE;
}

struct str http_form_last(struct arena *a, struct str text, const char *wanted)
{
	struct str name, value, found = STR_NONE;

	while (next_field(a, &text, &name, &value))
		if (str_eq(name, str_from(wanted)))
			found = value;
	return found;
}

/* *length becomes CONTENT_LENGTH, or -1 if there is none. */
static enum err declared_length(const struct http_request *r, size_t limit, int64_t *length)
{
	struct str text = http_header(r, "CONTENT_LENGTH");

	*length = -1;
	if (text.p == NULL)
		return ERR_OK;
	if (text.p[0] < '0' || text.p[0] > '9') /* str_to_i64 takes a sign, RFC 9110 does not */
		return ERR_BAD_REQUEST;
	switch (str_to_i64(text, length)) {
	case STR_INT_OK:
		return (uint64_t)*length > limit ? ERR_TOO_LARGE : ERR_OK;
	case STR_INT_RANGE:
		return ERR_TOO_LARGE;
	case STR_INT_SYNTAX:
		break;
	}
	return ERR_BAD_REQUEST;
}

/* Reads until `most` bytes, the end, or an error (*failed). Begins with `room` (1 to `most`)
 * bytes. */
static struct str read_up_to(struct http_request *r, size_t room, size_t most, bool *failed)
{
	char *p = arena_alloc(r->arena, room);
	size_t n = 0;

	*failed = false;
	while (n < most) {
		long got;

		if (n == room) {
			room = room < most - room ? 2 * room : most;
			p = arena_grow(r->arena, p, n, room);
		}
		got = r->env->read(r->env->ctx, p + n, room - n);
		*failed = got < 0;
		if (got <= 0)
			break;
		BUG_ON((size_t)got > room - n);
		n += (size_t)got;
	}
	return (struct str){p, n};
}

/* Asks for one byte more than allowed, to check that the input ends there. */
enum err http_request_body(struct http_request *r, size_t limit)
{
	size_t most, room;
	int64_t declared;
	struct str body;
	bool failed;
	enum err err = declared_length(r, limit, &declared);

	if (err)
		return err;
	most = (declared < 0 ? limit : (size_t)declared) + 1;
	room = declared >= 0 || most < BODY_FIRST_BYTES ? most : BODY_FIRST_BYTES;
	body = read_up_to(r, room, most, &failed);
	if (failed)
		return ERR_BAD_REQUEST;
	if (declared < 0 && body.n > limit)
		return ERR_TOO_LARGE;
	if (declared >= 0 && body.n != (size_t)declared)
		return ERR_BAD_REQUEST;
	r->body = body;
	return ERR_OK;
}
