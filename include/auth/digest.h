/* SPDX-License-Identifier: MIT
 * SHA-256, the one digest of the house: of tokens in the database, of tokens in the cache. */
#ifndef AUTH_DIGEST_H
#define AUTH_DIGEST_H

#include "base/str.h"

#define DIGEST_BYTES 32

void digest_sha256(struct str bytes, unsigned char out[DIGEST_BYTES]);

#endif
