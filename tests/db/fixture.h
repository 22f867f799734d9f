/* SPDX-License-Identifier: MIT
 * What the tests of the db room share: a server, two connections to it, an arena, and composed
 * statements in one line. Included by tests/db/test_db*.c only. Every value is bound here too. */
#ifndef TESTS_DB_FIXTURE_H
#define TESTS_DB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/limits.h"
#include "db/compose.h"
#include "lib/mariadb.h"

struct fix {
	struct mariadb *server;
	bool patient;  /* a statement over many rows may take a minute beside other tests */
	bool migrated; /* the database has the tables of schema/ and tests' rows only */
	struct db *db, *other;
	struct arena *arena;
};

static inline struct db_config fix_config(const struct fix *f)
{
	return (struct db_config){
		.defaults_file = mariadb_defaults(f->server),
		.group = "rollcall",
		.connect_timeout_s = 1,
		.statement_ms = f->patient ? 60000 : 5000,
		.lock_wait_s = 3,
	};
}

static inline int fix_server_with(void **state, const char *const *options)
{
	struct fix *f = test_calloc(1, sizeof(*f));

	f->server = mariadb_start(options);
	*state = f;
	return 0;
}

static inline int fix_server(void **state)
{
	return fix_server_with(state, NULL);
}

static inline int fix_server_end(void **state)
{
	struct fix *f = *state;

	mariadb_end(f->server);
	test_free(f);
	return 0;
}

static inline int fix_open(void **state)
{
	struct fix *f = *state;
	struct db_config cfg = fix_config(f);

	f->arena = arena_open();
	f->db = db_open(&cfg);
	f->other = db_open(&cfg);
	return 0;
}

static inline int fix_close(void **state)
{
	struct fix *f = *state;

	db_close(f->db);
	db_close(f->other);
	arena_close(f->arena);
	return 0;
}

static inline struct sql compose_v(struct arena *a, enum sql_kind kind, const char *columns,
	struct sql_frag text, int n, va_list ap)
{
	struct sql q;

	sql_begin(&q, a, kind, columns);
	sql_add(&q, text);
	for (int i = 0; i < n; i++)
		sql_arg(&q, va_arg(ap, struct db_val));
	return q;
}

/* n arguments, struct db_val each. */
static inline struct sql compose(
	struct arena *a, enum sql_kind kind, const char *columns, struct sql_frag text, int n, ...)
{
	struct sql q;
	va_list ap;

	va_start(ap, n);
	q = compose_v(a, kind, columns, text, n, ap);
	va_end(ap);
	return q;
}

static inline enum err exec(struct db *db, struct arena *a, struct sql_frag text, int n, ...)
{
	struct sql q;
	va_list ap;

	va_start(ap, n);
	q = compose_v(a, SQL_WRITE, "", text, n, ap);
	va_end(ap);
	return db_exec(db, &q, NULL);
}

static const struct db_col fix_int_col = {'i', 0};
static const struct db_shape fix_int = {&fix_int_col, 1};

/* The one integer that a read gives. */
static inline enum err read_int(
	struct db *db, struct arena *a, int64_t *out, struct sql_frag text, int n, ...)
{
	struct sql q;
	va_list ap;

	va_start(ap, n);
	q = compose_v(a, SQL_READ, "i", text, n, ap);
	va_end(ap);
	return db_one(db, a, &q, &fix_int, out);
}

/* The connection answers; what is in the database does not matter. */
static inline enum err answers(struct db *db)
{
	struct arena *a = arena_open();
	int64_t one;
	enum err err = read_int(db, a, &one, SQL("SELECT 1"), 0);

	arena_close(a);
	return err;
}

static inline void assert_ok(const struct db *db, enum err err)
{
	if (err != ERR_OK)
		fail_msg("%s: %s", err_text(err), db_error_text(db));
}

#define FIX_WAIT_ROUNDS 1000

static inline void fix_pause(void)
{
	const struct timespec t = {.tv_nsec = 10 * 1000 * 1000};

	nanosleep(&t, NULL);
}

static inline int64_t connection_id(struct db *db, struct arena *a)
{
	int64_t id = 0;

	assert_ok(db, read_int(db, a, &id, SQL("SELECT CONNECTION_ID()"), 0));
	return id;
}

/* True when it has become so within ten seconds. Safe outside the test's thread. */
static inline bool wait_until_connections(
	struct db *db, struct arena *a, int64_t want, struct sql_frag where, struct db_val arg)
{
	for (int i = 0; i < FIX_WAIT_ROUNDS; i++) {
		int64_t n = -1;
		struct sql q;

		sql_begin(&q, a, SQL_READ, "i");
		sql_add(&q, SQL("SELECT COUNT(*) FROM information_schema.processlist WHERE "));
		sql_add(&q, where);
		sql_arg(&q, arg);
		if (db_one(db, a, &q, &fix_int, &n) == ERR_OK && n == want)
			return true;
		fix_pause();
	}
	return false;
}

/* Ends a connection and waits until the server has forgotten it. */
static inline void kill_connection(struct fix *f, int64_t id)
{
	assert_ok(f->other, exec(f->other, f->arena, SQL("KILL CONNECTION ?"), 1, db_i64(id)));
	assert_true(wait_until_connections(f->other, f->arena, 0, SQL("id = ?"), db_i64(id)));
}

#endif
