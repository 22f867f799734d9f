/* SPDX-License-Identifier: MIT
 * SHA-256, for tokens in the database and in the cache, and for registration bodies. */
#ifndef AUTH_DIGEST_H
#define AUTH_DIGEST_H

#include "base/str.h"

#define DIGEST_BYTES 32

void digest_sha256(struct str bytes, unsigned char out[DIGEST_BYTES]);

#endif
