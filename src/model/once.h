/* SPDX-License-Identifier: MIT
 * Marks of used logout tokens, because each counts once. Private to this room: revoke.c writes a
 * mark in the transaction that ends the sessions, and sweep.c deletes the marks of tokens that are
 * too old to be accepted. */
#ifndef MODEL_ONCE_H
#define MODEL_ONCE_H

#include "base/err.h"
#include "db/db.h"

/* Writes a mark. ERR_DUPLICATE if any worker of any host wrote it before; waits for a transaction
 * that is writing it. The mark is kept for keep_s seconds by the database's clock. */
MUST_CHECK enum err once_take(struct db *db, struct str digest, int64_t keep_s);

/* Deletes at most `most` marks that were kept for long enough. */
MUST_CHECK enum err once_forget(struct db *db, int64_t most, int64_t *forgotten);

#endif
