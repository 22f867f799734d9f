/* SPDX-License-Identifier: MIT
 * Values and outcomes of the db room against a real server: every letter both ways, errors, the
 * settings of a connection. Loss and transactions: test_db_loss.c, test_db_tx.c. */
#include "db_table.h"

struct values {
	int64_t i, t;
	double d;
	struct str s, b;
};

static const struct db_col values_cols[] = {
	{'I', offsetof(struct values, i)},
	{'S', offsetof(struct values, s)},
	{'B', offsetof(struct values, b)},
	{'T', offsetof(struct values, t)},
	{'D', offsetof(struct values, d)},
};
static const struct db_shape values_shape = {values_cols, ARRAY_LEN(values_cols)};

static struct str repeated(struct arena *a, const char *unit, size_t count)
{
	size_t n = strlen(unit);
	char *p = arena_alloc(a, n * count + 1);

	for (size_t i = 0; i < count; i++)
		memcpy(p + i * n, unit, n);
	p[n * count] = '\0';
	return (struct str){p, n * count};
}

static void same_str(const char *name, struct str got, struct str want)
{
	if ((got.p == NULL) != (want.p == NULL) || !str_eq(got, want))
		fail_msg("%s: text of %zu bytes came back as %zu", name, want.n, got.n);
	if (got.p != NULL && got.p[got.n] != '\0')
		fail_msg("%s: no NUL after the text", name);
}

static void there_and_back(struct fix *f, const char *name, const struct values *v, int64_t id)
{
	struct values got = {0};
	struct sql q;

	assert_ok(f->db,
		exec(f->db, f->arena,
			SQL("INSERT INTO test_db (id, i, s, b, t, d) VALUES (?, ?, ?, ?, ?, ?)"), 6,
			db_i64(id), db_i64(v->i), db_str(v->s), db_bytes(v->b), db_time(v->t),
			db_f64(v->d)));
	/* Compared by the server as well: what is stored is what was meant. */
	q = compose(f->arena, SQL_READ, "ISBTD",
		SQL("SELECT i, s, b, t, d FROM test_db WHERE id = ? AND i = ? AND s <=> ?"
		    " AND b <=> ? AND t <=> ? AND d = ?"),
		6, db_i64(id), db_i64(v->i), db_str(v->s), db_bytes(v->b), db_time(v->t),
		db_f64(v->d));
	if (db_one(f->db, f->arena, &q, &values_shape, &got))
		fail_msg("%s: %s", name, db_error_text(f->db));
	if (got.i != v->i || got.t != v->t || memcmp(&got.d, &v->d, sizeof(got.d)) != 0)
		fail_msg("%s: number or time", name);
	same_str(name, got.s, v->s);
	same_str(name, got.b, v->b);
}

static void every_letter__comes_back_as_it_was(void **state)
{
	struct fix *f = *state;
	const struct {
		const char *name;
		struct values v;
	} rows[] = {
		{"zero and empty", {0, 0, 0.0, STR(""), STR("")}},
		{"greatest", {INT64_MAX, INT64_C(253402300799999), 1.7976931348623157e308, STR("z"),
				     STR("\xff")}},
		{"least",
			{INT64_MIN, INT64_C(-62167219200000), -5e-324, STR(" a "), STR("a\0b\0")}},
		{"one millisecond before 1970", {-1, -1, 0.1, STR("-"), STR("\x80\x81")}},
		{"leap day", {29, INT64_C(1709251199999), 1e100, STR("'; DROP TABLE x -- \\"),
				     STR("'")}},
		{"beyond latin1",
			{1, 1, 1, STR("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"), STR("\xf0\x9f")}},
		{"null", {0, TIME_NONE, 0, STR_NONE, STR_NONE}},
		{"as long as the scratch buffer",
			{1, 1, 1, repeated(f->arena, "s", 128), repeated(f->arena, "b", 128)}},
		{"longer than the scratch buffer",
			{1, 1, 1, repeated(f->arena, "s", 129), repeated(f->arena, "b", 129)}},
		{"a mebibyte", {1, 1, 1, repeated(f->arena, "\xf0\x9f\x98\x80", 262144),
				       repeated(f->arena, "\0\1\2\3", 262144)}},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		there_and_back(f, rows[i].name, &rows[i].v, (int64_t)i);
}

static void null__reads_as_none_of_each_type(void **state)
{
	struct fix *f = *state;
	struct values got = {1, 1, 1.0, STR("x"), STR("x")};
	struct sql q = compose(f->arena, SQL_READ, "ISBTD",
		SQL("SELECT CAST(NULL AS SIGNED), CAST(NULL AS CHAR), NULL, NULL, NULL"), 0);

	assert_ok(f->db, db_one(f->db, f->arena, &q, &values_shape, &got));
	assert_true(got.i == DB_NULL_I64);
	assert_true(got.t == TIME_NONE);
	assert_true(isnan(got.d));
	assert_null(got.s.p);
	assert_null(got.b.p);
}

static void value_that_does_not_fit__is_an_internal_error(void **state)
{
	struct fix *f = *state;
	const struct {
		const char *name;
		struct sql q;
	} rows[] = {
		{"2^63", compose(f->arena, SQL_READ, "i", SQL("SELECT 9223372036854775808"), 0)},
		{"word", compose(f->arena, SQL_READ, "i", SQL("SELECT 'one'"), 0)},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t out;

		if (db_one(f->db, f->arena, &rows[i].q, &fix_int, &out) != ERR_INTERNAL)
			fail_msg("%s", rows[i].name);
	}
}

/* MariaDB sends it, without an error, for a subquery of a statement that was killed. */
static void null_in_a_column_that_has_none__is_a_time_limit(void **state)
{
	struct fix *f = *state;
	struct sql q = compose(f->arena, SQL_READ, "i", SQL("SELECT NULL"), 0);
	int64_t out;

	assert_int_equal(db_one(f->db, f->arena, &q, &fix_int, &out), ERR_TIMEOUT);
}

static void instant_beyond_year_9999__is_bound_as_the_last_one(void **state)
{
	struct fix *f = *state;
	int64_t same = 0;

	assert_ok(f->db,
		read_int(f->db, f->arena, &same,
			SQL("SELECT ? = '9999-12-31 23:59:59.999' AND ? = '0000-01-01 00:00:00'"),
			2, db_time(INT64_MAX), db_time(INT64_MIN + 1)));
	assert_int_equal(same, 1);
}

static void letters_that_do_not_fit_the_statement__are_an_internal_error(void **state)
{
	struct fix *f = *state;
	struct sql few = compose(f->arena, SQL_READ, "i", SQL("SELECT ? + ?"), 1, db_i64(1));
	struct sql many = compose(f->arena, SQL_READ, "i", SQL("SELECT 1"), 1, db_i64(1));
	struct sql columns = compose(f->arena, SQL_READ, "i", SQL("SELECT 1, 2"), 0);
	struct sql syntax = compose(f->arena, SQL_READ, "i", SQL("SELEKT 1"), 0);
	int64_t out;

	assert_int_equal(db_one(f->db, f->arena, &few, &fix_int, &out), ERR_INTERNAL);
	assert_int_equal(db_one(f->db, f->arena, &many, &fix_int, &out), ERR_INTERNAL);
	assert_int_equal(db_one(f->db, f->arena, &columns, &fix_int, &out), ERR_INTERNAL);
	assert_int_equal(db_one(f->db, f->arena, &syntax, &fix_int, &out), ERR_INTERNAL);
	assert_int_equal(db_stats(f->db)->errors, 4);
	assert_ok(f->db, answers(f->db));
	assert_int_equal(db_stats(f->db)->connects, 1);
}

static enum err never(void *ctx, const void *row)
{
	(void)ctx;
	(void)row;
	fail_msg("called for a row that is not there");
	return ERR_INTERNAL;
}

static void no_row__is_not_found_for_one_and_no_call_for_each(void **state)
{
	struct fix *f = *state;
	struct sql q = compose(f->arena, SQL_READ, "i", SQL("SELECT id FROM test_db"), 0);
	int64_t id;

	assert_int_equal(db_one(f->db, f->arena, &q, &fix_int, &id), ERR_NOT_FOUND);
	assert_ok(f->db, db_each(f->db, f->arena, &q, &fix_int, &id, never, NULL));
}

static void repeated_key__is_a_duplicate_and_no_error(void **state)
{
	struct fix *f = *state;

	assert_ok(f->db,
		exec(f->db, f->arena, SQL("INSERT INTO test_db (id) VALUES (?)"), 1, db_i64(1)));
	assert_int_equal(
		exec(f->db, f->arena, SQL("INSERT INTO test_db (id) VALUES (?)"), 1, db_i64(1)),
		ERR_DUPLICATE);
	assert_int_equal(db_stats(f->db)->errors, 0);
	assert_ok(f->db,
		exec(f->db, f->arena, SQL("INSERT INTO test_db (id) VALUES (?)"), 1, db_i64(2)));
}

/* The texts of these errors quote the value; they end up in the log. */
static void error_text__has_the_number_and_none_of_the_values(void **state)
{
	struct fix *f = *state;
	const struct {
		const char *number;
		struct sql q;
	} rows[] = {
		{"1062 duplicate",
			compose(f->arena, SQL_WRITE, "", SQL("INSERT INTO test_db (id) VALUES (?)"),
				1, db_i64(471147))},
		{"1366 ", compose(f->arena, SQL_WRITE, "",
				  SQL("INSERT INTO test_db (id, i) VALUES (1, ?)"), 1,
				  db_str(STR("x471147")))},
		{"1292 ", compose(f->arena, SQL_WRITE, "",
				  SQL("INSERT INTO test_db (id, t) VALUES (2, ?)"), 1,
				  db_str(STR("x471147")))},
		{"1690 ", compose(f->arena, SQL_WRITE, "",
				  SQL("UPDATE test_db SET i = 9223372036854775807 + ?"), 1,
				  db_i64(471147))},
	};

	assert_ok(f->db, exec(f->db, f->arena, SQL("INSERT INTO test_db (id) VALUES (?)"), 1,
				 db_i64(471147)));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *text;

		if (db_exec(f->db, &rows[i].q, NULL) == ERR_OK)
			fail_msg("%s: no error", rows[i].number);
		text = db_error_text(f->db);
		if (strncmp(text, rows[i].number, strlen(rows[i].number)) != 0 ||
			strstr(text, "471147") != NULL)
			fail_msg("%s: %s", rows[i].number, text);
	}
	/* What quotes nothing is told: the name of a table that is not there. */
	assert_int_equal(exec(f->db, f->arena, SQL("INSERT INTO no_such_table VALUES (?)"), 1,
				 db_i64(471147)),
		ERR_SCHEMA);
	assert_non_null(strstr(db_error_text(f->db), "no_such_table"));
}

static void tables_of_another_version__are_an_outcome_of_their_own(void **state)
{
	struct fix *f = *state;
	static const struct sql_frag texts[] = {SQL_INIT("SELECT no_such_column FROM test_db"),
		SQL_INIT("SELECT n FROM no_such_table")};
	int64_t out;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(read_int(f->db, f->arena, &out, texts[i], 0), ERR_SCHEMA);
	assert_ok(f->db, answers(f->db));
	assert_int_equal(db_stats(f->db)->connects, 1);
}

static void affected__counts_changed_rows(void **state)
{
	struct fix *f = *state;
	struct sql insert = compose(f->arena, SQL_WRITE, "",
		SQL("INSERT INTO test_db (id, i) VALUES (?, ?), (?, ?), (?, ?)"), 6, db_i64(1),
		db_i64(0), db_i64(2), db_i64(0), db_i64(3), db_i64(9));
	struct sql update =
		compose(f->arena, SQL_WRITE, "", SQL("UPDATE test_db SET i = ?"), 1, db_i64(9));
	int64_t n = -1;

	assert_ok(f->db, db_exec(f->db, &insert, &n));
	assert_int_equal(n, 3);
	assert_ok(f->db, db_exec(f->db, &update, &n));
	assert_int_equal(n, 2);
	assert_ok(f->db, db_exec(f->db, &update, &n));
	assert_int_equal(n, 0);
}

static void slow_statement__is_a_timeout_and_the_connection_stays(void **state)
{
	struct fix *f = *state;
	struct db_config cfg = fix_config(f);
	struct db *db;
	int64_t out;

	cfg.statement_ms = 100;
	db = db_open(&cfg);
	/* Twice, because the connector may wait for rows of the first one. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			read_int(db, f->arena, &out,
				SQL("SELECT COUNT(*) FROM seq_1_to_1000000 a JOIN seq_1_to_1000000 b"
				    " WHERE a.seq + b.seq = ?"),
				1, db_i64(0)),
			ERR_TIMEOUT);
	assert_ok(db, answers(db));
	assert_int_equal(db_stats(db)->connects, 1);
	db_close(db);
}

struct session {
	struct str zone, mode, isolation, charset, collation;
	int64_t autocommit, lock_wait;
	double limit;
};

static void session__is_set_up_as_promised(void **state)
{
	static const struct db_col cols[] = {
		{'s', offsetof(struct session, zone)},
		{'s', offsetof(struct session, mode)},
		{'s', offsetof(struct session, isolation)},
		{'s', offsetof(struct session, charset)},
		{'s', offsetof(struct session, collation)},
		{'i', offsetof(struct session, autocommit)},
		{'i', offsetof(struct session, lock_wait)},
		{'d', offsetof(struct session, limit)},
	};
	static const struct db_shape shape = {cols, ARRAY_LEN(cols)};
	struct fix *f = *state;
	struct session s;
	struct sql q = compose(f->arena, SQL_READ, "sssssiid",
		SQL("SELECT @@time_zone, @@sql_mode, @@tx_isolation, @@character_set_client,"
		    " @@collation_connection, @@autocommit, @@innodb_lock_wait_timeout,"
		    " @@max_statement_time"),
		0);

	assert_ok(f->db, db_one(f->db, f->arena, &q, &shape, &s));
	assert_string_equal(s.zone.p, "+00:00");
	assert_non_null(strstr(s.mode.p, "STRICT_ALL_TABLES"));
	assert_string_equal(s.isolation.p, "READ-COMMITTED");
	assert_string_equal(s.charset.p, "utf8mb4");
	assert_string_equal(s.collation.p, "utf8mb4_nopad_bin");
	assert_int_equal(s.autocommit, 1);
	assert_int_equal(s.lock_wait, 3);
	assert_true(s.limit > 4.999 && s.limit < 5.001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, opened, fix_close)
		T(every_letter__comes_back_as_it_was),
		T(null__reads_as_none_of_each_type),
		T(value_that_does_not_fit__is_an_internal_error),
		T(null_in_a_column_that_has_none__is_a_time_limit),
		T(instant_beyond_year_9999__is_bound_as_the_last_one),
		T(letters_that_do_not_fit_the_statement__are_an_internal_error),
		T(no_row__is_not_found_for_one_and_no_call_for_each),
		T(repeated_key__is_a_duplicate_and_no_error),
		T(error_text__has_the_number_and_none_of_the_values),
		T(tables_of_another_version__are_an_outcome_of_their_own),
		T(affected__counts_changed_rows),
		T(slow_statement__is_a_timeout_and_the_connection_stays),
		T(session__is_set_up_as_promised),
#undef T
	};

	return cmocka_run_group_tests(tests, table_made, table_dropped);
}
