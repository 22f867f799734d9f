/* SPDX-License-Identifier: MIT
 * Where an address is, after a MaxMind database file (GeoLite2-City or one like it). Opened once by
 * each worker, asked by registration and import.
 *
 * The surprise: the file stays mapped. Replace it by renaming a new one over it and send SIGHUP;
 * writing into it in place pulls the pages from under the workers. */
#ifndef MODEL_GEO_H
#define MODEL_GEO_H

#include "base/arena.h"
#include "base/str.h"

struct geo;

/* NULL for a NULL file, and for one that cannot be used, which is logged: sessions are registered
 * without a location then. geo_close takes NULL. */
struct geo *geo_open(const char *file);
void geo_close(struct geo *g);

/* "City, Country" by their English names, or the one that is known. p == NULL when neither is, for
 * what is no address, and when g is NULL. Fits the column (schema: session.location). */
struct str geo_location(const struct geo *g, struct arena *a, struct str ip);

#endif
