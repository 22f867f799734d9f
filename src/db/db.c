/* SPDX-License-Identifier: MIT
 * Runs statements and decides what is repeated after a failure (see db/db.h). Waits for the
 * database.
 *
 * The first deadlock or lost connection dooms a transaction: later statements of the same run are
 * refused, because the server would run them outside the transaction and commit them. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/heap.h"
#include "base/log.h"
#include "base/random.h"
#include "internal.h"

/* The client waits this much longer than the server's own limit for a statement. */
#define READ_MARGIN_S 2

struct db *db_open(const struct db_config *cfg)
{
	struct db *db = heap_zalloc(1, sizeof(*db));

	BUG_ON(cfg->connect_timeout_s == 0 || cfg->statement_ms == 0); /* 0 would mean for ever */
	db->cfg = *cfg;
	db->read_timeout_s = (cfg->statement_ms + 999) / 1000 + READ_MARGIN_S;
	return db;
}

void db_close(struct db *db)
{
	if (db == NULL)
		return;
	conn_close(db);
	free(db);
}

const char *db_error_text(const struct db *db)
{
	return db->error;
}

const struct db_stats *db_stats(const struct db *db)
{
	return &db->stats;
}

/* How a statement is run. A NULL pointer means: once, and the client fetches the whole result. */
struct how {
	struct arena *arena;
	size_t count; /* above 0: that many runs */
	bool stream;  /* the result stays with the server until it is fetched */
};

/* Prepares, binds, executes and fetches. *sent: the server may have run the statement. */
static enum err execute(struct db *db, const struct sql *sql, const struct how *how,
	struct handle **out, bool *sent)
{
	struct handle *h;
	enum err err;

	for (bool again = false;; again = true) {
		err = handle_take(db, sql, &h);
		if (err)
			return err;
		err = how != NULL && how->count > 0
			      ? handle_bind_many(db, h, how->arena, sql->args, how->count)
			      : handle_bind(db, h, sql);
		if (err)
			break;
		*sent = true;
		db->stats.statements++;
		if (mysql_stmt_execute(h->stmt) == 0 && handle_bind_late(h, sql) &&
			(h->column_count == 0 || (how != NULL && how->stream) ||
				mysql_stmt_store_result(h->stmt) == 0)) {
			*out = h;
			return ERR_OK;
		}
		/* With nothing bound the text can quote only the statement, which is a literal. */
		err = handle_failed(db, h, sql->arg_count > 0);
		if (again || !error_is_unprepared(db->code))
			break;
		handle_close(h);
	}
	/* After a failure the connector may still expect rows: freeing the result would wait for
	 * them until the time limit, closing the statement does not. */
	if (h->column_count > 0)
		handle_close(h);
	else
		handle_give(h);
	return err;
}

/* The error of a statement in a transaction. It dooms the transaction if that cannot go on. */
static enum err doomed(struct db *db, enum err err)
{
	if (err == ERR_RETRY || error_is_over(err))
		db->doom = err;
	return err;
}

/* Waits a random time of up to 4 ms, then 8, 16, ..., so that two transactions that collided do not
 * collide again. */
void db_back_off(unsigned tries)
{
	int64_t us = random_i64() % (2000 << tries);
	struct timespec t = {.tv_nsec = (long)us * 1000};

	nanosleep(&t, NULL);
}

/* Repeats on a new connection what may be repeated. */
static enum err run_once(
	struct db *db, const struct sql *sql, const struct how *how, struct handle **out)
{
	int64_t limit_us = clock_monotonic_us() + (int64_t)db->read_timeout_s * 1000000;

	for (bool again = false;; again = true) {
		bool sent = false;
		enum err err = conn_ready(db);

		if (err)
			return err;
		err = execute(db, sql, how, out, &sent);
		if (!error_is_over(err))
			return err;
		conn_give_up(db);
		if (db->in_tx || err == ERR_UNAVAILABLE)
			return err;
		/* A statement that took this long met a hung server, and is not tried again. */
		if (again || (sent && sql->kind == SQL_WRITE) || clock_monotonic_us() >= limit_us)
			return ERR_UNAVAILABLE;
	}
}

/* On success *out holds the result until handle_give. A statement that met a deadlock has changed
 * nothing, so outside a transaction it is run again; after a lock wait it is not. */
static enum err run_how(
	struct db *db, const struct sql *sql, const struct how *how, struct handle **out)
{
	int64_t from_us = clock_monotonic_us();
	enum err err;

	if (db->in_tx && db->doom)
		return db->doom;
	if (!db->in_tx && sql->kind == SQL_WRITE && conn_is_stale(db))
		conn_drop(db);
	for (unsigned tries = 1;; tries++) {
		err = run_once(db, sql, how, out);
		if (db->in_tx || err != ERR_RETRY || db->code == ER_LOCK_WAIT_TIMEOUT ||
			tries == DB_TX_TRIES)
			break;
		db_back_off(tries);
	}
	db->stats.busy_us += (uint64_t)(clock_monotonic_us() - from_us);
	return db->in_tx ? doomed(db, err) : err;
}

static enum err run(struct db *db, const struct sql *sql, struct handle **out)
{
	return run_how(db, sql, NULL, out);
}

enum err db_exec_many(struct db *db, struct arena *a, const struct stmt *stmt,
	const struct db_val *args, size_t count)
{
	const struct how how = {.arena = a, .count = count};
	struct sql sql = {.fixed = stmt, .kind = stmt->kind, .columns = "", .args = args};
	struct handle *h;
	enum err err;

	BUG_ON(count == 0 || stmt->columns[0] != '\0');
	sql.arg_count = strlen(stmt->params);
	if (!db->one_by_one) {
		err = run_how(db, &sql, &how, &h);
		if (err == ERR_OK)
			handle_give(h);
		db->one_by_one = err == ERR_INTERNAL && db->code == ER_BINLOG_NON_SUPPORTED_BULK;
		if (!db->one_by_one)
			return err;
	}
	err = ERR_OK;
	for (size_t i = 0; i < count && err == ERR_OK; i++) {
		sql.args = &args[i * sql.arg_count];
		err = db_exec(db, &sql, NULL);
	}
	return err;
}

enum err db_exec(struct db *db, const struct sql *sql, int64_t *affected)
{
	struct handle *h;
	enum err err;

	BUG_ON(sql->columns[0] != '\0');
	err = run(db, sql, &h);
	if (err)
		return err;
	if (affected != NULL)
		*affected = (int64_t)mysql_stmt_affected_rows(h->stmt);
	handle_give(h);
	return ERR_OK;
}

static void check_shape(const struct sql *sql, const struct db_shape *shape)
{
	BUG_ON(shape->count == 0 || shape->count != strlen(sql->columns));
	for (size_t i = 0; i < shape->count; i++)
		BUG_ON(shape->cols[i].letter != sql->columns[i]);
}

enum err db_one(struct db *db, struct arena *a, const struct sql *sql, const struct db_shape *shape,
	void *row)
{
	struct handle *h;
	bool end;
	enum err err;

	check_shape(sql, shape);
	err = run(db, sql, &h);
	if (err)
		return err;
	BUG_ON(mysql_stmt_num_rows(h->stmt) > 1);
	err = handle_row(db, h, a, shape, row, &end);
	if (err == ERR_OK && end)
		err = ERR_NOT_FOUND;
	handle_give(h);
	return err;
}

enum err db_each(struct db *db, struct arena *a, const struct sql *sql,
	const struct db_shape *shape, void *row, db_row_fn fn, void *ctx)
{
	struct handle *h;
	enum err err;

	check_shape(sql, shape);
	err = run(db, sql, &h);
	if (err)
		return err;
	db->walks++;
	while (err == ERR_OK) {
		bool end;

		err = handle_row(db, h, a, shape, row, &end);
		if (end)
			break;
		if (err == ERR_OK)
			err = fn(ctx, row);
	}
	handle_give(h);
	db->walks--;
	if (db->walks == 0 && db->lost)
		conn_close(db);
	return err;
}

/* If a row cannot be fetched, the connection is in the middle of a result and is dropped. */
enum err db_stream(struct db *db, struct arena *a, const struct sql *sql,
	const struct db_shape *shape, void *row, db_row_fn fn, void *ctx)
{
	const struct how how = {.stream = true};
	struct handle *h;
	bool end = false, broken = false;
	enum err err;

	BUG_ON(db->in_tx || db->walks > 0);
	check_shape(sql, shape);
	err = run_how(db, sql, &how, &h);
	if (err)
		return err;
	while (err == ERR_OK && !end) {
		err = handle_row(db, h, a, shape, row, &end);
		broken = err != ERR_OK;
		if (err == ERR_OK && !end)
			err = fn(ctx, row);
	}
	handle_give(h);
	if (broken && error_is_over(err))
		conn_drop(db);
	return err == ERR_LOST ? ERR_UNAVAILABLE : err;
}

struct readiness {
	int64_t writable, rows;
};

static enum err misses_tables(struct db *db)
{
	char text[sizeof(db->error)];

	snprintf(text, sizeof(text),
		"its tables do not fit this program or may not be read (rollcall-admin migrate): "
		"%.400s",
		db->error);
	memcpy(db->error, text, sizeof(text));
	return ERR_UNAVAILABLE;
}

enum err db_ping(struct db *db, const struct stmt *probe)
{
	static const struct db_col cols[] = {
		{'i', offsetof(struct readiness, writable)},
		{'i', offsetof(struct readiness, rows)},
	};
	struct sql sql = SQL_FIXED0(probe);
	struct readiness ready;
	enum err err = db_one(db, NULL, &sql, DB_SHAPE(cols), &ready);

	if (err == ERR_INTERNAL || err == ERR_SCHEMA)
		return misses_tables(db);
	if (err || ready.writable)
		return err;
	err = error_refused(db, "the server is read-only");
	conn_give_up(db);
	return err;
}

enum err db_self_check(struct db *db, const struct stmt *const *list)
{
	enum err first = conn_ready(db);

	for (; *list != NULL; list++) {
		const struct stmt *stmt = *list;
		struct sql sql = {.fixed = stmt, .kind = stmt->kind, .columns = stmt->columns};
		struct handle *h;
		enum err err;

		if (error_is_over(first))
			break;
		err = handle_take(db, &sql, &h);
		if (err == ERR_OK) {
			handle_give(h);
			continue;
		}
		log_event(LOG_ERROR, "statement cannot be prepared", "statement", stmt->name, "why",
			db->error, NULL);
		if (!first || error_is_over(err))
			first = err;
	}
	if (error_is_over(first))
		conn_drop(db);
	return first == ERR_LOST ? ERR_UNAVAILABLE : first;
}

enum err db_reads_are_old(struct db *db, bool *out)
{
	static const struct stmt isolation = {
		"db.isolation", SQL_READ, "", "i", "SELECT @@tx_isolation = 'REPEATABLE-READ'"};
	struct sql sql = SQL_FIXED0(&isolation);
	int64_t repeatable = 0;
	enum err err = conn_ready(db);

	if (err == ERR_OK && db->isolation_of != db->stats.connects) {
		err = db_one(db, NULL, &sql, DB_COLUMN('i'), &repeatable);
		if (err == ERR_OK) {
			db->isolation_of = db->stats.connects;
			db->reads_are_old = repeatable != 0;
		}
	}
	*out = db->reads_are_old;
	return err;
}

enum err db_schema(struct db *db, struct str statement)
{
	struct sql q = {.kind = SQL_WRITE, .columns = ""};

	q.text.p = (char *)statement.p;
	q.text.n = statement.n;
	return db_exec(db, &q, NULL);
}
