/* SPDX-License-Identifier: MIT
 * Revocation bites at once: a thousand sessions sign in, are checked and are ended, all at the same
 * time and through every revoking endpoint. No check that was sent after the answer to a revocation
 * had been received is let in. Order is what one thread did first (lib/load.h), not a clock's. */
/* e2e: once, no-valgrind */
#include <stdlib.h>

#include "lib/e2e.h"
#include "lib/load.h"

enum {
	GROUPS = 250,  /* a tenant with one user */
	PER_GROUP = 4, /* sessions of that user */
	SESSIONS = GROUPS * PER_GROUP,
	CONNECTIONS = 64,
	CHECKS_BEFORE = 4, /* of every session, at the least */
	CHECKS_AFTER = 6,
};

enum job { SIGN_IN, CHECK, REVOKE };

enum check {
	BY_OPAQUE_INTROSPECTION,
	BY_JWT_INTROSPECTION,
	BY_COOKIE,
	BY_ZT_SESSION,
	BY_BEARER,
	BY_API, /* the session's own JWT at the Sessions API */
	CHECK__COUNT
};

enum revoke {
	ADMIN_DELETE,
	ME_DELETE,
	TENANT_DELETE,
	EDGE_DELETE,
	USER_REVOKE_IDS,
	REVOKE_ONE__COUNT,
	ADMIN_REVOKE_ALL = REVOKE_ONE__COUNT, /* from here on: every session of the group */
	ME_REVOKE_ALL,
	TENANT_REVOKE_ALL,
	USER_REVOKE_ALL,
	ADMIN_BY_FILTER,
	TENANT_BY_FILTER,
	REVOKE__COUNT
};

static const char *const revoke_names[] = {"admin delete", "me delete", "tenant delete",
	"edge delete", "user revoke ids", "admin revoke-all", "me revoke-all", "tenant revoke-all",
	"user revoke-all", "admin by filter", "tenant by filter"};
static const char *const check_names[] = {"introspection of the token", "introspection of the JWT",
	"cookie", "zt-session", "bearer", "the API"};

struct checked {
	struct str id, token, jwt;
	struct str cookie, zt_session, form, jwt_form;
	bool signing_in, live;
	bool revoking;     /* a revocation was sent */
	bool revoked;      /* and its answer received */
	int before, after; /* checks sent */
};

struct group {
	struct str tenant, user_jwt, sign_in;
	enum revoke how;
	size_t live; /* sessions */
};

struct story {
	struct e2e *t;
	struct str root, service;
	struct group groups[GROUPS];
	struct checked sessions[SESSIONS];
	size_t signed_in, revoked, checks;
	size_t allowed[CHECK__COUNT], refused[CHECK__COUNT], ended[REVOKE__COUNT];
	size_t next; /* where to look for work, so that everybody has a turn */
};

static struct str text(struct story *st, struct str s)
{
	return str_dup(st->t->arena, s);
}

static void prepare(struct story *st)
{
	struct e2e *t = st->t;

	st->root = e2e_super_admin(t);
	st->service = e2e_token(t, "{\"sub\":\"svc\",\"platform_token\":true,"
				   "\"scope\":\"sessions:write admin:read admin:write\"}");
	for (size_t i = 0; i < GROUPS; i++) {
		struct group *g = &st->groups[i];

		g->tenant = e2e_tenant(t, STR_NONE).id;
		g->how = (enum revoke)(i % REVOKE__COUNT);
		g->user_jwt = e2e_token(t, "{\"sub\":\"u\",\"tenant_id\":\"%s\"}", g->tenant.p);
		g->sign_in = str_printf(
			t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"u\"}", g->tenant.p);
	}
}

/* Jobs */

static void sign_in(struct story *st, size_t i, struct load_job *job)
{
	st->sessions[i].signing_in = true;
	*job = (struct load_job){.method = "POST",
		.path = STR("/api/v1/sessions"),
		.token = st->service,
		.body = st->groups[i / PER_GROUP].sign_in,
		.kind = SIGN_IN,
		.item = i};
}

/* The stamp says how to check, and whether the revocation's answer is already here. */
static void check(struct story *st, size_t i, struct load_job *job)
{
	struct checked *s = &st->sessions[i];
	enum check how = (enum check)((size_t)(s->before + s->after) + i) % CHECK__COUNT;

	*job = (struct load_job){.path = STR("/authorize"),
		.kind = CHECK,
		.item = i,
		.stamp = (uint64_t)how * 2 + s->revoked};
	s->before += !s->revoked;
	s->after += s->revoked;
	switch (how) {
	case BY_OPAQUE_INTROSPECTION:
	case BY_JWT_INTROSPECTION:
		job->method = "POST";
		job->path = STR("/api/v1/sessions/introspect");
		job->token = st->service;
		job->type = "application/x-www-form-urlencoded";
		job->body = how == BY_JWT_INTROSPECTION ? s->jwt_form : s->form;
		break;
	case BY_COOKIE:
		job->header = s->cookie;
		break;
	case BY_ZT_SESSION:
		job->header = s->zt_session;
		break;
	case BY_BEARER:
		job->token = s->jwt;
		break;
	case BY_API:
	case CHECK__COUNT:
		job->path = STR("/api/v1/me/sessions");
		job->token = s->jwt;
		break;
	}
}

#define TEXT(...) str_printf(st->t->arena, __VA_ARGS__)

static size_t sessions_ended_with(const struct group *g)
{
	return g->how < REVOKE_ONE__COUNT ? 1 : PER_GROUP;
}

/* i is the group's first session where all of the group's end. */
static void revoke(struct story *st, size_t i, struct load_job *job)
{
	const struct group *g = &st->groups[i / PER_GROUP];
	struct str id = st->sessions[i].id, tenant = g->tenant;
	size_t n = sessions_ended_with(g);

	for (size_t k = 0; k < n; k++)
		st->sessions[i + k].revoking = true;
	*job = (struct load_job){.method = "POST", .token = st->root, .kind = REVOKE, .item = i};
	switch (g->how) {
	case ADMIN_DELETE:
		job->method = "DELETE";
		job->path = TEXT("/api/v1/admin/sessions/%s", id.p);
		break;
	case ME_DELETE:
		job->method = "DELETE";
		job->path = TEXT("/api/v1/me/sessions/%s", id.p);
		job->token = g->user_jwt;
		break;
	case TENANT_DELETE:
		job->method = "DELETE";
		job->path = TEXT("/api/v1/tenants/%s/sessions/%s", tenant.p, id.p);
		break;
	case EDGE_DELETE:
		job->method = "DELETE";
		job->path = TEXT("/edge/management/v1/api-sessions/%s", id.p);
		break;
	case USER_REVOKE_IDS:
		job->path = TEXT("/api/v1/tenants/%s/sessions/users/u/revoke", tenant.p);
		job->body = TEXT("{\"session_ids\":[\"%s\"]}", id.p);
		break;
	case ADMIN_REVOKE_ALL:
		job->path = STR("/api/v1/admin/sessions/revoke-all");
		job->body = TEXT("{\"user_id\":\"u\",\"tenant_id\":\"%s\"}", tenant.p);
		break;
	case ME_REVOKE_ALL:
		job->path = STR("/api/v1/me/sessions/revoke-all");
		job->token = g->user_jwt;
		break;
	case TENANT_REVOKE_ALL:
		job->path = TEXT("/api/v1/tenants/%s/sessions/revoke-all", tenant.p);
		break;
	case USER_REVOKE_ALL:
		job->path = TEXT("/api/v1/tenants/%s/sessions/users/u/revoke", tenant.p);
		job->body = STR("{\"revoke_all\":true}");
		break;
	case ADMIN_BY_FILTER:
		job->path = STR("/api/v1/admin/sessions/revoke-by-filter");
		job->body = TEXT(
			"{\"filter\":\"tenantId = \\\"%s\\\"\",\"confirm\":\"all\"}", tenant.p);
		break;
	case TENANT_BY_FILTER:
	case REVOKE__COUNT:
		job->path = TEXT("/api/v1/tenants/%s/sessions/revoke-by-filter", tenant.p);
		job->body = STR("{\"filter\":\"identity = \\\"u\\\"\",\"confirm\":\"all\"}");
		break;
	}
}

static bool may_revoke(struct story *st, size_t i)
{
	const struct group *g = &st->groups[i / PER_GROUP];
	const struct checked *s = &st->sessions[i];

	if (!s->live || s->revoking || s->before < CHECKS_BEFORE)
		return false;
	return g->how < REVOKE_ONE__COUNT || (i % PER_GROUP == 0 && g->live == PER_GROUP);
}

static bool work_for(struct story *st, size_t i, struct load_job *job)
{
	struct checked *s = &st->sessions[i];

	if (!s->signing_in)
		sign_in(st, i, job);
	else if (s->revoked && s->after < CHECKS_AFTER)
		check(st, i, job);
	else if (may_revoke(st, i))
		revoke(st, i, job);
	else if (s->live && !s->revoked && s->before < 4 * CHECKS_BEFORE)
		check(st, i, job);
	else
		return false;
	return true;
}

/* What was just revoked goes first: right behind the answer is where an old yes would come from.
 * Then every third connection signs somebody in, and the others go round. */
static bool next(void *ctx, struct load_job *job)
{
	struct story *st = ctx;

	for (size_t n = 0; n < SESSIONS; n++) {
		size_t i = (st->next + n) % SESSIONS;

		if (st->sessions[i].revoked && st->sessions[i].after < 3) {
			check(st, i, job);
			return true;
		}
	}
	for (size_t n = 0; n < SESSIONS; n++) {
		size_t i = (st->next + n * 7) % SESSIONS;

		if (!st->sessions[i].signing_in && st->checks % 3 != 0)
			continue;
		if (work_for(st, i, job)) {
			st->next = i + 1;
			return true;
		}
	}
	for (size_t i = 0; i < SESSIONS; i++)
		if (work_for(st, i, job))
			return true;
	return false;
}

/* Answers */

static void complain(const char *what, const struct load_answer *a)
{
	fail_msg("%s: %d %.*s", what, a->status, STR_FMT(a->body));
}

static void signed_in(struct story *st, size_t i, const struct load_answer *a)
{
	struct checked *s = &st->sessions[i];
	struct arena *arena = st->t->arena;
	struct json *tree;
	size_t at;

	if (a->status != 201 || json_parse(arena, a->body, &tree, &at) != ERR_OK)
		complain("signing in", a);
	s->id = text(st, e2e_text(tree, "data.id"));
	s->token = text(st, e2e_text(tree, "data.token"));
	s->jwt = e2e_token(st->t, "{\"sub\":\"u\",\"tenant_id\":\"%s\",\"sid\":\"%s\"}",
		st->groups[i / PER_GROUP].tenant.p, s->id.p);
	s->cookie = str_printf(arena, "Cookie: a=b; rollcall_session=%s", s->token.p);
	s->zt_session = str_printf(arena, "zt-session: %s", s->token.p);
	s->form = str_printf(arena, "token=%s", s->token.p);
	s->jwt_form = str_printf(arena, "token=%s", s->jwt.p);
	s->live = true;
	st->groups[i / PER_GROUP].live++;
	st->signed_in++;
}

static bool let_in(enum check how, const struct load_answer *a)
{
	if (how > BY_JWT_INTROSPECTION) {
		if (a->status != 200 && a->status != 401)
			complain(check_names[how], a);
		return a->status == 200;
	}
	if (a->status != 200)
		complain(check_names[how], a);
	return !str_eq(a->body, STR("{\"active\":false}"));
}

static void checked(struct story *st, const struct load_job *job, const struct load_answer *a)
{
	const struct checked *s = &st->sessions[job->item];
	enum check how = (enum check)(job->stamp / 2);
	bool after = job->stamp % 2 != 0, in = let_in(how, a);

	st->checks++;
	if (in && after)
		fail_msg("let in by %s after the answer to %s: session %s", check_names[how],
			revoke_names[st->groups[job->item / PER_GROUP].how], s->id.p);
	if (!in && !s->revoking)
		fail_msg("not let in by %s although nobody revoked: session %s", check_names[how],
			s->id.p);
	st->allowed[how] += in;
	st->refused[how] += after;
}

static void revoked(struct story *st, size_t i, const struct load_answer *a)
{
	const struct group *g = &st->groups[i / PER_GROUP];
	size_t n = sessions_ended_with(g);

	if (a->status != 200 && a->status != 204)
		complain(revoke_names[g->how], a);
	for (size_t k = 0; k < n; k++)
		st->sessions[i + k].revoked = true;
	st->revoked += n;
	st->ended[g->how] += n;
	st->next = i;
}

static void done(void *ctx, const struct load_job *job, const struct load_answer *a)
{
	struct story *st = ctx;

	switch ((enum job)job->kind) {
	case SIGN_IN:
		signed_in(st, job->item, a);
		break;
	case CHECK:
		checked(st, job, a);
		break;
	case REVOKE:
		revoked(st, job->item, a);
		break;
	}
}

static void nobody__is_let_in_after_the_answer_to_the_revocation(void **state)
{
	struct e2e *t = *state;
	struct story *st = arena_zalloc(t->arena, sizeof(*st));
	struct load *l;

	st->t = t;
	prepare(st);
	l = load_open(t->url, CONNECTIONS, next, done, st);
	while (load_turn(l, 1000) > 0)
		continue;
	load_close(l);
	assert_int_equal(st->signed_in, SESSIONS);
	assert_int_equal(st->revoked, SESSIONS);
	for (size_t i = 0; i < SESSIONS; i++)
		assert_true(st->sessions[i].after >= CHECKS_AFTER);
	for (size_t i = 0; i < CHECK__COUNT; i++) {
		print_message("           %-28s %5zu let in before, %5zu refused after\n",
			check_names[i], st->allowed[i], st->refused[i]);
		assert_true(st->allowed[i] > 0 && st->refused[i] > 0);
	}
	for (size_t i = 0; i < REVOKE__COUNT; i++)
		assert_true(st->ended[i] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody__is_let_in_after_the_answer_to_the_revocation),
	};

	return cmocka_run_group_tests_name("Enforcement", tests, e2e_open, e2e_close);
}
