/* SPDX-License-Identifier: MIT
 * One worker process: accept, dispatch, finish, reset the arena, until stopped or recycled. */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include "auth/jwks.h"
#include "base/counters.h"
#include "server/config.h"

/* Counts in that slot of `all` (metric_open); no other process writes to it meanwhile. Returns the
 * exit status: 0 after a stop or when recycled. */
int worker_run(const struct config *cfg, struct jwks *keys, struct counters *all, size_t slot);

#endif
