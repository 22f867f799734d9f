/* SPDX-License-Identifier: MIT
 * What every end-to-end test program shares: a client for the running stack, tokens, and fixtures
 * in the database behind it. Included by tests/e2e/test_*.c; tests/e2e/run starts the stack and
 * sets ROLLCALL_URL, ROLLCALL_DB_DEFAULTS and ROLLCALL_TEST_RUN (a directory with demo-key.pem).
 *
 * Trouble in here fails the running test with a message. Everything lives in the arena of the
 * struct e2e, until e2e_close. Names are unique in every run, so tests do not disturb each other
 * and may run against a store that holds other sessions. */
#ifndef TESTS_LIB_E2E_H
#define TESTS_LIB_E2E_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"
#include "db/compose.h"
#include "db/db.h"
#include "json/reader.h"
#include "model/register.h"

struct e2e {
	struct arena *arena;
	struct db *db;
	const char *url; /* ROLLCALL_URL and ROLLCALL_TEST_BASE */
	const char *key_file;
	struct curl *curl;
};

/* cmocka group setup and teardown; *state is the struct e2e. */
int e2e_open(void **state);
int e2e_close(void **state);

/* Client */

#define E2E_HEADERS_MAX 8

struct e2e_request {
	const char *method;       /* NULL: GET */
	const char *path;         /* behind the URL, with the query; sent as it is */
	struct str token;         /* Authorization: Bearer; p == NULL: none */
	struct str body;          /* p == NULL: none; for GET, HEAD, DELETE then no header either */
	const char *content_type; /* NULL: application/json when there is a body; "": none */
	const char *headers[E2E_HEADERS_MAX]; /* further ones, "Name: value" */
	bool chunked; /* Transfer-Encoding: chunked instead of Content-Length */
};

struct e2e_answer {
	const char *what; /* "GET /path", for messages */
	int status;
	struct str head; /* raw: status line and headers */
	struct str body;
	const struct json *json; /* NULL unless the body is JSON */
};

struct e2e_answer e2e_send(struct e2e *t, const struct e2e_request *r);

/* Sends all of them at once, each on a connection of its own. */
void e2e_send_all(struct e2e *t, const struct e2e_request *r, struct e2e_answer *out, size_t n);

/* The usual ones. The path is a format. `json` is the body as it stands, NULL: none. */
struct e2e_answer e2e_get(struct e2e *t, struct str token, const char *path, ...) PRINTF_LIKE(3, 4);
struct e2e_answer e2e_delete(struct e2e *t, struct str token, const char *path, ...)
	PRINTF_LIKE(3, 4);
struct e2e_answer e2e_post(struct e2e *t, struct str token, const char *json, const char *path, ...)
	PRINTF_LIKE(4, 5);

/* The value of a header (name in any case), p == NULL if it is not there. */
struct str e2e_header(const struct e2e_answer *a, const char *name);

/* Fails with the request and the whole answer unless the status is that. */
#define expect_status(answer, want) e2e_expect_status((answer), (want), __FILE__, __LINE__)
void e2e_expect_status(const struct e2e_answer *a, int want, const char *file, int line);

/* Fails unless the body is that text, byte for byte. */
#define expect_body(answer, want) e2e_expect_body((answer), (want), __FILE__, __LINE__)
void e2e_expect_body(const struct e2e_answer *a, const char *want, const char *file, int line);

/* Fails unless these are the members of the object, in that order: "id user_id status". A star as
 * the last word lets others follow. */
#define expect_members(json, want) e2e_expect_members((json), (want), __FILE__, __LINE__)
void e2e_expect_members(const struct json *obj, const char *want, const char *file, int line);

#define expect_str(got, want) e2e_expect_str((got), (want), __FILE__, __LINE__)
void e2e_expect_str(struct str got, struct str want, const char *file, int line);

/* Reading answers */

/* What stands at "data.0.user_id"; fails the test when there is nothing. */
const struct json *e2e_at(const struct json *root, const char *path);

/* The same, of the type named; fails when it is another. */
struct str e2e_text(const struct json *root, const char *path);
int64_t e2e_int(const struct json *root, const char *path);
bool e2e_bool(const struct json *root, const char *path);
bool e2e_is_null(const struct json *root, const char *path);
int64_t e2e_ms(const struct json *root, const char *path); /* "….123Z", strictly */

/* Whether an array of strings, or of objects with an "id", holds that one. */
bool e2e_has(const struct json *array, struct str id);

/* Tokens */

/* A JWT with just these claims (a format), exp in an hour unless given. */
struct str e2e_token(struct e2e *t, const char *claims, ...) PRINTF_LIKE(2, 3);

struct str e2e_super_admin(struct e2e *t);

/* Fixtures */

struct e2e_tenant {
	struct str id, partner_id;
};

struct str e2e_name(struct e2e *t, const char *stem); /* "stem-…", never the same again */
struct str e2e_partner(struct e2e *t);
struct e2e_tenant e2e_tenant(struct e2e *t, struct str partner_id); /* p == NULL: none */

/* An active session, created a minute ago for an hour, that knows nothing else; to be changed
 * before e2e_put. */
struct session_new e2e_session(struct e2e *t, struct e2e_tenant tenant, struct str user_id);
struct str e2e_put(struct e2e *t, const struct session_new *s); /* returns the id */
/* (A session without a role has that of a platform administrator if its user is one.) */

/* What is known of a user, who need not have a session. */
void e2e_user(struct e2e *t, const struct user_new *u);

/* The same with what is known of the user. */
struct str e2e_put_user(struct e2e *t, const struct session_new *s, const struct user_new *u);

/* The last two in one, for who needs just a session. */
struct str e2e_put_session(struct e2e *t, struct e2e_tenant tenant, struct str user_id);

/* n active sessions of a user, whose ids begin alike, made by the server itself. Returns the
 * beginning. */
struct str e2e_put_many(struct e2e *t, struct e2e_tenant tenant, struct str user_id, int64_t n);

/* Makes the maintained numbers right again after a test changed rows with statements of its own. */
void e2e_recount(struct e2e *t);

/* Statements with n bound arguments, struct db_val each. */
void e2e_exec(struct e2e *t, struct sql_frag text, int n, ...);
int64_t e2e_count(struct e2e *t, struct sql_frag text, int n, ...);     /* one row, one integer */
struct str e2e_column(struct e2e *t, struct sql_frag text, int n, ...); /* one row, one text */

/* Now, as the database has it. */
int64_t e2e_now_ms(struct e2e *t);

#endif
