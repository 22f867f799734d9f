/* SPDX-License-Identifier: MIT
 * Statements that run many times in one request, answers that are taken row by row, and writes that
 * give rows. */
#include "fixture.h"

static int opened(void **state)
{
	struct fix *f = *state;

	fix_open(state);
	assert_ok(f->db, exec(f->db, f->arena, SQL("DROP TABLE IF EXISTS test_db_many"), 0));
	assert_ok(f->db, exec(f->db, f->arena,
				 SQL("CREATE TABLE test_db_many (id BIGINT PRIMARY KEY,"
				     " i BIGINT, s LONGTEXT CHARACTER SET utf8mb4, b LONGBLOB)"),
				 0));
	return 0;
}

static const struct stmt put = {"test.put", SQL_WRITE, "iisb", "",
	"INSERT INTO test_db_many (id, i, s, b) VALUES (?, ?, ?, ?)"};
static const struct stmt put_returning = {"test.put_returning", SQL_WRITE, "is", "iS",
	"INSERT INTO test_db_many (id, s) VALUES (?, ?) RETURNING id * 2, s"};
#define PUT_PARAMS 4

static int64_t count_where(struct fix *f, struct sql_frag text)
{
	int64_t n = -1;

	assert_ok(f->db, read_int(f->db, f->arena, &n, text, 0));
	return n;
}

#define MANY 1000

/* Of three rows each, one is NULL throughout. */
static const struct db_val *many_args(struct fix *f, int64_t first)
{
	struct db_val *args = arena_array(f->arena, MANY * PUT_PARAMS, sizeof(*args));

	for (int64_t i = 0; i < MANY; i++) {
		struct db_val *v = &args[i * PUT_PARAMS];
		bool none = i % 3 == 0;

		v[0] = db_i64(first + i);
		v[1] = db_i64(-i);
		v[1].null = none;
		v[2] = db_str(none ? STR_NONE
				   : str_printf(f->arena, "Z\xC3\xBCrich %0*lld", (int)(i % 300),
					     (long long)i));
		v[3] = db_bytes(none ? STR_NONE : (struct str){"\0\xFF", (size_t)(i % 3)});
	}
	return args;
}

static void expect_many(struct fix *f)
{
	assert_int_equal(count_where(f, SQL("SELECT COUNT(*) FROM test_db_many")), MANY);
	assert_int_equal(count_where(f, SQL("SELECT COUNT(*) FROM test_db_many WHERE i IS NULL AND"
					    " s IS NULL AND b IS NULL AND id % 3 = 0")),
		(MANY + 2) / 3);
	assert_int_equal(count_where(f, SQL("SELECT COUNT(*) FROM test_db_many WHERE i = -id"
					    " AND s LIKE 'Z\xC3\xBCrich %'"
					    " AND CAST(SUBSTRING(s, 8) AS SIGNED) = id"
					    " AND CHAR_LENGTH(s) = 7 + GREATEST(id % 300,"
					    " CHAR_LENGTH(id)) AND b = LEFT(X'00FF', id % 3)")),
		MANY - (MANY + 2) / 3);
}

static void many_runs__bind_each_its_own_values(void **state)
{
	struct fix *f = *state;
	uint64_t before;

	assert_ok(f->db, answers(f->db));
	before = db_stats(f->db)->statements;
	assert_ok(f->db, db_exec_many(f->db, f->arena, &put, many_args(f, 0), MANY));
	assert_int_equal(db_stats(f->db)->statements, before + 1);
	expect_many(f);
}

static void statement__runs_once_and_many_times_in_turn(void **state)
{
	struct fix *f = *state;

	for (int i = 0; i < 3; i++) {
		struct sql once = SQL_FIXED(
			&put, db_i64(-1 - i), db_i64(5), db_str(STR("one")), db_bytes(STR_NONE));
		int64_t affected = 0;

		assert_ok(f->db, db_exec(f->db, &once, &affected));
		assert_int_equal(affected, 1);
		assert_ok(f->db, db_exec_many(f->db, f->arena, &put, many_args(f, i * MANY), MANY));
	}
	assert_int_equal(
		count_where(f, SQL("SELECT COUNT(*) FROM test_db_many WHERE id < 0 AND i = 5"
				   " AND s = 'one' AND b IS NULL")),
		3);
	assert_int_equal(count_where(f, SQL("SELECT COUNT(*) FROM test_db_many")), 3 * MANY + 3);
	assert_ok(f->db, exec(f->db, f->arena, SQL("DELETE FROM test_db_many"), 0));
	assert_ok(f->db, db_exec_many(f->db, f->arena, &put, many_args(f, 7), 1));
	assert_int_equal(count_where(f, SQL("SELECT COUNT(*) FROM test_db_many")), 1);
}

static enum err put_with_a_taken_key(void *ctx)
{
	struct fix *f = ctx;
	struct db_val *args = (struct db_val *)many_args(f, 0);
	enum err err;

	assert_ok(f->db,
		exec(f->db, f->arena, SQL("INSERT INTO test_db_many (id, s) VALUES (?, 'before')"),
			1, db_i64(-1)));
	args[MANY / 2 * PUT_PARAMS] = db_i64(3);
	err = db_exec_many(f->db, f->arena, &put, args, MANY);
	assert_int_equal(err, ERR_DUPLICATE);
	return err;
}

static void error_in_the_middle__leaves_nothing_of_the_transaction(void **state)
{
	struct fix *f = *state;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(db_tx(f->db, put_with_a_taken_key, f), ERR_DUPLICATE);
		assert_int_equal(count_where(f, SQL("SELECT COUNT(*) FROM test_db_many")), 0);
	}
	assert_ok(f->db, db_exec_many(f->db, f->arena, &put, many_args(f, 0), MANY));
	expect_many(f);
	assert_int_equal(db_stats(f->db)->connects, 1);
}

struct given {
	int64_t twice;
	struct str s;
};

static enum err put_one_returning(struct fix *f, int64_t id, struct given *out)
{
	static const struct db_col cols[] = {
		{'i', offsetof(struct given, twice)}, {'S', offsetof(struct given, s)}};
	static const struct db_shape shape = {cols, ARRAY_LEN(cols)};
	struct sql q = SQL_FIXED(&put_returning, db_i64(id), db_str(STR("text")));

	return db_one(f->db, f->arena, &q, &shape, out);
}

/* The connector forgets the columns of a statement that failed. */
static void write_that_gives_rows__gives_them_after_a_failure_too(void **state)
{
	struct fix *f = *state;

	for (int64_t i = 0; i < 4; i++) {
		struct given given = {0, STR_NONE};

		assert_ok(f->db, put_one_returning(f, i, &given));
		assert_int_equal(given.twice, 2 * i);
		assert_true(str_eq(given.s, STR("text")));
		assert_int_equal(put_one_returning(f, i, &given), ERR_DUPLICATE);
		assert_int_equal(put_one_returning(f, 0, &given), ERR_DUPLICATE);
	}
	assert_int_equal(count_where(f, SQL("SELECT COUNT(*) FROM test_db_many")), 4);
	assert_int_equal(db_stats(f->db)->connects, 1);
}

struct streamed {
	struct fix *f;
	struct arena *arena; /* of the rows, reset after each */
	int64_t id;
	struct str s;
	int64_t rows, wrong;
	int64_t kill_at; /* connection; 0: none */
	enum err end;    /* given at row 10 */
};

static const struct db_col stream_cols[] = {
	{'i', offsetof(struct streamed, id)},
	{'S', offsetof(struct streamed, s)},
};
static const struct db_shape stream_shape = {stream_cols, ARRAY_LEN(stream_cols)};

/* Text of row n: n % 5000 bytes. */
static enum err take_streamed(void *ctx, const void *row)
{
	const struct streamed *r = row;
	struct streamed *s = ctx;

	s->wrong += r->id != s->rows || r->s.n != (size_t)(r->id % 5000);
	for (size_t i = 0; i < r->s.n; i++)
		s->wrong += r->s.p[i] != 'x';
	if (++s->rows == 10) {
		if (s->kill_at != 0)
			kill_connection(s->f, s->kill_at);
		if (s->end != ERR_OK)
			return s->end;
	}
	arena_reset(s->arena);
	return ERR_OK;
}

#define STREAMED 20000

static enum err stream(struct fix *f, struct streamed *s)
{
	struct streamed row;
	struct sql q = compose(f->arena, SQL_READ, "iS",
		SQL("SELECT seq, REPEAT('x', seq % 5000) FROM seq_0_to_19999 WHERE seq >= ?"), 1,
		db_i64(0));
	enum err err;

	s->f = f;
	s->arena = arena_open();
	err = db_stream(f->db, s->arena, &q, &stream_shape, &row, take_streamed, s);
	arena_close(s->arena);
	return err;
}

static void stream__gives_every_row_whole(void **state)
{
	struct fix *f = *state;

	for (int i = 0; i < 2; i++) {
		struct streamed s = {.rows = 0};

		assert_ok(f->db, stream(f, &s));
		assert_int_equal(s.rows, STREAMED);
		assert_int_equal(s.wrong, 0);
		assert_ok(f->db, answers(f->db));
	}
	assert_int_equal(db_stats(f->db)->connects, 1);
}

static void error_of_the_callback__ends_the_stream(void **state)
{
	struct fix *f = *state;
	struct streamed s = {.end = ERR_CONFLICT};

	assert_int_equal(stream(f, &s), ERR_CONFLICT);
	assert_int_equal(s.rows, 10);
	assert_ok(f->db, answers(f->db));
	assert_int_equal(db_stats(f->db)->connects, 1);
}

static void connection_killed_on_the_way__is_unavailable(void **state)
{
	struct fix *f = *state;
	struct streamed s = {.kill_at = connection_id(f->db, f->arena)};

	assert_int_equal(stream(f, &s), ERR_UNAVAILABLE);
	assert_in_range(s.rows, 10, STREAMED - 1);
	assert_int_equal(s.wrong, 0);
	assert_ok(f->db, answers(f->db));
	assert_int_equal(db_stats(f->db)->connects, 2);
}

static void connection_killed_before__is_made_again(void **state)
{
	struct fix *f = *state;
	struct streamed s = {.rows = 0};

	kill_connection(f, connection_id(f->db, f->arena));
	assert_ok(f->db, stream(f, &s));
	assert_int_equal(s.rows, STREAMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, opened, fix_close)
		T(many_runs__bind_each_its_own_values),
		T(statement__runs_once_and_many_times_in_turn),
		T(error_in_the_middle__leaves_nothing_of_the_transaction),
		T(write_that_gives_rows__gives_them_after_a_failure_too),
		T(stream__gives_every_row_whole),
		T(error_of_the_callback__ends_the_stream),
		T(connection_killed_on_the_way__is_unavailable),
		T(connection_killed_before__is_made_again),
#undef T
	};

	return cmocka_run_group_tests(tests, fix_server, fix_server_end);
}
