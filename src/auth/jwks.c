/* SPDX-License-Identifier: MIT
 * The keys that tokens are checked against, and the check of a signature. Called by jwt.c; the only
 * file with cjose. Owns the keys at worker scope; reads the two key files by way of keyfile.c.
 *
 * The surprise: cjose takes any algorithm that fits the kind of key, and reads no alg, use or
 * key_ops of it. All of that is decided here, before cjose sees the token; cjose is only ever given
 * the public members of a key, written anew. */
#include "auth/jwks.h"

#include <cjose/cjose.h>
#include <openssl/err.h>
#include <stdlib.h>

#include "auth/keyfile.h"
#include "base/clock.h"
#include "base/log.h"
#include "json/reader.h"
#include "json/writer.h"

#define LOOK_US 1000000
#define RSA_BITS_LEAST 2048
#define HS256_BYTES_LEAST 32

/* What a key can be asked to verify: an algorithm belongs to exactly one family. */
enum family { FAMILY_RSA, FAMILY_P256, FAMILY_P384, FAMILY_P521, FAMILY_OCT };

struct algorithm {
	const char *name;
	enum family family;
};

static const struct algorithm algorithms[] = {
	{"RS256", FAMILY_RSA},  {"RS384", FAMILY_RSA},  {"RS512", FAMILY_RSA},
	{"PS256", FAMILY_RSA},  {"PS384", FAMILY_RSA},  {"PS512", FAMILY_RSA},
	{"ES256", FAMILY_P256}, {"ES384", FAMILY_P384}, {"ES512", FAMILY_P521},
	{"HS256", FAMILY_OCT},
};

static const struct curve {
	const char *name;
	enum family family;
	size_t sig_bytes;
} curves[] = {
	{"P-256", FAMILY_P256, 64},
	{"P-384", FAMILY_P384, 96},
	{"P-521", FAMILY_P521, 132},
};

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
	int64_t looked_us;
	uint64_t generation;
};

static const struct algorithm *algorithm_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
		if (str_eq(str_from(algorithms[i].name), name))
			return &algorithms[i];
	return NULL;
}

static void *heap(size_t count, size_t bytes)
{
	void *p = calloc(count ? count : 1, bytes);

	if (!p)
		out_of_memory(count * bytes);
	return p;
}

static void key_fini(struct key *key)
{
	if (key->jwk)
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

/* One key of the set */

/* A text member; STR_NONE if absent. ERR_INVALID if it is there and no text. */
MUST_CHECK static enum err text_member(const struct json *obj, const char *name, struct str *out)
{
	const struct json *v = json_member(obj, name);

	*out = v ? v->text : STR_NONE;
	return !v || v->type == JSON_STRING ? ERR_OK : ERR_INVALID;
}

static bool may_verify(const struct json *jwk)
{
	const struct json *ops = json_member(jwk, "key_ops");
	struct str use;

	if (text_member(jwk, "use", &use) || (use.p && !str_eq(use, STR("sig"))))
		return false;
	if (!ops)
		return true;
	if (ops->type != JSON_ARRAY)
		return false;
	for (const struct json *op = ops->first; op; op = op->next)
		if (op->type == JSON_STRING && str_eq(op->text, STR("verify")))
			return true;
	return false;
}

static size_t number_bits(struct str big_endian)
{
	size_t bits;
	unsigned char top;

	while (big_endian.n && big_endian.p[0] == 0) {
		big_endian.p++;
		big_endian.n--;
	}
	if (big_endian.n == 0)
		return 0;
	bits = 8 * (big_endian.n - 1);
	for (top = (unsigned char)big_endian.p[0]; top; top >>= 1)
		bits++;
	return bits;
}

/* Long enough, and an odd exponent of at least 3: with 1 every text is its own signature. */
MUST_CHECK static enum err rsa_check(struct arena *a, struct str n, struct str e, struct key *key,
	const char **why)
{
	struct str modulus = str_base64url_decode(a, n), exponent = str_base64url_decode(a, e);
	size_t bits = modulus.p ? number_bits(modulus) : 0;

	if (!exponent.p || number_bits(exponent) < 2 || !(exponent.p[exponent.n - 1] & 1)) {
		*why = "RSA exponent not usable";
		return ERR_INVALID;
	}
	if (bits < RSA_BITS_LEAST) {
		*why = "RSA key under 2048 bits";
		return ERR_INVALID;
	}
	key->family = FAMILY_RSA;
	key->sig_bytes = (bits + 7) / 8;
	return ERR_OK;
}

MUST_CHECK static enum err curve_check(struct str name, struct key *key, const char **why)
{
	for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
		if (str_eq(str_from(curves[i].name), name)) {
			key->family = curves[i].family;
			key->sig_bytes = curves[i].sig_bytes;
			return ERR_OK;
		}
	}
	*why = "curve not supported";
	return ERR_INVALID;
}

/* The family of a key, and the key in cjose's form, from its public members alone. */
MUST_CHECK static enum err key_import(struct arena *a, const struct json *jwk, struct key *key,
	const char **why)
{
	static const char *const rsa[] = {"kty", "n", "e"};
	static const char *const ec[] = {"kty", "crv", "x", "y"};
	const char *const *names = rsa;
	size_t count = ARRAY_LEN(rsa);
	struct str member[ARRAY_LEN(ec)];
	struct json_writer *w;
	struct buf text;

	*why = "kty not supported";
	if (text_member(jwk, "kty", &member[0]))
		return ERR_INVALID;
	if (str_eq(member[0], STR("EC"))) {
		names = ec;
		count = ARRAY_LEN(ec);
	} else if (!str_eq(member[0], STR("RSA"))) {
		return ERR_INVALID;
	}
	buf_init(&text, a);
	w = json_writer_new(a, &text);
	json_obj(w, NULL);
	for (size_t i = 0; i < count; i++) {
		*why = "members missing or of a wrong type";
		if (text_member(jwk, names[i], &member[i]) || !member[i].p)
			return ERR_INVALID;
		json_str(w, names[i], member[i]);
	}
	json_end(w);
	if (names == rsa ? rsa_check(a, member[1], member[2], key, why)
			 : curve_check(member[1], key, why))
		return ERR_INVALID;
	*why = "not a valid key";
	if (json_finish(w))
		return ERR_INVALID;
	key->jwk = cjose_jwk_import(text.p, text.n, NULL);
	if (!key->jwk)
		ERR_clear_error();
	return key->jwk ? ERR_OK : ERR_INVALID;
}

MUST_CHECK static enum err key_init(struct key *key, struct arena *a, const struct json *jwk,
	const char **why)
{
	struct str alg, kid;

	*key = (struct key){0};
	*why = "members missing or of a wrong type";
	if (jwk->type != JSON_OBJECT || text_member(jwk, "alg", &alg) ||
		text_member(jwk, "kid", &kid))
		return ERR_INVALID;
	if (!may_verify(jwk)) {
		*why = "not for verifying signatures";
		return ERR_INVALID;
	}
	if (key_import(a, jwk, key, why))
		return ERR_INVALID;
	if (alg.p) {
		key->only = algorithm_find(alg);
		if (!key->only || key->only->family != key->family) {
			*why = "alg not supported or not of its kty";
			key_fini(key);
			return ERR_INVALID;
		}
	}
	if (kid.p) {
		char *copy = heap(kid.n + 1, 1);

		memcpy(copy, kid.p, kid.n);
		key->kid = (struct str){copy, kid.n};
	}
	return ERR_OK;
}

/* The set */

/* A set that lists keys of which none is usable is broken; one that lists none says that nobody is
 * to be trusted, and is taken at its word. */
MUST_CHECK static enum err key_set_init(struct key_set *set, struct arena *a, struct str text,
	const char *file, const char **why)
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
	if (!list || list->type != JSON_ARRAY)
		return ERR_INVALID;
	set->list = heap(list->count, sizeof(*set->list));
	for (const struct json *jwk = list->first; jwk; jwk = jwk->next) {
		const struct json *kid = json_member(jwk, "kid");
		const char *fault;

		secret = secret || json_member(jwk, "d") || json_member(jwk, "k");
		if (key_init(&set->list[set->count], a, jwk, &fault) == ERR_OK)
			set->count++;
		else
			log_event(LOG_WARN, "jwks key ignored", "file", file, "kid",
				kid && kid->type == JSON_STRING ? str_dup(a, kid->text).p : NULL,
				"why", fault, NULL);
	}
	if (secret)
		log_event(LOG_WARN, "jwks file holds private keys", "file", file, NULL);
	*why = "no usable key";
	if (list->count && !set->count) {
		key_set_fini(set);
		return ERR_INVALID;
	}
	return ERR_OK;
}

static bool load_jwks(struct jwks *keys)
{
	const char *file = keys->cfg.jwks_file, *why;
	struct arena *a = arena_open();
	struct key_set set;
	struct str text;
	mode_t mode;
	bool loaded;

	loaded = keyfile_read(a, file, &text, &mode, &why) == ERR_OK &&
		key_set_init(&set, a, text, file, &why) == ERR_OK;
	if (loaded) {
		char *count = arena_printf(a, "%zu", set.count);

		key_set_fini(&keys->set);
		keys->set = set;
		log_event(LOG_INFO, "jwks loaded", "file", file, "keys", count, NULL);
	} else {
		log_event(LOG_ERROR, "jwks file not usable", "file", file, "why", why, NULL);
	}
	arena_close(a);
	return loaded;
}

/* A file that others can read is no longer a secret: unlike other faults it also ends the key that
 * was read from it before. */
static bool load_hs256(struct jwks *keys)
{
	const char *file = keys->cfg.hs256_file, *why;
	struct arena *a = arena_open();
	cjose_jwk_t *jwk = NULL;
	struct str bytes = STR_NONE;
	mode_t mode = 0;
	bool replace = false;

	if (keyfile_read(a, file, &bytes, &mode, &why) == ERR_OK) {
		size_t n = bytes.n;

		if (n && bytes.p[n - 1] == '\n')
			n--;
		if (mode & 077) {
			why = "others have access to it";
			replace = keys->hs256.jwk != NULL;
		} else if (n < HS256_BYTES_LEAST) {
			why = "shorter than 32 bytes";
		} else {
			jwk = cjose_jwk_create_oct_spec((const uint8_t *)bytes.p, n, NULL);
			why = "not a valid key";
			replace = jwk != NULL;
		}
		explicit_bzero((char *)bytes.p, bytes.n);
	}
	if (replace) {
		key_fini(&keys->hs256);
		keys->hs256 = (struct key){.jwk = jwk, .family = FAMILY_OCT, .sig_bytes = 32};
	}
	if (!jwk)
		log_event(LOG_ERROR, "hs256 file not usable", "file", file, "why", why, NULL);
	arena_close(a);
	return replace;
}

static bool look_at_files(struct jwks *keys)
{
	bool replaced = false;

	keys->looked_us = clock_monotonic_us();
	if (keys->cfg.jwks_file && keyfile_changed(&keys->jwks_look, keys->cfg.jwks_file))
		replaced |= load_jwks(keys);
	if (keys->cfg.hs256_file && keyfile_changed(&keys->hs256_look, keys->cfg.hs256_file))
		replaced |= load_hs256(keys);
	if (replaced)
		keys->generation++;
	return replaced;
}

struct jwks *jwks_open(const struct jwks_config *cfg)
{
	struct jwks *keys = heap(1, sizeof(*keys));

	keys->cfg = *cfg;
	look_at_files(keys);
	return keys;
}

void jwks_close(struct jwks *keys)
{
	if (!keys)
		return;
	key_set_fini(&keys->set);
	key_fini(&keys->hs256);
	free(keys);
}

bool jwks_refresh(struct jwks *keys)
{
	return clock_monotonic_us() - keys->looked_us >= LOOK_US && look_at_files(keys);
}

uint64_t jwks_generation(const struct jwks *keys)
{
	return keys->generation;
}

size_t jwks_count(const struct jwks *keys)
{
	return keys->set.count + (keys->hs256.jwk != NULL);
}

/* Verification */

/* The key for this token; NULL and *why if there is none. The symmetric key has no kid: HS256 can
 * mean no other key, so a kid in the token says nothing more. */
static const struct key *key_select(const struct jwks *keys, const struct algorithm *alg,
	struct str kid, const char **why)
{
	const struct key *found = NULL;
	bool known = false;

	*why = "algorithm not allowed";
	if (alg->family == FAMILY_OCT)
		return keys->hs256.jwk ? &keys->hs256 : NULL;
	for (size_t i = 0; i < keys->set.count; i++) {
		const struct key *key = &keys->set.list[i];

		if (kid.p && !(key->kid.p && str_eq(key->kid, kid)))
			continue;
		known = true;
		if (key->family != alg->family || (key->only && key->only != alg))
			continue;
		if (kid.p)
			return key;
		if (found) {
			*why = "more than one key fits and the token names none";
			return NULL;
		}
		found = key;
	}
	if (!found)
		*why = known ? "algorithm does not fit the key" : "unknown key";
	return found;
}

/* cjose reads the header again with a parser of its own: what it will do has to be what was decided
 * here. Faults it leaves in OpenSSL's queue would surface in a TLS connection to the database. */
static bool signature_valid(const struct key *key, struct str token, struct str alg)
{
	cjose_jws_t *jws = cjose_jws_import(token.p, token.n, NULL);
	const char *seen = NULL;
	bool valid;

	if (jws)
		seen = cjose_header_get(cjose_jws_get_protected(jws), CJOSE_HDR_ALG, NULL);
	valid = seen && str_eq(str_from(seen), alg) && cjose_jws_verify(jws, key->jwk, NULL);
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
	if (rest.p)
		return ERR_UNAUTHORIZED;
	text = str_base64url_decode(a, part[1]);
	signature = str_base64url_decode(a, part[2]);
	if (!text.p || !signature.p)
		return ERR_UNAUTHORIZED;
	*why = "algorithm not allowed";
	if (!algorithm)
		return ERR_UNAUTHORIZED;
	key = key_select(keys, algorithm, kid, why);
	if (!key)
		return ERR_UNAUTHORIZED;
	*why = "signature not valid";
	if (signature.n != key->sig_bytes || !signature_valid(key, token, alg))
		return ERR_UNAUTHORIZED;
	*payload = text;
	*why = NULL;
	return ERR_OK;
}
