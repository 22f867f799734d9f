/* SPDX-License-Identifier: MIT
 * Transactions against a real server: all or nothing, and run again after a deadlock or a lock
 * wait. The other side of a collision is a thread with a connection and an arena of its own. */
#include <pthread.h>

#include "fixture.h"

static int opened(void **state)
{
	struct fix *f = *state;

	fix_open(state);
	assert_ok(f->db, exec(f->db, f->arena, SQL("DROP TABLE IF EXISTS test_db_tx"), 0));
	assert_ok(f->db,
		exec(f->db, f->arena,
			SQL("CREATE TABLE test_db_tx (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)"),
			0));
	assert_ok(f->db,
		exec(f->db, f->arena, SQL("INSERT INTO test_db_tx SELECT seq, ? FROM seq_1_to_100"),
			1, db_i64(0)));
	return 0;
}

static int closed(void **state)
{
	struct fix *f = *state;

	assert_ok(f->db, exec(f->db, f->arena, SQL("DROP TABLE test_db_tx"), 0));
	return fix_close(state);
}

struct tx {
	struct db *db, *other;
	struct arena *arena;
	int runs;
	enum err result, seen;
	pthread_barrier_t *meet; /* where both sides of a collision wait for each other */
};

static struct tx tx_of(struct fix *f)
{
	return (struct tx){.db = f->db, .other = f->other, .arena = f->arena};
}

/* Adds one to the rows first to last. */
static enum err bump(struct tx *t, int64_t first, int64_t last)
{
	return exec(t->db, t->arena,
		SQL("UPDATE test_db_tx SET n = n + 1 WHERE id BETWEEN ? AND ?"), 2, db_i64(first),
		db_i64(last));
}

static int64_t value_of(struct fix *f, int64_t id)
{
	int64_t n = -1;

	assert_ok(f->other, read_int(f->other, f->arena, &n,
				    SQL("SELECT n FROM test_db_tx WHERE id = ?"), 1, db_i64(id)));
	return n;
}

static enum err bump_two_then(void *ctx)
{
	struct tx *t = ctx;
	enum err err;

	t->runs++;
	err = bump(t, 1, 1);
	if (!err)
		err = bump(t, 2, 2);
	return err ? err : t->result;
}

static void success__commits_everything(void **state)
{
	struct fix *f = *state;
	struct tx t = tx_of(f);

	assert_ok(f->db, db_tx(f->db, bump_two_then, &t));
	assert_int_equal(t.runs, 1);
	assert_int_equal(value_of(f, 1) + value_of(f, 2), 2);
}

static void error__rolls_everything_back_and_is_returned(void **state)
{
	struct fix *f = *state;
	struct tx t = tx_of(f);

	t.result = ERR_CONFLICT;
	assert_int_equal(db_tx(f->db, bump_two_then, &t), ERR_CONFLICT);
	assert_int_equal(t.runs, 1);
	assert_int_equal(value_of(f, 1) + value_of(f, 2), 0);
	/* And the next statement is on its own again. */
	assert_ok(f->db, bump(&t, 1, 1));
	assert_int_equal(value_of(f, 1), 1);
}

static enum err insert_taken(void *ctx)
{
	struct tx *t = ctx;
	enum err err = bump(t, 1, 1);

	t->runs++;
	t->seen = exec(t->db, t->arena, SQL("INSERT INTO test_db_tx (id, n) VALUES (?, ?)"), 2,
		db_i64(1), db_i64(0));
	return err;
}

static void duplicate__is_for_the_caller_and_leaves_the_transaction_alive(void **state)
{
	struct fix *f = *state;
	struct tx t = tx_of(f);

	assert_ok(f->db, db_tx(f->db, insert_taken, &t));
	assert_int_equal(t.runs, 1);
	assert_int_equal(t.seen, ERR_DUPLICATE);
	assert_int_equal(value_of(f, 1), 1);
}

static enum err read_in_between(void *ctx)
{
	struct tx *t = ctx;
	int64_t before = -1, after = -1;
	enum err err = read_int(t->db, t->arena, &before,
		SQL("SELECT n FROM test_db_tx WHERE id = ?"), 1, db_i64(7));

	if (!err)
		err = exec(t->other, t->arena, SQL("UPDATE test_db_tx SET n = ? WHERE id = ?"), 2,
			db_i64(before + 1), db_i64(7));
	if (!err)
		err = read_int(t->db, t->arena, &after,
			SQL("SELECT n FROM test_db_tx WHERE id = ?"), 1, db_i64(7));
	return !err && after != before + 1 ? ERR_CONFLICT : err;
}

static void committed_work_of_others__is_seen(void **state)
{
	struct fix *f = *state;
	struct tx t = tx_of(f);

	assert_ok(f->db, db_tx(f->db, read_in_between, &t));
}

/* Our side of the deadlock: row 1, then row 2. Ours has changed less, so ours is the victim. */
static enum err one_then_two(void *ctx)
{
	struct tx *t = ctx;
	enum err err;

	t->runs++;
	err = bump(t, 1, 1);
	if (err)
		return err;
	if (t->runs == 1)
		pthread_barrier_wait(t->meet);
	t->seen = bump(t, 2, 2);
	return t->seen;
}

/* The other side: row 2 and many more, then row 1. */
static enum err two_then_one(void *ctx)
{
	struct tx *t = ctx;
	enum err err;

	t->runs++;
	err = bump(t, 2, 100);
	if (err)
		return err;
	if (t->runs == 1)
		pthread_barrier_wait(t->meet);
	return bump(t, 1, 1);
}

static void *collide(void *ctx)
{
	struct tx *t = ctx;

	t->result = db_tx(t->db, two_then_one, t);
	return NULL;
}

static void deadlock__runs_the_transaction_again(void **state)
{
	struct fix *f = *state;
	struct tx mine = tx_of(f);
	struct tx theirs = {.db = f->other, .arena = arena_open()};
	pthread_barrier_t meet;
	pthread_t thread;
	enum err err;

	pthread_barrier_init(&meet, NULL, 2);
	mine.meet = theirs.meet = &meet;
	assert_int_equal(pthread_create(&thread, NULL, collide, &theirs), 0);
	err = db_tx(f->db, one_then_two, &mine);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&meet);
	arena_close(theirs.arena);
	assert_ok(f->db, err);
	assert_ok(f->other, theirs.result);
	assert_int_equal(theirs.runs, 1);
	assert_int_equal(mine.runs, 2);
	assert_int_equal(value_of(f, 1), 2);
	assert_int_equal(value_of(f, 2), 2);
}

/* The other side once more: its second step begins when ours waits for the first. */
static enum err two_then_one_behind_it(void *ctx)
{
	struct tx *t = ctx;
	enum err err = bump(t, 2, 100);

	pthread_barrier_wait(t->meet);
	if (!err && !wait_until_connections(t->other, t->arena, 1,
			    SQL("info LIKE 'UPDATE test_db_tx%' AND id = ?"), db_i64(t->runs)))
		err = ERR_CONFLICT;
	return err ? err : bump(t, 1, 1);
}

static void *collide_behind_it(void *ctx)
{
	struct tx *t = ctx;

	t->result = db_tx(t->db, two_then_one_behind_it, t);
	return NULL;
}

static void deadlock_outside_a_transaction__runs_the_statement_again(void **state)
{
	struct fix *f = *state;
	struct db_config cfg = fix_config(f);
	struct tx mine = tx_of(f);
	struct tx theirs = {.db = f->other, .other = db_open(&cfg), .arena = arena_open()};
	pthread_barrier_t meet;
	pthread_t thread;
	enum err err;

	pthread_barrier_init(&meet, NULL, 2);
	theirs.meet = &meet;
	theirs.runs = (int)connection_id(f->db, f->arena);
	assert_int_equal(pthread_create(&thread, NULL, collide_behind_it, &theirs), 0);
	pthread_barrier_wait(&meet);
	err = bump(&mine, 1, 2);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&meet);
	arena_close(theirs.arena);
	db_close(theirs.other);
	assert_ok(f->other, theirs.result);
	assert_ok(f->db, err);
	assert_int_equal(db_stats(f->db)->errors, 1);
	assert_int_equal(value_of(f, 1), 2);
	assert_int_equal(value_of(f, 2), 2);
}

/* Holds row 1 until the other side says so. */
static enum err hold_one(void *ctx)
{
	struct tx *t = ctx;
	enum err err = bump(t, 1, 1);

	pthread_barrier_wait(t->meet);
	pthread_barrier_wait(t->meet);
	return err;
}

static void *hold(void *ctx)
{
	struct tx *t = ctx;

	t->result = db_tx(t->db, hold_one, t);
	return NULL;
}

/* Meets a lock in its first run; the holder is let go before the second. */
static enum err want_one(void *ctx)
{
	struct tx *t = ctx;
	enum err err;

	if (t->runs == 1)
		pthread_barrier_wait(t->meet);
	t->runs++;
	err = bump(t, 1, 1);
	if (t->runs == 1)
		t->seen = err;
	/* Swallowed: the transaction knows better and must not commit the next change alone. */
	return bump(t, 3, 3) == err ? ERR_OK : ERR_CONFLICT;
}

static void with_held_row(struct fix *f, db_tx_fn fn, struct tx *mine, enum err want)
{
	struct tx theirs = {.db = f->other, .arena = arena_open()};
	struct db_config cfg = fix_config(f);
	pthread_barrier_t meet;
	pthread_t thread;
	enum err err;

	cfg.lock_wait_s = 1;
	cfg.statement_ms = 3000;
	mine->db = db_open(&cfg);
	pthread_barrier_init(&meet, NULL, 2);
	mine->meet = theirs.meet = &meet;
	assert_int_equal(pthread_create(&thread, NULL, hold, &theirs), 0);
	pthread_barrier_wait(&meet);
	err = fn != NULL ? db_tx(mine->db, fn, mine) : bump(mine, 1, 1);
	if (mine->runs == 0)
		pthread_barrier_wait(&meet);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&meet);
	arena_close(theirs.arena);
	db_close(mine->db);
	assert_ok(f->other, theirs.result);
	assert_int_equal(err, want);
}

static void lock_wait__runs_the_transaction_again_as_a_whole(void **state)
{
	struct fix *f = *state;
	struct tx mine = tx_of(f);

	with_held_row(f, want_one, &mine, ERR_OK);
	assert_int_equal(mine.seen, ERR_RETRY);
	assert_int_equal(mine.runs, 2);
	assert_int_equal(value_of(f, 1), 2);
	assert_int_equal(value_of(f, 3), 1);
}

static void lock_wait_outside_a_transaction__is_for_the_caller(void **state)
{
	struct fix *f = *state;
	struct tx mine = tx_of(f);

	with_held_row(f, NULL, &mine, ERR_RETRY);
	assert_int_equal(value_of(f, 1), 1);
}

static enum err always_locked(void *ctx)
{
	struct tx *t = ctx;

	t->seen = bump(t, 1, 1);
	return t->seen;
}

/* runs stays 0, so the row is held until db_tx has given up. */
static void lock_that_stays__is_given_up_within_the_time_limit(void **state)
{
	struct fix *f = *state;
	struct tx mine = tx_of(f);
	int64_t from_us = clock_monotonic_us();

	with_held_row(f, always_locked, &mine, ERR_RETRY);
	assert_true(clock_monotonic_us() - from_us < 8 * 1000000);
	assert_int_equal(value_of(f, 1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, opened, closed)
		T(success__commits_everything),
		T(error__rolls_everything_back_and_is_returned),
		T(duplicate__is_for_the_caller_and_leaves_the_transaction_alive),
		T(committed_work_of_others__is_seen),
		T(deadlock__runs_the_transaction_again),
		T(deadlock_outside_a_transaction__runs_the_statement_again),
		T(lock_wait__runs_the_transaction_again_as_a_whole),
		T(lock_wait_outside_a_transaction__is_for_the_caller),
		T(lock_that_stays__is_given_up_within_the_time_limit),
#undef T
	};

	return cmocka_run_group_tests(tests, fix_server, fix_server_end);
}
