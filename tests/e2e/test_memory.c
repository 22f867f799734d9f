/* SPDX-License-Identifier: MIT
 * No worker keeps a token in its memory after the answer, wherever a client presented it: the
 * writable memory of all workers is searched for it. Only root may read that; else the test is
 * skipped. */
/* e2e: once, no-valgrind */
#define _GNU_SOURCE /* memmem */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "edge.h"
#include "lib/pool.h"

#define TIMES 30
#define PART ((size_t)1 << 20)

/* How often the text is in the writable memory of the process; -1: it cannot be read. */
static int count_in(struct e2e *t, pid_t pid, struct str text)
{
	struct str rest = pool_read(t, arena_printf(t->arena, "/proc/%ld/maps", (long)pid), 0),
		   line;
	int memory = open(arena_printf(t->arena, "/proc/%ld/mem", (long)pid), O_RDONLY), found = 0;
	char *part = arena_alloc(t->arena, PART + text.n);

	if (memory < 0)
		return -1;
	while (rest.p != NULL && str_split(&rest, '\n', &line)) {
		unsigned long from, to;
		char rights[5] = "";

		if (line.n == 0 || sscanf(line.p, "%lx-%lx %4s", &from, &to, rights) != 3 ||
			rights[1] != 'w')
			continue;
		for (unsigned long at = from; at < to; at += PART) {
			size_t want = to - at < PART + text.n ? to - at : PART + text.n;
			ssize_t got = pread(memory, part, want, (off_t)at);
			const char *p = part, *hit;

			while (got > 0 && (hit = memmem(p, (size_t)(part + got - p), text.p,
						   text.n)) != NULL) {
				found++;
				p = hit + 1;
			}
		}
	}
	close(memory);
	return found;
}

static void expect_gone(struct e2e *t, const char *what, struct str secret)
{
	pid_t pids[POOL_WORKERS_MAX];
	size_t n = pool_workers(t, pids);

	for (size_t i = 0; i < n; i++)
		if (count_in(t, pids[i], secret) != 0)
			fail_msg("the token %s is still in a worker", what);
}

static void send_often(struct e2e *t, const struct e2e_request *r, int status)
{
	for (int i = 0; i < TIMES; i++) {
		struct e2e_answer a = e2e_send(t, r);

		expect_status(&a, status);
	}
}

/* The shorter requests behind it do not overwrite what was left, and by their end every worker is
 * done with the others. */
static void present(
	struct e2e *t, const char *what, const struct e2e_request *r, int status, struct str secret)
{
	const struct e2e_request other = {.path = "/healthz"};

	send_often(t, r, status);
	send_often(t, &other, 200);
	expect_gone(t, what, secret);
}

static bool cannot_be_searched(struct e2e *t)
{
	pid_t pids[POOL_WORKERS_MAX];

#ifdef __SANITIZE_ADDRESS__ /* it keeps what was freed */
	return true;
#endif
	return pool_workers(t, pids) == 0 || count_in(t, pids[0], STR("nothing of the kind")) < 0;
}

#define FORM "application/x-www-form-urlencoded"
#define OWN "/api/v1/me/sessions"

static void presented_token__is_in_no_memory_after_the_answer(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	struct session_new s = e2e_session(t, tenant, STR("u"));
	struct str secret = edge_token(t, &s);
	struct str service = e2e_token(t, "{\"sub\":\"svc\",\"platform_token\":true,"
					  "\"scope\":\"sessions:introspect\"}");
	struct str jwt = e2e_token(t, "{\"sub\":\"u\",\"tenant_id\":\"%s\"}", tenant.id.p);
	struct str signature = {strrchr(jwt.p, '.') + 1, strlen(strrchr(jwt.p, '.') + 1)};
	const char *cookie = arena_printf(t->arena, "Cookie: rollcall_session=%s", secret.p);
	const char *zt = arena_printf(t->arena, "zt-session: %s", secret.p);
	const struct {
		const char *what;
		struct e2e_request r;
		int status;
	} rows[] = {
		{"of the header", {.path = OWN, .token = secret}, 200},
		{"of the cookie", {.path = OWN, .headers = {cookie}}, 200},
		{"of zt-session",
			{.path = "/edge/management/v1/current-api-session", .headers = {zt}}, 200},
		{"of the Authorizer", {.path = "/authorize", .headers = {cookie}}, 200},
		{"of JSON",
			{.method = "POST",
				.path = "/api/v1/sessions/introspect",
				.token = service,
				.body = str_printf(t->arena, "{\"token\":\"%s\"}", secret.p)},
			200},
		{"of a form",
			{.method = "POST",
				.path = "/api/v1/sessions/revoke",
				.content_type = FORM,
				.body = str_printf(t->arena, "token=%s", secret.p)},
			200},
	};
	const struct e2e_request by_jwt = {.path = OWN, .token = jwt};

	if (cannot_be_searched(t))
		skip();
	e2e_put(t, &s);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		present(t, rows[i].what, &rows[i].r, rows[i].status, secret);
	present(t, "that is a JWT", &by_jwt, 200, signature);
}

static void new_token__is_in_no_memory_after_the_answer(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	const struct e2e_request other = {.path = "/healthz"};
	struct e2e_answer a;

	if (cannot_be_searched(t))
		skip();
	a = e2e_post(t,
		e2e_token(t, "{\"sub\":\"svc\",\"platform_token\":true,"
			     "\"scope\":\"sessions:write\"}"),
		arena_printf(t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"u\"}", tenant.id.p),
		"/api/v1/sessions");
	expect_status(&a, 201);
	send_often(t, &other, 200);
	expect_gone(t, "of the answer", e2e_text(a.json, "data.token"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(presented_token__is_in_no_memory_after_the_answer),
		cmocka_unit_test(new_token__is_in_no_memory_after_the_answer),
	};

	return cmocka_run_group_tests(tests, e2e_open, e2e_close);
}
