/* SPDX-License-Identifier: MIT
 * A server whose binary log takes statements, with an account that cannot change that: everything
 * is at REPEATABLE READ there, and has to give what it gives elsewhere. */
#include <pthread.h>

#include "admin.h"
#include "model/purge.h"
#include "model/register.h"
#include "model/revoke.h"

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
			SQL("INSERT INTO session (id, tenant_id, partner_id, user_id, created_at,"
			    " expires_at) SELECT CONCAT('s', seq), 't', 'p', CONCAT('u', seq % 10),"
			    " UTC_TIMESTAMP(3) - INTERVAL seq SECOND, UTC_TIMESTAMP(3) + INTERVAL 1 DAY"
			    " FROM seq_1_to_10500 WHERE seq > ?"),
			1, db_i64(0)));
	return 0;
}

static void isolation__is_one_that_may_write(void **state)
{
	struct fix *f = *state;

	assert_int_equal(
		number_of(f, SQL("SELECT @@log_bin AND @@binlog_format = 'STATEMENT'")), 1);
	assert_int_equal(number_of(f, SQL("SELECT @@tx_isolation = 'REPEATABLE-READ'")), 1);
	assert_ok(f->db, db_ping(f->db));
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
			.revoked_ms = TIME_NONE},
		.user = {.tenant_id = STR("new"), .id = STR("u"), .is_admin = DB_NULL_I64},
		.of_platform = true,
	};

	return reg;
}

static void registration__writes_once(void **state)
{
	struct fix *f = *state;
	struct registration reg = registration_of(STR("one"));
	enum registered how;
	const char *why;

	assert_ok(f->db, register_session(f->db, f->arena, &reg, &how, &why));
	assert_int_equal(how, REGISTERED_NEW);
	assert_ok(f->db, register_session(f->db, f->arena, &reg, &how, &why));
	assert_int_equal(how, REGISTERED_BEFORE);
	assert_int_equal(session_count_of(f), 1);
}

struct race {
	struct fix *f;
	struct str partner;
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
				SQL("INSERT INTO tenant (id, partner_id) VALUES (?, 'p')"), 1,
				db_str(STR("new"))));
	return err != ERR_OK
		       ? err
		       : register_tenant(f->db, f->arena, &reg.session, true, &r->partner, &r->why);
}

static void tenant_that_another_one_made_first__is_seen(void **state)
{
	struct fix *f = *state;
	struct race r = {.f = f};

	assert_ok(f->db, db_tx(f->db, lose_the_tenant, &r));
	assert_true(str_eq(r.partner, STR("p")));
}

static struct revoke_call call_of(struct session_scope scope)
{
	return (struct revoke_call){.scope = scope,
		.by = STR("b"),
		.endpoint = STR("test"),
		.request_id = STR("r"),
		.if_count = -1};
}

static void expect_all_ended_once(struct fix *f)
{
	assert_int_equal(
		number_of(f, SQL("SELECT COUNT(*) FROM session WHERE revoked_at IS NULL")), 0);
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM revocation")), SESSIONS);
	assert_int_equal(
		number_of(f, SQL("SELECT COUNT(DISTINCT session_id) FROM revocation")), SESSIONS);
}

static int64_t rows_sorted(struct fix *f)
{
	return number_of(f, SQL("SELECT variable_value FROM information_schema.session_status"
				" WHERE variable_name = 'SORT_ROWS'"));
}

/* And without a sort, which would read and lock all sessions of the scope for each batch. */
static void two_batches__end_the_oldest_first(void **state)
{
	struct fix *f = *state;
	const struct session_scope scopes[] = {
		{.tenant_id = STR("t")}, {.partner_id = STR("p")}, {.active = true}};

	for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
		struct revoke_call call = call_of(scopes[i]);
		struct db_config cfg = fix_config(f);
		int64_t wrong = -1;

		cfg.statement_ms = 60000;
		db_close(f->db);
		f->db = db_open(&cfg);
		assert_ok(f->db, revoke_sessions(f->db, f->arena, &call));
		assert_int_equal(call.count, SESSIONS);
		assert_int_equal(call.batches, 2);
		expect_all_ended_once(f);
		assert_int_equal(rows_sorted(f), 0);
		assert_ok(f->db,
			read_int(f->db, f->arena, &wrong,
				SQL("SELECT (SELECT MAX(s.created_at) FROM revocation r JOIN session s"
				    " ON s.id = r.session_id WHERE r.call_id = ?) >="
				    " (SELECT MIN(s.created_at) FROM revocation r JOIN session s"
				    " ON s.id = r.session_id WHERE r.call_id = ?)"),
				2, db_i64(call.call_id), db_i64(call.call_id + 1)));
		assert_int_equal(wrong, 0);
		assert_ok(f->db, exec(f->db, f->arena, SQL("DELETE FROM revocation"), 0));
		assert_ok(f->db,
			exec(f->db, f->arena, SQL("UPDATE session SET revoked_at = NULL"), 0));
	}
}

static void purge__deletes_batch_after_batch_without_a_sort(void **state)
{
	struct fix *f = *state;
	const int64_t hour_ms = 3600000, now_ms = clock_now_ms();
	const struct {
		enum purge_what what;
		int64_t cutoff_ms, count;
	} rows[] = {
		{PURGE_REVOKED, now_ms + hour_ms, SESSIONS / 10},
		{PURGE_AUDIT, now_ms + hour_ms, SESSIONS / 10},
		{PURGE_EXPIRED, now_ms + 48 * hour_ms, SESSIONS - SESSIONS / 10},
	};
	struct revoke_call call = call_of((struct session_scope){.user_id = STR("u1")});

	assert_ok(f->db, revoke_sessions(f->db, f->arena, &call));
	assert_int_equal(call.count, SESSIONS / 10);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t before = rows_sorted(f), sum = 0, deleted = -1;

		while (deleted != 0) {
			assert_ok(f->db,
				purge_batch(f->db, rows[i].what, rows[i].cutoff_ms, &deleted));
			sum += deleted;
		}
		assert_int_equal(sum, rows[i].count);
		assert_int_equal(rows_sorted(f), before);
	}
}

struct revoker {
	struct db *db;
	struct arena *arena;
	struct revoke_call call;
	enum err err;
	pthread_barrier_t *meet;
};

static void *race(void *ctx)
{
	struct revoker *r = ctx;

	pthread_barrier_wait(r->meet);
	r->err = revoke_sessions(r->db, r->arena, &r->call);
	return NULL;
}

static void racing_revokers__claim_no_session_twice(void **state)
{
	struct fix *f = *state;
	struct revoker mine = {.db = f->db,
		.arena = f->arena,
		.call = call_of((struct session_scope){.tenant_id = STR("t")})};
	struct revoker theirs = {.db = f->other,
		.arena = arena_open(),
		.call = call_of((struct session_scope){.partner_id = STR("p")})};
	pthread_barrier_t meet;
	pthread_t thread;

	pthread_barrier_init(&meet, NULL, 2);
	mine.meet = theirs.meet = &meet;
	assert_int_equal(pthread_create(&thread, NULL, race, &theirs), 0);
	race(&mine);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&meet);
	arena_close(theirs.arena);
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
		T(two_batches__end_the_oldest_first, sessions_made),
		T(purge__deletes_batch_after_batch_without_a_sort, sessions_made),
		T(racing_revokers__claim_no_session_twice, sessions_made),
#undef T
	};

	return cmocka_run_group_tests(tests, server, fix_server_end);
}
