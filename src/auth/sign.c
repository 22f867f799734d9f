/* SPDX-License-Identifier: MIT
 * Keys and tokens with OpenSSL's EVP. The claims are signed byte for byte, so that a test can sign
 * wrong ones; added members stand before them, because the last value of a repeated name counts. */
#include "auth/sign.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <unistd.h>

#include "auth/keyset.h"
#include "base/clock.h"
#include "json/reader.h"
#include "json/writer.h"
#include "keyfile.h"

#define KEY_BITS 2048
#define HOUR_S 3600
#define PEM_BEGINS "-----BEGIN"

/* Key */

static struct str key_number(struct arena *a, const EVP_PKEY *key, const char *name)
{
	struct str out = STR_NONE;
	BIGNUM *number = NULL;

	if (EVP_PKEY_get_bn_param(key, name, &number) == 1) {
		unsigned char *bytes = arena_alloc(a, (size_t)BN_num_bytes(number));

		out = str_base64url(a, bytes, (size_t)BN_bn2bin(number, bytes));
	}
	BN_free(number);
	return out;
}

/* RFC 7638: the digest of the required members in alphabetical order. STR_NONE on failure. */
static struct str key_id(struct arena *a, const EVP_PKEY *key)
{
	struct str n = key_number(a, key, OSSL_PKEY_PARAM_RSA_N);
	struct str e = key_number(a, key, OSSL_PKEY_PARAM_RSA_E);
	unsigned char digest[32];
	struct str text;

	if (n.p == NULL || e.p == NULL)
		return STR_NONE;

	text = str_printf(
		a, "{\"e\":\"%.*s\",\"kty\":\"RSA\",\"n\":\"%.*s\"}", STR_FMT(e), STR_FMT(n));
	if (EVP_Digest(text.p, text.n, digest, NULL, EVP_sha256(), NULL) != 1)
		return STR_NONE;
	return str_base64url(a, digest, sizeof(digest));
}

/* NULL and *why if the text is not a private RSA key. */
static EVP_PKEY *key_parse(struct str text, const char **why)
{
	BIO *in = BIO_new_mem_buf(text.p, (int)text.n);
	EVP_PKEY *key = in != NULL ? PEM_read_bio_PrivateKey(in, NULL, NULL, NULL) : NULL;

	BIO_free(in);
	*why = "holds no RSA key";
	if (key != NULL && EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

/* Reads a file that only its owner may read. */
MUST_CHECK static enum err secret_read(
	struct arena *a, const char *file, struct str *out, const char **why)
{
	mode_t mode;

	if (keyfile_read(a, file, out, &mode, why))
		return ERR_INVALID;
	if ((mode & 077) == 0)
		return ERR_OK;
	*why = "its group or others have access to it (chmod 600)";
	explicit_bzero((char *)out->p, out->n);
	return ERR_INVALID;
}

static EVP_PKEY *key_read(struct arena *a, const char *file, const char **why)
{
	struct str text;
	EVP_PKEY *key;

	if (secret_read(a, file, &text, why))
		return NULL;
	key = key_parse(text, why);
	explicit_bzero((char *)text.p, text.n);
	return key;
}

/* Files */

MUST_CHECK static enum err key_write(
	struct arena *a, const char *file, const EVP_PKEY *key, const char **why)
{
	enum err err = ERR_INTERNAL;
	BIO *out = BIO_new(BIO_s_mem());
	char *bytes;
	long n;

	*why = "the key cannot be made into PEM";
	if (out != NULL && PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1) {
		n = BIO_get_mem_data(out, &bytes);
		err = keyfile_write(a, file, 0600, (struct str){bytes, (size_t)n}, why);
		explicit_bzero(bytes, (size_t)n);
	}
	BIO_free(out);
	return err;
}

/* Sets */

MUST_CHECK static enum err set_add(
	struct arena *a, const char *file, const EVP_PKEY *key, struct str *kid, const char **why)
{
	struct str n = key_number(a, key, OSSL_PKEY_PARAM_RSA_N);
	struct str e = key_number(a, key, OSSL_PKEY_PARAM_RSA_E);
	const struct json *first;
	struct str jwk;

	*kid = key_id(a, key);
	*why = "the key is not usable";
	if (kid->p == NULL)
		return ERR_INTERNAL;
	if (keyset_read(a, file, &first, why))
		return ERR_INVALID;
	for (const struct json *old = first; old != NULL; old = old->next)
		if (keyset_has_kid(old, *kid))
			return ERR_OK;
	jwk = str_printf(a,
		"{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\"," KEYSET_OWN
		",\"kid\":\"%.*s\","
		"\"n\":\"%.*s\",\"e\":\"%.*s\"}",
		STR_FMT(*kid), STR_FMT(n), STR_FMT(e));
	return keyset_write(a, file, first, STR_NONE, jwk, why);
}

/* The public key is published first, so that a token signed at once can be verified. */
enum err sign_key_new(struct arena *a, const struct sign_files *files, bool replace,
	struct str *kid, const char **why)
{
	EVP_PKEY *key = NULL;
	enum err err = ERR_CONFLICT;

	*why = "is there already";
	if (!replace && access(files->key, F_OK) == 0)
		goto out;
	err = ERR_INTERNAL;
	*why = "no key can be made";
	key = EVP_RSA_gen(KEY_BITS);
	if (key == NULL)
		goto out;
	err = set_add(a, files->jwks, key, kid, why);
	if (err) {
		*why = arena_printf(a, "%s %s", files->jwks, *why);
		goto out;
	}
	err = key_write(a, files->key, key, why);
	if (err) {
		const char *ignored;

		*why = arena_printf(a, "%s %s", files->key, *why);
		if (sign_key_drop(a, files->jwks, *kid, &ignored) != ERR_OK)
			*why = arena_printf(a, "%s; %s holds its public half", *why, files->jwks);
	}
out:
	if (err == ERR_CONFLICT)
		*why = arena_printf(a, "%s %s", files->key, *why);
	EVP_PKEY_free(key);
	return err;
}

enum err sign_key_publish(
	struct arena *a, const struct sign_files *files, struct str *kid, const char **why)
{
	EVP_PKEY *key = key_read(a, files->key, why);
	enum err err = ERR_INVALID;

	if (key == NULL) {
		*why = arena_printf(a, "%s: %s", files->key, *why);
		return err;
	}
	err = set_add(a, files->jwks, key, kid, why);
	if (err)
		*why = arena_printf(a, "%s %s", files->jwks, *why);
	EVP_PKEY_free(key);
	return err;
}

enum err sign_key_drop(struct arena *a, const char *jwks, struct str kid, const char **why)
{
	const struct json *first;
	enum err err = keyset_read(a, jwks, &first, why);

	for (const struct json *jwk = first; err == ERR_OK && jwk != NULL; jwk = jwk->next)
		if (keyset_has_kid(jwk, kid))
			return keyset_write(a, jwks, first, kid, STR_NONE, why);
	if (err == ERR_OK) {
		*why = "has no key of that kid";
		err = ERR_NOT_FOUND;
	}
	return err;
}

/* Tokens */

static struct str sign_rs256(struct arena *a, EVP_PKEY *key, struct str text)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char *sig = arena_alloc(a, (size_t)EVP_PKEY_get_size(key));
	size_t n = (size_t)EVP_PKEY_get_size(key);
	struct str out = STR_NONE;

	if (ctx != NULL && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		EVP_DigestSign(ctx, sig, &n, (const unsigned char *)text.p, text.n) == 1)
		out = str_base64url(a, sig, n);
	EVP_MD_CTX_free(ctx);
	return out;
}

static struct str sign_hs256(struct arena *a, struct str key, struct str text)
{
	unsigned char sig[EVP_MAX_MD_SIZE];
	unsigned n = sizeof(sig);

	if (HMAC(EVP_sha256(), key.p, (int)key.n, (const unsigned char *)text.p, text.n, sig, &n) ==
		NULL)
		return STR_NONE;
	return str_base64url(a, sig, n);
}

/* Header and claims, as they are signed. */
static struct str signing_input(struct arena *a, struct str header, struct str claims)
{
	struct str first = str_base64url(a, header.p, header.n);
	struct str second = str_base64url(a, claims.p, claims.n);

	return str_printf(a, "%.*s.%.*s", STR_FMT(first), STR_FMT(second));
}

/* The signature by the key whose file has these bytes; *text becomes the signed text. */
static struct str sign(
	struct arena *a, struct str bytes, struct str claims, struct str *text, const char **why)
{
	struct str kid, secret, sig = STR_NONE;
	EVP_PKEY *key;

	if (!str_starts(bytes, STR(PEM_BEGINS))) {
		secret = keyfile_secret(bytes);
		*why = "holds neither a private key in PEM nor 32 bytes for HS256";
		if (secret.n < KEYFILE_SECRET_LEAST)
			return STR_NONE;
		*why = "signing failed";
		*text = signing_input(a, STR("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"), claims);
		return sign_hs256(a, secret, *text);
	}
	key = key_parse(bytes, why);
	if (key == NULL)
		return STR_NONE;
	*why = "signing failed";
	kid = key_id(a, key);
	if (kid.p != NULL) {
		*text = signing_input(a,
			str_printf(a, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"%.*s\"}",
				STR_FMT(kid)),
			claims);
		sig = sign_rs256(a, key, *text);
	}
	EVP_PKEY_free(key);
	return sig;
}

/* NULL and *why if the claims are not a JSON object. */
static const struct json *claims_parse(struct arena *a, struct str claims, const char **why)
{
	struct json *tree;
	size_t at;

	*why = "the claims are not a JSON object";
	return json_parse(a, claims, &tree, &at) || tree->type != JSON_OBJECT ? NULL : tree;
}

struct str sign_token(
	struct arena *a, const char *key_file, struct str claims, struct str more, const char **why)
{
	const struct json *tree = claims_parse(a, claims, why);
	struct str bytes, text, sig, rest;
	const char *brace;

	if (tree == NULL)
		return STR_NONE;
	if (more.n > 0) {
		brace = memchr(claims.p, '{', claims.n);
		rest = (struct str){brace + 1, claims.n - (size_t)(brace + 1 - claims.p)};
		claims = str_printf(
			a, "{%.*s%s%.*s", STR_FMT(more), tree->count ? "," : "", STR_FMT(rest));
	}
	if (secret_read(a, key_file, &bytes, why)) {
		*why = arena_printf(a, "%s: %s", key_file, *why);
		return STR_NONE;
	}
	sig = sign(a, bytes, claims, &text, why);
	explicit_bzero((char *)bytes.p, bytes.n);
	if (sig.p == NULL) {
		*why = arena_printf(a, "%s: %s", key_file, *why);
		return STR_NONE;
	}
	*why = NULL;
	return str_printf(a, "%.*s.%.*s", STR_FMT(text), STR_FMT(sig));
}

struct str sign_token_for_an_hour(
	struct arena *a, const char *key_file, struct str claims, const char **why)
{
	const struct json *tree = claims_parse(a, claims, why);
	struct str more = STR_NONE;
	long long in_an_hour = clock_now_ms() / 1000 + HOUR_S;

	if (tree == NULL)
		return STR_NONE;
	if (json_member(tree, "exp") == NULL)
		more = str_printf(a, "\"exp\":%lld", in_an_hour);
	return sign_token(a, key_file, claims, more, why);
}
