/* SPDX-License-Identifier: MIT
 * Servers that are not set up for us: defaults that every session inherits, a missing store, a
 * server that takes no writes. Each group starts a private server with options of its own. */
#include "fixture.h"
#include "model/store.h"

/* What hosts set for all their customers, and worse. */
static const char *const inherited[] = {
	"--init-connect=SET sql_select_limit = 1, max_join_size = 1, sql_big_selects = 0,"
	" sql_safe_updates = 1, completion_type = 'RELEASE', sql_auto_is_null = 1, autocommit = 0,"
	" max_sort_length = 8, foreign_key_checks = 0, unique_checks = 0,"
	" check_constraint_checks = 0, sql_mode = 'ANSI,PIPES_AS_CONCAT', time_zone = '+05:00';"
	"SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY",
	NULL,
};

static int inherited_server(void **state)
{
	return fix_server_with(state, inherited);
}

static int table_made(void **state)
{
	struct fix *f = *state;

	fix_open(state);
	assert_ok(f->db,
		exec(f->db, f->arena,
			SQL("CREATE OR REPLACE TABLE test_db_host"
			    " (id BIGINT AUTO_INCREMENT PRIMARY KEY, n BIGINT CHECK (n < 1000))"),
			0));
	assert_ok(f->db,
		exec(f->db, f->arena,
			SQL("INSERT INTO test_db_host (n) SELECT seq FROM seq_1_to_100 WHERE seq > ?"),
			1, db_i64(0)));
	return 0;
}

static enum err count_row(void *ctx, const void *row)
{
	(void)row;
	++*(int *)ctx;
	return ERR_OK;
}

static int rows_by(struct db *db, struct arena *a, struct sql_frag text)
{
	struct sql q = compose(a, SQL_READ, "i", text, 0);
	int64_t row;
	int count = 0;

	assert_ok(db, db_each(db, a, &q, &fix_int, &row, count_row, &count));
	return count;
}

static int rows_of(struct fix *f, struct sql_frag text)
{
	return rows_by(f->db, f->arena, text);
}

static void inherited_limits__cut_no_list(void **state)
{
	struct fix *f = *state;

	assert_int_equal(rows_of(f, SQL("SELECT id FROM test_db_host")), 100);
	assert_int_equal(
		rows_of(f, SQL("SELECT a.id FROM test_db_host a JOIN test_db_host b")), 10000);
	/* sql_auto_is_null would find the row inserted last. */
	assert_int_equal(rows_of(f, SQL("SELECT id FROM test_db_host WHERE id IS NULL")), 0);
}

static void inherited_limits__refuse_no_write(void **state)
{
	struct fix *f = *state;

	assert_ok(f->db, exec(f->db, f->arena, SQL("UPDATE test_db_host SET n = ?"), 1, db_i64(5)));
	/* For others too: each statement commits itself. */
	assert_int_equal(
		rows_by(f->other, f->arena, SQL("SELECT id FROM test_db_host WHERE n = 5")), 100);
	assert_ok(f->db,
		exec(f->db, f->arena, SQL("DELETE FROM test_db_host WHERE n = ?"), 1, db_i64(5)));
	assert_int_equal(rows_of(f, SQL("SELECT id FROM test_db_host")), 0);
}

static void inherited_laxness__lets_no_bad_row_in(void **state)
{
	struct fix *f = *state;

	assert_int_equal(exec(f->db, f->arena, SQL("INSERT INTO test_db_host (n) VALUES (?)"), 1,
				 db_i64(1000)),
		ERR_INTERNAL);
}

static enum err insert_row(void *ctx)
{
	struct fix *f = ctx;

	return exec(f->db, f->arena, SQL("INSERT INTO test_db_host (n) VALUES (?)"), 1, db_i64(7));
}

static void inherited_completion__leaves_the_connection_after_a_commit(void **state)
{
	struct fix *f = *state;

	for (int i = 0; i < 3; i++)
		assert_ok(f->db, db_tx(f->db, insert_row, f));
	assert_int_equal(db_stats(f->db)->connects, 1);
	assert_int_equal(
		rows_by(f->other, f->arena, SQL("SELECT id FROM test_db_host WHERE n = 7")), 4);
}

/* A server that has the store, or not, and takes writes, or not. */
static const char *changing[] = {NULL, NULL};

static int changing_server(void **state)
{
	return fix_server_with(state, changing);
}

static void start_again(struct fix *f, const char *option)
{
	mariadb_crash(f->server);
	changing[0] = option;
	mariadb_restart(f->server);
}

static void missing_tables__are_not_ready(void **state)
{
	struct fix *f = *state;

	assert_int_equal(store_ping(f->db), ERR_UNAVAILABLE);
	assert_non_null(strstr(db_error_text(f->db), "tables do not fit this program"));
	mariadb_load(f->server, "schema/0001_store.sql");
	assert_ok(f->db, store_ping(f->db));
	assert_int_equal(db_stats(f->db)->connects, 1);
}

static enum err insert_partner(void *ctx)
{
	struct fix *f = ctx;

	return exec(
		f->db, f->arena, SQL("INSERT INTO partner (id) VALUES (?)"), 1, db_str(STR("p")));
}

/* Each turn of the loop is refused three times. */
static void server_without_writes__is_not_ready_and_costs_few_connections(void **state)
{
	struct fix *f = *state;
	int64_t from_us, one;
	uint64_t seconds;

	start_again(f, "--read-only");
	from_us = clock_monotonic_us();
	for (int i = 0; i < 100 || clock_monotonic_us() - from_us < 1500000; i++) {
		assert_int_equal(insert_partner(f), ERR_UNAVAILABLE);
		assert_int_equal(db_tx(f->db, insert_partner, f), ERR_UNAVAILABLE);
		assert_int_equal(strncmp(db_error_text(f->db), "1290 ", 5), 0);
		assert_int_equal(store_ping(f->db), ERR_UNAVAILABLE);
		assert_non_null(strstr(db_error_text(f->db), "read-only"));
		assert_ok(f->db,
			read_int(f->db, f->arena, &one, SQL("SELECT COUNT(*) FROM partner"), 0));
	}
	seconds = (uint64_t)(clock_monotonic_us() - from_us) / 1000000;
	/* But it is looked for. */
	assert_in_range(db_stats(f->db)->connects, 2, 2 + seconds);
	start_again(f, NULL);
	assert_ok(f->db, store_ping(f->db));
	assert_ok(f->db, db_tx(f->db, insert_partner, f));
}

int main(void)
{
	const struct CMUnitTest inheriting[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, table_made, fix_close)
		T(inherited_limits__cut_no_list),
		T(inherited_limits__refuse_no_write),
		T(inherited_laxness__lets_no_bad_row_in),
		T(inherited_completion__leaves_the_connection_after_a_commit),
#undef T
	};
	const struct CMUnitTest unready[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fix_open, fix_close)
		T(missing_tables__are_not_ready),
		T(server_without_writes__is_not_ready_and_costs_few_connections),
#undef T
	};
	int failed = cmocka_run_group_tests(inheriting, inherited_server, fix_server_end);

	return failed + cmocka_run_group_tests(unready, changing_server, fix_server_end);
}
