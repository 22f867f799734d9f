/* SPDX-License-Identifier: MIT
 * Writes one answer in the form of CGI (RFC 3875 section 6): "Status:", headers, an empty line, the
 * body. It reaches the web server only through `write`. Nothing is sent before
 * http_response_finish. */
#include "http/response.h"

struct status_row {
	int status;
	const char *text;
};

static const struct status_row statuses[] = {
#define STATUS(code, reason) {code, reason},
#include "http/status.def"
#undef STATUS
};

const char *http_status_text(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].text;
	return "Unknown";
}

static void to_spool(void *ctx, const char *p, size_t n)
{
	struct http_response *res = ctx;

	spool_write(&res->spool, p, n);
}

void http_response_init(struct http_response *res, struct arena *a,
	void (*write)(void *ctx, const char *p, size_t n), void *write_ctx)
{
	memset(res, 0, sizeof(*res));
	res->arena = a;
	res->status = 200;
	res->write = write;
	res->write_ctx = write_ctx;
	spool_init(&res->spool, a);
	buf_init(&res->body, a);
	res->body.sink = to_spool;
	res->body.sink_ctx = res;
	res->body.flush_at = HTTP_BODY_PART;
}

/* A copy without CR, LF and NUL. */
static struct str header_value(struct arena *a, struct str value)
{
	char *p = arena_alloc(a, value.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] != '\r' && value.p[i] != '\n' && value.p[i] != '\0')
			p[n++] = value.p[i];
	p[n] = '\0';
	return (struct str){p, n};
}

void http_response_header(struct http_response *res, const char *name, struct str value)
{
	size_t i = 0;

	BUG_ON(res->started);
	while (i < res->header_count &&
		!str_eq_nocase(str_from(res->headers[i].name), str_from(name)))
		i++;
	BUG_ON(i == HTTP_HEADERS_MAX);
	res->headers[i].name = name;
	res->headers[i].value = header_value(res->arena, value);
	if (i == res->header_count)
		res->header_count++;
}

void http_response_retry_after(struct http_response *res, int64_t seconds)
{
	http_response_header(
		res, "Retry-After", str_printf(res->arena, "%lld", (long long)seconds));
}

void http_response_is_private(struct http_response *res)
{
	http_response_header(res, "Cache-Control", STR("no-store"));
	http_response_header(res, "Vary", STR("Cookie, Authorization"));
	http_response_header(res, "X-Content-Type-Options", STR("nosniff"));
}

void http_response_restart(struct http_response *res)
{
	BUG_ON(res->started);
	res->body.n = 0;
	spool_close(&res->spool);
}

bool http_response_is_whole(const struct http_response *res)
{
	return !res->spool.failed;
}

/* RFC 9110 sections 15.3.5 and 15.4.5. */
static bool is_bodiless(int status)
{
	return status == 204 || status == 304;
}

static void write_head(struct http_response *res)
{
	struct buf head;

	BUG_ON(res->status < 200 || res->status > 599);
	buf_init(&head, res->arena);
	buf_printf(&head, "Status: %d %s\r\n", res->status, http_status_text(res->status));
	for (size_t i = 0; i < res->header_count; i++) {
		const struct http_header_line *h = &res->headers[i];

		if (is_bodiless(res->status) &&
			str_eq_nocase(str_from(h->name), STR("Content-Type")))
			continue;
		buf_str(&head, str_from(h->name));
		buf_str(&head, STR(": "));
		buf_str(&head, h->value);
		buf_str(&head, STR("\r\n"));
	}
	if (!is_bodiless(res->status))
		buf_printf(&head, "Content-Length: %zu\r\n", res->spool.bytes + res->body.n);
	buf_str(&head, STR("\r\n"));
	res->write(res->write_ctx, head.p, head.n);
	res->started = true;
}

void http_response_finish(struct http_response *res)
{
	if (res->started)
		return;
	write_head(res);
	/* If the spool cannot be read here, the answer is shorter than its Content-Length. */
	if (!res->head_only && !is_bodiless(res->status) &&
		spool_read(&res->spool, res->write, res->write_ctx) && res->body.n > 0)
		res->write(res->write_ctx, res->body.p, res->body.n);
	spool_close(&res->spool);
}
