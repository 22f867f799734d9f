/* SPDX-License-Identifier: MIT
 * SHA-256 by OpenSSL's EVP. Keeps the algorithm and a context for the life of the process, because
 * fetching them takes longer than hashing a token. It fails only if libcrypto is broken; then the
 * process aborts. */
#include "auth/digest.h"

#include <openssl/evp.h>

void digest_sha256(struct str bytes, unsigned char out[DIGEST_BYTES])
{
	static EVP_MD_CTX *context;
	static EVP_MD *sha256;

	if (context == NULL) {
		context = EVP_MD_CTX_new();
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	}
	BUG_ON(context == NULL || sha256 == NULL);
	BUG_ON(EVP_DigestInit_ex2(context, sha256, NULL) != 1 ||
		EVP_DigestUpdate(context, bytes.p, bytes.n) != 1 ||
		EVP_DigestFinal_ex(context, out, NULL) != 1);
}
