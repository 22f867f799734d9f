/* SPDX-License-Identifier: MIT
 * Commands of rollcall-admin. Each prints its progress and findings itself and returns the exit
 * status: 0 done, 1 failed, 2 wrong words (main.c then prints how it is called). argv[0] is the
 * command's full name, for getopt_long and messages. */
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

/* Prints why the latest database call failed, under the command's name. Returns 1. */
int admin_failed(const struct admin *adm, const char *command, enum err err);

/* "90d", "12h", "30m" or "3600s", at least a second and at most a hundred years. */
MUST_CHECK bool admin_duration(const char *text, int64_t *seconds);

/* migrate [--schema DIR]: applies the numbered files of DIR that this database has not seen. */
int admin_migrate(struct admin *adm, int argc, char **argv);

/* recount: compares the maintained numbers with the sessions. */
int admin_recount(struct admin *adm, int argc, char **argv);

/* restore-guard: ends what a restored backup has brought back to life. */
int admin_restore_guard(struct admin *adm, int argc, char **argv);

/* purge --older-than AGE: deletes sessions that are long dead, and old audit rows. */
int admin_purge(struct admin *adm, int argc, char **argv);

/* stats [--json]: what the store holds. */
int admin_stats(struct admin *adm, int argc, char **argv);

/* import FILE|-: sessions from CSV or NDJSON. */
int admin_import(struct admin *adm, int argc, char **argv);

/* keys new|rotate|list|drop KID: a signing key of one's own, and the set of public keys. */
int admin_keys(struct admin *adm, int argc, char **argv);

/* jwks --issuer URL|--url URL: the identity provider's public keys into ROLLCALL_JWKS_FILE. */
int admin_jwks(struct admin *adm, int argc, char **argv);

/* token --claims JSON: a JWT by that key, or by the one of HS256. */
int admin_token(struct admin *adm, int argc, char **argv);

#endif
