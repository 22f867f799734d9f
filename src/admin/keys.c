/* SPDX-License-Identifier: MIT
 * rollcall-admin keys and token: an own signing key, the set of public keys next to it, and tokens
 * signed with it. Writes the two files, uses no database. A token that these settings would refuse
 * is printed with a warning, because it may be meant for another host. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin.h"
#include "auth/jwt.h"
#include "auth/sign.h"
#include "base/clock.h"
#include "base/log.h"
#include "json/reader.h"
#include "json/writer.h"
#include "server/config.h"

#define KEY_NAME "signing-key.pem"

static int complain(const char *command, const char *what)
{
	fprintf(stderr, "rollcall-admin %s: %s\n", command, what);
	return 1;
}

/* The set that the service reads, and the key next to it. */
static struct sign_files files_of(const struct admin *adm)
{
	const char *jwks = adm->cfg->jwks_file;
	const char *slash = jwks != NULL ? strrchr(jwks, '/') : NULL;
	int dir = slash != NULL ? (int)(slash - jwks) + 1 : 0;

	return (struct sign_files){
		arena_printf(adm->arena, "%.*s" KEY_NAME, dir, jwks != NULL ? jwks : ""), jwks};
}

/* Keys */

static int keys_new(struct admin *adm, bool rotate)
{
	const struct sign_files files = files_of(adm);
	const char *why;
	struct str kid;
	enum err err;

	err = sign_key_new(adm->arena, &files, rotate, &kid, &why);
	if (err != ERR_OK)
		complain("keys", why);
	if (err == ERR_CONFLICT)
		complain("keys", "`rollcall-admin keys rotate` replaces it");
	if (err != ERR_OK)
		return 1;
	printf("%s: a new key; who can read it signs tokens that Rollcall takes\n", files.key);
	printf("%s: its public half, kid %.*s\n", files.jwks, STR_FMT(kid));
	if (rotate)
		puts("The public halves of former keys stay until `rollcall-admin keys drop KID`.");
	return 0;
}

static int keys_list(struct admin *adm)
{
	struct jwks *keys;
	const char *const file = adm->cfg->jwks_file;
	const char *why;

	if (jwks_try(&(struct jwks_config){.jwks_file = file}, &why) != ERR_OK) {
		fprintf(stderr, "rollcall-admin keys: %s: %s\n", file, why);
		return 1;
	}
	log_setup(LOG_OFF, LOG_TEXT); /* the ignored keys were logged just before */
	keys = jwks_open(&(struct jwks_config){.jwks_file = file});
	jwks_list(keys, stdout);
	jwks_close(keys);
	return 0;
}

static int keys_drop(struct admin *adm, const char *kid)
{
	const char *file = adm->cfg->jwks_file, *why;

	if (sign_key_drop(adm->arena, file, str_from(kid), &why) == ERR_OK) {
		printf("%s: %s is dropped; tokens signed with it are refused from now on\n", file,
			kid);
		return 0;
	}
	fprintf(stderr, "rollcall-admin keys: %s %s\n", file, why);
	return 1;
}

int admin_keys(struct admin *adm, int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (adm->cfg->jwks_file == NULL)
		return complain("keys", "ROLLCALL_JWKS_FILE is not set; the keys are in that file, "
					"and " KEY_NAME " is beside it");
	if (strcmp(word, "new") == 0 && argc == 2)
		return keys_new(adm, false);
	if (strcmp(word, "rotate") == 0 && argc == 2)
		return keys_new(adm, true);
	if (strcmp(word, "list") == 0 && argc == 2)
		return keys_list(adm);
	if (strcmp(word, "drop") == 0 && argc == 3)
		return keys_drop(adm, argv[2]);
	return 2;
}

/* Token */

struct token_words {
	const char *key, *claims;
	int64_t expires_s; /* 0: not given */
};

static bool read_words(struct token_words *words, int argc, char **argv)
{
	static const struct option options[] = {
		{"key", required_argument, NULL, 'k'},
		{"claims", required_argument, NULL, 'c'},
		{"expires", required_argument, NULL, 'e'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'k')
			words->key = optarg;
		if (c == 'c')
			words->claims = optarg;
		if (c == 'e' && !admin_duration(optarg, &words->expires_s)) {
			complain("token", "--expires takes a number and d, h, m or s: 90d");
			return false;
		}
		if (c == '?')
			return false;
	}
	return optind == argc && words->claims != NULL;
}

/* The key next to the set, else the symmetric one. */
static const char *default_key(const struct admin *adm)
{
	const struct sign_files files = files_of(adm);

	if (files.jwks != NULL && access(files.key, F_OK) == 0)
		return files.key;
	return adm->cfg->hs256_file != NULL ? adm->cfg->hs256_file : files.key;
}

/* The claims that a token needs and the given claims lack, as members of an object. */
static const char *missing_claims(const struct admin *adm, const struct token_words *words,
	const struct json *claims, struct str *more)
{
	int64_t now_s = clock_now_ms() / 1000;
	struct json_writer *w;
	struct buf text;

	if (json_member(claims, "sub") == NULL)
		return "the claims have no \"sub\", the name of the user or the application";
	if (json_member(claims, "exp") != NULL && words->expires_s != 0)
		return "the claims have an \"exp\", so --expires says it twice";
	if (json_member(claims, "exp") == NULL && words->expires_s == 0)
		return "--expires is missing: how long the token is valid, as in 90d";
	buf_init(&text, adm->arena);
	w = json_writer_new(adm->arena, &text);
	json_obj(w, NULL);
	if (words->expires_s != 0)
		json_i64(w, "exp", now_s + words->expires_s);
	if (json_member(claims, "iat") == NULL)
		json_i64(w, "iat", now_s);
	if (adm->cfg->jwt_issuer != NULL && json_member(claims, "iss") == NULL)
		json_cstr(w, "iss", adm->cfg->jwt_issuer);
	if (adm->cfg->jwt_audience != NULL && json_member(claims, "aud") == NULL)
		json_cstr(w, "aud", adm->cfg->jwt_audience);
	json_end(w);
	BUG_ON(json_finish(w) != ERR_OK);
	*more = (struct str){text.p + 1, text.n - 2};
	return NULL;
}

static void warn_if_refused(struct admin *adm, struct str token)
{
	const struct config *cfg = adm->cfg;
	const struct jwks_config files = {cfg->jwks_file, cfg->hs256_file};
	const struct jwt_config config = {.issuer = cfg->jwt_issuer,
		.audience = cfg->jwt_audience,
		.leeway_s = cfg->jwt_leeway_s};
	struct principal who;
	struct jwks *keys;
	struct jwt *jwt;
	const char *why;

	log_setup(LOG_OFF, LOG_TEXT);
	keys = jwks_open(&files);
	jwt = jwt_open(&config, keys);
	if (jwt_verify(jwt, adm->arena, token, clock_now_ms(), &who, &why) != ERR_OK)
		fprintf(stderr,
			"rollcall-admin token: warning: a service with these settings refuses this "
			"token: %s\n",
			why);
	jwt_close(jwt);
	jwks_close(keys);
}

int admin_token(struct admin *adm, int argc, char **argv)
{
	struct token_words words = {0};
	struct str token, more = STR_NONE;
	struct json *claims;
	const char *why;
	size_t at;

	if (!read_words(&words, argc, argv))
		return 2;
	if (words.key == NULL)
		words.key = default_key(adm);
	if (json_parse(adm->arena, str_from(words.claims), &claims, &at) != ERR_OK ||
		claims->type != JSON_OBJECT)
		return complain("token", "--claims takes a JSON object: '{\"sub\":\"shop\"}'");
	why = missing_claims(adm, &words, claims, &more);
	if (why != NULL)
		return complain("token", why);
	token = sign_token(adm->arena, words.key, str_from(words.claims), more, &why);
	if (token.p == NULL)
		return complain("token", why);
	warn_if_refused(adm, token);
	printf("%.*s\n", STR_FMT(token));
	return 0;
}
