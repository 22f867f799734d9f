/* SPDX-License-Identifier: MIT
 * Demonstration data: 3 partners, 12 tenants and about 4000 sessions, so that every endpoint shows
 * something. It is the same on every machine, except the instants, which are relative to now. */
#ifndef DEMO_DATA_H
#define DEMO_DATA_H

#include <stdio.h>

#include "base/err.h"
#include "db/db.h"

/* Loads the data unless it is there. Shows progress on stderr if that is a terminal. */
MUST_CHECK enum err demo_data(struct db *db, struct arena *a);

/* Prints shell assignments of ids to try: SUPER_ADMIN, TENANT, TENANT_ADMIN, USER_ID, USER_TENANT,
 * SID (an active session of that user). */
void demo_sample(FILE *out);

#endif
