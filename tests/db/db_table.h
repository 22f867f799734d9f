/* SPDX-License-Identifier: MIT
 * The table that the tests of statements write and read. Included by tests/db/test_db.c and
 * tests/db/test_db_statements.c only. */
#ifndef TESTS_DB_DB_TABLE_H
#define TESTS_DB_DB_TABLE_H

#include <glob.h>
#include <math.h>

#include "fixture.h"
#include "model/statements.h"
#include "model/store.h"

static inline int table_made(void **state)
{
	struct fix *f;
	struct arena *a = arena_open();
	struct db *db;
	struct db_config cfg;

	fix_server(state);
	f = *state;
	cfg = fix_config(f);
	db = db_open(&cfg);
	assert_ok(db, exec(db, a, SQL("DROP TABLE IF EXISTS test_db"), 0));
	assert_ok(db,
		exec(db, a,
			SQL("CREATE TABLE test_db (id BIGINT PRIMARY KEY, i BIGINT,"
			    " s LONGTEXT CHARACTER SET utf8mb4, b LONGBLOB, t DATETIME(3), d DOUBLE)"),
			0));
	db_close(db);
	arena_close(a);
	return 0;
}

static inline int table_dropped(void **state)
{
	struct fix *f = *state;
	struct arena *a = arena_open();
	struct db_config cfg = fix_config(f);
	struct db *db = db_open(&cfg);

	assert_ok(db, exec(db, a, SQL("DROP TABLE test_db"), 0));
	db_close(db);
	arena_close(a);
	return fix_server_end(state);
}

static inline int opened(void **state)
{
	struct fix *f = *state;

	fix_open(state);
	assert_ok(f->db, exec(f->db, f->arena, SQL("DELETE FROM test_db"), 0));
	return 0;
}

#endif
