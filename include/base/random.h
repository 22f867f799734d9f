/* SPDX-License-Identifier: MIT
 * The only source of random numbers; they come from the kernel. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *out, size_t n);
int64_t random_i64(void); /* 1 to INT64_MAX */

#define UUID_BYTES 37
void random_uuid(char out[UUID_BYTES]); /* RFC 9562 version 4, lower case, NUL-terminated */

#endif
