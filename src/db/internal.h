/* SPDX-License-Identifier: MIT
 * The connection with its prepared handles, which the files of this room share. Only
 * src/db/{db,tx,conn,host,handle,error}.c include it, and only they use <mysql.h>.
 *
 * Each of these files calls only those before it: error.c maps errors, host.c chooses a host,
 * handle.c prepares, binds and fetches, conn.c connects, db.c decides what is repeated, tx.c runs
 * transactions. While a result is being walked (walks > 0) a lost connection is only marked,
 * because closing it would free the result; it is closed when the walk ends. */
#ifndef DB_INTERNAL_H
#define DB_INTERNAL_H

#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>

#include "base/limits.h"
#include "db/compose.h"
#include "db/db.h"
#include "db/options.h"

/* Memory from which the connector reads a parameter or to which it writes a column. */
struct cell {
	union {
		long long i;
		double d;
		MYSQL_TIME t;
	} u;
	unsigned long n; /* bytes of a text, which may exceed the scratch buffer */
	my_bool null, error;
};

/* Longer texts are fetched into the arena by a second call. */
#define SCRATCH_BYTES 128

/* A prepared statement. `slot` is its place in db->handles; NULL: closed after this use. */
struct handle {
	MYSQL_STMT *stmt;
	struct handle **slot;
	bool busy;                /* its result is in use: neither executed again nor evicted */
	uint64_t used;            /* db->tick at the latest use */
	const struct stmt *fixed; /* the key of fixed statements */
	char *text, *columns;     /* the key of composed ones */
	size_t text_n;
	size_t param_count, column_count;
	bool tells_late;     /* columns are known only after an execution */
	size_t result_bytes; /* bytes of texts fetched so far from the current result */
	MYSQL_BIND *params;
	struct cell *args, *cells;
	char *scratch; /* SCRATCH_BYTES for each column */
};

/* A host of the option file; if that lists none, the connector's own host. */
struct host {
	struct options_host at;   /* name "": the connector's */
	int64_t shunned_until_us; /* monotonic; it failed, so others are tried first */
	bool clustered;           /* at the latest connection: a node of a Galera cluster */
};

struct db {
	struct db_config cfg;
	unsigned read_timeout_s; /* of the client; above the server's limit for a statement */
	MYSQL *my;               /* NULL: not connected */
	struct handle *handles[DB_CACHED_STATEMENTS];
	uint64_t isolation_of; /* stats.connects when reads_are_old was read */
	bool reads_are_old;
	struct host hosts[OPTIONS_HOSTS];
	size_t host_count;
	size_t host;           /* index of the connected host, or of the last one tried */
	int64_t home_after_us; /* monotonic; before this, no preferred host is tried */
	uint64_t tick;
	int64_t connect_after_us; /* monotonic; before this, no attempt is made */
	bool refused;             /* the latest error: the server refuses writes */
	bool ailing;              /* the latest error: the server is up and cannot serve */
	int64_t refused_until_us; /* monotonic; before this, such a connection is kept */
	unsigned walks;           /* results being walked, nested */
	bool lost;                /* connection is dead, to be closed when walks == 0 */
	bool in_tx;
	enum err doom;   /* why the transaction cannot go on; ERR_OK: it can */
	unsigned code;   /* of the latest error */
	bool one_by_one; /* the server refuses db_exec_many as one request */
	char error[512];
	struct db_stats stats;
};

/* error.c */
/* Keeps the text for db_error_text, counts all but ERR_DUPLICATE, and maps. Closes nothing. */
enum err error_note(struct db *db, unsigned code, const char *text);
/* The same if values were bound, which the server's text may quote. */
enum err error_note_values(struct db *db, unsigned code, const char *text);
/* The server is read-only although no statement failed. ERR_UNAVAILABLE. */
enum err error_refused(struct db *db, const char *text);
/* Whether the connection is of no more use after this outcome. */
bool error_is_over(enum err err);
/* Whether the server does not know the statement, or it has to be prepared again. */
bool error_is_unprepared(unsigned code);

/* host.c */
void host_list(struct db *db, const struct options *o);
unsigned host_share_s(const struct db *db); /* a host's share of the time limit for connecting */
/* The next host to try; `tried` has a bit for each host that was tried. False: none is left. */
bool host_next(const struct db *db, unsigned tried, size_t *next);
/* From time to time, a host that stands before the connected one; false: none to try now. */
bool host_home(struct db *db, size_t *home);
void host_shun(struct db *db, size_t host, int64_t took_us);

/* conn.c */
enum err conn_ready(struct db *db); /* connected, or connects */
void conn_close(struct db *db);     /* with every handle; no walk may be going on */
void conn_drop(struct db *db);      /* closes, or marks as lost during a walk */
/* The same after an error, but the connection to a read-only server is kept for a while. */
void conn_give_up(struct db *db);
bool conn_is_stale(struct db *db); /* the server has hung up on an idle connection */
enum err conn_command(struct db *db, struct sql_frag text); /* no arguments, no rows */

/* handle.c */
enum err handle_take(struct db *db, const struct sql *sql, struct handle **out);
void handle_give(struct handle *h);  /* frees the result; closes what is large or not kept */
void handle_close(struct handle *h); /* also empties its slot */
/* Notes why the latest call with it failed. `values`: the server's text may quote bound values. */
enum err handle_failed(struct db *db, struct handle *h, bool values);
enum err handle_bind(struct db *db, struct handle *h, const struct sql *sql);
/* Binds the arguments of `count` runs at once. */
enum err handle_bind_many(
	struct db *db, struct handle *h, struct arena *a, const struct db_val *args, size_t count);
bool handle_bind_late(struct handle *h, const struct sql *sql);
enum err handle_row(struct db *db, struct handle *h, struct arena *a, const struct db_shape *shape,
	void *row, bool *end);

/* db.c */
void db_back_off(unsigned tries); /* waits a short time, longer with each try */

#endif
