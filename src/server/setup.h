/* SPDX-License-Identifier: MIT
 * Makes from the settings what a worker needs: database, keys, token verifier. The worker and
 * --check both use it, so that both try the same. */
#ifndef SERVER_SETUP_H
#define SERVER_SETUP_H

#include "auth/jwks.h"
#include "call/app.h"
#include "server/config.h"

/* Before the start: reads the keys. Every configured file has to give at least one; NULL after a
 * printed line for each file that does not. Workers inherit the keys, so that one that starts while
 * a file is broken has the old keys. Faults of the database's option file are logged. */
struct jwks *setup_keys(const struct config *cfg, FILE *err);

/* After fork. The keys stay the caller's. Does not connect to the database, which may be down. */
void setup_open(struct app *app, const struct config *cfg, struct jwks *keys);
void setup_close(struct app *app);

/* rollcall.fcgi --check: tries settings, keys and database, prints one line per finding to `out`.
 * True if all can be used. */
bool setup_check(const struct config *cfg, FILE *out);

#endif
