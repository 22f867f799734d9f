/* SPDX-License-Identifier: MIT
 * Tokens of every kind for tests, good and forged, signed by OpenSSL directly. Fails the running
 * test when OpenSSL does not do as it is told. */
#ifndef TESTS_LIB_TOKEN_MAKE_H
#define TESTS_LIB_TOKEN_MAKE_H

#include <openssl/evp.h>
#include <sys/stat.h>

#include "base/str.h"

EVP_PKEY *token_rsa(unsigned bits);
EVP_PKEY *token_ec(const char *curve); /* "P-256", "P-384", "P-521" */

/* The public JWK of a key, without its closing brace, so that members can be appended. */
struct str token_jwk_open(struct arena *a, const EVP_PKEY *key);

/* SubjectPublicKeyInfo as PEM. */
struct str token_public_pem(struct arena *a, const EVP_PKEY *key);

/* base64url(header) "." base64url(claims) "." base64url(signature by `alg`, whatever the header
 * says). For HS256 `key` is NULL and `secret` the key. */
struct str token_sign(struct arena *a, const char *alg, EVP_PKEY *key, struct str secret,
	const char *header, const char *claims);

/* Puts a file in place in one move, so that a reader sees the old one or the new one. */
void token_file(const char *path, mode_t mode, struct str bytes);

#endif
