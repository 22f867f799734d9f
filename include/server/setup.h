/* SPDX-License-Identifier: MIT
 * From settings to what a worker holds: database, keys, token verifier. One place for the worker
 * and for --check, so that both try the same thing. */
#ifndef SERVER_SETUP_H
#define SERVER_SETUP_H

#include "api/app.h"
#include "server/config.h"

/* Before anything is started: every file of keys that is configured gives at least one. False after
 * printing a line for each that does not, as config_read does. */
bool setup_keys(const struct config *cfg, FILE *err);

/* After fork. Neither connects to the database nor fails for want of keys: both may come back. */
void setup_open(struct app *app, const struct config *cfg);
void setup_close(struct app *app);

/* rollcall.fcgi --check: tries settings, keys and database, prints one line per finding to `out`.
 * True when all can be used. */
bool setup_check(const struct config *cfg, FILE *out);

#endif
