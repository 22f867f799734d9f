/* SPDX-License-Identifier: MIT
 * Random numbers from getrandom(2), which needs no descriptor and blocks only until the kernel is
 * seeded. Identifiers and secrets are made of them. Without it the program ends. */
#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

#include "base/macros.h"

void random_bytes(void *out, size_t n)
{
	char *p = out;

	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		BUG_ON(got <= 0);
		p += got;
		n -= (size_t)got;
	}
}

int64_t random_i64(void)
{
	int64_t v;

	do {
		uint64_t bits;

		random_bytes(&bits, sizeof(bits));
		v = (int64_t)(bits & INT64_MAX);
	} while (v == 0);
	return v;
}

void random_uuid(char out[UUID_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char b[16];
	char *p = out;

	random_bytes(b, sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* version 4 */
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80); /* variant of RFC 9562 */
	for (size_t i = 0; i < sizeof(b); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = digits[b[i] >> 4];
		*p++ = digits[b[i] & 15];
	}
	*p = '\0';
}
