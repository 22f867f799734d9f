/* SPDX-License-Identifier: MIT
 * Makes sure that one migration runs at a time, also if several hosts start it through several
 * nodes of a cluster. */
#ifndef ADMIN_CLAIM_H
#define ADMIN_CLAIM_H

#include "db/db.h"

struct arena;

struct claim {
	struct db *db;
	struct arena *arena;
	bool clustered; /* filled by claim_take, like `owner` */
	struct str owner;
};

/* Waits up to 90 seconds for another migration to end; then ERR_CONFLICT. */
MUST_CHECK enum err claim_take(struct claim *c);

/* Called before each statement of a migration. ERR_CONFLICT: another migration has the claim. */
MUST_CHECK enum err claim_renew(struct claim *c);

MUST_CHECK enum err claim_give(struct claim *c);

#endif
