/* SPDX-License-Identifier: MIT
 * Statements of the db room against a real server: kept handles, nested walks, and the fixed ones
 * against the schema. */
#include "db_table.h"

static enum err count_row(void *ctx, const void *row)
{
	(void)row;
	++*(int *)ctx;
	return ERR_OK;
}

/* SELECT ? + 0 + 0 ..., a different text for every count. */
static struct sql sum(struct fix *f, int zeros)
{
	struct sql q = compose(f->arena, SQL_READ, "i", SQL("SELECT ?"), 1, db_i64(zeros));

	for (int i = 0; i < zeros; i++)
		sql_add(&q, SQL(" + 0"));
	return q;
}

static int64_t prepared_so_far(struct fix *f)
{
	int64_t n = -1;

	assert_ok(f->db, read_int(f->db, f->arena, &n,
				 SQL("SELECT variable_value FROM information_schema.session_status"
				     " WHERE variable_name = 'COM_STMT_PREPARE'"),
				 0));
	return n;
}

static void run_sum(struct fix *f, int zeros)
{
	struct sql q = sum(f, zeros);
	int64_t out = -1;

	assert_ok(f->db, db_one(f->db, f->arena, &q, &fix_int, &out));
	assert_int_equal(out, zeros);
}

static void composed_statements__are_kept_until_others_push_them_out(void **state)
{
	struct fix *f = *state;
	int64_t before = prepared_so_far(f);

	/* The counting statement itself takes one of the places. */
	for (int i = 0; i < DB_CACHED_STATEMENTS - 1; i++)
		run_sum(f, i);
	assert_int_equal(prepared_so_far(f) - before, DB_CACHED_STATEMENTS - 1);
	run_sum(f, 0);
	assert_int_equal(prepared_so_far(f) - before, DB_CACHED_STATEMENTS - 1);
	run_sum(f, 100); /* pushes out sum 1, the one not used for longest */
	run_sum(f, 0);
	assert_int_equal(prepared_so_far(f) - before, DB_CACHED_STATEMENTS);
	run_sum(f, 1);
	assert_int_equal(prepared_so_far(f) - before, DB_CACHED_STATEMENTS + 1);
	for (int i = 0; i < 3 * DB_CACHED_STATEMENTS; i++)
		run_sum(f, i);
}

static void huge_statement__runs_without_being_kept(void **state)
{
	struct fix *f = *state;
	int64_t before = prepared_so_far(f), out;
	struct sql q = compose(f->arena, SQL_READ, "i", SQL("SELECT ?"), 1, db_i64(7));

	for (int i = 0; i < 2048; i++)
		sql_add(&q, SQL("            "));
	for (int i = 0; i < 3; i++) {
		assert_ok(f->db, db_one(f->db, f->arena, &q, &fix_int, &out));
		assert_int_equal(out, 7);
	}
	assert_int_equal(prepared_so_far(f) - before, 3);
}

static int64_t kept_after(struct fix *f, struct sql_frag text, int64_t arg)
{
	static const struct db_col col = {'s', 0};
	static const struct db_shape shape = {&col, 1};
	int64_t before = prepared_so_far(f);
	struct str row;

	for (int i = 0; i < 3; i++) {
		struct sql q = compose(f->arena, SQL_READ, "s", text, 1, db_i64(arg));
		int rows = 0;

		assert_ok(f->db, db_each(f->db, f->arena, &q, &shape, &row, count_row, &rows));
		assert_true(rows > 0);
	}
	return 3 - (prepared_so_far(f) - before);
}

/* Its memory would stay with the statement. */
static void statement_with_a_large_result__is_not_kept(void **state)
{
	struct fix *f = *state;

	assert_int_equal(kept_after(f, SQL("SELECT REPEAT('x', ?)"), 1000), 2);
	assert_int_equal(kept_after(f, SQL("SELECT REPEAT('xy', ?)"), 1 << 20), 0);
	assert_int_equal(kept_after(f, SQL("SELECT seq FROM seq_1_to_5000 WHERE seq <= ?"), 9), 2);
	assert_int_equal(kept_after(f, SQL("SELECT seq FROM seq_1_to_5000 WHERE seq <> ?"), 9), 0);
}

/* COUNT is an integer for the server, SUM a decimal. */
static void sum_of_integers__reads_as_an_integer(void **state)
{
	struct fix *f = *state;
	int64_t out = 0;

	assert_ok(f->db, read_int(f->db, f->arena, &out, SQL("SELECT SUM(seq * ?) FROM seq_1_to_3"),
				 1, db_i64(1000000000000000000)));
	assert_int_equal(out, INT64_C(6000000000000000000));
}

static void same_text_with_other_letters__is_another_statement(void **state)
{
	static const struct db_col col = {'s', 0};
	static const struct db_shape shape = {&col, 1};
	struct fix *f = *state;
	struct sql as_text = compose(f->arena, SQL_READ, "s", SQL("SELECT ? + 1"), 1, db_i64(41));
	int64_t number = 0;
	struct str text;

	assert_ok(f->db, read_int(f->db, f->arena, &number, SQL("SELECT ? + 1"), 1, db_i64(41)));
	assert_int_equal(number, 42);
	assert_ok(f->db, db_one(f->db, f->arena, &as_text, &shape, &text));
	assert_string_equal(text.p, "42");
}

struct walk {
	struct fix *f;
	int depth, rows;
	int64_t seen;
};

static enum err walk_deeper(void *ctx, const void *row);

static enum err walk_all(struct walk *w)
{
	struct fix *f = w->f;
	int64_t id;
	struct sql q = compose(f->arena, SQL_READ, "i",
		SQL("SELECT id FROM test_db WHERE id > ? ORDER BY id"), 1, db_i64(0));

	return db_each(f->db, f->arena, &q, &fix_int, &id, walk_deeper, w);
}

/* Walks the same statement again below each row, three levels, and writes in between. */
static enum err walk_deeper(void *ctx, const void *row)
{
	struct walk *w = ctx;
	struct fix *f = w->f;
	enum err err = ERR_OK;

	w->rows++;
	w->seen = *(const int64_t *)row;
	if (w->depth == 3)
		return exec(f->db, f->arena, SQL("UPDATE test_db SET i = ? WHERE id = ?"), 2,
			db_i64(w->rows), db_i64(w->seen));
	w->depth++;
	err = walk_all(w);
	w->depth--;
	return err;
}

static void callback__may_run_any_statement_even_the_same(void **state)
{
	struct fix *f = *state;
	struct walk w = {.f = f, .depth = 1};

	for (int64_t id = 1; id <= 4; id++)
		assert_ok(f->db, exec(f->db, f->arena, SQL("INSERT INTO test_db (id) VALUES (?)"),
					 1, db_i64(id)));
	assert_ok(f->db, walk_all(&w));
	assert_int_equal(w.rows, 4 + 16 + 64);
	assert_int_equal(w.seen, 4);
}

static enum err stop_at_two(void *ctx, const void *row)
{
	int *calls = ctx;

	(void)row;
	return ++*calls == 2 ? ERR_CONFLICT : ERR_OK;
}

static void error_of_the_callback__ends_the_walk(void **state)
{
	struct fix *f = *state;
	struct sql q = compose(f->arena, SQL_READ, "i", SQL("SELECT seq FROM seq_1_to_100"), 0);
	int64_t seq;
	int calls = 0;

	assert_int_equal(
		db_each(f->db, f->arena, &q, &fix_int, &seq, stop_at_two, &calls), ERR_CONFLICT);
	assert_int_equal(calls, 2);
	assert_ok(f->db, answers(f->db));
}

static void fixed_statement_of_a_read__only_reads(void **state)
{
	(void)state;
	for (const struct stmt *const *at = store_statements; *at != NULL; at++) {
		const struct stmt *stmt = *at;
		struct str sql = str_from(stmt->sql);
		bool select = str_starts(sql, STR("SELECT ")) ||
			      strstr(stmt->sql, " FOR SELECT ") != NULL;

		if (select != (stmt->kind == SQL_READ))
			fail_msg("%s", stmt->name);
		if (stmt->kind == SQL_READ && stmt->columns[0] == '\0')
			fail_msg("%s has no columns", stmt->name);
	}
}

static void fixed_statements__fit_the_schema(void **state)
{
	struct fix *f = *state;
	glob_t files;

	assert_int_equal(glob("schema/0*.sql", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++)
		mariadb_load(f->server, files.gl_pathv[i]);
	globfree(&files);
	assert_ok(f->db, store_check(f->db));
	assert_ok(f->db, db_self_check(f->db, store_admin_statements));
	assert_ok(f->db, store_ping(f->db));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, opened, fix_close)
		T(composed_statements__are_kept_until_others_push_them_out),
		T(huge_statement__runs_without_being_kept),
		T(statement_with_a_large_result__is_not_kept),
		T(sum_of_integers__reads_as_an_integer),
		T(same_text_with_other_letters__is_another_statement),
		T(callback__may_run_any_statement_even_the_same),
		T(error_of_the_callback__ends_the_walk),
		T(fixed_statements__fit_the_schema),
#undef T
		cmocka_unit_test(fixed_statement_of_a_read__only_reads),
	};

	return cmocka_run_group_tests(tests, table_made, table_dropped);
}
