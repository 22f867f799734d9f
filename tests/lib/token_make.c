/* SPDX-License-Identifier: MIT
 * Tokens for tests. See the header; keeps nothing. The surprise: an ECDSA signature is DER in
 * OpenSSL and two numbers side by side in a token (RFC 7518 section 3.4). */
#include "lib/token_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

EVP_PKEY *token_rsa(unsigned bits)
{
	EVP_PKEY *key = EVP_RSA_gen(bits);

	assert_non_null(key);
	return key;
}

EVP_PKEY *token_ec(const char *curve)
{
	EVP_PKEY *key = EVP_EC_gen(curve);

	assert_non_null(key);
	return key;
}

/* `bytes` wide, or as wide as it is when 0. */
static struct str number(struct arena *a, const EVP_PKEY *key, const char *name, int bytes)
{
	unsigned char text[1024];
	BIGNUM *n = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &n), 1);
	if (!bytes)
		bytes = BN_num_bytes(n);
	assert_int_equal(BN_bn2binpad(n, text, bytes), bytes);
	BN_free(n);
	return str_base64url(a, text, (size_t)bytes);
}

struct str token_jwk_open(struct arena *a, const EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key), bytes = (bits + 7) / 8;
	struct str x, y;

	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
		x = number(a, key, OSSL_PKEY_PARAM_RSA_N, 0);
		y = number(a, key, OSSL_PKEY_PARAM_RSA_E, 0);
		return str_printf(a, "{\"kty\":\"RSA\",\"n\":\"%.*s\",\"e\":\"%.*s\"", STR_FMT(x),
			STR_FMT(y));
	}
	x = number(a, key, OSSL_PKEY_PARAM_EC_PUB_X, bytes);
	y = number(a, key, OSSL_PKEY_PARAM_EC_PUB_Y, bytes);
	return str_printf(a, "{\"kty\":\"EC\",\"crv\":\"P-%d\",\"x\":\"%.*s\",\"y\":\"%.*s\"", bits,
		STR_FMT(x), STR_FMT(y));
}

struct str token_public_pem(struct arena *a, const EVP_PKEY *key)
{
	BIO *out = BIO_new(BIO_s_mem());
	struct str pem;
	char *bytes;
	long n;

	assert_int_equal(PEM_write_bio_PUBKEY(out, key), 1);
	n = BIO_get_mem_data(out, &bytes);
	pem = (struct str){arena_dup(a, bytes, (size_t)n), (size_t)n};
	BIO_free(out);
	return pem;
}

static const EVP_MD *hash_of(const char *alg)
{
	if (!strcmp(alg + 2, "256"))
		return EVP_sha256();
	return strcmp(alg + 2, "384") ? EVP_sha512() : EVP_sha384();
}

static struct str from_der(struct arena *a, const EVP_PKEY *key, const unsigned char *der, size_t n)
{
	int bytes = (EVP_PKEY_get_bits(key) + 7) / 8;
	unsigned char *raw = arena_alloc(a, 2 * (size_t)bytes);
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);

	assert_non_null(sig);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, bytes), bytes);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + bytes, bytes), bytes);
	ECDSA_SIG_free(sig);
	return (struct str){(char *)raw, 2 * (size_t)bytes};
}

static struct str signature(
	struct arena *a, const char *alg, EVP_PKEY *key, struct str secret, struct str text)
{
	unsigned char out[1024];
	size_t n = sizeof(out);
	unsigned mac_n;
	EVP_PKEY_CTX *settings;
	EVP_MD_CTX *ctx;

	if (alg[0] == 'H') {
		assert_non_null(HMAC(hash_of(alg), secret.p, (int)secret.n,
			(const unsigned char *)text.p, text.n, out, &mac_n));
		return (struct str){arena_dup(a, (char *)out, mac_n), mac_n};
	}
	ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(ctx, &settings, hash_of(alg), NULL, key), 1);
	if (alg[0] == 'P') {
		EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST);
	}
	assert_int_equal(EVP_DigestSign(ctx, out, &n, (const unsigned char *)text.p, text.n), 1);
	EVP_MD_CTX_free(ctx);
	if (alg[0] == 'E')
		return from_der(a, key, out, n);
	return (struct str){arena_dup(a, (char *)out, n), n};
}

struct str token_sign(struct arena *a, const char *alg, EVP_PKEY *key, struct str secret,
	const char *header, const char *claims)
{
	struct str h = str_base64url(a, header, strlen(header));
	struct str c = str_base64url(a, claims, strlen(claims));
	struct str text = str_printf(a, "%.*s.%.*s", STR_FMT(h), STR_FMT(c)), sig;

	sig = signature(a, alg, key, secret, text);
	sig = str_base64url(a, sig.p, sig.n);
	return str_printf(a, "%.*s.%.*s", STR_FMT(text), STR_FMT(sig));
}

void token_file(const char *path, mode_t mode, struct str bytes)
{
	char draft[512];
	FILE *f;

	snprintf(draft, sizeof(draft), "%s.draft", path);
	f = fopen(draft, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(draft, mode), 0);
	assert_int_equal(rename(draft, path), 0);
}
