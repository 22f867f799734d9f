/* SPDX-License-Identifier: MIT
 * An HTTP client with libcurl; see the header. The only file with <curl/curl.h>, so that the
 * service is not linked with libcurl. Keeps no state between calls. */
#include "fetch.h"

#include <curl/curl.h>

#include "base/address.h"
#include "base/buf.h"

#define CONNECT_SECONDS 10

static bool is_own_host(struct str host)
{
	static const unsigned char ipv6[ADDRESS_V6_BYTES] = {[ADDRESS_V6_BYTES - 1] = 1};
	struct address address;

	if (host.n > 2 && host.p[0] == '[')
		host = (struct str){host.p + 1, host.n - 2};
	if (str_eq_nocase(host, STR("localhost")))
		return true;
	if (!address_read(host, &address))
		return false;
	return address.bytes == ADDRESS_V4_BYTES ? address.p[0] == 127
						 : memcmp(address.p, ipv6, sizeof(ipv6)) == 0;
}

/* libcurl, which also connects, parses the URL, so that both steps see the same host. */
struct url {
	bool https, http, own_host, has_user;
};

static struct url url_read(const char *text)
{
	struct url url = {.https = false};
	char *scheme = NULL, *host = NULL, *user = NULL;
	CURLU *parts = curl_url();

	if (parts != NULL && curl_url_set(parts, CURLUPART_URL, text, 0) == CURLUE_OK &&
		curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
		url.https = strcmp(scheme, "https") == 0;
		url.http = strcmp(scheme, "http") == 0;
		url.own_host = is_own_host(str_from(host));
		url.has_user = curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK;
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_url_cleanup(parts);
	return url;
}

bool fetch_is_loopback(const char *url)
{
	const struct url u = url_read(url);

	return u.http && u.own_host && !u.has_user;
}

static const char *url_fault(const char *text, const struct fetch_rules *rules)
{
	const struct url url = url_read(text);

	if (url.has_user)
		return "a URL with a user name is not taken";
	if (!url.https && rules->https_only)
		return "the URL has to begin with https://";
	if (!url.https && !(url.http && url.own_host))
		return "the URL has to begin with https:// (http:// only for this host itself)";
	return NULL;
}

struct answer {
	struct buf body;
	bool too_long;
};

static size_t take(char *bytes, size_t size, size_t count, void *ctx)
{
	struct answer *answer = ctx;

	if (size * count > FETCH_BYTES - answer->body.n) {
		answer->too_long = true;
		return 0;
	}
	buf_add(&answer->body, bytes, size * count);
	return size * count;
}

/* A plain request to this host uses no proxy from the environment. By default libcurl uses no
 * cookies, no .netrc, no compressed answers, and the system's certificates. */
static CURLcode set_options(CURL *curl, const char *url, const struct fetch_rules *rules,
	char *error, struct answer *out)
{
	const bool plain = fetch_is_loopback(url);
	CURLcode c = CURLE_OK;

#define SET(option, value)                                                                         \
	if (c == CURLE_OK)                                                                         \
	c = curl_easy_setopt(curl, option, value)
	SET(CURLOPT_ERRORBUFFER, error);
	SET(CURLOPT_URL, url);
	SET(CURLOPT_PROTOCOLS_STR, plain ? "http,https" : "https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "https");
	SET(CURLOPT_FOLLOWLOCATION, 1L);
	SET(CURLOPT_MAXREDIRS, (long)FETCH_REDIRECTS);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	SET(CURLOPT_TIMEOUT, (long)FETCH_SECONDS);
	SET(CURLOPT_MAXFILESIZE, (long)FETCH_BYTES);
	SET(CURLOPT_USERAGENT, "rollcall-admin");
	SET(CURLOPT_WRITEFUNCTION, take);
	SET(CURLOPT_WRITEDATA, out);
	if (plain)
		SET(CURLOPT_PROXY, "");
	if (rules->ca_file != NULL)
		SET(CURLOPT_CAINFO, rules->ca_file);
#undef SET
	return c;
}

static const char *fault_of(
	struct arena *a, CURL *curl, CURLcode code, const char *error, const struct answer *answer)
{
	long status = 0;

	if (answer->too_long || code == CURLE_FILESIZE_EXCEEDED)
		return "the answer is larger than 256 KiB";
	if (code != CURLE_OK)
		return arena_printf(a, "%s", error[0] != '\0' ? error : curl_easy_strerror(code));
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return status == 200 ? NULL : arena_printf(a, "the answer has the status %ld", status);
}

enum err fetch_get(struct arena *a, const char *url, const struct fetch_rules *rules,
	struct str *body, const char **why)
{
	char error[CURL_ERROR_SIZE] = "";
	struct answer answer = {.too_long = false};
	CURLcode code = CURLE_FAILED_INIT;
	CURL *curl;

	*why = url_fault(url, rules);
	if (*why != NULL)
		return ERR_INVALID;
	buf_init(&answer.body, a);
	curl = curl_easy_init();
	if (curl != NULL)
		code = set_options(curl, url, rules, error, &answer);
	if (code == CURLE_OK)
		code = curl_easy_perform(curl);
	*why = fault_of(a, curl, code, error, &answer);
	*body = buf_view(&answer.body);
	curl_easy_cleanup(curl);
	return *why == NULL ? ERR_OK : ERR_INVALID;
}
