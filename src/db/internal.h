/* SPDX-License-Identifier: MIT
 * What the files of this room share: the connection with its prepared handles. Included by
 * src/db/{db,conn,handle}.c only, which are also the only files with <mysql.h>.
 *
 * Layers: conn.c connects and maps errors, handle.c prepares, binds and fetches, db.c decides what
 * is repeated. The surprise: while a result is being walked (walks > 0) a lost connection is only
 * marked, because closing it would take the result away; it is closed when the walk ends. */
#ifndef DB_INTERNAL_H
#define DB_INTERNAL_H

#include <mysql.h>

#include "base/limits.h"
#include "db/compose.h"
#include "db/db.h"

/* Where the connector reads a parameter from, or writes a column to. */
struct cell {
	union {
		long long i;
		double d;
		MYSQL_TIME t;
	} u;
	unsigned long n; /* bytes of a text, beyond the scratch buffer too */
	my_bool null, error;
};

/* Longer texts are fetched into the arena by a second call. */
#define SCRATCH_BYTES 128

/* A prepared statement. `slot` points to the place that keeps it, NULL: closed after this use. */
struct handle {
	MYSQL_STMT *stmt;
	struct handle **slot;
	bool busy;            /* its result is in use: neither executed again nor evicted */
	uint64_t used;        /* db->tick at the latest use */
	char *text, *columns; /* the key, of composed statements only */
	size_t text_n;
	size_t param_count, column_count;
	size_t result_bytes; /* of texts, fetched so far from the result that is in use */
	MYSQL_BIND *params;
	struct cell *args, *cells;
	char *scratch; /* SCRATCH_BYTES for each column */
};

struct db {
	struct db_config cfg;
	unsigned read_timeout_s; /* of the client: above every limit of the server */
	MYSQL *my;               /* NULL: not connected */
	struct handle *fixed[STMT__COUNT];
	struct handle *composed[DB_CACHED_STATEMENTS];
	uint64_t tick;
	int64_t connect_after_us; /* monotonic; earlier than this no attempt is made */
	bool refused;             /* the latest error: a healthy server that is read-only */
	int64_t refused_until_us; /* monotonic; earlier than this such a connection is kept */
	unsigned walks;           /* results being walked, nested */
	bool lost;                /* connection is dead, to be closed when walks == 0 */
	bool in_tx;
	enum err doom; /* why the transaction cannot go on; ERR_OK: it can */
	char error[512];
	struct db_stats stats;
};

/* conn.c */
enum err conn_ready(struct db *db); /* connected, or connects */
void conn_close(struct db *db);     /* with every handle; no walk may be going on */
void conn_drop(struct db *db);      /* closes, or marks as lost during a walk */
/* The same after an error. A read-only server's connection works: it is kept for a while. */
void conn_give_up(struct db *db);
bool conn_is_stale(struct db *db); /* the server has hung up on an idle connection */
enum err conn_command(struct db *db, struct sql_frag text); /* no arguments, no rows */

/* Notes the text for db_error_text, counts unless it is ERR_DUPLICATE, and maps. Closes nothing. */
enum err conn_fail(struct db *db, unsigned code, const char *text);
/* The same where values have been bound, which the server's text may quote. */
enum err conn_fail_values(struct db *db, unsigned code, const char *text);
/* The server is read-only though no statement failed. ERR_UNAVAILABLE. */
enum err conn_refused(struct db *db, const char *text);
/* A connection with this outcome is of no more use. */
bool conn_is_over(enum err err);
/* The statement is unknown to the server or has to be prepared again. */
bool conn_is_unprepared(unsigned code);

/* handle.c */
enum err handle_take(struct db *db, const struct sql *sql, struct handle **out);
void handle_give(struct handle *h);  /* result freed; closed unless kept, or when it was large */
void handle_close(struct handle *h); /* and taken out of its slot */
enum err handle_bind(struct db *db, struct handle *h, const struct sql *sql);
enum err handle_row(struct db *db, struct handle *h, struct arena *a, const struct db_shape *shape,
	void *row, bool *end);
void *handle_memory(size_t count, size_t bytes); /* zeroed, from the heap; never NULL */

#endif
