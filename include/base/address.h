/* SPDX-License-Identifier: MIT
 * IPv4 and IPv6 addresses as bytes. A server that listens on both kinds writes an IPv4 peer as IPv6
 * (::ffff:192.0.2.1): address_unmap makes the IPv4 address of it, so that one peer is one address.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include "base/str.h"

#define ADDRESS_TEXT_BYTES 46 /* the longest text and its NUL */
#define ADDRESS_V4_BYTES 4
#define ADDRESS_V6_BYTES 16

struct address {
	size_t bytes; /* ADDRESS_V4_BYTES or ADDRESS_V6_BYTES */
	unsigned char p[ADDRESS_V6_BYTES];
};

/* The first bytes of every IPv4 address that is written as IPv6. */
#define ADDRESS_MAPPED_BYTES 12
extern const unsigned char address_mapped[ADDRESS_MAPPED_BYTES];

/* False for anything else: names, zones ("fe80::1%eth0"), short forms ("127.1"). */
MUST_CHECK bool address_read(struct str text, struct address *out);

/* True when it was an IPv4 address written as IPv6, and is the IPv4 address now. */
bool address_unmap(struct address *address);

bool address_eq(const struct address *a, const struct address *b);
struct str address_text(struct arena *a, const struct address *address);

#endif
