/* SPDX-License-Identifier: MIT
 * Hostile HTTP; see the header. What is asked for begins as something that the service knows, so
 * that it comes past the first check, and is then spoiled in one place or in several. */
#include "make.h"

#include "base/buf.h"
#include "base/macros.h"

struct making {
	uint64_t state;
	const struct make_world *w;
	struct buf out;
	bool framed, credited, open; /* so far; credited: with a good token; open: a path for all */
};

/* splitmix64 */
static uint64_t next(struct making *m)
{
	uint64_t z = m->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static unsigned below(struct making *m, unsigned n)
{
	return (unsigned)(next(m) % n);
}

static bool one_in(struct making *m, unsigned n)
{
	return below(m, n) == 0;
}

#define PICK(m, list) ((list)[below((m), ARRAY_LEN(list))])

static void put(struct making *m, const char *text)
{
	buf_str(&m->out, str_from(text));
}

static void put_noise(struct making *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_char(&m->out, (char)below(m, 256));
}

static void put_repeated(struct making *m, const char *text, unsigned times)
{
	while (times-- > 0)
		put(m, text);
}

/* Printable, and no end of anything. */
static void put_letters(struct making *m, unsigned n)
{
	while (n-- > 0)
		buf_char(&m->out,
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"[below(
				m, 65)]);
}

/* Paths */

/* The method that fits, and the path; S, T and U stand for ids. */
static const char *const routes[][2] = {{"GET", "/api/v1/admin/sessions"},
	{"POST", "/api/v1/admin/sessions/revoke-all"}, {"GET", "/api/v1/admin/sessions/S"},
	{"DELETE", "/api/v1/admin/sessions/S"}, {"GET", "/api/v1/me/sessions"},
	{"POST", "/api/v1/me/sessions/revoke-all"}, {"DELETE", "/api/v1/me/sessions/S"},
	{"GET", "/api/v1/tenants/T/sessions"}, {"POST", "/api/v1/tenants/T/sessions/revoke-all"},
	{"GET", "/api/v1/tenants/T/sessions/stats"}, {"GET", "/api/v1/tenants/T/sessions/users/U"},
	{"POST", "/api/v1/tenants/T/sessions/users/U/revoke"},
	{"GET", "/api/v1/tenants/T/sessions/S"}, {"DELETE", "/api/v1/tenants/T/sessions/S"},
	{"POST", "/api/v1/admin/sessions/revoke-by-filter"}, {"GET", "/api/v1/admin/audit"},
	{"POST", "/api/v1/tenants/T/sessions/revoke-by-filter"}, {"GET", "/api/v1/tenants/T/audit"},
	{"GET", "/api/v1/tenants/T/session-policy"}, {"PUT", "/api/v1/tenants/T/session-policy"},
	{"POST", "/api/v1/sessions"}, {"POST", "/api/v1/sessions"},
	{"POST", "/api/v1/sessions/S/activity"}, {"POST", "/api/v1/sessions/introspect"},
	{"POST", "/api/v1/sessions/revoke"}, {"POST", "/api/v1/backchannel-logout"},
	{"GET", "/api/v1/openapi.json"}, {"GET", "/edge/management/v1/api-sessions"},
	{"GET", "/edge/management/v1/api-sessions"}, {"GET", "/edge/management/v1/api-sessions/S"},
	{"DELETE", "/edge/management/v1/api-sessions/S"},
	{"GET", "/edge/management/v1/current-api-session"}, {"GET", "/edge/management/v1/version"},
	{"GET", "/healthz"}, {"GET", "/readyz"}, {"GET", "/metrics"}, {"GET", "/authorize"},
	{"GET", "/console/"}, {"GET", "/console/x/app.js"}, {"GET", "/"}};

static const char *const ids[] = {"%00", "%2F", "%2e%2e", "..", ".", "%c0%ae%c0%ae", "%252e%252e",
	"%e2%82%ac", "%f0%9f%98%80", "%ff", "%", "%zz", "'%20OR%201=1--%20", "%22%3B%20DROP", "\\",
	"a;b", "%0d%0aX-A:%20b", "revoke-all", "stats", "users", "*", "{session_id}", "%F0%9F",
	"%20", "~", "-1", "%7f", "%c2%80"};

static void put_id(struct making *m, struct str real)
{
	switch (below(m, 10)) {
	case 0:
		put(m, PICK(m, ids));
		break;
	case 1:
		put_letters(m, 1 + below(m, one_in(m, 50) ? 3000 : 40));
		break;
	default:
		buf_str(&m->out, real);
	}
}

static bool is_open(const char *route)
{
	return strncmp(route, "/api/v1/", 8) == 0
		       ? strstr(route, "openapi") != NULL ||
				 strstr(route, "sessions/revoke") != NULL ||
				 strstr(route, "logout") != NULL
		       : strstr(route, "api-sessions") == NULL;
}

static void put_path(struct making *m, const char *route)
{
	m->open |= is_open(route);
	for (const char *p = route; *p != '\0'; p++) {
		if (*p == 'S')
			put_id(m, m->w->session);
		else if (*p == 'T')
			put_id(m, m->w->tenant);
		else if (*p == 'U')
			put_id(m, STR("u"));
		else
			buf_char(&m->out, *p);
	}
	if (one_in(m, 30))
		put(m, PICK(m, ids));
	if (one_in(m, 30))
		put_repeated(m, one_in(m, 2) ? "/" : "/a", 1 + below(m, 60));
	if (one_in(m, 60))
		put_letters(m, below(m, 9000));
}

/* Queries */

static const char *const filters[] = {"identity%20%3D%20%22u%22",
	"true%20sort%20by%20createdAt%20desc", "anyOf(tags.x)%20%3D%20true",
	"not%20isMfaComplete%20%3D%20true%20limit%20none", "id%20in%20[%22a%22,%22b%22]",
	"((((((((", "createdAt%20between%20datetime(", "identity%20contains%20%22%27%3B--%22",
	"id%20%3D%20%22%5c%22", "%22%00%22%20%3D%20id", "limit%20-1", "skip%2099999999999999999999",
	"tags[%22a%22]%20%3D%201e999", "%f0%9f%92%a9", "anyOf(configTypes)%20not%20in%20[%22a%22]",
	"isEmpty(from%20x%20where%20y)", "id%20%3D%20%22%22%20or%20",
	"lastActivityAt%20%3C%20datetime(9999-99-99T00:00:00Z)"};

static const char *const values[] = {"0", "-1", "1", "2", "100", "101", "9223372036854775807",
	"9223372036854775808", "1e3", "1.5", "", "%20", "true", "maybe", "%00", "%ff%fe", "abc",
	"1_000", "'", "%E2%80%AE", "AAAA", "null", "[]"};

static void put_filter(struct making *m)
{
	unsigned n = 1 + below(m, one_in(m, 30) ? 60 : 3);

	while (n-- > 0) {
		put(m, PICK(m, filters));
		put(m, one_in(m, 2) ? "%20and%20" : "%20or%20");
	}
	put(m, one_in(m, 3) ? "" : "true");
}

static void put_query(struct making *m)
{
	static const char *const names[] = {"page", "per_page", "active_only", "user_id",
		"tenant_id", "partner_id", "cursor", "limit", "offset", "sort", "x"};
	unsigned n = below(m, one_in(m, 40) ? 200 : 4);

	put(m, "?");
	while (n-- > 0) {
		put(m, PICK(m, names));
		put(m, one_in(m, 9) ? "" : "=");
		put(m, PICK(m, values));
		put(m, "&");
	}
	if (one_in(m, 2)) {
		put(m, "filter=");
		put_filter(m);
	}
	if (one_in(m, 60))
		put_letters(m, below(m, 7000));
}

/* Headers */

static void put_token(struct making *m)
{
	switch (below(m, 14)) {
	case 0:
		buf_str(&m->out, m->w->forged);
		break;
	case 1: /* {"alg":"none"}.{"sub":"root","role":"super_admin","exp":9999999999}. */
		put(m, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290Iiwicm9sZSI6InN1cGVyX2FkbWluIiwiZXhwIj"
		       "o5OTk5OTk5OTk5fQ.");
		break;
	case 2:
		put_letters(m, below(m, one_in(m, 20) ? 7000 : 60));
		break;
	case 3:
		put_letters(m, below(m, 60));
		put(m, ".");
		put_letters(m, below(m, 200));
		put(m, ".");
		put_letters(m, below(m, 400));
		break;
	default:
		m->credited = true;
		buf_str(&m->out, PICK(m, m->w->tokens));
	}
}

static void put_credential(struct making *m)
{
	static const char *const kinds[] = {"Authorization: Bearer ", "Authorization: bearer  ",
		"Authorization: Basic ", "zt-session: ", "Cookie: a=b; rollcall_session=",
		"Cookie: rollcall_session=x; rollcall_session=y; rollcall_session=\"",
		"Authorization: Bearer ", "Authorization: Bearer ", "Authorization: Bearer ",
		"Authorization: Bearer ", "Authorization: Bearer ", "Authorization: Bearer "};

	put(m, PICK(m, kinds));
	put_token(m);
	put(m, "\r\n");
}

static void put_strange_header(struct making *m)
{
	static const char *const good[] = {"Accept: text/html;q=1, */*;q=0\r\n",
		"X-Request-Id: ../../etc/passwd\r\n", "X-Request-Id: ok-1.2_3\r\n",
		"Accept: application/*;q=0.001\r\n", "Range: bytes=0-1\r\n",
		"Accept-Encoding: gzip\r\n", "If-None-Match: *\r\n",
		"X-Forwarded-For: 127.0.0.1\r\n", "Origin: null\r\n",
		"Sec-Fetch-Site: cross-site\r\n", "ROLLCALL-MOUNT: /x\r\n",
		"Rollcall_Mount: /x\r\n", "Proxy: http://127.0.0.1:1\r\n",
		"X-HTTP-Method-Override: DELETE\r\n", "Content-Type: text/plain\r\n",
		"Accept: \r\n", "X-Empty:\r\n", "Variable-X: y\r\n",
		"REDIRECT_HTTP_AUTHORIZATION: Bearer x\r\n",
		"Upgrade: h2c\r\nConnection: Upgrade\r\n"};
	static const char *const bad[] = {"No colon\r\n", " folded: x\r\n", "A\x01: b\r\n",
		"Content-Length: -1\r\n", "Content-Length: 1, 2\r\n", "A: b\n", ": x\r\n",
		"Content-Length: 99999999999999999999\r\n",
		"Transfer-Encoding: identity, chunked\r\n", "Transfer-Encoding : chunked\r\n",
		"Host: evil.example\r\n", "A: \x7f\x80\xff\r\n", "Expect: 100-continue\r\n",
		"Expect: 200-ok\r\n"};

	if (one_in(m, 30)) {
		m->framed = false;
		put(m, PICK(m, bad));
	} else if (one_in(m, 20)) {
		m->framed = false; /* may be too much for the web server */
		put(m, "X-Long: ");
		put_letters(m, below(m, 9000));
		put(m, "\r\n");
	} else if (one_in(m, 40)) {
		m->framed = false;
		for (unsigned n = below(m, 300); n > 0; n--)
			put(m, "X-Many: y\r\n");
	} else {
		put(m, PICK(m, good));
	}
}

/* Bodies */

static const char *const bodies[] = {"{}", "[]", "null", "{\"revoke_all\":true}",
	"{\"session_ids\":[\"a\",1,null,{}]}",
	"{\"session_ids\":[\"S\"],\"except_current\":\"yes\"}",
	"{\"user_id\":\"nobody\",\"tenant_id\":\"nowhere\"}", "{\"user_id\":7}",
	"{\"tenant_id\":\"T\",\"user_id\":\"u\",\"expires_in\":60}",
	"{\"tenant_id\":\"T\",\"user_id\":\"u\",\"expires_in\":99999999999999,\"tags\":{\"a\":[1]}}",
	"{\"tenant_id\":\"T\",\"user_id\":\"\\u0000\",\"ip_address\":\"1.2.3.4.5\",\"is_admin\":\"x\"}",
	"{\"tenant_id\":\"T\",\"user_id\":\"u\",\"id\":\"S\",\"user_agent\":\"\\ud800\"}",
	"{\"filter\":\"identity = \\\"nobody\\\"\",\"dry_run\":true}",
	"{\"filter\":\"anyOf(tags.x) = 1\",\"dry_run\":true,\"if_count\":-1}",
	"{\"filter\":\"((((\",\"dry_run\":1}", "{\"idle_timeout_seconds\":-1,\"on_limit\":\"x\"}",
	"{\"application_id\":\"a\",\"application_name\":\"b\"}", "token=S&token_type_hint=x",
	"token=a.b.c", "logout_token=a.b.c&x=%zz", "token=", "{\"token\":\"abc\"}", "{\"a\":1e999}",
	"{\"a\":\"\xff\"}", "{\"a\":1}{}", "\xef\xbb\xbf{}", "{\"a\":1,\"a\":2", "{'a':1}"};

static struct str make_body(struct making *m)
{
	struct making inner = *m;
	const char *from = PICK(m, bodies);

	buf_init(&inner.out, m->out.arena);
	inner.state = next(m);
	for (const char *p = from; *p != '\0'; p++) {
		if (*p == 'S' || *p == 'T')
			buf_str(&inner.out, *p == 'S' ? m->w->session : m->w->tenant);
		else
			buf_char(&inner.out, *p);
	}
	if (one_in(&inner, 40))
		put_repeated(&inner, one_in(&inner, 2) ? "[" : "{\"a\":", below(&inner, 20000));
	if (one_in(&inner, 60))
		put_noise(&inner, below(&inner, 4000));
	if (one_in(&inner, 3000))
		put_repeated(&inner, "0123456789abcdef", 70000);
	return buf_view(&inner.out);
}

static void put_chunks(struct making *m, struct str body)
{
	while (body.n > 0) {
		struct str part = {body.p, 1 + below(m, (unsigned)body.n)};

		buf_printf(&m->out, "%zx%s\r\n", part.n, one_in(m, 9) ? ";x=y" : "");
		buf_str(&m->out, part);
		put(m, "\r\n");
		body.p += part.n;
		body.n -= part.n;
	}
	put(m, "0\r\n\r\n");
}

static void put_body(struct making *m)
{
	static const char *const types[] = {"application/json", "application/json",
		"application/json", "application/x-www-form-urlencoded",
		"application/json; charset=utf-16", "application/x-www-form-urlencoded",
		"text/plain", "application/merge-patch+json", "multipart/form-data; boundary=x",
		""};
	struct str body = make_body(m);

	buf_printf(&m->out, "Content-Type: %s\r\n", PICK(m, types));
	if (one_in(m, 4)) {
		put(m, "Transfer-Encoding: chunked\r\n\r\n");
		put_chunks(m, body);
	} else if (one_in(m, 12)) { /* more or less than there is */
		m->framed = false;
		buf_printf(&m->out, "Content-Length: %u\r\n\r\n", below(m, 2000));
		buf_str(&m->out, body);
	} else if (one_in(m, 25)) {
		m->framed = false;
		put(m, "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n");
		buf_str(&m->out, body);
	} else {
		buf_printf(&m->out, "Content-Length: %zu\r\n\r\n", body.n);
		buf_str(&m->out, body);
	}
}

/* Requests */

/* True when it is one that comes with a body. */
static bool put_method(struct making *m, const char *method)
{
	static const char *const others[] = {
		"GET", "POST", "DELETE", "PUT", "HEAD", "OPTIONS", "PATCH", "HEAD"};
	static const char *const rare[] = {"TRACE", "CONNECT", "get", "PROPFIND", "X", "PRI", ""};

	if (one_in(m, 8))
		method = PICK(m, others);
	if (one_in(m, 80)) {
		m->framed = false;
		method = PICK(m, rare);
	}
	put(m, method);
	return method[0] == 'P';
}

static void put_request(struct making *m, bool last)
{
	const char *const *route = PICK(m, routes);
	unsigned strange = below(m, 3);
	bool has_body = put_method(m, route[0]) ? !one_in(m, 12) : one_in(m, 12);

	put(m, " ");
	buf_str(&m->out, m->w->mount);
	put_path(m, route[1]);
	if (one_in(m, 2))
		put_query(m);
	if (one_in(m, 90)) {
		m->framed = false;
		put_noise(m, 1 + below(m, 8));
	}
	put(m, one_in(m, 60) ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
	put(m, "Host: rollcall.example\r\n");
	put(m, last ? "Connection: close\r\n" : "");
	if (!one_in(m, 5))
		put_credential(m);
	while (strange-- > 0)
		put_strange_header(m);
	if (has_body)
		put_body(m);
	else
		put(m, "\r\n");
}

static struct str spoilt(struct making *m)
{
	struct str s = buf_view(&m->out);
	char *p = (char *)s.p;

	if (one_in(m, 15)) {
		m->framed = false;
		for (unsigned n = 1 + below(m, 6); n > 0; n--)
			p[below(m, (unsigned)s.n)] = (char)below(m, 256);
	}
	if (one_in(m, 15)) {
		m->framed = false;
		s.n = 1 + below(m, (unsigned)s.n);
	}
	return s;
}

struct make_case make_case(
	struct arena *a, const struct make_world *w, uint64_t seed, uint64_t number)
{
	struct making m = {.state = seed * 0x2545f4914f6cdd1du + number, .w = w, .framed = true};
	struct make_case c = {.requests = 1};

	next(&m);
	buf_init(&m.out, a);
	if (one_in(&m, 3))
		c.requests += below(&m, 12);
	for (unsigned i = 0; i < c.requests; i++)
		put_request(&m, i + 1 == c.requests);
	c.bytes = spoilt(&m);
	c.end = one_in(&m, 12) ? (enum make_end)(END_HALF_CLOSE + below(&m, 3)) : END_READ;
	/* Else the server would wait for the rest. */
	if (!m.framed && c.end == END_READ && !one_in(&m, 16))
		c.end = END_HALF_CLOSE;
	c.framed = m.framed && c.requests == 1 && c.end == END_READ && c.bytes.n < 7000;
	c.refused = c.framed && !m.credited && !m.open;
	return c;
}
