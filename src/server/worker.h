/* SPDX-License-Identifier: MIT
 * One worker process: it answers requests until it is stopped or has served max_requests. */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include "auth/jwks.h"
#include "base/counters.h"
#include "server/config.h"

/* Counts in that slot of `all` (metric_open), to which no other process writes. Returns the exit
 * status: 0 after a stop or after max_requests. */
int worker_run(const struct config *cfg, struct jwks *keys, struct counters *all, size_t slot);

#endif
