/* SPDX-License-Identifier: MIT
 * The commands of rollcall-admin. Each prints its progress and results and returns the exit status:
 * 0 done, 1 failed, 2 wrong arguments (main.c then prints the usage). argv[0] is the command's full
 * name, for getopt_long and messages. */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "db/db.h"

struct config;

struct admin {
	struct db *db;
	struct arena *arena;
	const struct config *cfg;
	const char *config; /* --config; NULL: not given */
};

/* Prints the command's name and why the latest database call failed. Returns 1. */
int admin_failed(const struct admin *adm, const char *command, enum err err);

/* "90d", "12h", "30m" or "3600s", at least a second and at most a hundred years. */
MUST_CHECK bool admin_duration(const char *text, int64_t *seconds);

/* migrate [--schema DIR]: applies the numbered files of DIR that were not applied before. */
int admin_migrate(struct admin *adm, int argc, char **argv);

/* recount: compares the maintained numbers with the sessions. */
int admin_recount(struct admin *adm, int argc, char **argv);

/* restore-guard: ends the sessions that a restored backup has made active again. */
int admin_restore_guard(struct admin *adm, int argc, char **argv);

/* purge --older-than AGE: deletes sessions that ended longer ago, and audit rows. */
int admin_purge(struct admin *adm, int argc, char **argv);

/* stats [--json]: what the store holds. */
int admin_stats(struct admin *adm, int argc, char **argv);

/* import FILE|-: sessions from CSV or NDJSON. */
int admin_import(struct admin *adm, int argc, char **argv);

/* keys new|rotate|list|drop KID: an own signing key, and the set of public keys. */
int admin_keys(struct admin *adm, int argc, char **argv);

/* jwks --issuer URL|--url URL: fetches the provider's public keys into ROLLCALL_JWKS_FILE. */
int admin_jwks(struct admin *adm, int argc, char **argv);

/* token --claims JSON: prints a JWT signed with that key or the key of HS256. */
int admin_token(struct admin *adm, int argc, char **argv);

#endif
