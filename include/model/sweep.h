/* SPDX-License-Identifier: MIT
 * Moving sessions whose time is over from the living to the ended ones, and forgetting used logout
 * tokens in the end. Whether a session is active does not depend on it: expires_at decides. */
#ifndef MODEL_SWEEP_H
#define MODEL_SWEEP_H

#include <stdbool.h>

#include "base/err.h"
#include "db/db.h"

#define SWEEP_BATCH 200 /* sessions that one step moves */

/* One step: moves up to SWEEP_BATCH sessions that expired first, and waits for no lock: what
 * another one holds stays for the next step. *more: there may be others. */
MUST_CHECK enum err sweep_step(struct db *db, bool *more);

#endif
