/* SPDX-License-Identifier: MIT
 * Calls of MariaDB's connector that fail. A test program that includes this has functions of the
 * connector's names, so the linker sends the calls of src/db here; each goes on to the connector,
 * but for the one that was chosen. So src/ has no fault point of its own.
 *
 * Included by one .c file of a test program, before every other header. */
#ifndef TESTS_DB_CONNECTOR_H
#define TESTS_DB_CONNECTOR_H

#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <mysql.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#define CONNECTOR_CUT 0 /* no error number: the connection is cut before the call */

static struct {
	unsigned at;   /* the call that fails, from 1; 0: none */
	unsigned code; /* the server's error number, or CONNECTOR_CUT */
	unsigned calls;
	unsigned said; /* the number that the connector reports now; 0: its own */
	bool starved;  /* the connector has no memory: its objects are NULL */
} connector;

/* From now on the `at`-th call fails with `code`. */
static inline void connector_break(unsigned at, unsigned code)
{
	connector.at = at;
	connector.code = code;
	connector.calls = connector.said = 0;
}

/* Nothing fails any more. False: the call that was to fail has not been made. */
static inline bool connector_mend(void)
{
	bool hit = connector.at > 0 && connector.calls >= connector.at;

	connector_break(0, 0);
	return hit;
}

static inline void *connector_function(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

/* This call fails. */
static inline bool connector_fails(MYSQL *my)
{
	connector.said = 0;
	if (connector.at == 0 || ++connector.calls != connector.at)
		return false;
	if (connector.code == CONNECTOR_CUT)
		shutdown((int)mysql_get_socket(my), SHUT_RDWR);
	connector.said = connector.code;
	return connector.said != 0;
}

/* `name` of the connector, with parameters and arguments; `failed` is what it returns then. */
#define CONNECTOR_CALL(type, name, my, failed, parameters, ...)                                    \
	type STDCALL name parameters                                                               \
	{                                                                                          \
		type(*real) parameters;                                                            \
		void *found = connector_function(#name);                                           \
                                                                                                   \
		memcpy(&real, &found, sizeof(real));                                               \
		return connector_fails(my) ? (failed) : real(__VA_ARGS__);                         \
	}

CONNECTOR_CALL(int, mysql_real_query, my, 1, (MYSQL * my, const char *q, unsigned long n), my, q, n)
CONNECTOR_CALL(int, mysql_stmt_prepare, stmt->mysql, 1,
	(MYSQL_STMT * stmt, const char *q, unsigned long n), stmt, q, n)
CONNECTOR_CALL(int, mysql_stmt_execute, stmt->mysql, 1, (MYSQL_STMT * stmt), stmt)
CONNECTOR_CALL(int, mysql_stmt_store_result, stmt->mysql, 1, (MYSQL_STMT * stmt), stmt)
CONNECTOR_CALL(int, mysql_stmt_fetch, stmt->mysql, 1, (MYSQL_STMT * stmt), stmt)
CONNECTOR_CALL(int, mysql_stmt_fetch_column, stmt->mysql, 1,
	(MYSQL_STMT * stmt, MYSQL_BIND *b, unsigned column, unsigned long offset), stmt, b, column,
	offset)
CONNECTOR_CALL(
	my_bool, mysql_stmt_bind_param, stmt->mysql, 1, (MYSQL_STMT * stmt, MYSQL_BIND *b), stmt, b)
CONNECTOR_CALL(my_bool, mysql_stmt_bind_result, stmt->mysql, 1, (MYSQL_STMT * stmt, MYSQL_BIND *b),
	stmt, b)

#define CONNECTOR_OBJECT(type, name)                                                               \
	type *STDCALL name(MYSQL *my)                                                              \
	{                                                                                          \
		type *(*real)(MYSQL *);                                                            \
		void *found = connector_function(#name);                                           \
                                                                                                   \
		memcpy(&real, &found, sizeof(real));                                               \
		return connector.starved ? NULL : real(my);                                        \
	}

CONNECTOR_OBJECT(MYSQL, mysql_init)
CONNECTOR_OBJECT(MYSQL_STMT, mysql_stmt_init)

/* What the connector says of the call that failed. */
#define CONNECTOR_SAYS(type, name, made, object)                                                   \
	type STDCALL name(object *o)                                                               \
	{                                                                                          \
		type (*real)(object *);                                                            \
		void *found = connector_function(#name);                                           \
                                                                                                   \
		memcpy(&real, &found, sizeof(real));                                               \
		return connector.said != 0 ? (made) : real(o);                                     \
	}

#define CONNECTOR_TEXT "made to fail by the test"
CONNECTOR_SAYS(unsigned, mysql_errno, connector.said, MYSQL)
CONNECTOR_SAYS(unsigned, mysql_stmt_errno, connector.said, MYSQL_STMT)
CONNECTOR_SAYS(const char *, mysql_error, CONNECTOR_TEXT, MYSQL)
CONNECTOR_SAYS(const char *, mysql_stmt_error, CONNECTOR_TEXT, MYSQL_STMT)

#endif
