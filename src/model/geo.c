/* SPDX-License-Identifier: MIT
 * Locations of addresses; see model/geo.h. The only file with <maxminddb.h>. Reads the mapped
 * database file, writes nothing.
 * The surprise: an IPv4 address written as IPv6 (::ffff:a.b.c.d, from servers that listen on both)
 * is looked up as the IPv4 address it is, since not every database has an alias for it. */
#include "model/geo.h"

#include <assert.h>
#include <errno.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/address.h"
#include "base/heap.h"
#include "base/limits.h"
#include "base/log.h"

#define NAME_BYTES 126 /* a longer name is none, so that two fit session.location with ", " */

static_assert(2 * NAME_BYTES + 2 <= LIMIT_LOCATION_BYTES, "two names and \", \" fit");

struct geo {
	MMDB_s db;
};

struct geo *geo_open(const char *file)
{
	struct geo *g;
	int fault;

	if (file == NULL)
		return NULL;
	g = heap_zalloc(1, sizeof(*g));
	errno = 0;
	fault = MMDB_open(file, MMDB_MODE_MMAP, &g->db);
	if (fault == MMDB_SUCCESS)
		return g;
	log_event(LOG_WARN, "no locations, the database cannot be opened", "file", file, "why",
		MMDB_strerror(fault), "system", errno ? strerror(errno) : NULL, NULL);
	free(g);
	return NULL;
}

void geo_close(struct geo *g)
{
	if (g == NULL)
		return;
	MMDB_close(&g->db);
	free(g);
}

union endpoint {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool read_address(struct str ip, union endpoint *out)
{
	struct address address;

	memset(out, 0, sizeof(*out));
	if (!address_read(ip, &address))
		return false;
	address_unmap(&address);
	if (address.bytes == ADDRESS_V4_BYTES) {
		out->v4.sin_family = AF_INET;
		memcpy(&out->v4.sin_addr, address.p, address.bytes);
	} else {
		out->v6.sin6_family = AF_INET6;
		memcpy(&out->v6.sin6_addr, address.p, address.bytes);
	}
	return true;
}

/* A view of the mapped file; p == NULL when there is no such name, or none that can be shown. */
static struct str english_name(MMDB_entry_s *entry, const char *of)
{
	MMDB_entry_data_s data;
	struct str name;

	if (MMDB_get_value(entry, &data, of, "names", "en", NULL) != MMDB_SUCCESS ||
		!data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING)
		return STR_NONE;
	name = (struct str){data.utf8_string, data.data_size};
	return name.n > 0 && name.n <= NAME_BYTES && str_is_utf8(name) ? name : STR_NONE;
}

struct str geo_location(const struct geo *g, struct arena *a, struct str ip)
{
	union endpoint address;
	MMDB_lookup_result_s found;
	struct str city, country;
	int fault;

	if (g == NULL || !read_address(ip, &address))
		return STR_NONE;
	found = MMDB_lookup_sockaddr(&g->db, &address.any, &fault);
	if (fault != MMDB_SUCCESS || !found.found_entry)
		return STR_NONE;
	city = english_name(&found.entry, "city");
	country = english_name(&found.entry, "country");
	if (city.p != NULL && country.p != NULL)
		return str_printf(a, "%.*s, %.*s", STR_FMT(city), STR_FMT(country));
	return str_dup(a, city.p != NULL ? city : country);
}
