/* SPDX-License-Identifier: MIT
 * One connection to MariaDB: prepared statements with typed binding, rows into structs,
 * transactions, and errors as enum err. src/db is the only room that includes <mysql.h> and the
 * only place that waits for the database.
 *
 * Every value is a bound parameter. A statement is either fixed (struct stmt) or composed of string
 * literals (db/compose.h). Prepared handles are kept per connection; after a lost connection they
 * are made again. A read outside a transaction is repeated once on a new connection, any statement
 * outside one after a deadlock; a transaction (db_tx) is run again after a deadlock, a lock-wait
 * time-out, or a connection lost before COMMIT was sent. A COMMIT whose fate is unknown is
 * ERR_UNAVAILABLE and not repeated, and so is a write outside a transaction that was lost on its
 * way. At a node of a Galera cluster a transaction that the node has rolled back without a word is
 * found out before COMMIT, and is run again too.
 *
 * A transaction reads what others have committed in the meantime, except on a server whose binary
 * log takes statements: there a plain read is as of the transaction's first one, so that a read
 * which has to be current locks (LOCK IN SHARE MODE, FOR UPDATE).
 *
 * Outcomes besides those named below: ERR_UNAVAILABLE (no server, no connection, or a server that
 * refuses writes, its disk being full or otherwise), ERR_TIMEOUT (the statement's time limit),
 * ERR_RETRY (deadlock or lock wait, after all tries), ERR_INTERNAL. Only the callback of db_tx
 * meets ERR_LOST, and must return after ERR_LOST and ERR_RETRY.
 *
 * Letters for parameters and columns: i int64, s text, b bytes, t time (ms, UTC, DATETIME(3)),
 * d double; a capital column letter may be NULL. Any argument may be NULL. An instant outside the
 * years 0 to 9999 is bound as the nearest one within. */
#ifndef DB_DB_H
#define DB_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

struct db;
struct sql;

enum sql_kind { SQL_READ, SQL_WRITE }; /* a read may be repeated on a new connection */

struct db_config { /* the strings have to outlive the connection; numbers are above 0 */
	const char *defaults_file; /* MariaDB option file; NULL: the connector's own */
	const char *group;         /* option group, "rollcall"; [client] is read as well */
	unsigned connect_timeout_s;
	unsigned statement_ms; /* server-side time limit of every statement */
	unsigned lock_wait_s;
};

struct db_val {
	char letter; /* lower case */
	bool null;
	union {
		int64_t i; /* also t: milliseconds */
		double d;
		struct str s; /* also b */
	} u;
};

static inline struct db_val db_i64(int64_t v)
{
	return (struct db_val){.letter = 'i', .u.i = v};
}

static inline struct db_val db_f64(double v)
{
	return (struct db_val){.letter = 'd', .u.d = v};
}

static inline struct db_val db_str(struct str v) /* p == NULL: NULL */
{
	return (struct db_val){.letter = 's', .null = v.p == NULL, .u.s = v};
}

static inline struct db_val db_bytes(struct str v)
{
	return (struct db_val){.letter = 'b', .null = v.p == NULL, .u.s = v};
}

static inline struct db_val db_time(int64_t ms) /* TIME_NONE: NULL */
{
	return (struct db_val){.letter = 't', .null = ms == TIME_NONE, .u.i = ms};
}

/* Where the columns of a row go, in order. Member types: i I t T int64_t (NULL is DB_NULL_I64,
 * which equals TIME_NONE), d D double (NULL is NaN), s S b B struct str (NULL is p == NULL). */
#define DB_NULL_I64 INT64_MIN

struct db_col {
	char letter;
	size_t offset;
};

struct db_shape {
	const struct db_col *cols;
	size_t count;
};

/* Worker scope. Opening does not connect: the first statement does. */
struct db *db_open(const struct db_config *cfg);
void db_close(struct db *db);

/* A fixed statement: a static constant beside the function that runs it. */
struct stmt {
	const char *name; /* for the log: "session.touch" */
	enum sql_kind kind;
	const char *params, *columns; /* letters */
	const char *sql;              /* a literal */
};

/* Runs a statement that gives no rows. *affected, which may be NULL, counts changed rows: an UPDATE
 * to the same values changes none. ERR_DUPLICATE on a unique key. */
MUST_CHECK enum err db_exec(struct db *db, const struct sql *sql, int64_t *affected);

/* Runs a fixed statement `count` times in one round trip; `args` holds the arguments of the first
 * run, then of the second, and so on, of the letters i, s and b. count is above 0. A server whose
 * binary log takes statements refuses that; there it is one round trip for each run. */
MUST_CHECK enum err db_exec_many(struct db *db, struct arena *a, const struct stmt *stmt,
	const struct db_val *args, size_t count);

/* Exactly one row into *row; ERR_NOT_FOUND if none. A second row is a BUG. */
MUST_CHECK enum err db_one(struct db *db, struct arena *a, const struct sql *sql,
	const struct db_shape *shape, void *row);

/* Every row into *row in turn, then fn(ctx, row). The strings of a row live in the arena (the
 * callback may mark and rewind it around its own work, not around rows). The result is held on the
 * client before the first callback, so fn may run further statements, and a lost connection is
 * repeated before fn has seen a row. During the walk it is not: fn's statements then give
 * ERR_UNAVAILABLE. fn's error ends the walk and is returned. */
typedef enum err (*db_row_fn)(void *ctx, const void *row);
MUST_CHECK enum err db_each(struct db *db, struct arena *a, const struct sql *sql,
	const struct db_shape *shape, void *row, db_row_fn fn, void *ctx);

/* The same for answers of any size: rows are taken from the server one by one, so fn must not run a
 * statement, and may reset the arena at the end of each row. A connection lost on the way is
 * ERR_UNAVAILABLE, after rows that fn has seen. Not within a transaction. */
MUST_CHECK enum err db_stream(struct db *db, struct arena *a, const struct sql *sql,
	const struct db_shape *shape, void *row, db_row_fn fn, void *ctx);

/* Runs fn in a transaction and commits; rolls back when fn fails. fn may be called up to
 * DB_TX_TRIES times, and not again once twice the time for a lock has passed; it has to start
 * afresh each time. Not to be nested. */
typedef enum err (*db_tx_fn)(void *ctx);
MUST_CHECK enum err db_tx(struct db *db, db_tx_fn fn, void *ctx);

/* The same, once, and without waiting for a lock: ERR_RETRY when another one holds a row. */
MUST_CHECK enum err db_tx_no_wait(struct db *db, db_tx_fn fn, void *ctx);

/* "Database is ready": connects if need be and runs `probe`, which gives one row of letters "ii":
 * whether the server takes writes, and anything from the tables. ERR_UNAVAILABLE unless the account
 * can read them and the server takes writes; db_error_text says which (GET /readyz, --check). */
MUST_CHECK enum err db_ping(struct db *db, const struct stmt *probe);

/* Prepares every statement of the list, which ends with NULL, and logs each one that the server
 * refuses or counts differently. ERR_INTERNAL or ERR_SCHEMA if there is one (rollcall.fcgi --check,
 * GET /readyz); costs nothing where all of them are prepared. */
MUST_CHECK enum err db_self_check(struct db *db, const struct stmt *const *list);

/* Whether a plain read within a transaction is as of the transaction's first one (see above), so
 * that a read which has to be current must lock. Connects if need be. */
MUST_CHECK enum err db_reads_are_old(struct db *db, bool *out);

/* Runs one statement of a file of schema/ (rollcall-admin migrate): the only text that reaches the
 * server without being a literal of ours, and it is the operator's own. */
MUST_CHECK enum err db_schema(struct db *db, struct str statement);

/* Why the latest call failed, for the log only; static until the next call. Never for a client,
 * though it quotes none of the values that were bound. */
const char *db_error_text(const struct db *db);

/* Numbers since db_open. */
struct db_stats {
	uint64_t statements;
	uint64_t errors; /* ERR_DUPLICATE is none */
	uint64_t connects;
	uint64_t reconnects; /* those of connects behind the first */
	uint64_t busy_us;    /* time spent waiting for the database */
};
const struct db_stats *db_stats(const struct db *db);

#endif
