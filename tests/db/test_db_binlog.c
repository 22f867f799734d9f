/* SPDX-License-Identifier: MIT
 * A server whose binary log takes statements, with an account that cannot change that: everything
 * is at REPEATABLE READ there, and has to give what it gives elsewhere. */
#include <pthread.h>

#include "model/purge.h"
#include "model/store.h"
#include "sessions.h"

static const char *const options[] = {
	"--log-bin=binlog", "--server-id=1", "--binlog-format=STATEMENT", NULL};

static int server(void **state)
{
	return fix_server_with(state, options);
}

#define SESSIONS INT64_C(10500)

/* Tenant t of partner p with SESSIONS sessions, the latest first by id. */
static int sessions_made(void **state)
{
	struct fix *f = *state;
	struct db_config cfg = fix_config(f);

	fix_open_tenant(state);
	db_close(f->db);
	db_close(f->other);
	cfg.statement_ms = 60000;
	cfg.lock_wait_s = 50;
	f->db = db_open(&cfg);
	f->other = db_open(&cfg);
	assert_ok(f->db,
		exec(f->db, f->arena,
			SQL("INSERT INTO session (id, tenant_no, partner_no, tenant_id, user_id, created_at,"
			    " expires_at) SELECT CONCAT('s', seq), t.no, t.partner_no, t.id,"
			    " CONCAT('u', seq % 10), UTC_TIMESTAMP(3) - INTERVAL seq SECOND,"
			    " UTC_TIMESTAMP(3) + INTERVAL 1 DAY"
			    " FROM tenant t JOIN seq_1_to_10500 WHERE t.id = ?"),
			1, db_str(STR("t"))));
	assert_int_equal(admin(f, "recount").status, 0);
	return 0;
}

static void isolation__is_one_that_may_write(void **state)
{
	struct fix *f = *state;

	assert_int_equal(
		number_of(f, SQL("SELECT @@log_bin AND @@binlog_format = 'STATEMENT'")), 1);
	assert_int_equal(number_of(f, SQL("SELECT @@tx_isolation = 'REPEATABLE-READ'")), 1);
	assert_ok(f->db, store_ping(f->db));
}

static struct registration registration_of(struct str id)
{
	struct registration reg = {
		.session = {.id = id,
			.tenant_id = STR("new"),
			.user_id = STR("u"),
			.request_digest = STR("01234567890123456789012345678901"),
			.created_ms = TIME_NONE,
			.last_activity_ms = TIME_NONE,
			.expires_ms = TIME_NONE,
			.expires_in_s = 60,
			.revoked_ms = TIME_NONE,
			.auth_ms = TIME_NONE},
		.user = {.tenant_id = STR("new"), .id = STR("u"), .is_admin = DB_NULL_I64},
		.own_id = true,
		.may_create = true,
	};

	return reg;
}

static void registration__writes_once(void **state)
{
	struct fix *f = *state;
	struct registration reg = registration_of(STR("one"));
	enum registered how;
	struct session out;
	const char *why;

	assert_ok(f->db, register_session(f->db, f->arena, &reg, &how, &out, &why));
	assert_int_equal(how, REGISTERED_NEW);
	for (int i = 0; i < 3; i++) {
		assert_ok(f->db, register_session(f->db, f->arena, &reg, &how, &out, &why));
		assert_int_equal(how, REGISTERED_BEFORE);
	}
	assert_int_equal(session_count_of(f), 1);
	assert_int_equal(db_stats(f->db)->connects, 1);
	assert_numbers_right(f);
}

struct race {
	struct fix *f;
	const char *why;
	int runs;
};

/* The snapshot is older than the tenant that the other one makes. */
static enum err lose_the_tenant(void *ctx)
{
	struct race *r = ctx;
	struct fix *f = r->f;
	struct registration reg = registration_of(STR("two"));
	int64_t n;
	enum err err = read_int(f->db, f->arena, &n, SQL("SELECT COUNT(*) FROM tenant"), 0);

	if (err == ERR_OK && r->runs++ == 0)
		assert_ok(f->other,
			exec(f->other, f->arena,
				SQL("INSERT INTO tenant (id, partner_no) SELECT ?, no FROM partner"
				    " WHERE id = 'p'"),
				1, db_str(STR("new"))));
	reg.session.partner_id = STR("other");
	return err != ERR_OK ? err
			     : register_settle_tenant(f->db, f->arena, &reg.session, true, &r->why);
}

static void tenant_that_another_one_made_first__is_seen(void **state)
{
	struct fix *f = *state;
	struct race r = {.f = f};

	assert_int_equal(db_tx(f->db, lose_the_tenant, &r), ERR_CONFLICT);
	assert_string_equal(r.why, "Tenant belongs to another partner");
}

static void expect_all_ended_once(struct fix *f)
{
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM session")), 0);
	assert_int_equal(
		number_of(f, SQL("SELECT COUNT(*) FROM ended WHERE how = 'revoked'")), SESSIONS);
	assert_int_equal(number_of(f, SQL("SELECT COUNT(DISTINCT id) FROM ended")), SESSIONS);
	assert_numbers_right(f);
}

static void more_than_one_transaction__ends_all(void **state)
{
	struct fix *f = *state;
	struct revoke_call call = call_of((struct session_scope){.tenant_id = STR("t")});

	assert_ok(f->db, revoke_sessions(f->db, &call));
	assert_int_equal(call.count, SESSIONS);
	expect_all_ended_once(f);
	assert_int_equal(number_of(f, SQL("SELECT COUNT(DISTINCT ended_at) >= 2 FROM ended")), 1);
}

static void purge__empties_what_is_before_the_month(void **state)
{
	struct fix *f = *state;
	int64_t month = tally_month(clock_now_ms());

	put_one(f, ended_one(STR("old"), month_ms(month) - 1));
	put_one(f, ended_one(STR("two years"), month_ms(month - 24)));
	put_one(f, ended_one(STR("kept"), month_ms(month)));
	assert_ok(f->db, purge_move(f->db, month));
	for (int64_t i = 0; i < PURGE_PARTITIONS; i++)
		assert_ok(f->db, purge_partition(f->db, f->arena, i));
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM ended")), 1);
	assert_numbers_right(f);
}

static void sweep__moves_what_has_expired(void **state)
{
	struct fix *f = *state;

	put_expired(f, SWEEP_BATCH + 5);
	sweep_all(f);
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM session")), 0);
	assert_numbers_right(f);
}

struct revoker_thread {
	struct db *db;
	struct revoke_call call;
	enum err err;
	pthread_barrier_t *meet;
};

static void *race(void *ctx)
{
	struct revoker_thread *r = ctx;

	pthread_barrier_wait(r->meet);
	r->err = revoke_sessions(r->db, &r->call);
	return NULL;
}

static void racing_revokers__claim_no_session_twice(void **state)
{
	struct fix *f = *state;
	struct revoker_thread mine = {
		.db = f->db, .call = call_of((struct session_scope){.tenant_id = STR("t")})};
	struct revoker_thread theirs = {
		.db = f->other, .call = call_of((struct session_scope){.partner_id = STR("p")})};
	pthread_barrier_t meet;
	pthread_t thread;

	pthread_barrier_init(&meet, NULL, 2);
	mine.meet = theirs.meet = &meet;
	assert_int_equal(pthread_create(&thread, NULL, race, &theirs), 0);
	race(&mine);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&meet);
	assert_ok(f->db, mine.err);
	assert_ok(f->other, theirs.err);
	assert_int_equal(mine.call.count + theirs.call.count, SESSIONS);
	expect_all_ended_once(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name, setup) cmocka_unit_test_setup_teardown(name, setup, fix_close)
		T(isolation__is_one_that_may_write, fix_open_migrated),
		T(registration__writes_once, fix_open_migrated),
		T(tenant_that_another_one_made_first__is_seen, fix_open_tenant),
		T(more_than_one_transaction__ends_all, sessions_made),
		T(purge__empties_what_is_before_the_month, fix_open_tenant),
		T(sweep__moves_what_has_expired, fix_open_tenant),
		T(racing_revokers__claim_no_session_twice, sessions_made),
#undef T
	};

	return cmocka_run_group_tests(tests, server, fix_server_end);
}
