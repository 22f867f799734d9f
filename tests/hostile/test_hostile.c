/* SPDX-License-Identifier: MIT
 * Hostile HTTP through the web server in front: HOSTILE_REQUESTS of them [20000], from
 * HOSTILE_SEED [1]. No answer is 5xx but a 503 that says when to come again, every request
 * that is whole has an answer, nothing is granted to who has no good token, and the workers are the
 * same processes of the same size. What fails is printed as it was sent;
 * HOSTILE_CASE=number sends only that. Run by `make hostile`. */
#define _GNU_SOURCE /* memmem */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/pool.h"
#include "talk.h"

enum { CONNECTIONS = 24, SHOWN = 3000, GROWTH_KB = 1024, STATUSES = 600, WARM = 10000 };

struct hostile {
	struct e2e *t;
	struct make_world world;
	const char *port;
	uint64_t seed, number, last, requests, wanted;
	uint64_t answers[STATUSES], unavailable, silent, failed;
};

static uint64_t setting(const char *name, uint64_t preset)
{
	const char *v = getenv(name);

	return v != NULL && *v != '\0' ? strtoull(v, NULL, 10) : preset;
}

static void print_bytes(const char *what, struct str s)
{
	fprintf(stderr, "--- %s, %zu bytes\n", what, s.n);
	for (size_t i = 0; i < s.n && i < SHOWN; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '\n' || (c >= 0x20 && c < 0x7f))
			fputc(c, stderr);
		else if (c != '\r')
			fprintf(stderr, "\\x%02x", c);
	}
	fputc('\n', stderr);
}

static void blame(struct hostile *h, const char *what, const struct make_case *c, uint64_t number,
	struct str heard)
{
	if (h->failed++ >= 5)
		return;
	fprintf(stderr, "=== %s: seed %llu, case %llu\n", what, (unsigned long long)h->seed,
		(unsigned long long)number);
	print_bytes("said", c->bytes);
	print_bytes("heard", heard);
}

/* Answers */

/* The next status line at or behind *at; 0: none. Bodies have no line ends of that kind. */
static int next_status(struct str heard, size_t *at, struct str *head)
{
	for (size_t i = *at; i + 14 < heard.n; i++) {
		const char *p = heard.p + i, *end;

		if (memcmp(p, "HTTP/1.", 7) != 0 || p[8] != ' ')
			continue;
		end = memmem(p, heard.n - i, "\r\n\r\n", 4);
		*head = (struct str){p, end != NULL ? (size_t)(end - p) : heard.n - i};
		*at = i + head->n;
		return atoi(p + 9) % STATUSES;
	}
	return 0;
}

static bool has(struct str head, const char *text)
{
	return memmem(head.p, head.n, text, strlen(text)) != NULL;
}

/* A web server has words of its own for methods and versions that it does not know. */
static bool is_deliberate(int status, struct str head)
{
	bool ours = has(head, "\r\nX-Request-Id: ") || has(head, "\r\nx-request-id: ");

	if (status == 503)
		return has(head, "\r\nRetry-After: ");
	return !ours && (status == 501 || status == 505);
}

static void judge(void *ctx, const struct make_case *c, uint64_t number, struct str heard,
	enum talk_outcome outcome)
{
	struct hostile *h = ctx;
	size_t at = 0, count = 0;
	struct str head;
	int status;

	while ((status = next_status(heard, &at, &head)) != 0) {
		count++;
		h->answers[status]++;
		h->unavailable += status == 503;
		if (status >= 500 && !is_deliberate(status, head))
			blame(h, "a failure", c, number, heard);
		if (c->refused && status >= 200 && status < 300)
			blame(h, "granted to nobody", c, number, heard);
	}
	if (outcome == TALK_REFUSED)
		blame(h, "no connection", c, number, heard);
	else if (c->framed && count == 0)
		blame(h, outcome == TALK_SILENT ? "silence" : "no answer", c, number, heard);
	h->silent += outcome == TALK_SILENT;
}

static bool next_case(void *ctx, struct arena *a, struct make_case *c, uint64_t *number)
{
	struct hostile *h = ctx;

	if (h->requests >= h->wanted || h->number > h->last)
		return false;
	*number = h->number++;
	*c = make_case(a, &h->world, h->seed, *number);
	h->requests += c->requests;
	return true;
}

static void send_requests(struct hostile *h, uint64_t n)
{
	const struct talk_plan plan = {.port = h->port,
		.connections = CONNECTIONS,
		.next = next_case,
		.done = judge,
		.ctx = h};

	h->wanted += n;
	talk_run(&plan);
}

/* Workers */

static long rss_kb(struct e2e *t, pid_t pid)
{
	struct str rest = pool_read(t, arena_printf(t->arena, "/proc/%ld/status", (long)pid), 0),
		   line;

	while (rest.p != NULL && str_split(&rest, '\n', &line))
		if (str_starts(line, STR("VmRSS:")))
			return strtol(line.p + 6, NULL, 10);
	return 0;
}

static size_t look(struct e2e *t, pid_t pids[POOL_WORKERS_MAX], long kb[POOL_WORKERS_MAX])
{
	size_t n = pool_workers(t, pids);

	for (size_t i = 0; i < n; i++)
		kb[i] = rss_kb(t, pids[i]);
	return n;
}

static void compare_workers(struct hostile *h, const pid_t *before, const long *kb, size_t n)
{
	pid_t after[POOL_WORKERS_MAX];
	long now_kb[POOL_WORKERS_MAX], most = 0, growth = 0;
	const char *mode = getenv("MODE");

	assert_int_equal(look(h->t, after, now_kb), n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(before[i], after[i]);
		most = now_kb[i] > most ? now_kb[i] : most;
		growth = now_kb[i] - kb[i] > growth ? now_kb[i] - kb[i] : growth;
	}
	print_message("           %zu workers, the same at the end; the largest %ld kB, grown by "
		      "%ld kB at most\n",
		n, most, growth);
	if (mode == NULL || strcmp(mode, "asan") != 0)
		assert_true(growth <= GROWTH_KB);
}

static void report(const struct hostile *h)
{
	print_message("           %llu requests in %llu connections:",
		(unsigned long long)h->requests, (unsigned long long)h->number);
	for (int i = 0; i < STATUSES; i++)
		if (h->answers[i] > 0)
			print_message(" %d: %llu", i, (unsigned long long)h->answers[i]);
	print_message(", silent: %llu\n", (unsigned long long)h->silent);
}

/* The first WARM requests are what a worker may grow by. */
static void hostile_requests__break_nothing(void **state)
{
	struct hostile *h = *state;
	uint64_t all = setting("HOSTILE_REQUESTS", 20000);
	pid_t pids[POOL_WORKERS_MAX];
	long kb[POOL_WORKERS_MAX];
	struct e2e_answer a;
	size_t n;

	send_requests(h, all > WARM ? WARM : all);
	n = look(h->t, pids, kb);
	if (all > WARM)
		send_requests(h, all - WARM);
	report(h);
	assert_int_equal(h->failed, 0);
	compare_workers(h, pids, kb, n);
	a = e2e_get(h->t, STR_NONE, "/healthz");
	expect_status(&a, 200);
}

static void make_world(struct hostile *h)
{
	struct e2e *t = h->t;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	struct str token = e2e_super_admin(t);
	const char *host = strstr(t->url, "127.0.0.1:");
	const char *path = host != NULL ? strchr(host, '/') : NULL;

	assert_non_null(host);
	h->port = host + strlen("127.0.0.1:");
	h->world = (struct make_world){.mount = path != NULL ? str_from(path) : STR(""),
		.tenant = tenant.id,
		.session = e2e_put_session(t, tenant, STR("u")),
		.tokens = {token,
			e2e_token(t, "{\"sub\":\"svc\",\"platform_token\":true,\"scope\":"
				     "\"sessions:write sessions:introspect admin:read\"}"),
			e2e_token(t,
				"{\"sub\":\"a\",\"role\":\"tenant_admin\",\"tenant_id\":\"%s\"}",
				tenant.id.p),
			e2e_token(t, "{\"sub\":\"u\",\"tenant_id\":\"%s\"}", tenant.id.p),
			e2e_token(t, "{\"sub\":\"u\",\"tenant_id\":\"%s\",\"sid\":\"gone\"}",
				tenant.id.p),
			e2e_token(t,
				"{\"sub\":\"p\",\"role\":\"partner_admin\",\"partner_id\":\"x\"}")},
		.forged = str_printf(t->arena, "%.*sAAAA", (int)token.n - 4, token.p)};
}

static int setup(void **state)
{
	struct hostile *h = test_calloc(1, sizeof(*h));
	const char *only = getenv("HOSTILE_CASE");
	void *t;

	if (e2e_open(&t) != 0)
		return 1;
	h->t = t;
	h->seed = setting("HOSTILE_SEED", 1);
	h->number = setting("HOSTILE_CASE", 0);
	h->last = only != NULL ? h->number : UINT64_MAX;
	make_world(h);
	*state = h;
	return 0;
}

static int teardown(void **state)
{
	struct hostile *h = *state;
	void *t = h->t;

	e2e_close(&t);
	test_free(h);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(hostile_requests__break_nothing)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
