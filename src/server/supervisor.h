/* SPDX-License-Identifier: MIT
 * The parent of the pool: forks the workers, replaces those that die (with growing delays when they
 * die at once), drains on SIGTERM/SIGINT, replaces all one after another on SIGHUP. It opens no
 * database and parses no request. It reads changed key files, so that new workers begin with the
 * latest keys. */
#ifndef SERVER_SUPERVISOR_H
#define SERVER_SUPERVISOR_H

#include "auth/jwks.h"
#include "server/config.h"

/* Serves with cfg->workers processes until told to stop; returns the exit status. With one worker
 * there is no parent: this process is the worker. */
int supervisor_run(const struct config *cfg, struct jwks *keys);

#endif
