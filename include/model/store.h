/* SPDX-License-Identifier: MIT
 * The store as a whole: whether it answers, and whether its tables fit the program. */
#ifndef MODEL_STORE_H
#define MODEL_STORE_H

#include "base/err.h"
#include "db/db.h"

/* db_ping with a statement over the sessions (GET /readyz, --check). */
MUST_CHECK enum err store_ping(struct db *db);

/* Prepares every fixed statement of this room; see db_self_check. */
MUST_CHECK enum err store_check(struct db *db);

#endif
