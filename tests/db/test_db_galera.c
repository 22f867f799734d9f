/* SPDX-License-Identifier: MIT
 * Transactions at a node of a Galera cluster, which can lose one without a word. The cluster is a
 * single node, and the loss is a ROLLBACK that the layer does not know of; the real one, between
 * nodes, is for tests/history. Skipped where galera-4 is not installed. */
#include <unistd.h>

#include "fixture.h"
#include "lib/port.h"

#define PROVIDER "/usr/lib/galera/libgalera_smm.so"

static char listens[128];

static int node(void **state)
{
	static const char *const options[] = {"--wsrep-on=ON", "--wsrep-provider=" PROVIDER,
		"--wsrep-cluster-address=gcomm://", "--wsrep-node-address=127.0.0.1", listens,
		"--binlog-format=ROW", "--innodb-autoinc-lock-mode=2", NULL};

	if (access(PROVIDER, R_OK) != 0)
		return 0;
	snprintf(listens, sizeof(listens),
		"--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:%d", port_free());
	return fix_server_with(state, options);
}

static int node_end(void **state)
{
	return *state != NULL ? fix_server_end(state) : 0;
}

static int opened(void **state)
{
	struct fix *f = *state;

	if (f == NULL)
		return 0;
	fix_open(state);
	assert_ok(f->db, exec(f->db, f->arena, SQL("DROP TABLE IF EXISTS test_db_galera"), 0));
	assert_ok(f->db,
		exec(f->db, f->arena,
			SQL("CREATE TABLE test_db_galera (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)"),
			0));
	assert_ok(f->db,
		exec(f->db, f->arena, SQL("INSERT INTO test_db_galera VALUES (1, 0), (2, 0)"), 0));
	return 0;
}

static int closed(void **state)
{
	return *state != NULL ? fix_close(state) : 0;
}

static struct fix *fixture(void **state)
{
	if (*state == NULL) {
		print_message("           galera-4 is not installed\n");
		skip();
	}
	return *state;
}

struct tx {
	struct fix *f;
	int runs;
	int lost_before; /* which step, in the first run */
	enum err result;
};

static enum err step(struct tx *t, int number)
{
	struct fix *f = t->f;

	if (t->runs == 1 && number == t->lost_before)
		assert_ok(f->db, exec(f->db, f->arena, SQL("ROLLBACK"), 0));
	if (number > 2)
		return t->result;
	return exec(f->db, f->arena, SQL("UPDATE test_db_galera SET n = n + 1 WHERE id = ?"), 1,
		db_i64(number));
}

static enum err two_steps(void *ctx)
{
	struct tx *t = ctx;
	enum err err = ERR_OK;

	t->runs++;
	for (int number = 1; number <= 3 && err == ERR_OK; number++)
		err = step(t, number);
	return err;
}

static void expect(struct fix *f, struct sql_frag text, int64_t want)
{
	int64_t n = -1;

	assert_ok(f->db, read_int(f->db, f->arena, &n, text, 0));
	assert_int_equal(n, want);
}

static void expect_rows(struct fix *f, int64_t first, int64_t second)
{
	expect(f, SQL("SELECT n FROM test_db_galera WHERE id = 1"), first);
	expect(f, SQL("SELECT n FROM test_db_galera WHERE id = 2"), second);
}

static void transaction__commits_and_leaves_autocommit_on(void **state)
{
	struct fix *f = fixture(state);
	struct tx t = {.f = f};

	assert_ok(f->db, db_tx(f->db, two_steps, &t));
	assert_int_equal(t.runs, 1);
	expect_rows(f, 1, 1);
	expect(f, SQL("SELECT @@autocommit"), 1);
	assert_int_equal(db_stats(f->db)->connects, 1);
}

static void error__rolls_back_and_leaves_autocommit_on(void **state)
{
	struct fix *f = fixture(state);
	struct tx t = {.f = f, .result = ERR_CONFLICT};

	assert_int_equal(db_tx(f->db, two_steps, &t), ERR_CONFLICT);
	assert_int_equal(t.runs, 1);
	expect_rows(f, 0, 0);
	expect(f, SQL("SELECT @@autocommit"), 1);
	assert_int_equal(db_stats(f->db)->connects, 1);
}

static void lost_transaction__is_run_again_and_no_part_of_it_stays(void **state)
{
	struct fix *f = fixture(state);

	for (int before = 1; before <= 3; before++) {
		struct tx t = {.f = f, .lost_before = before};

		assert_ok(f->db, db_tx(f->db, two_steps, &t));
		assert_int_equal(t.runs, 2);
		expect_rows(f, before, before);
		expect(f, SQL("SELECT @@autocommit"), 1);
	}
}

static void transaction_that_does_not_wait__is_not_run_again_and_leaves_nothing(void **state)
{
	struct fix *f = fixture(state);
	struct tx t = {.f = f, .lost_before = 2};

	assert_int_equal(db_tx_no_wait(f->db, two_steps, &t), ERR_RETRY);
	assert_int_equal(t.runs, 1);
	expect_rows(f, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, opened, closed)
		T(transaction__commits_and_leaves_autocommit_on),
		T(error__rolls_back_and_leaves_autocommit_on),
		T(lost_transaction__is_run_again_and_no_part_of_it_stays),
		T(transaction_that_does_not_wait__is_not_run_again_and_leaves_nothing),
#undef T
	};

	return cmocka_run_group_tests(tests, node, node_end);
}
