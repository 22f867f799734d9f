/* SPDX-License-Identifier: MIT
 * Serves the console, the reference of the API and the page at the mount. Touches nothing but the
 * bytes in the program. Everything that the console does besides, it does through the Sessions API
 * like any other client. The surprise: redirects are relative. Only the browser knows below which
 * path it reached us. */
#include "console.h"

#include "auth/digest.h"
#include "http/response.h"

/* Nothing from elsewhere, nothing inline, no text that becomes a program, no frame around it. */
#define CONTENT_SECURITY_POLICY                                                                    \
	"default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "        \
	"object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
#define ETAG_BYTES 16

static void write_escaped(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '&':
			buf_str(out, STR("&amp;"));
			break;
		case '<':
			buf_str(out, STR("&lt;"));
			break;
		case '"':
			buf_str(out, STR("&quot;"));
			break;
		default:
			buf_char(out, s.p[i]);
		}
	}
}

/* The page with the base paths of the APIs in their places. */
static struct str page_bytes(struct call *c, const struct console_file *page)
{
	const struct {
		struct str text, with;
	} places[] = {
		{STR("@api@"), c->app->cfg.api_prefix},
		{STR("@edge@"), c->app->cfg.edge_prefix},
	};
	struct str rest = page->bytes;
	struct buf out;

	buf_init(&out, c->arena);
	while (rest.n > 0) {
		const char *at = memchr(rest.p, '@', rest.n);
		size_t before = at != NULL ? (size_t)(at - rest.p) : rest.n, n = at != NULL;

		buf_str(&out, (struct str){rest.p, before});
		rest = (struct str){rest.p + before, rest.n - before};
		for (size_t i = 0; i < ARRAY_LEN(places) && n == 1; i++) {
			if (!str_starts(rest, places[i].text))
				continue;
			write_escaped(&out, places[i].with);
			n = places[i].text.n;
		}
		if (n == 1)
			buf_char(&out, '@');
		rest = (struct str){rest.p + n, rest.n - n};
	}
	return buf_view(&out);
}

/* RFC 9110 section 13.1.2, compared weakly. */
static bool is_known(struct str if_none_match, struct str etag)
{
	struct str rest = if_none_match, part;

	while (str_split(&rest, ',', &part)) {
		part = str_trim(part);
		if (str_starts(part, STR("W/")))
			part = (struct str){part.p + 2, part.n - 2};
		if (str_eq(part, etag) || str_eq(part, STR("*")))
			return true;
	}
	return false;
}

static enum err answer(struct call *c, const char *type, const char *caching, struct str bytes)
{
	unsigned char digest[DIGEST_BYTES];
	struct str etag;

	digest_sha256(bytes, digest);
	etag = str_printf(c->arena, "\"%.*s\"", STR_FMT(str_hex(c->arena, digest, ETAG_BYTES)));
	http_response_header(c->res, "ETag", etag);
	http_response_header(c->res, "Cache-Control", str_from(caching));
	http_response_header(c->res, "Content-Type", str_from(type));
	http_response_header(c->res, "Content-Security-Policy", STR(CONTENT_SECURITY_POLICY));
	http_response_header(c->res, "X-Content-Type-Options", STR("nosniff"));
	http_response_header(c->res, "Referrer-Policy", STR("no-referrer"));
	http_response_header(c->res, "Cross-Origin-Opener-Policy", STR("same-origin"));
	c->res->status = is_known(http_header(&c->req, "IF_NONE_MATCH"), etag) ? 304 : 200;
	if (c->res->status == 200)
		buf_str(&c->res->body, bytes);
	return ERR_OK;
}

/* The links of a page are relative to it, so its path has to end in a slash. */
static enum err answer_page(struct call *c, const struct console_file *page, struct str last)
{
	if (c->req.path.n == 0 && last.n > 0) {
		c->res->status = 302;
		http_response_header(
			c->res, "Location", str_printf(c->arena, "./%.*s/", STR_FMT(last)));
		return ERR_OK;
	}
	return answer(c, page->type, "no-cache", page_bytes(c, page));
}

enum err console_page(struct call *c)
{
	return answer_page(c, &console_index, STR("console"));
}

enum err console_at_root(struct call *c)
{
	struct str mount = c->req.mount, last = STR("");

	while (str_split(&mount, '/', &last))
		continue;
	return answer_page(c, &console_root, last);
}

/* Its links are relative too, to the console's path. */
enum err console_api(struct call *c)
{
	if (c->req.path.n > 0 && c->req.path.p[c->req.path.n - 1] == '/') {
		c->res->status = 302;
		http_response_header(c->res, "Location", STR("../reference"));
		return ERR_OK;
	}
	return answer(c, console_reference.type, "no-cache", page_bytes(c, &console_reference));
}

enum err console_asset(struct call *c)
{
	struct str file = call_var(c, "file");

	if (!str_eq(call_var(c, "digest"), str_from(console_digest)))
		return ERR_NOT_FOUND;
	for (size_t i = 0; i < console_file_count; i++) {
		const struct console_file *f = &console_files[i];

		if (str_eq(file, str_from(f->name)))
			return answer(c, f->type, "public, max-age=31536000, immutable", f->bytes);
	}
	return ERR_NOT_FOUND;
}
