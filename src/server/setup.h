/* SPDX-License-Identifier: MIT
 * From settings to what a worker holds: database, keys, token verifier. One place for the worker
 * and for --check, so that both try the same thing. */
#ifndef SERVER_SETUP_H
#define SERVER_SETUP_H

#include "auth/jwks.h"
#include "call/app.h"
#include "server/config.h"

/* Before anything is started: reads the keys, of which every file that is configured has to give at
 * least one. NULL after printing a line for each file that does not, as config_read does. Workers
 * inherit the keys, so that one that starts while a file is broken still has the old ones. An
 * option file of the database that cannot be meant so is logged. */
struct jwks *setup_keys(const struct config *cfg, FILE *err);

/* After fork. The keys stay the caller's. Does not connect to the database, which may be down at
 * the moment. */
void setup_open(struct app *app, const struct config *cfg, struct jwks *keys);
void setup_close(struct app *app);

/* rollcall.fcgi --check: tries settings, keys and database, prints one line per finding to `out`.
 * True when all can be used. */
bool setup_check(const struct config *cfg, FILE *out);

#endif
