/* SPDX-License-Identifier: MIT
 * Demonstration data: 3 partners, 12 tenants, some thousand sessions on which every endpoint shows
 * something. The same on every machine but for the instants, which are relative to now. */
#ifndef DEMO_DATA_H
#define DEMO_DATA_H

#include <stdio.h>

#include "base/err.h"
#include "db/db.h"

/* Loads it unless it is there already. Progress goes to stderr when that is a terminal. */
MUST_CHECK enum err demo_data(struct db *db, struct arena *a);

/* Shell assignments that name who and what to try it with: SUPER_ADMIN, TENANT, TENANT_ADMIN,
 * USER_ID, USER_TENANT, SID (an active session of that user). */
void demo_sample(FILE *out);

#endif
