/* SPDX-License-Identifier: MIT
 * The pool under load (workers killed, database restarted, SIGHUP, SIGTERM, memory), on a
 * stack of its own. A mix of all kinds of requests (lib/mix.h) goes on in one thread while parts
 * are taken away; what may fail meanwhile is counted, what may never happen fails the test.
 * ROLLCALL_POOL_REQUESTS is how many requests the memory is measured over [10000]. */
/* e2e: once, no-valgrind */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/e2e.h"
#include "lib/load.h"
#include "lib/mix.h"
#include "lib/pool.h"
#include "lib/stack.h"
#include "lib/token_make.h"

enum {
	WORKERS = 4,
	CONNECTIONS = 16,
	WHOLE_MS = 1000, /* the pool is whole again within this */
	PATIENCE_S = 60, /* for what only has to happen at all */
	MEMORY_KB = 12 * 1024,
	MEMORY_NOISE_KB = 512,
	FIRST_REQUESTS = 1000, /* of each worker; memory has not grown since */
};

struct pool_test {
	struct e2e *t;
	struct stack stack;
	struct load *load;
	struct mix mix;
};

static void run_requests(struct pool_test *p, uint64_t n)
{
	uint64_t until = p->mix.answered + n;

	while (p->mix.answered < until)
		load_turn(p->load, 1000);
}

/* Processes */

static long memory_kb(struct e2e *t, pid_t pid, const char *field)
{
	struct str rest = pool_read(t, arena_printf(t->arena, "/proc/%ld/status", (long)pid), 0),
		   line;

	while (rest.p != NULL && str_split(&rest, '\n', &line))
		if (str_starts(line, str_from(field)))
			return strtol(line.p + strlen(field), NULL, 10);
	return 0;
}

/* Without the dead that nobody has waited for yet: those have no memory. */
static size_t living(struct pool_test *p, pid_t out[POOL_WORKERS_MAX])
{
	size_t n = pool_workers(p->t, out), kept = 0;

	for (size_t i = 0; i < n; i++)
		if (memory_kb(p->t, out[i], "VmRSS:") > 0)
			out[kept++] = out[i];
	return kept;
}

static bool is_among(pid_t pid, const pid_t *pids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* WORKERS of them, and none of those. */
static bool is_whole_without(struct pool_test *p, const pid_t *gone, size_t n)
{
	pid_t now[POOL_WORKERS_MAX];
	bool whole = living(p, now) == WORKERS;

	for (size_t i = 0; i < n; i++)
		whole = whole && !is_among(gone[i], now, WORKERS);
	return whole;
}

static int64_t now_ms(void)
{
	return clock_monotonic_us() / 1000;
}

/* Goes on with the load until the pool is whole again; returns how many ms that took. */
static int64_t wait_until_whole(struct pool_test *p, const pid_t *gone, size_t n)
{
	int64_t from = now_ms();

	while (!is_whole_without(p, gone, n)) {
		if (now_ms() - from > PATIENCE_S * 1000)
			fail_msg("the pool does not become whole again");
		load_turn(p->load, 5);
	}
	return now_ms() - from;
}

/* Setup */

static int setup(void **state)
{
	static const char *const settings[] = {"WORKERS=4", "ROLLCALL_LOG_LEVEL=info",
		"ROLLCALL_DRAIN_SECONDS=30", "ROLLCALL_DB_LOCK_WAIT_SECONDS=20",
		"ROLLCALL_DB_STATEMENT_MS=20000", "ROLLCALL_COSTLY_PERCENT=100", NULL};
	struct pool_test *p = test_calloc(1, sizeof(*p));
	void *t;

	stack_make(&p->stack);
	stack_up(&p->stack, settings);
	if (e2e_open(&t) != 0)
		return 1;
	p->t = t;
	mix_open(&p->mix, t);
	p->load = load_open(p->t->url, CONNECTIONS, mix_next, mix_done, &p->mix);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct pool_test *p = *state;
	void *t = p->t;

	load_close(p->load);
	e2e_close(&t);
	stack_down(&p->stack);
	test_free(p);
	return 0;
}

/* Tests */

static uint64_t requests_to_measure(void)
{
	const char *n = getenv("ROLLCALL_POOL_REQUESTS");

	return n != NULL && *n != '\0' ? strtoull(n, NULL, 10) : 10000;
}

static void memory__does_not_grow_with_requests(void **state)
{
	struct pool_test *p = *state;
	const char *mode = getenv("MODE");
	pid_t first[POOL_WORKERS_MAX], last[POOL_WORKERS_MAX];
	long before[WORKERS], after;
	uint64_t n = requests_to_measure();

	if (mode != NULL && strcmp(mode, "asan") == 0)
		skip(); /* its memory is not ours */
	assert_true(n > 2 * WORKERS * FIRST_REQUESTS);
	run_requests(p, WORKERS * FIRST_REQUESTS);
	assert_int_equal(living(p, first), WORKERS);
	for (size_t i = 0; i < WORKERS; i++)
		before[i] = memory_kb(p->t, first[i], "VmRSS:");
	run_requests(p, n - WORKERS * FIRST_REQUESTS);
	assert_int_equal(living(p, last), WORKERS);
	for (size_t i = 0; i < WORKERS; i++) {
		after = memory_kb(p->t, last[i], "VmRSS:");
		print_message("           worker %ld: %ld kB after %d requests each, %ld kB after "
			      "%llu in all\n",
			(long)last[i], before[i], FIRST_REQUESTS, after, (unsigned long long)n);
		assert_int_equal(first[i], last[i]);
		assert_true(after < MEMORY_KB);
		assert_true(after - before[i] <= MEMORY_NOISE_KB);
	}
	if (p->mix.failed + p->mix.unavailable != 0)
		fail_msg("%llu of %llu requests were not answered well, the latest: %s",
			(unsigned long long)(p->mix.failed + p->mix.unavailable),
			(unsigned long long)n, p->mix.trouble);
}

static void killed_workers__take_only_what_is_in_their_hands(void **state)
{
	enum { ROUNDS = 8 };
	struct pool_test *p = *state;
	pid_t workers[POOL_WORKERS_MAX];
	uint64_t kills = 0;
	int64_t slowest = 0;

	mix_reset(&p->mix);
	run_requests(p, 500);
	for (int round = 0; round <= ROUNDS; round++) {
		/* One, the oldest, at a time; in the end all of them. */
		size_t n = round < ROUNDS ? 1 : WORKERS;
		int64_t took;

		assert_int_equal(living(p, workers), WORKERS);
		pool_kill(workers, n);
		kills += n;
		took = wait_until_whole(p, workers, n);
		slowest = took > slowest ? took : slowest;
		run_requests(p, 500);
	}
	load_settle(p->load);
	print_message("           %llu kills, %llu of %llu requests failed, whole again in %lld ms "
		      "at most\n",
		(unsigned long long)kills, (unsigned long long)p->mix.failed,
		(unsigned long long)p->mix.answered, (long long)slowest);
	assert_true(p->mix.failed <= kills);
	assert_int_equal(p->mix.unavailable, 0);
	assert_true(slowest <= WHOLE_MS);
}

static void hangup__renews_every_worker_without_a_failure(void **state)
{
	struct pool_test *p = *state;
	pid_t before[POOL_WORKERS_MAX];

	mix_reset(&p->mix);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(living(p, before), WORKERS);
		assert_int_equal(kill(pool_process(p->t, "pool.pid"), SIGHUP), 0);
		wait_until_whole(p, before, WORKERS);
		run_requests(p, 200);
	}
	load_settle(p->load);
	assert_true(p->mix.good > 600);
	assert_int_equal(p->mix.failed + p->mix.unavailable, 0);
}

/* Whoever takes a worker's place has the keys that the others have. */
static void broken_keys__are_as_unknown_to_new_workers_as_to_old_ones(void **state)
{
	struct pool_test *p = *state;
	const char *file = pool_file(p->t, "jwks.json");
	struct str good = pool_read(p->t, file, 0);
	pid_t before[POOL_WORKERS_MAX];

	mix_reset(&p->mix);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(living(p, before), WORKERS);
		token_file(file, 0644, STR("{\"keys\":[{"));
		if (round == 0)
			pool_kill(before, WORKERS);
		else
			assert_int_equal(kill(pool_process(p->t, "pool.pid"), SIGHUP), 0);
		wait_until_whole(p, before, WORKERS);
		load_settle(p->load);
		mix_reset(&p->mix);
		run_requests(p, 500);
		assert_int_equal(p->mix.failed + p->mix.unavailable, 0);
		token_file(file, 0644, good);
	}
}

static void workers__are_confined(void **state)
{
	struct pool_test *p = *state;
	pid_t workers[POOL_WORKERS_MAX];

	assert_int_equal(living(p, workers), WORKERS);
	for (size_t i = 0; i < WORKERS; i++) {
		struct str limits = pool_read(
			p->t, arena_printf(p->t->arena, "/proc/%ld/limits", (long)workers[i]), 0);

		assert_int_equal(memory_kb(p->t, workers[i], "NoNewPrivs:"), 1);
		assert_non_null(
			strstr(limits.p, "Max core file size        0                    0 "));
	}
}

static size_t lines_with(struct pool_test *p, const char *part)
{
	const char *log = pool_read(p->t, pool_file(p->t, "pool.log"), 0).p;
	size_t n = 0;

	for (; log != NULL && (log = strstr(log, part)) != NULL; log++)
		n++;
	return n;
}

/* Who looked at the file only when asked would be surprised by the next, broken one. */
static void new_keys__reach_workers_that_nobody_asks(void **state)
{
	struct pool_test *p = *state;
	const char *file = pool_file(p->t, "jwks.json");
	struct str good = pool_read(p->t, file, 0);
	size_t before = lines_with(p, "jwks loaded");
	int64_t until = now_ms() + PATIENCE_S * 1000;

	load_settle(p->load);
	token_file(file, 0644, str_printf(p->t->arena, "%.*s\n", STR_FMT(good)));
	while (lines_with(p, "jwks loaded") < before + 1 + WORKERS) {
		assert_true(now_ms() < until);
		pool_pause_ms(50);
	}
	token_file(file, 0644, good);
}

/* Whoever may connect to the socket and says nothing, or half a word. */
static void silent_connections__are_given_up(void **state)
{
	struct pool_test *p = *state;
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fds[2 * WORKERS];
	struct e2e_answer a;

	load_settle(p->load);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", pool_file(p->t, "pool.sock"));
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM, 0);
		assert_int_equal(connect(fds[i], (struct sockaddr *)&to, sizeof(to)), 0);
		if (i % 2 == 0)
			assert_int_equal(write(fds[i], "\1\1", 2), 2);
	}
	a = e2e_get(p->t, STR_NONE, "/healthz");
	expect_status(&a, 200);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
}

static void run_stack_command(struct pool_test *p, const char *command)
{
	pid_t child = stack_begin(&p->stack, command);

	while (!stack_ended(child))
		load_turn(p->load, 20);
}

/* While it is away: 503 that says when to come again, or a good answer, and nothing else. */
static void restart_database(struct pool_test *p, bool orderly)
{
	uint64_t unavailable;
	int64_t from;

	run_requests(p, 500);
	assert_int_equal(p->mix.unavailable, 0);
	if (orderly)
		run_stack_command(p, "db-down");
	else
		assert_int_equal(kill(pool_process(p->t, "mariadb.pid"), SIGKILL), 0);
	unavailable = p->mix.unavailable;
	run_requests(p, 300);
	assert_true(p->mix.unavailable > unavailable);
	run_stack_command(p, "db-up");
	for (from = now_ms(); p->mix.good_in_row < 1000;) {
		if (now_ms() - from > PATIENCE_S * 1000)
			fail_msg("the database is back, and the pool does not know");
		load_turn(p->load, 20);
	}
	print_message("           %s: %llu answers, of them 503: %llu\n",
		orderly ? "restarted" : "killed", (unsigned long long)p->mix.answered,
		(unsigned long long)p->mix.unavailable);
	assert_int_equal(p->mix.failed, 0);
}

static void database_restart__is_503_and_then_over(void **state)
{
	struct pool_test *p = *state;
	pid_t before[POOL_WORKERS_MAX], after[POOL_WORKERS_MAX];

	assert_int_equal(living(p, before), WORKERS);
	for (int orderly = 1; orderly >= 0; orderly--) {
		mix_reset(&p->mix);
		restart_database(p, orderly);
	}
	load_settle(p->load);
	assert_int_equal(living(p, after), WORKERS);
	assert_memory_equal(before, after, WORKERS * sizeof(before[0]));
}

struct drain {
	struct pool_test *p;
	struct load *load;
	struct str id;
	int sent, status;
};

static bool next_delete(void *ctx, struct load_job *job)
{
	struct drain *d = ctx;

	if (d->sent++ > 0)
		return false;
	*job = (struct load_job){.method = "DELETE",
		.token = d->p->mix.root,
		.path = str_printf(d->p->t->arena, "/api/v1/admin/sessions/%s", d->id.p)};
	return true;
}

static void done_delete(void *ctx, const struct load_job *job, const struct load_answer *a)
{
	struct drain *d = ctx;

	(void)job;
	d->status = a->status;
}

/* Holds the session's row, so that the worker has to wait with the request in its hand. */
static enum err stop_while_locked(void *ctx)
{
	static const struct db_col col = {'i', 0};
	static const struct db_shape shape = {&col, 1};
	struct drain *d = ctx;
	struct e2e *t = d->p->t;
	pid_t workers[POOL_WORKERS_MAX];
	int64_t row, until = now_ms() + PATIENCE_S * 1000;
	struct sql q;
	enum err err;

	sql_begin(&q, t->arena, SQL_READ, "i");
	sql_add(&q, SQL("SELECT 1 FROM session WHERE id = ? FOR UPDATE"));
	sql_arg(&q, db_str(d->id));
	err = db_one(t->db, t->arena, &q, &shape, &row);
	if (err != ERR_OK)
		return err;
	/* Whoever counts is busy too. */
	while (pool_metric(t, "rollcall_workers_busy") < 2 && now_ms() < until)
		load_turn(d->load, 20);
	assert_int_equal(kill(pool_process(t, "pool.pid"), SIGTERM), 0);
	while (living(d->p, workers) > 1 && now_ms() < until)
		load_turn(d->load, 20);
	assert_int_equal(living(d->p, workers), 1);
	assert_int_equal(d->status, 0);
	return ERR_OK;
}

static void termination__finishes_what_is_in_hand(void **state)
{
	struct pool_test *p = *state;
	struct drain d = {.p = p, .id = p->mix.ids[MIX_FIXED - 1]};
	int64_t until;

	d.load = load_open(p->t->url, 1, next_delete, done_delete, &d);
	assert_int_equal(db_tx(p->t->db, stop_while_locked, &d), ERR_OK);
	load_settle(d.load);
	load_close(d.load);
	assert_int_equal(d.status, 204);
	for (until = now_ms() + PATIENCE_S * 1000; pool_process(p->t, "pool.pid") != 0;) {
		assert_true(now_ms() < until);
		pool_pause_ms(20);
	}
	assert_non_null(strstr(pool_read(p->t, pool_file(p->t, "pool.log"), 0).p, "pool stopped"));
	assert_int_equal(e2e_count(p->t,
				 SQL("SELECT COUNT(*) FROM test_session WHERE id = ?"
				     " AND revoked_at IS NOT NULL"),
				 1, db_str(d.id)),
		1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory__does_not_grow_with_requests),
		cmocka_unit_test(killed_workers__take_only_what_is_in_their_hands),
		cmocka_unit_test(hangup__renews_every_worker_without_a_failure),
		cmocka_unit_test(broken_keys__are_as_unknown_to_new_workers_as_to_old_ones),
		cmocka_unit_test(workers__are_confined),
		cmocka_unit_test(new_keys__reach_workers_that_nobody_asks),
		cmocka_unit_test(silent_connections__are_given_up),
		cmocka_unit_test(database_restart__is_503_and_then_over),
		cmocka_unit_test(termination__finishes_what_is_in_hand),
	};

	return cmocka_run_group_tests_name("The pool under load", tests, setup, teardown);
}
