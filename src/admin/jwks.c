/* SPDX-License-Identifier: MIT
 * rollcall-admin jwks: fetches the identity provider's public keys into ROLLCALL_JWKS_FILE, once or
 * repeatedly (--watch). Uses no database. Unchanged keys are not written again, but the file's time
 * becomes now: /metrics shows from it when the keys were last fetched. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "admin.h"
#include "auth/keyset.h"
#include "fetch.h"
#include "json/reader.h"
#include "server/config.h"

#define DISCOVERY "/.well-known/openid-configuration"
#define WATCH_MOST_S 604800

struct jwks_words {
	const char *issuer, *url; /* exactly one is set */
	const char *ca_file;
	int64_t watch_s; /* 0: once */
};

static int complain(const char *what)
{
	fprintf(stderr, "rollcall-admin jwks: %s\n", what);
	return 1;
}

static bool read_seconds(const char *text, int64_t *out)
{
	return str_to_i64(str_from(text), out) == STR_INT_OK && *out >= 1 && *out <= WATCH_MOST_S;
}

/* False: wrong arguments. */
static bool read_words(struct jwks_words *words, int argc, char **argv)
{
	static const struct option options[] = {
		{"issuer", required_argument, NULL, 'i'},
		{"url", required_argument, NULL, 'u'},
		{"ca-file", required_argument, NULL, 'c'},
		{"watch", required_argument, NULL, 'w'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'i')
			words->issuer = optarg;
		if (c == 'u')
			words->url = optarg;
		if (c == 'c')
			words->ca_file = optarg;
		if (c == 'w' && !read_seconds(optarg, &words->watch_s)) {
			complain("--watch takes a number of seconds from 1 to 604800");
			return false;
		}
		if (c == '?')
			return false;
	}
	return optind == argc && (words->issuer == NULL || words->url == NULL);
}

/* Discovery (OpenID Connect Discovery 1.0, section 4) */

static const char *discovery_url(struct arena *a, const char *issuer)
{
	size_t n = strlen(issuer);

	while (n > 0 && issuer[n - 1] == '/')
		n--;
	return arena_printf(a, "%.*s" DISCOVERY, (int)n, issuer);
}

static const char *text_of(struct arena *a, const struct json *object, const char *name)
{
	const struct json *v = json_member(object, name);

	if (v == NULL || v->type != JSON_STRING || memchr(v->text.p, '\0', v->text.n) != NULL)
		return NULL;
	return str_dup(a, v->text).p;
}

/* The URL of the keys in the provider's document; NULL and *why if there is none. */
static const char *read_discovery(
	struct arena *a, struct str document, const char *issuer, const char **why)
{
	const char *said, *url;
	struct json *tree;
	size_t at;

	*why = "is no JSON object";
	if (json_parse(a, document, &tree, &at) != ERR_OK || tree->type != JSON_OBJECT)
		return NULL;
	said = text_of(a, tree, "issuer");
	*why = "names no issuer";
	if (said == NULL)
		return NULL;
	*why = arena_printf(a,
		"is of the issuer \"%.200s\", and not of \"%.200s\": both have to be the same, "
		"to the last character",
		said, issuer);
	if (strcmp(said, issuer) != 0)
		return NULL;
	url = text_of(a, tree, "jwks_uri");
	*why = url == NULL ? "names no jwks_uri" : NULL;
	return url;
}

/* The URL of the keys; NULL and *why, a whole phrase. */
static const char *find_keys(struct arena *a, const struct jwks_words *words,
	struct fetch_rules *rules, const char **why)
{
	const char *from, *url;
	struct str document;

	if (words->url != NULL)
		return words->url;
	*why = "an issuer has no ? and no #";
	if (strpbrk(words->issuer, "?#") != NULL)
		return NULL;
	from = discovery_url(a, words->issuer);
	if (fetch_get(a, from, rules, &document, why) != ERR_OK) {
		*why = arena_printf(a, "%.200s: %s", from, *why);
		return NULL;
	}
	url = read_discovery(a, document, words->issuer, why);
	if (url == NULL)
		*why = arena_printf(a, "%.200s %s", from, *why);
	/* A provider on another host must not send the request to a service of this host. */
	rules->https_only = !fetch_is_loopback(words->issuer);
	return url;
}

/* Fetches once. True if the file has the provider's keys. */
static bool run_once(struct admin *adm, const struct jwks_words *words)
{
	struct fetch_rules rules = {.ca_file = words->ca_file};
	const char *file = adm->cfg->jwks_file, *why = NULL;
	const char *url = find_keys(adm->arena, words, &rules, &why), *keys;
	struct keyset_change change;
	struct str fetched;

	if (url == NULL)
		return complain(why) == 0;
	if (fetch_get(adm->arena, url, &rules, &fetched, &why) != ERR_OK ||
		keyset_replace(adm->arena, file, fetched, &change, &why) != ERR_OK) {
		fprintf(stderr, "rollcall-admin jwks: %.200s: %s; %s stays as it was\n", url, why,
			file);
		return false;
	}
	if (change.changed && change.ignored != NULL)
		fprintf(stderr, "rollcall-admin jwks: %.200s: a key is left out: %s\n", url,
			change.ignored);
	keys = change.usable == 1 ? "key" : "keys";
	if (change.changed)
		printf("%s: %zu %s of %.200s%s\n", file, change.usable, keys, url,
			change.own > 0 ? ", beside your own" : "");
	else
		printf("%s: %zu %s, as before\n", file, change.usable, keys);
	fflush(stdout);
	return true;
}

/* Runs until it is ended. A failure is reported, and the next run tries again. */
static void watch(struct admin *adm, const struct jwks_words *words)
{
	for (;;) {
		struct timespec pause = {.tv_sec = (time_t)words->watch_s};

		(void)run_once(adm, words);
		arena_reset(adm->arena);
		while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
			continue;
	}
}

int admin_jwks(struct admin *adm, int argc, char **argv)
{
	struct jwks_words words = {.issuer = NULL};

	if (!read_words(&words, argc, argv))
		return 2;
	if (adm->cfg->jwks_file == NULL)
		return complain("ROLLCALL_JWKS_FILE is not set; the keys go into that file");
	if (words.issuer == NULL && words.url == NULL)
		words.issuer = adm->cfg->idp_issuer;
	if (words.issuer == NULL && words.url == NULL)
		return complain("neither --issuer, nor --url, nor ROLLCALL_IDP_ISSUER says whose "
				"keys");
	if (words.watch_s > 0)
		watch(adm, &words);
	return run_once(adm, &words) ? 0 : 1;
}
