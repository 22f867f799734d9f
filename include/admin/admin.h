/* SPDX-License-Identifier: MIT
 * Commands of rollcall-admin. Each prints its progress and findings itself and returns the exit
 * status: 0 done, 1 failed, 2 wrong words. */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "db/db.h"

struct admin {
	struct db *db;
	struct arena *arena;
};

/* Prints why the latest database call failed, under the command's name. Returns 1. */
int admin_failed(const struct admin *adm, const char *command, enum err err);

/* migrate [--schema DIR]: applies the numbered files of DIR that this database has not seen. */
int admin_migrate(struct admin *adm, int argc, char **argv);

#endif
