/* SPDX-License-Identifier: MIT
 * The keys that verify tokens, and the check of a signature. The only file with cjose. Owns the
 * keys; reads the two key files with keyfile.c.
 *
 * cjose accepts any algorithm that fits the kind of key and does not read a key's alg, use and
 * key_ops. This file and jwk.c check them before cjose sees the token. cjose gets only the public
 * members of a key, as newly written JSON. */
#include "auth/jwks.h"

#include <cjose/cjose.h>
#include <openssl/err.h>
#include <stdlib.h>

#include "auth/digest.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "json/reader.h"
#include "json/writer.h"
#include "jwk.h"
#include "keyfile.h"

#define LOOK_US 1000000

struct key {
	cjose_jwk_t *jwk;
	enum family family;
	const struct algorithm *only; /* the key's own alg; NULL: any of its family */
	size_t sig_bytes;             /* of every signature by this key */
	struct str kid;               /* on the heap; p == NULL: none */
};

struct key_set {
	struct key *list;
	size_t count;
};

struct jwks {
	struct jwks_config cfg;
	struct key_set set;
	struct key hs256; /* jwk == NULL: none */
	struct keyfile_look jwks_look, hs256_look;
	unsigned char digest[DIGEST_BYTES]; /* of the text that the set was read from */
	bool read, broken;                  /* a set was read; the latest file was not usable */
	int64_t modified_ms;
	int64_t looked_us;
	uint64_t generation;
};

static void key_fini(struct key *key)
{
	if (key->jwk != NULL)
		cjose_jwk_release(key->jwk);
	free((char *)key->kid.p);
	*key = (struct key){0};
}

static void key_set_fini(struct key_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		key_fini(&set->list[i]);
	free(set->list);
	*set = (struct key_set){0};
}

MUST_CHECK static enum err key_init(
	struct key *key, struct arena *a, const struct json *json, bool exposed, const char **why)
{
	struct jwk jwk;

	*key = (struct key){0};
	if (jwk_read(a, json, exposed, &jwk, why))
		return ERR_INVALID;
	key->jwk = cjose_jwk_import(jwk.text.p, jwk.text.n, NULL);
	if (key->jwk == NULL) {
		ERR_clear_error();
		*why = "not a valid key";
		return ERR_INVALID;
	}
	key->family = jwk.family;
	key->only = jwk.only;
	key->sig_bytes = jwk.sig_bytes;
	if (jwk.kid.p != NULL) {
		char *copy = heap_zalloc(jwk.kid.n + 1, 1);

		memcpy(copy, jwk.kid.p, jwk.kid.n);
		key->kid = (struct str){copy, jwk.kid.n};
	}
	return ERR_OK;
}

enum err jwks_read_key(struct arena *a, const struct json *json, struct str *out, const char **why)
{
	struct json_writer *w;
	struct json *members;
	struct buf text;
	struct key key;
	struct jwk jwk;
	size_t at;

	if (key_init(&key, a, json, true, why) != ERR_OK)
		return ERR_INVALID;
	key_fini(&key);
	if (jwk_read(a, json, true, &jwk, why) || json_parse(a, jwk.text, &members, &at))
		return ERR_INVALID;
	buf_init(&text, a);
	w = json_writer_new(a, &text);
	json_obj(w, NULL);
	for (const struct json *m = members->first; m != NULL; m = m->next)
		json_member_str(w, m->key, m->text);
	json_cstr(w, "use", "sig");
	if (jwk.only != NULL)
		json_cstr(w, "alg", jwk.only->name);
	if (jwk.kid.p != NULL)
		json_str(w, "kid", jwk.kid);
	json_end(w);
	*out = buf_view(&text);
	return json_finish(w);
}

/* The set */

/* A set whose keys are all unusable is broken. A set without keys is accepted: it trusts nobody. */
MUST_CHECK static enum err key_set_init(struct key_set *set, struct arena *a, struct str text,
	mode_t mode, const char *file, const char **why)
{
	const struct json *list;
	struct json *root;
	size_t at;
	bool secret = false;

	*set = (struct key_set){0};
	*why = "not JSON";
	if (json_parse(a, text, &root, &at))
		return ERR_INVALID;
	list = json_member(root, "keys");
	*why = "not a JWK set";
	if (list == NULL || list->type != JSON_ARRAY)
		return ERR_INVALID;
	set->list = heap_zalloc(list->count, sizeof(*set->list));
	for (const struct json *jwk = list->first; jwk != NULL; jwk = jwk->next) {
		const struct json *kid = json_member(jwk, "kid");
		const char *fault;

		secret = secret || json_member(jwk, "d") != NULL || json_member(jwk, "k") != NULL;
		if (key_init(&set->list[set->count], a, jwk, mode & S_IROTH, &fault) == ERR_OK)
			set->count++;
		else
			log_event(LOG_WARN, "jwks key ignored", "file", file, "kid",
				kid != NULL && kid->type == JSON_STRING ? str_dup(a, kid->text).p
									: NULL,
				"why", fault, NULL);
	}
	if (secret)
		log_event(LOG_WARN, "jwks file holds private keys", "file", file, NULL);
	*why = "no usable key";
	if (list->count > 0 && set->count == 0) {
		key_set_fini(set);
		return ERR_INVALID;
	}
	return ERR_OK;
}

MUST_CHECK static enum err read_set(
	struct arena *a, const char *file, struct key_set *set, const char **why)
{
	struct str text;
	mode_t mode;

	if (keyfile_read(a, file, &text, &mode, why) != ERR_OK)
		return ERR_INVALID;
	return key_set_init(set, a, text, mode, file, why);
}

static void take_set(struct jwks *keys, struct arena *a, struct key_set set)
{
	const char *file = keys->cfg.jwks_file;

	key_set_fini(&keys->set);
	keys->set = set;
	log_event(LOG_INFO, "jwks loaded", "file", file, "keys", arena_printf(a, "%zu", set.count),
		NULL);
	if (set.count == 0)
		log_event(LOG_WARN, "jwks file lists no key", "file", file, "why",
			keys->cfg.hs256_file == NULL
				? "every JWT is refused until the file has a key"
				: "every JWT that the HS256 key did not sign is refused until the "
				  "file has a key",
			NULL);
}

/* Whether the file, written or touched again, has the text of the set in use. */
static bool is_same(struct jwks *keys, struct str text)
{
	unsigned char before[DIGEST_BYTES];

	memcpy(before, keys->digest, DIGEST_BYTES);
	digest_sha256(text, keys->digest);
	return keys->read && !keys->broken && memcmp(before, keys->digest, DIGEST_BYTES) == 0;
}

static bool load_jwks(struct jwks *keys)
{
	const char *file = keys->cfg.jwks_file, *why;
	struct arena *a = arena_open();
	struct key_set set = {.count = 0};
	struct str text;
	mode_t mode;
	enum err err = keyfile_read(a, file, &text, &mode, &why);
	bool same = err == ERR_OK && is_same(keys, text);

	if (err == ERR_OK && !same)
		err = key_set_init(&set, a, text, mode, file, &why);
	keys->broken = err != ERR_OK;
	if (err == ERR_OK) {
		keys->read = true;
		keys->modified_ms = keyfile_modified_ms(&keys->jwks_look);
	}
	if (err == ERR_OK && !same)
		take_set(keys, a, set);
	if (err != ERR_OK)
		log_event(LOG_ERROR, "jwks file not usable", "file", file, "why", why, "still_used",
			keys->set.count ? "the keys read before" : "none", NULL);
	arena_close(a);
	return err == ERR_OK && !same;
}

/* ERR_FORBIDDEN: others have access to the file. */
MUST_CHECK static enum err read_hs256(
	struct arena *a, const char *file, struct key *key, const char **why)
{
	enum err err = ERR_INVALID;
	struct str bytes, secret;
	mode_t mode;

	*key = (struct key){.family = FAMILY_OCT, .sig_bytes = 32};
	err = keyfile_read(a, file, &bytes, &mode, why);
	if (err)
		return err;
	err = ERR_INVALID;
	secret = keyfile_secret(bytes);
	if (mode & 077) {
		*why = "its group or others have access to it";
		err = ERR_FORBIDDEN;
	} else if (secret.n < KEYFILE_SECRET_LEAST) {
		*why = "shorter than 32 bytes";
	} else {
		key->jwk = cjose_jwk_create_oct_spec((const uint8_t *)secret.p, secret.n, NULL);
		*why = "not a valid key";
		err = key->jwk != NULL ? ERR_OK : ERR_INVALID;
	}
	explicit_bzero((char *)bytes.p, bytes.n);
	return err;
}

/* A key in a file that others can access is not secret. Unlike other faults, this one also drops
 * the key that was read before. */
static bool load_hs256(struct jwks *keys)
{
	const char *file = keys->cfg.hs256_file, *why;
	struct arena *a = arena_open();
	struct key key;
	enum err err = read_hs256(a, file, &key, &why);
	bool replace = err == ERR_OK || (err == ERR_FORBIDDEN && keys->hs256.jwk != NULL);

	if (replace) {
		key_fini(&keys->hs256);
		keys->hs256 = key;
	}
	if (err)
		log_event(LOG_ERROR, "hs256 file not usable", "file", file, "why", why,
			"still_used", keys->hs256.jwk != NULL ? "the key read before" : "none",
			NULL);
	arena_close(a);
	return replace;
}

enum err jwks_try(const struct jwks_config *cfg, const char **why)
{
	struct arena *a = arena_open();
	struct key_set set = {0};
	struct key hs256 = {0};
	enum err err = ERR_OK;

	if (cfg->jwks_file != NULL)
		err = read_set(a, cfg->jwks_file, &set, why);
	if (err == ERR_OK && cfg->jwks_file != NULL && set.count == 0) {
		*why = "it lists no key";
		err = ERR_INVALID;
	}
	if (err == ERR_OK && cfg->hs256_file != NULL && read_hs256(a, cfg->hs256_file, &hs256, why))
		err = ERR_INVALID;
	key_set_fini(&set);
	key_fini(&hs256);
	arena_close(a);
	return err;
}

static bool look_at_files(struct jwks *keys)
{
	bool replaced = false;

	keys->looked_us = clock_monotonic_us();
	if (keys->cfg.jwks_file != NULL && keyfile_changed(&keys->jwks_look, keys->cfg.jwks_file))
		replaced |= load_jwks(keys);
	if (keys->cfg.hs256_file != NULL &&
		keyfile_changed(&keys->hs256_look, keys->cfg.hs256_file))
		replaced |= load_hs256(keys);
	if (replaced)
		keys->generation++;
	return replaced;
}

struct jwks *jwks_open(const struct jwks_config *cfg)
{
	struct jwks *keys = heap_zalloc(1, sizeof(*keys));

	keys->cfg = *cfg;
	keys->modified_ms = TIME_NONE;
	look_at_files(keys);
	return keys;
}

void jwks_close(struct jwks *keys)
{
	if (keys == NULL)
		return;
	key_set_fini(&keys->set);
	key_fini(&keys->hs256);
	free(keys);
}

bool jwks_refresh(struct jwks *keys)
{
	return clock_monotonic_us() - keys->looked_us >= LOOK_US && look_at_files(keys);
}

int64_t jwks_modified_ms(const struct jwks *keys)
{
	return keys->modified_ms;
}

uint64_t jwks_generation(const struct jwks *keys)
{
	return keys->generation;
}

size_t jwks_count(const struct jwks *keys)
{
	return keys->set.count + (keys->hs256.jwk != NULL);
}

void jwks_list(const struct jwks *keys, FILE *out)
{
	static const char *const families[] = {[FAMILY_RSA] = "RS256 RS384 RS512 PS256 PS384 PS512",
		[FAMILY_P256] = "ES256",
		[FAMILY_P384] = "ES384",
		[FAMILY_P521] = "ES512"};

	for (size_t i = 0; i < keys->set.count; i++) {
		const struct key *key = &keys->set.list[i];

		fprintf(out, "%s %s\n", key->kid.p != NULL ? key->kid.p : "-",
			key->only != NULL ? key->only->name : families[key->family]);
	}
}

/* Verification */

/* The key for this token; NULL and *why if there is none. There is only one key for HS256, and it
 * has no kid, so that the kid of such a token is ignored. */
static const struct key *key_select(
	const struct jwks *keys, const struct algorithm *alg, struct str kid, const char **why)
{
	const struct key *found = NULL;
	bool known = false;

	*why = "algorithm not allowed";
	if (alg->family == FAMILY_OCT)
		return keys->hs256.jwk != NULL ? &keys->hs256 : NULL;
	for (size_t i = 0; i < keys->set.count; i++) {
		const struct key *key = &keys->set.list[i];

		if (kid.p != NULL && !(key->kid.p != NULL && str_eq(key->kid, kid)))
			continue;
		known = true;
		if (key->family != alg->family || (key->only != NULL && key->only != alg))
			continue;
		if (kid.p != NULL)
			return key;
		if (found != NULL) {
			*why = "more than one key fits and the token names none";
			return NULL;
		}
		found = key;
	}
	if (found == NULL)
		*why = known ? "algorithm does not fit the key" : "unknown key";
	return found;
}

/* cjose parses the header again; the algorithm that it finds has to be the one that was chosen
 * here. Its errors in OpenSSL's queue are cleared, else a TLS connection to the database would
 * report them. */
static bool signature_valid(const struct key *key, struct str token, struct str alg)
{
	cjose_jws_t *jws = cjose_jws_import(token.p, token.n, NULL);
	const char *seen = NULL;
	bool valid;

	if (jws != NULL)
		seen = cjose_header_get(cjose_jws_get_protected(jws), CJOSE_HDR_ALG, NULL);
	valid = seen != NULL && str_eq(str_from(seen), alg) &&
		cjose_jws_verify(jws, key->jwk, NULL);
	cjose_jws_release(jws);
	if (!valid)
		ERR_clear_error();
	return valid;
}

enum err jwks_verify(struct jwks *keys, struct arena *a, struct str token, struct str alg,
	struct str kid, struct str *payload, const char **why)
{
	const struct algorithm *algorithm = algorithm_find(alg);
	const struct key *key;
	struct str rest = token, part[3], text, signature;

	*payload = STR_NONE;
	*why = "malformed token";
	for (size_t i = 0; i < ARRAY_LEN(part); i++)
		if (!str_split(&rest, '.', &part[i]) || part[i].n == 0)
			return ERR_UNAUTHORIZED;
	if (rest.p != NULL)
		return ERR_UNAUTHORIZED;
	text = str_base64url_decode(a, part[1]);
	signature = str_base64url_decode(a, part[2]);
	if (text.p == NULL || signature.p == NULL)
		return ERR_UNAUTHORIZED;
	*why = "algorithm not allowed";
	if (algorithm == NULL)
		return ERR_UNAUTHORIZED;
	key = key_select(keys, algorithm, kid, why);
	if (key == NULL)
		return ERR_UNAUTHORIZED;
	*why = "signature not valid";
	if (signature.n != key->sig_bytes || !signature_valid(key, token, alg))
		return ERR_UNAUTHORIZED;
	*payload = text;
	*why = NULL;
	return ERR_OK;
}
