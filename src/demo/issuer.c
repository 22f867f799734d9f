/* SPDX-License-Identifier: MIT
 * Demo keys and tokens over OpenSSL's EVP. Called by rollcall-demo and by tests; reads and writes
 * the two files named in the header, nothing else. The surprise: claims are passed on byte for
 * byte, so that a test can sign wrong claims; only a missing exp is put in front of them. */
#include "issuer.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "json/reader.h"

#define KEY_BITS 2048
#define TOKEN_S 3600

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
static struct str key_id(struct arena *a, struct str n, struct str e)
{
	unsigned char digest[32];
	struct str text;

	text = str_printf(
		a, "{\"e\":\"%.*s\",\"kty\":\"RSA\",\"n\":\"%.*s\"}", STR_FMT(e), STR_FMT(n));
	if (EVP_Digest(text.p, text.n, digest, NULL, EVP_sha256(), NULL) != 1)
		return STR_NONE;
	return str_base64url(a, digest, sizeof(digest));
}

static EVP_PKEY *key_read(const char *file)
{
	BIO *in = BIO_new_file(file, "r");
	EVP_PKEY *key = in != NULL ? PEM_read_bio_PrivateKey(in, NULL, NULL, NULL) : NULL;

	BIO_free(in);
	return key;
}

/* Files */

/* All or nothing: under the final name there is never half a file. */
MUST_CHECK static enum err write_file(
	struct arena *a, const char *file, mode_t mode, const char *bytes, size_t n)
{
	const char *draft = arena_printf(a, "%s.new", file);
	enum err err = ERR_INTERNAL;
	ssize_t put;
	int fd;

	(void)unlink(draft);
	fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		goto out;
	while (n > 0) {
		put = write(fd, bytes, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			goto out;
		bytes += put;
		n -= (size_t)put;
	}
	if (rename(draft, file) == 0)
		err = ERR_OK;
out:
	if (err) {
		log_event(LOG_ERROR, "demo file not written", "file", file, "why", strerror(errno),
			NULL);
		(void)unlink(draft);
	}
	if (fd >= 0)
		close(fd);
	return err;
}

MUST_CHECK static enum err write_key(struct arena *a, const char *file, const EVP_PKEY *key)
{
	enum err err = ERR_INTERNAL;
	BIO *out = BIO_new(BIO_s_mem());
	char *bytes;
	long n;

	if (out != NULL && PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1) {
		n = BIO_get_mem_data(out, &bytes);
		err = write_file(a, file, 0600, bytes, (size_t)n);
	}
	BIO_free(out);
	return err;
}

MUST_CHECK static enum err write_jwks(struct arena *a, const char *file, const EVP_PKEY *key)
{
	struct str n = key_number(a, key, OSSL_PKEY_PARAM_RSA_N);
	struct str e = key_number(a, key, OSSL_PKEY_PARAM_RSA_E);
	struct str kid = key_id(a, n, e);
	struct buf text;

	if (n.p == NULL || e.p == NULL || kid.p == NULL)
		return ERR_INTERNAL;
	buf_init(&text, a);
	buf_printf(&text, "{\"keys\":[{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",");
	buf_printf(&text, "\"kid\":\"%.*s\",\"n\":\"%.*s\",\"e\":\"%.*s\"}]}\n", STR_FMT(kid),
		STR_FMT(n), STR_FMT(e));
	return write_file(a, file, 0644, text.p, text.n);
}

enum err demo_keys_create(const char *dir)
{
	struct arena *a = arena_open();
	const char *pem = arena_printf(a, "%s/" DEMO_KEY_FILE, dir);
	const char *jwks = arena_printf(a, "%s/" DEMO_JWKS_FILE, dir);
	bool have_pem = access(pem, F_OK) == 0, have_jwks = access(jwks, F_OK) == 0;
	EVP_PKEY *key = NULL;
	enum err err = ERR_OK;

	if (have_pem && have_jwks)
		goto out;
	if (have_jwks) {
		log_event(LOG_ERROR, "demo jwks without its key", "file", jwks, NULL);
		err = ERR_CONFLICT;
		goto out;
	}
	key = have_pem ? key_read(pem) : EVP_RSA_gen(KEY_BITS);
	if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
		log_event(LOG_ERROR, "demo key not usable", "file", pem, NULL);
		err = ERR_INTERNAL;
		goto out;
	}
	if (!have_pem)
		err = write_key(a, pem, key);
	if (!err)
		err = write_jwks(a, jwks, key);
out:
	EVP_PKEY_free(key);
	arena_close(a);
	return err;
}

/* Token */

/* STR_NONE if this is no JSON object. */
static struct str with_exp(struct arena *a, struct str claims)
{
	const char *brace = claims.n ? memchr(claims.p, '{', claims.n) : NULL;
	struct json *tree;
	struct str rest;
	size_t at;

	if (brace == NULL || json_parse(a, claims, &tree, &at) || tree->type != JSON_OBJECT)
		return STR_NONE;
	if (json_member(tree, "exp") != NULL)
		return claims;
	rest = (struct str){brace + 1, claims.n - (size_t)(brace + 1 - claims.p)};
	return str_printf(a, "{\"exp\":%lld%s%.*s", (long long)clock_now_ms() / 1000 + TOKEN_S,
		tree->count ? "," : "", STR_FMT(rest));
}

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

struct str demo_token(
	struct arena *a, const char *pem_file, struct str claims_json, const char **why)
{
	EVP_PKEY *key = key_read(pem_file);
	struct str claims, header, kid, text, sig, out = STR_NONE;

	*why = "the key file cannot be read or holds no RSA key";
	if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
		goto out;
	*why = "the claims are not a JSON object";
	claims = with_exp(a, claims_json);
	if (claims.p == NULL)
		goto out;
	*why = "signing failed";
	kid = key_id(a, key_number(a, key, OSSL_PKEY_PARAM_RSA_N),
		key_number(a, key, OSSL_PKEY_PARAM_RSA_E));
	if (kid.p == NULL)
		goto out;
	header =
		str_printf(a, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"%.*s\"}", STR_FMT(kid));
	header = str_base64url(a, header.p, header.n);
	claims = str_base64url(a, claims.p, claims.n);
	text = str_printf(a, "%.*s.%.*s", STR_FMT(header), STR_FMT(claims));
	sig = sign_rs256(a, key, text);
	if (sig.p == NULL)
		goto out;
	out = str_printf(a, "%.*s.%.*s", STR_FMT(text), STR_FMT(sig));
	*why = NULL;
out:
	EVP_PKEY_free(key);
	return out;
}
