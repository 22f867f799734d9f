/* SPDX-License-Identifier: MIT
 * SHA-256 by OpenSSL's EVP. Called wherever a token is looked up by its digest; keeps no state. A
 * digest that fails means a broken installation of libcrypto, hence the abort. */
#include "auth/digest.h"

#include <openssl/evp.h>

void digest_sha256(struct str bytes, unsigned char out[DIGEST_BYTES])
{
	int done = EVP_Digest(bytes.p, bytes.n, out, NULL, EVP_sha256(), NULL);

	BUG_ON(done != 1);
}
