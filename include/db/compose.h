/* SPDX-License-Identifier: MIT
 * Statements with their arguments: fixed ones, and composed ones (optional filters, sorting, the
 * filter language) of string literals, with an argument for every '?'.
 *
 * 	struct sql q;
 * 	sql_begin(&q, arena, SQL_READ, "sT");
 * 	sql_add(&q, SQL("SELECT id, revoked_at FROM session WHERE tenant_id = ?"));
 * 	sql_arg(&q, db_str(tenant));
 *
 * SQL() takes only a string literal, so no text of a client can become SQL. */
#ifndef DB_COMPOSE_H
#define DB_COMPOSE_H

#include "base/buf.h"
#include "db/db.h"

struct sql_frag {
	const char *text;
	size_t n;
};

/* SQL_INIT is for static tables, where C11 allows no compound literal. */
#define SQL_INIT(literal)                                                                          \
	{                                                                                          \
		"" literal "", sizeof("" literal "") - 1                                           \
	}
#define SQL(literal) ((struct sql_frag)SQL_INIT(literal))

/* The beginning of a statement whose time limit is db_config.search_ms. */
#define SEARCH_SQL "SET STATEMENT max_statement_time = @rollcall_search_s FOR "

/* A statement with its arguments, ready for db_exec, db_one, db_each. */
struct sql {
	const struct stmt *fixed; /* NULL: composed */
	enum sql_kind kind;
	const char *columns; /* letters of the result, "" if it has no rows */
	struct buf text;     /* composed only */
	const struct db_val *args;
	size_t arg_count, arg_room;
	struct arena *arena;
};

/* A fixed statement. BUG if the arguments do not fit its letters. `args` has to live until the
 * statement has run. */
struct sql sql_fixed(const struct stmt *stmt, const struct db_val *args, size_t count);

#define SQL_FIXED(stmt, ...)                                                                       \
	sql_fixed(stmt, (const struct db_val[]){__VA_ARGS__},                                      \
		sizeof((const struct db_val[]){__VA_ARGS__}) / sizeof(struct db_val))
#define SQL_FIXED0(stmt) sql_fixed(stmt, NULL, 0)

void sql_begin(struct sql *q, struct arena *a, enum sql_kind kind, const char *columns);
void sql_add(struct sql *q, struct sql_frag frag);
void sql_arg(struct sql *q, struct db_val val);

/* Adds a literal and calls put(ctx, q) at each SQL_HOLE in it, to add the text for that place. */
#define SQL_HOLE "\1"
typedef void (*sql_put_fn)(const void *ctx, struct sql *q);
void sql_fill(struct sql *q, struct sql_frag frag, sql_put_fn put, const void *ctx);

#endif
