/* SPDX-License-Identifier: MIT
 * A private MariaDB server for a test program: fresh data directory, unix socket only, an ordinary
 * account with one database, everything removed at the end. Works as root and as any user.
 *
 * Runs from the root of the tree. The directory is made in $ROLLCALL_TEST_DIR, else $TMPDIR, else
 * /tmp. With $ROLLCALL_DB_DEFAULTS set, that option file's server is used instead, and nothing is
 * started, stopped or removed: tests that stop the server have to skip then (mariadb_is_ours).
 *
 * Trouble in here ends the test program with a message. The server also stops by itself when the
 * program dies. */
#ifndef LIB_MARIADB_H
#define LIB_MARIADB_H

#include <stdbool.h>

struct mariadb;

/* Returns when the server answers. options: further ones of mariadbd, up to eight, ended by NULL
 * and read again at every start; the server is then ours in any case. NULL: none. */
struct mariadb *mariadb_start(const char *const *options);
void mariadb_end(struct mariadb *m);

/* Option file of the account, groups [client] and [rollcall]; for db_config. */
const char *mariadb_defaults(const struct mariadb *m);
bool mariadb_is_ours(const struct mariadb *m);

/* A directory of this run for further files, removed with the server. Ours only. */
const char *mariadb_dir(const struct mariadb *m);

/* Runs every statement of a file of SQL (schema/). */
void mariadb_load(const struct mariadb *m, const char *path);

/* Ours only. */
void mariadb_crash(struct mariadb *m);   /* SIGKILL, returns when it is gone */
void mariadb_restart(struct mariadb *m); /* after a crash; returns when it answers */
void mariadb_pause(struct mariadb *m);   /* SIGSTOP; the system still takes connections */
void mariadb_resume(struct mariadb *m);

#endif
