/* SPDX-License-Identifier: MIT
 * What happens when the connection or the server goes away, between and within statements: what is
 * repeated, what is not, and how soon the caller knows. Connections are killed by a second one;
 * the server is killed, stopped and started where it is ours. */
#include <pthread.h>

#include "fixture.h"
#include "model/store.h"

static int opened(void **state)
{
	struct fix *f = *state;

	fix_open(state);
	assert_ok(f->db, exec(f->db, f->arena, SQL("DROP TABLE IF EXISTS test_db_loss"), 0));
	assert_ok(f->db, exec(f->db, f->arena, SQL("CREATE TABLE test_db_loss (id BIGINT)"), 0));
	return 0;
}

static int closed(void **state)
{
	struct fix *f = *state;

	assert_ok(f->db, exec(f->db, f->arena, SQL("DROP TABLE test_db_loss"), 0));
	return fix_close(state);
}

static int64_t rows(struct fix *f)
{
	int64_t n = -1;

	assert_ok(f->other,
		read_int(f->other, f->arena, &n, SQL("SELECT COUNT(*) FROM test_db_loss"), 0));
	return n;
}

static enum err insert(struct db *db, struct arena *a, int64_t id)
{
	return exec(db, a, SQL("INSERT INTO test_db_loss VALUES (?)"), 1, db_i64(id));
}

struct killer {
	struct db *db;
	struct arena *arena;
	int64_t id;
	bool done;
	pthread_t thread;
};

/* Waits until the connection sleeps in a statement, then kills it. */
static void *kill_sleeper(void *ctx)
{
	struct killer *k = ctx;

	k->done = wait_until_connections(k->db, k->arena, 1, SQL("state = 'User sleep' AND id = ?"),
			  db_i64(k->id)) &&
		  exec(k->db, k->arena, SQL("KILL CONNECTION ?"), 1, db_i64(k->id)) == ERR_OK;
	return NULL;
}

static void killer_start(struct killer *k, struct fix *f)
{
	*k = (struct killer){.db = f->other, .arena = arena_open()};
	k->id = connection_id(f->db, f->arena);
	assert_int_equal(pthread_create(&k->thread, NULL, kill_sleeper, k), 0);
}

static void killer_join(struct killer *k)
{
	pthread_join(k->thread, NULL);
	arena_close(k->arena);
	assert_true(k->done);
}

static void read_after_a_kill__is_repeated_over_a_reconnection(void **state)
{
	struct fix *f = *state;

	assert_ok(f->db, answers(f->db));
	assert_int_equal(db_stats(f->db)->connects, 1);
	assert_int_equal(db_stats(f->db)->reconnects, 0);
	kill_connection(f, connection_id(f->db, f->arena));
	assert_ok(f->db, answers(f->db));
	assert_int_equal(db_stats(f->db)->connects, 2);
	assert_int_equal(db_stats(f->db)->reconnects, 1);
}

static void write_after_a_kill__goes_over_a_new_connection(void **state)
{
	struct fix *f = *state;

	assert_ok(f->db, insert(f->db, f->arena, 1));
	kill_connection(f, connection_id(f->db, f->arena));
	assert_ok(f->db, insert(f->db, f->arena, 2));
	assert_int_equal(db_stats(f->db)->connects, 2);
	assert_int_equal(rows(f), 2);
}

static void read_killed_on_the_way__is_repeated(void **state)
{
	struct fix *f = *state;
	struct killer k;
	int64_t out = -1;
	enum err err;

	killer_start(&k, f);
	err = read_int(f->db, f->arena, &out, SQL("SELECT SLEEP(?)"), 1, db_f64(0.5));
	killer_join(&k);
	assert_ok(f->db, err);
	assert_int_equal(out, 0);
	assert_int_equal(db_stats(f->db)->connects, 2);
}

static void write_killed_on_the_way__is_not_repeated(void **state)
{
	struct fix *f = *state;
	struct killer k;
	enum err err;

	killer_start(&k, f);
	err = exec(f->db, f->arena, SQL("INSERT INTO test_db_loss SELECT SLEEP(?)"), 1, db_f64(2));
	killer_join(&k);
	assert_int_equal(err, ERR_UNAVAILABLE);
	assert_int_equal(db_stats(f->db)->connects, 1);
	assert_int_equal(rows(f), 0);
	assert_ok(f->db, answers(f->db));
}

struct tx {
	struct fix *f;
	int runs;
	enum err first, second;
};

/* Loses its connection in the first run, and takes no notice. */
static enum err insert_around_a_kill(void *ctx)
{
	struct tx *t = ctx;
	struct fix *f = t->f;

	t->runs++;
	assert_ok(f->db, insert(f->db, f->arena, 1));
	if (t->runs > 1)
		return insert(f->db, f->arena, 2);
	kill_connection(f, connection_id(f->db, f->arena));
	t->first = insert(f->db, f->arena, 2);
	t->second = insert(f->db, f->arena, 3);
	return ERR_OK;
}

static void transaction_that_lost_its_connection__runs_again_as_a_whole(void **state)
{
	struct fix *f = *state;
	struct tx t = {.f = f};

	assert_ok(f->db, db_tx(f->db, insert_around_a_kill, &t));
	assert_int_equal(t.runs, 2);
	assert_int_equal(t.first, ERR_LOST);
	assert_int_equal(t.second, ERR_LOST);
	assert_int_equal(db_stats(f->db)->connects, 2);
	assert_int_equal(rows(f), 2);
}

static enum err insert_once(void *ctx)
{
	struct tx *t = ctx;

	t->runs++;
	return insert(t->f->db, t->f->arena, 1);
}

static void transaction_on_a_killed_connection__is_begun_again(void **state)
{
	struct fix *f = *state;
	struct tx t = {.f = f};

	kill_connection(f, connection_id(f->db, f->arena));
	assert_ok(f->db, db_tx(f->db, insert_once, &t));
	assert_int_equal(t.runs, 1);
	assert_int_equal(rows(f), 1);
}

static enum err insert_and_kill(void *ctx)
{
	struct tx *t = ctx;
	struct fix *f = t->f;

	t->runs++;
	assert_ok(f->db, insert(f->db, f->arena, 1));
	kill_connection(f, connection_id(f->db, f->arena));
	return ERR_OK;
}

static void lost_commit__is_not_run_again(void **state)
{
	struct fix *f = *state;
	struct tx t = {.f = f};

	assert_int_equal(db_tx(f->db, insert_and_kill, &t), ERR_UNAVAILABLE);
	assert_int_equal(t.runs, 1);
	assert_int_equal(rows(f), 0);
	assert_ok(f->db, answers(f->db));
}

struct walk {
	struct fix *f;
	int calls;
	enum err nested, later;
};

static enum err lose_it(void *ctx, const void *row)
{
	struct walk *w = ctx;
	struct fix *f = w->f;

	(void)row;
	if (++w->calls == 1) {
		kill_connection(f, connection_id(f->db, f->arena));
		w->nested = answers(f->db);
		w->later = insert(f->db, f->arena, 1);
	}
	return ERR_OK;
}

/* The rows are on our side already. */
static void connection_lost_during_a_walk__leaves_the_rows(void **state)
{
	struct fix *f = *state;
	struct walk w = {.f = f};
	struct sql q = compose(f->arena, SQL_READ, "i", SQL("SELECT seq FROM seq_1_to_1000"), 0);
	int64_t seq;

	assert_ok(f->db, db_each(f->db, f->arena, &q, &fix_int, &seq, lose_it, &w));
	assert_int_equal(w.calls, 1000);
	assert_int_equal(w.nested, ERR_UNAVAILABLE);
	assert_int_equal(w.later, ERR_UNAVAILABLE);
	assert_ok(f->db, answers(f->db));
	assert_int_equal(db_stats(f->db)->connects, 2);
	assert_int_equal(rows(f), 0);
}

static void kept_statements__are_made_again_after_a_loss(void **state)
{
	struct fix *f = *state;
	int64_t out = 0;

	for (int i = 0; i < 3; i++) {
		assert_ok(f->db, answers(f->db));
		assert_ok(f->db, read_int(f->db, f->arena, &out, SQL("SELECT ?"), 1, db_i64(i)));
		assert_int_equal(out, i);
		kill_connection(f, connection_id(f->db, f->arena));
	}
}

static void never_connects(struct fix *f, const struct db_config *cfg)
{
	struct db *db = db_open(cfg);

	assert_int_equal(answers(db), ERR_UNAVAILABLE);
	assert_int_equal(insert(db, f->arena, 1), ERR_UNAVAILABLE);
	assert_int_equal(store_check(db), ERR_UNAVAILABLE);
	assert_int_equal(db_stats(db)->connects, 0);
	assert_true(db_error_text(db)[0] != '\0');
	db_close(db);
}

static void missing_option_file__is_unavailable(void **state)
{
	struct fix *f = *state;
	struct db_config cfg = fix_config(f);

	cfg.defaults_file = "/nonexistent/my.cnf";
	never_connects(f, &cfg);
}

static void refused_account__is_unavailable(void **state)
{
	struct fix *f = *state;
	struct db_config cfg = fix_config(f);
	char path[4200], text[4200], *line;
	FILE *in, *out;

	if (!mariadb_is_ours(f->server))
		skip();
	snprintf(path, sizeof(path), "%s/wrong.cnf", mariadb_dir(f->server));
	in = fopen(cfg.defaults_file, "r");
	out = fopen(path, "w");
	assert_true(in != NULL && out != NULL);
	while ((line = fgets(text, sizeof(text), in)))
		fputs(strncmp(line, "password=", 9) == 0 ? "password=wrong\n" : line, out);
	fclose(in);
	fclose(out);
	cfg.defaults_file = path;
	never_connects(f, &cfg);
}

static void crashed_server__is_unavailable_at_once_until_it_is_back(void **state)
{
	struct fix *f = *state;
	int64_t from_us, took_us;
	uint64_t errors;

	if (!mariadb_is_ours(f->server))
		skip();
	assert_ok(f->db, insert(f->db, f->arena, 1));
	mariadb_crash(f->server);
	from_us = clock_monotonic_us();
	assert_int_equal(answers(f->db), ERR_UNAVAILABLE);
	errors = db_stats(f->db)->errors;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(insert(f->db, f->arena, 2), ERR_UNAVAILABLE);
	took_us = clock_monotonic_us() - from_us;
	assert_true(took_us < 1000000);
	/* Five attempts a second, not one for each call. */
	assert_in_range(db_stats(f->db)->errors - errors, 0, (uint64_t)took_us / 200000);
	mariadb_restart(f->server);
	while (answers(f->db) != ERR_OK) {
		assert_true(clock_monotonic_us() - from_us < 30 * 1000000);
		fix_pause();
	}
	while (answers(f->other) != ERR_OK)
		fix_pause();
	assert_ok(f->db, insert(f->db, f->arena, 3));
	assert_int_equal(rows(f), 2);
}

/* The loop of BENCHMARK ends with the statement, and the subquery is not begun: MariaDB sends a
 * row. */
static void row_of_a_killed_statement__is_not_believed(void **state)
{
	static const struct db_col cols[] = {{'i', 0}, {'i', sizeof(int64_t)}};
	static const struct db_shape shape = {cols, ARRAY_LEN(cols)};
	struct fix *f = *state;
	struct db_config cfg = fix_config(f);
	int64_t row[2];
	struct db *db;
	struct sql q;

	cfg.statement_ms = 200;
	db = db_open(&cfg);
	sql_begin(&q, f->arena, SQL_READ, "ii");
	sql_add(&q, SQL("SELECT BENCHMARK(?, 1 + 1), (SELECT COUNT(*) FROM test_db_loss)"));
	sql_arg(&q, db_i64(INT64_C(1) << 40));
	assert_int_equal(db_one(db, f->arena, &q, &shape, row), ERR_TIMEOUT);
	assert_ok(db, answers(db));
	db_close(db);
}

static void hung_server__is_unavailable_within_the_time_limit(void **state)
{
	struct fix *f = *state;
	struct db_config cfg = fix_config(f);
	struct db *db;
	int64_t from_us;
	enum err err;

	if (!mariadb_is_ours(f->server))
		skip();
	cfg.statement_ms = 200;
	db = db_open(&cfg);
	assert_ok(db, answers(db));
	mariadb_pause(f->server);
	from_us = clock_monotonic_us();
	err = answers(db);
	mariadb_resume(f->server);
	db_close(db);
	assert_int_equal(err, ERR_UNAVAILABLE);
	assert_true(clock_monotonic_us() - from_us < 5 * 1000000);
}

/* The server's own limit is off, so only the client's can end the wait; once is enough. */
static void statement_without_end__is_waited_for_once(void **state)
{
	struct fix *f = *state;
	struct db_config cfg = fix_config(f);
	struct db *db;
	int64_t out, from_us;

	cfg.statement_ms = 200;
	db = db_open(&cfg);
	assert_ok(db, exec(db, f->arena, SQL("SET max_statement_time = ?"), 1, db_f64(0)));
	from_us = clock_monotonic_us();
	assert_int_equal(read_int(db, f->arena, &out, SQL("SELECT SLEEP(?)"), 1, db_f64(30)),
		ERR_UNAVAILABLE);
	assert_true(clock_monotonic_us() - from_us < 5 * 1000000);
	assert_int_equal(db_stats(db)->connects, 1);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, opened, closed)
		T(read_after_a_kill__is_repeated_over_a_reconnection),
		T(write_after_a_kill__goes_over_a_new_connection),
		T(read_killed_on_the_way__is_repeated),
		T(write_killed_on_the_way__is_not_repeated),
		T(transaction_that_lost_its_connection__runs_again_as_a_whole),
		T(transaction_on_a_killed_connection__is_begun_again),
		T(lost_commit__is_not_run_again),
		T(connection_lost_during_a_walk__leaves_the_rows),
		T(kept_statements__are_made_again_after_a_loss),
		T(statement_without_end__is_waited_for_once),
		T(missing_option_file__is_unavailable),
		T(refused_account__is_unavailable),
		T(crashed_server__is_unavailable_at_once_until_it_is_back),
		T(row_of_a_killed_statement__is_not_believed),
		T(hung_server__is_unavailable_within_the_time_limit),
#undef T
	};

	return cmocka_run_group_tests(tests, fix_server, fix_server_end);
}
