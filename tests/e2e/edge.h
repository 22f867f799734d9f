/* SPDX-License-Identifier: MIT
 * What the test programs of the Edge Management API share: its paths, lists with a filter, sessions
 * with a token, and the checks of its two envelopes. Included by tests/e2e/test_edge_*.c only. */
#ifndef TESTS_E2E_EDGE_H
#define TESTS_E2E_EDGE_H

#include "auth/digest.h"
#include "lib/e2e.h"

#define EDGE_API "/edge/management/v1"
#define EDGE_LIST EDGE_API "/api-sessions"

#define EDGE_UNAUTHORIZED                                                                          \
	"The request could not be completed. The session is not authorized or the credentials "    \
	"are "                                                                                     \
	"invalid"

static inline const char *edge_encode(struct e2e *t, const char *text)
{
	return str_percent_encode(t->arena, str_from(text)).p;
}

/* The list with `filter` (NULL: none) and further parameters as they stand ("&limit=3"; ""). */
static inline struct e2e_answer edge_list(
	struct e2e *t, struct str token, const char *filter, const char *more)
{
	if (filter == NULL)
		return e2e_get(t, token, EDGE_LIST "?%s", *more == '&' ? more + 1 : more);
	return e2e_get(t, token, EDGE_LIST "?filter=%s%s", edge_encode(t, filter), more);
}

/* Any method with up to two headers, "Name: value" or NULL, and no Bearer token. */
static inline struct e2e_answer edge_send(
	struct e2e *t, const char *method, const char *path, const char *first, const char *second)
{
	struct e2e_request r = {.method = method, .path = path, .headers = {first, second}};

	return e2e_send(t, &r);
}

static inline const char *zt_session(struct e2e *t, struct str token)
{
	return arena_printf(t->arena, "zt-session: %.*s", STR_FMT(token));
}

/* Gives a session that is not stored yet an opaque token. */
static inline struct str edge_token(struct e2e *t, struct session_new *s)
{
	struct str token = e2e_name(t, "tok");
	unsigned char digest[DIGEST_BYTES];

	digest_sha256(token, digest);
	s->token_digest = (struct str){
		arena_dup(t->arena, (const char *)digest, sizeof(digest)), sizeof(digest)};
	return token;
}

static inline void edge_user(struct e2e *t, struct e2e_tenant tenant, struct str id, bool is_admin)
{
	const struct user_new user = {.tenant_id = tenant.id, .id = id, .is_admin = is_admin};

	e2e_user(t, &user);
}

/* A session of an administrator: its token opens the Edge API. */
static inline struct str edge_admin(struct e2e *t, struct e2e_tenant tenant, struct str *id)
{
	struct session_new s = e2e_session(t, tenant, e2e_name(t, "adm"));
	struct str token = edge_token(t, &s);

	s.role = STR("super_admin");
	*id = e2e_put(t, &s);
	return token;
}

#define edge_expect(answer, members) edge_expect_((answer), (members), __FILE__, __LINE__)
#define edge_expect_error(answer, status, code, message)                                           \
	edge_expect_error_((answer), (status), (code), (message), __FILE__, __LINE__)

static inline void edge_expect_head(
	const struct e2e_answer *a, int status, const char *file, int line)
{
	e2e_expect_status(a, status, file, line);
	e2e_expect_str(
		e2e_header(a, "Content-Type"), STR("application/json; charset=utf-8"), file, line);
}

/* 200 {"data":…,"meta":{members}} */
static inline void edge_expect_(
	const struct e2e_answer *a, const char *members, const char *file, int line)
{
	edge_expect_head(a, 200, file, line);
	e2e_expect_members(a->json, "data meta", file, line);
	e2e_expect_members(e2e_at(a->json, "meta"), members, file, line);
	e2e_expect_str(e2e_text(a->json, "meta.apiVersion"), STR("0.0.1"), file, line);
	e2e_expect_str(e2e_text(a->json, "meta.apiEnrollmentVersion"), STR("0.0.1"), file, line);
}

/* The error envelope with the sentence that OpenZiti has for the code; the cause is the caller's to
 * look at, but is always an object, as the model says. */
static inline void edge_expect_error_(const struct e2e_answer *a, int status, const char *code,
	const char *message, const char *file, int line)
{
	const struct json *error;

	edge_expect_head(a, status, file, line);
	e2e_expect_members(a->json, "error meta", file, line);
	e2e_expect_members(e2e_at(a->json, "meta"), "apiEnrollmentVersion apiVersion", file, line);
	error = e2e_at(a->json, "error");
	e2e_expect_members(error, "args cause causeMessage code message requestId", file, line);
	e2e_expect_members(e2e_at(error, "args"), "urlVars", file, line);
	assert_int_equal(e2e_at(error, "args.urlVars")->type, JSON_OBJECT);
	assert_int_equal(e2e_at(error, "cause")->type, JSON_OBJECT);
	e2e_text(error, "causeMessage");
	e2e_expect_str(e2e_text(error, "code"), str_from(code), file, line);
	e2e_expect_str(e2e_text(error, "message"), str_from(message), file, line);
	e2e_expect_str(e2e_text(error, "requestId"), e2e_header(a, "X-Request-Id"), file, line);
}

static inline int64_t edge_total(const struct e2e_answer *a)
{
	return e2e_int(a->json, "meta.pagination.totalCount");
}

#endif
