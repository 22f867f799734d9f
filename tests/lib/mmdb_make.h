/* SPDX-License-Identifier: MIT
 * Writes a MaxMind DB file (format 2.0) with records like those of GeoLite2-City, for tests: nobody
 * has to download or to license one. Trouble in here ends the test program with a message. */
#ifndef LIB_MMDB_MAKE_H
#define LIB_MMDB_MAKE_H

#include <stddef.h>

struct mmdb_net {
	const char *net;            /* "203.0.113.0/24", "2001:db8::/32"; wide ones before narrow */
	const char *city, *country; /* NULL: the record has no such member */
	const char *language;       /* of both names; NULL is "en" */
};

void mmdb_make(const char *file, const struct mmdb_net *nets, size_t count);

/* A file of the networks for documentation (RFC 5737, 3849), for tests that just need one:
 * 203.0.113.0/24 and 2001:db8::/32 are "Lisbon, Portugal", 198.51.100.0/24 is "Norway",
 * 2001:db8:5::/48 is "São Paulo, Brazil", 192.0.2.0/24 is not in it. */
void mmdb_make_sample(const char *file);

#endif
