/* SPDX-License-Identifier: MIT
 * IPv4 and IPv6 addresses as bytes. A server that listens on both kinds writes an IPv4 peer as IPv6
 * (::ffff:192.0.2.1): address_unmap undoes that, so that a peer has one address. */
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

/* False if the text is no address, or has a zone ("fe80::1%eth0") or a short form ("127.1"). */
MUST_CHECK bool address_read(struct str text, struct address *out);

/* True if it was an IPv4 address written as IPv6; it is changed into the IPv4 address. */
bool address_unmap(struct address *address);

bool address_eq(const struct address *a, const struct address *b);
struct str address_text(struct arena *a, const struct address *address);

#endif
