/* SPDX-License-Identifier: MIT
 * What may happen once: digests of logout tokens that were used. Private to this room: revoke.c
 * takes one in the transaction of its ending, sweep.c forgets those that are refused for their age
 * by now. */
#ifndef MODEL_ONCE_H
#define MODEL_ONCE_H

#include "base/err.h"
#include "db/db.h"

/* ERR_DUPLICATE if it was taken before, by any worker of any host; waits for one that is just being
 * taken. Kept for that many seconds by the database's clock. */
MUST_CHECK enum err once_take(struct db *db, struct str digest, int64_t keep_s);

/* Forgets up to `most` whose time is over. */
MUST_CHECK enum err once_forget(struct db *db, int64_t most, int64_t *forgotten);

#endif
