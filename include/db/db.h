/* SPDX-License-Identifier: MIT
 * One connection to MariaDB: prepared statements with typed binding, rows into structs,
 * transactions, and errors as enum err. Only src/db includes <mysql.h> and waits for the database.
 *
 * Every value is a bound parameter. A statement is either fixed (struct stmt) or composed of string
 * literals (db/compose.h). Prepared handles are kept per connection and made again on a new one.
 * Outside a transaction, a read is repeated once on a new connection, and every statement after a
 * deadlock. A transaction (db_tx) is run again after a deadlock, a lock-wait time-out, or a
 * connection lost before COMMIT was sent. If the connection is lost during a COMMIT, or during a
 * write outside a transaction, its result is unknown: that is ERR_UNAVAILABLE and never repeated. A
 * node of a Galera cluster may roll a transaction back without an error; that is detected before
 * COMMIT, and the transaction is run again.
 *
 * A transaction sees what others have committed meanwhile, except on a server whose binary log has
 * the format STATEMENT: there every plain read shows the state at the transaction's first one, and
 * a read that has to be current must lock (LOCK IN SHARE MODE, FOR UPDATE).
 *
 * Outcomes besides those named below: ERR_UNAVAILABLE (no server, no connection, or a server that
 * refuses writes, for example with a full disk), ERR_TIMEOUT (the statement's time limit),
 * ERR_RETRY (deadlock or lock wait, after all tries), ERR_SCHEMA, ERR_INTERNAL. Only the callback
 * of db_tx can get ERR_LOST; after ERR_LOST and ERR_RETRY it must return.
 *
 * Letters for parameters and columns: i int64, s text, b bytes, t time (ms, UTC, DATETIME(3)), d
 * double. A column with a capital letter may be NULL; every argument may be NULL. An instant
 * outside the years 0 to 9999 is bound as the nearest one inside. */
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
	unsigned search_ms;    /* the same of those that begin with SEARCH_SQL; 0: no other one */
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

/* The struct members for the columns of a row, in order. Member types: i I t T int64_t (NULL is
 * DB_NULL_I64, which equals TIME_NONE), d D double (NULL is NaN), s S b B struct str (NULL is p ==
 * NULL). */
#define DB_NULL_I64 INT64_MIN

struct db_col {
	char letter;
	size_t offset;
};

struct db_shape {
	const struct db_col *cols;
	size_t count;
};

/* The shape of an array of columns, and of one column that is the whole row. */
#define DB_SHAPE(cols) (&(const struct db_shape){cols, ARRAY_LEN(cols)})
#define DB_COLUMN(letter) (&(const struct db_shape){&(const struct db_col){letter, 0}, 1})

/* One for each process. The first statement connects, not db_open. */
struct db *db_open(const struct db_config *cfg);
void db_close(struct db *db);

/* A fixed statement; a static constant next to the function that runs it. */
struct stmt {
	const char *name; /* for the log: "session.touch" */
	enum sql_kind kind;
	const char *params, *columns; /* letters */
	const char *sql;              /* a literal */
};

/* Runs a statement that gives no rows. *affected (may be NULL) counts changed rows; an UPDATE to
 * the same values changes none. ERR_DUPLICATE if a unique key refuses the row. */
MUST_CHECK enum err db_exec(struct db *db, const struct sql *sql, int64_t *affected);

/* Runs a fixed statement `count` (above 0) times in one round trip. `args` holds the arguments of
 * the first run, then of the second, and so on; their letters are i, s and b. A server whose binary
 * log has the format STATEMENT may refuse that; then each run is one round trip. */
MUST_CHECK enum err db_exec_many(struct db *db, struct arena *a, const struct stmt *stmt,
	const struct db_val *args, size_t count);

/* Reads exactly one row into *row; ERR_NOT_FOUND if there is none. A second row is a BUG. */
MUST_CHECK enum err db_one(struct db *db, struct arena *a, const struct sql *sql,
	const struct db_shape *shape, void *row);

/* Reads each row into *row and calls fn(ctx, row). The strings of a row live in the arena; fn may
 * rewind it to a mark that fn itself has made. The client holds the whole result before the first
 * call, so fn may run further statements. A connection lost before the first call is replaced; one
 * lost later is not, and fn's statements then give ERR_UNAVAILABLE. fn's error ends the walk and is
 * returned. */
typedef enum err (*db_row_fn)(void *ctx, const void *row);
MUST_CHECK enum err db_each(struct db *db, struct arena *a, const struct sql *sql,
	const struct db_shape *shape, void *row, db_row_fn fn, void *ctx);

/* The same for results of any size: rows come from the server one by one, so fn must not run a
 * statement, and may reset the arena at the end of each row. A connection lost between rows is
 * ERR_UNAVAILABLE. Not inside a transaction. */
MUST_CHECK enum err db_stream(struct db *db, struct arena *a, const struct sql *sql,
	const struct db_shape *shape, void *row, db_row_fn fn, void *ctx);

/* Runs fn in a transaction and commits; rolls back if fn fails. fn may be called up to DB_TX_TRIES
 * times, but not after twice the lock wait; each call has to start anew. Must not be nested. */
typedef enum err (*db_tx_fn)(void *ctx);
MUST_CHECK enum err db_tx(struct db *db, db_tx_fn fn, void *ctx);

/* The same, once, and without waiting for a lock: ERR_RETRY if another transaction holds a row. */
MUST_CHECK enum err db_tx_no_wait(struct db *db, db_tx_fn fn, void *ctx);

/* Whether the database is ready: connects if needed and runs `probe`, which gives one row of
 * letters "ii": whether the server takes writes, and a number from the tables. ERR_UNAVAILABLE
 * unless the account can read them and the server takes writes; db_error_text says what failed. */
MUST_CHECK enum err db_ping(struct db *db, const struct stmt *probe);

/* Prepares every statement of the list, which ends with NULL, and logs each one that the server
 * refuses or that has other numbers of parameters or columns; the first such error is returned. It
 * costs little if all are prepared already. */
MUST_CHECK enum err db_self_check(struct db *db, const struct stmt *const *list);

/* Whether a plain read inside a transaction shows the state at its first one (see above), so that a
 * read that has to be current must lock. Connects if needed. */
MUST_CHECK enum err db_reads_are_old(struct db *db, bool *out);

/* Runs one statement of a file of schema/ (rollcall-admin migrate). Only this text reaches the
 * server without being a string literal of the program; it is the operator's own. */
MUST_CHECK enum err db_schema(struct db *db, struct str statement);

/* Why the latest call failed; valid until the next call. For the log only, never for a client,
 * although it quotes no bound value. */
const char *db_error_text(const struct db *db);

/* Counts since db_open. */
struct db_stats {
	uint64_t statements;
	uint64_t errors; /* without ERR_DUPLICATE */
	uint64_t connects;
	uint64_t reconnects; /* connects after the first */
	uint64_t busy_us;    /* time spent waiting for the database */
};
const struct db_stats *db_stats(const struct db *db);

#endif
