/* SPDX-License-Identifier: MIT
 * Reads, compares and writes addresses; see the header. */
#include "base/address.h"

#include <arpa/inet.h>
#include <assert.h>

static_assert(ADDRESS_TEXT_BYTES == INET6_ADDRSTRLEN, "the system's own longest text");

const unsigned char address_mapped[ADDRESS_MAPPED_BYTES] = {[10] = 0xff, [11] = 0xff};

bool address_read(struct str s, struct address *out)
{
	char text[ADDRESS_TEXT_BYTES] = "";

	*out = (struct address){0};
	if (s.n == 0 || s.n >= sizeof(text) || memchr(s.p, '\0', s.n) != NULL)
		return false;
	memcpy(text, s.p, s.n);
	if (inet_pton(AF_INET, text, out->p) == 1)
		out->bytes = ADDRESS_V4_BYTES;
	else if (inet_pton(AF_INET6, text, out->p) == 1)
		out->bytes = ADDRESS_V6_BYTES;
	return out->bytes > 0;
}

bool address_unmap(struct address *address)
{
	if (address->bytes != ADDRESS_V6_BYTES ||
		memcmp(address->p, address_mapped, sizeof(address_mapped)) != 0)
		return false;
	memmove(address->p, address->p + ADDRESS_MAPPED_BYTES, ADDRESS_V4_BYTES);
	memset(address->p + ADDRESS_V4_BYTES, 0, ADDRESS_V6_BYTES - ADDRESS_V4_BYTES);
	address->bytes = ADDRESS_V4_BYTES;
	return true;
}

bool address_eq(const struct address *a, const struct address *b)
{
	return a->bytes == b->bytes && memcmp(a->p, b->p, a->bytes) == 0;
}

struct str address_text(struct arena *a, const struct address *address)
{
	int family = address->bytes == ADDRESS_V4_BYTES ? AF_INET : AF_INET6;
	char *text = arena_alloc(a, ADDRESS_TEXT_BYTES);

	return str_from(inet_ntop(family, address->p, text, ADDRESS_TEXT_BYTES));
}
