/* SPDX-License-Identifier: MIT
 * The parent of the pool: forks the workers, replaces those that die (with growing delays if they
 * die at once), drains on SIGTERM, SIGINT and SIGUSR1, and replaces all one after another on
 * SIGHUP. It reads changed key files, so that new workers begin with the latest keys. */
#ifndef SERVER_SUPERVISOR_H
#define SERVER_SUPERVISOR_H

#include "auth/jwks.h"
#include "server/config.h"

/* Serves with cfg->workers processes until it is told to stop; returns the exit status. With one
 * worker this process is the worker and there is no parent. */
int supervisor_run(const struct config *cfg, struct jwks *keys);

#endif
