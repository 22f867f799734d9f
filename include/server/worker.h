/* SPDX-License-Identifier: MIT
 * One worker process: accept, dispatch, finish, reset the arena, until stopped or recycled. */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include "server/config.h"

/* Returns the exit status: 0 after a stop or when recycled. */
int worker_run(const struct config *cfg);

#endif
