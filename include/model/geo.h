/* SPDX-License-Identifier: MIT
 * Finds the location of an address in a MaxMind database file (GeoLite2-City or one like it).
 *
 * The surprise: workers have the file mapped. To replace it, rename a new file over it and send
 * SIGHUP. Workers may crash when somebody writes into the file. */
#ifndef MODEL_GEO_H
#define MODEL_GEO_H

#include "base/arena.h"
#include "base/str.h"

struct geo;

/* Returns NULL for a NULL file, and for a file that cannot be used, which is logged. Sessions are
 * then registered without a location. geo_close takes NULL. */
struct geo *geo_open(const char *file);
void geo_close(struct geo *g);

/* "City, Country" by their English names, or the one that is known. p == NULL when neither is, for
 * what is no address, and when g is NULL. Fits the column (schema: session.location). */
struct str geo_location(const struct geo *g, struct arena *a, struct str ip);

#endif
