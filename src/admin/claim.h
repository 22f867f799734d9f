/* SPDX-License-Identifier: MIT
 * That one migration runs at a time, whatever number of hosts start it and through whichever node
 * of a cluster. */
#ifndef ADMIN_CLAIM_H
#define ADMIN_CLAIM_H

#include "db/db.h"

struct arena;

struct claim {
	struct db *db;
	struct arena *arena;
	bool clustered; /* filled by claim_take, with what follows */
	struct str owner;
};

/* Waits for another one, for a minute and a half at most: ERR_CONFLICT. */
MUST_CHECK enum err claim_take(struct claim *c);

/* Before each statement of a migration. ERR_CONFLICT: another one took over meanwhile. */
MUST_CHECK enum err claim_renew(struct claim *c);

MUST_CHECK enum err claim_give(struct claim *c);

#endif
