/* SPDX-License-Identifier: MIT
 * Moves expired sessions from the living to the ended ones, and deletes the marks of used logout
 * tokens that are no longer needed. Whether a session is active does not depend on this: expires_at
 * decides. */
#ifndef MODEL_SWEEP_H
#define MODEL_SWEEP_H

#include <stdbool.h>

#include "base/err.h"
#include "db/db.h"

#define SWEEP_BATCH 200 /* sessions that one step moves */

/* One step: moves up to SWEEP_BATCH sessions that expired first, and waits for no lock: sessions
 * that another transaction holds stay for the next step. *more: there may be more to move. */
MUST_CHECK enum err sweep_step(struct db *db, bool *more);

#endif
