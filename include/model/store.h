/* SPDX-License-Identifier: MIT
 * The store as a whole: whether it answers, and whether its tables fit the program. */
#ifndef MODEL_STORE_H
#define MODEL_STORE_H

#include "base/err.h"
#include "db/db.h"

/* db_ping with a statement over the sessions (GET /readyz, --check). */
MUST_CHECK enum err store_ping(struct db *db);

/* Prepares every fixed statement that serves; see db_self_check. */
MUST_CHECK enum err store_check(struct db *db);

/* The rights of this account that serving does not need (schema/store.md 10), with commas between;
 * p == NULL: none. Rights by way of a role are not seen. */
MUST_CHECK enum err store_rights(struct db *db, struct arena *a, struct str *too_many);

#endif
