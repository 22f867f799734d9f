/* SPDX-License-Identifier: MIT
 * Moving expired sessions to the ended ones: what becomes of them, in which steps, that nobody
 * waits, and that no answer changes by it. */
#include <math.h>

#include "sessions.h"

static int64_t living(struct fix *f)
{
	return number_of(f, SQL("SELECT COUNT(*) FROM session"));
}

static int64_t ended(struct fix *f)
{
	return number_of(f, SQL("SELECT COUNT(*) FROM ended"));
}

static void expired_session__is_kept_as_it_was(void **state)
{
	struct fix *f = *state;
	struct session_new s = living_one(STR("old"));

	s.created_ms = month_ms(24000) + 1;
	s.last_activity_ms = s.created_ms + 5;
	s.expires_ms = month_ms(24001) - 1;
	s.user_agent = STR("curl/8.0");
	s.ip_address = STR("192.0.2.1");
	s.location = STR("Oslo, Norway");
	s.apps = STR("{\"a\":{\"name\":\"A\",\"at\":5}}");
	s.app_count = 1;
	s.role = STR("tenant_admin");
	put_one(f, s);
	put_one(f, living_one(STR("young")));
	sweep_all(f);
	assert_int_equal(living(f), 1);
	assert_int_equal(
		number_of(f,
			SQL("SELECT COUNT(*) FROM ended s JOIN tenant t ON t.no = s.tenant_no"
			    " WHERE s.id = 'old' AND t.id = 't' AND how = 'expired'"
			    " AND ended_at = expires_at AND expires_at = '2000-01-31 23:59:59.999'"
			    " AND month = 24000 AND s.created_at = '2000-01-01 00:00:00.001'"
			    " AND last_activity_at = '2000-01-01 00:00:00.006' AND user_id = 'u'"
			    " AND user_agent = 'curl/8.0' AND ip_address = '192.0.2.1'"
			    " AND location = 'Oslo, Norway' AND JSON_VALUE(apps, '$.a.name') = 'A'"
			    " AND app_count = 1 AND role = 'tenant_admin'"
			    " AND device_type = 'desktop' AND s.partner_no = t.partner_no"
			    " AND revoked_by IS NULL AND endpoint IS NULL AND request_id IS NULL"
			    " AND reason IS NULL")),
		1);
	assert_numbers_right(f);
}

static void many__go_in_steps_the_oldest_first(void **state)
{
	struct fix *f = *state;
	bool more = false;

	put_expired(f, 2 * SWEEP_BATCH + 10);
	put_one(f, living_one(STR("young")));
	for (int64_t i = 1; i <= 2; i++) {
		assert_ok(f->db, sweep_step(f->db, &more));
		assert_true(more);
		assert_int_equal(ended(f), i * SWEEP_BATCH);
		assert_int_equal(number_of(f, SQL("SELECT (SELECT MIN(expires_at) FROM session) >"
						  " (SELECT MAX(ended_at) FROM ended)")),
			1);
		assert_numbers_right(f);
	}
	assert_ok(f->db, sweep_step(f->db, &more));
	assert_false(more);
	assert_int_equal(living(f), 1);
	assert_ok(f->db, sweep_step(f->db, &more));
	assert_false(more);
	assert_int_equal(living(f), 1);
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM ended WHERE how = 'expired' AND"
					  " ended_at = expires_at")),
		2 * SWEEP_BATCH + 10);
	assert_numbers_right(f);
}

struct locked {
	struct fix *f;
	struct sql_frag lock;
	int64_t before_us;
};

/* In a transaction of the other connection. */
static enum err sweep_meanwhile(void *ctx)
{
	struct locked *l = ctx;
	int64_t n;
	bool more;
	enum err err = read_int(l->f->other, l->f->arena, &n, l->lock, 0);

	if (err != ERR_OK)
		return err;
	l->before_us = clock_monotonic_us();
	assert_ok(l->f->db, sweep_step(l->f->db, &more));
	assert_true(clock_monotonic_us() - l->before_us < 1000000);
	return ERR_OK;
}

/* So many that the server reads a few by their ids, and not the whole table. */
static void put_many_living(struct fix *f)
{
	struct ran r;

	assert_ok(f->db,
		exec(f->db, f->arena,
			SQL("INSERT INTO session (tenant_no, partner_no, tenant_id, id, user_id, expires_at)"
			    " SELECT t.no, t.partner_no, t.id, CONCAT('many', seq), 'many',"
			    " UTC_TIMESTAMP(3) + INTERVAL 1 DAY FROM tenant t JOIN seq_1_to_20000"
			    " WHERE t.id = ?"),
			1, db_str(STR("t"))));
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM session")), 20005);
	r = admin(f, "recount");
	assert_int_equal(r.status, 0);
}

static void locked_session__stays_and_nobody_waits(void **state)
{
	struct fix *f = *state;
	struct locked l = {.f = f,
		.lock = SQL("SELECT COUNT(*) FROM session WHERE id = 'expired00001' FOR UPDATE")};

	put_expired(f, 5);
	put_many_living(f);
	assert_ok(f->other, db_tx(f->other, sweep_meanwhile, &l));
	assert_int_equal(ended(f), 4);
	assert_int_equal(
		number_of(f, SQL("SELECT COUNT(*) FROM session WHERE id = 'expired00001'")), 1);
	assert_numbers_right(f);
	sweep_all(f);
	assert_int_equal(ended(f), 5);
	assert_numbers_right(f);
}

static void expect_undone(struct fix *f, struct sql_frag lock)
{
	struct locked l = {.f = f, .lock = lock};

	put_expired(f, 10);
	assert_ok(f->other, db_tx(f->other, sweep_meanwhile, &l));
	assert_int_equal(ended(f), 0);
	assert_int_equal(living(f), 10);
	assert_numbers_right(f);
	sweep_all(f);
	assert_int_equal(living(f), 0);
	assert_numbers_right(f);
}

static void locked_user__leaves_the_step_undone(void **state)
{
	expect_undone(*state, SQL("SELECT living FROM user WHERE id = 'u3' FOR UPDATE"));
}

static void locked_number__leaves_the_step_undone(void **state)
{
	expect_undone(*state, SQL("SELECT COUNT(*) FROM tally WHERE scope = 0 FOR UPDATE"));
}

/* And the connection waits for locks as before afterwards. */
static void lock_wait__is_as_before(void **state)
{
	struct fix *f = *state;

	put_expired(f, 1);
	sweep_all(f);
	assert_int_equal(number_of(f, SQL("SELECT @@innodb_lock_wait_timeout")), 3);
}

static void assert_same_stats(const struct stats *a, const struct stats *b)
{
	assert_int_equal(a->total, b->total);
	assert_int_equal(a->active, b->active);
	assert_int_equal(a->expired, b->expired);
	assert_int_equal(a->revoked, b->revoked);
	assert_int_equal(a->unique_users, b->unique_users);
	assert_int_equal(a->created_24h, b->created_24h);
	assert_int_equal(a->revoked_24h, b->revoked_24h);
	assert_int_equal(a->expiring_24h, b->expiring_24h);
	assert_true(fabs(a->average_duration_s - b->average_duration_s) < 1e-6);
	assert_int_equal(a->last_activity_ms, b->last_activity_ms);
	assert_int_equal(a->device_count, b->device_count);
	for (size_t i = 0; i < a->device_count; i++) {
		assert_true(str_eq(a->devices[i].type, b->devices[i].type));
		assert_int_equal(a->devices[i].active, b->devices[i].active);
	}
}

static void no_figure_and_no_list__changes_by_it(void **state)
{
	struct fix *f = *state;
	const struct session_scope scopes[] = {
		{.tenant_id = STR("t")},
		{.tenant_id = STR("t"), .active = true},
		{.tenant_id = STR("t"), .user_id = STR("u1")},
		{.tenant_id = STR("t"), .user_id = STR("u1"), .active = true},
		{.partner_id = STR("p")},
		{.partner_id = STR("p"), .active = true},
		{.user_id = STR("u1")},
		{.active = true},
	};
	struct session_scope tenant = whole_tenant();
	struct session_new s = living_one(STR("a"));
	struct stats before, after;
	int64_t totals[ARRAY_LEN(scopes)];
	size_t shown[ARRAY_LEN(scopes)], n;

	s.user_id = STR("u1");
	put_one(f, s);
	s.id = STR("mobile, and no device");
	s.device_type = STR("mobile");
	s.last_activity_ms = s.created_ms + 1;
	put_one(f, s);
	put_one(f, ended_one(STR("b"), clock_now_ms() - HOUR_MS));
	put_one(f, ended_one(STR("c"), clock_now_ms() - 3 * DAY_MS));
	put_expired(f, 57);
	assert_ok(f->db, stats_tenant(f->db, f->arena, &tenant, &before));
	assert_int_equal(before.total, 61);
	assert_int_equal(before.active, 2);
	assert_int_equal(before.expired, 57);
	assert_int_equal(before.revoked, 2);
	assert_int_equal(before.unique_users, 1);
	for (size_t i = 0; i < ARRAY_LEN(scopes); i++)
		totals[i] = total_of(f, &scopes[i], &shown[i]);
	assert_int_equal(totals[0], 61);
	assert_int_equal(shown[0], 61);
	assert_int_equal(totals[2], 8);
	assert_int_equal(shown[2], 8);
	sweep_all(f);
	assert_int_equal(living(f), 2);
	assert_ok(f->db, stats_tenant(f->db, f->arena, &tenant, &after));
	assert_same_stats(&before, &after);
	for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
		assert_int_equal(total_of(f, &scopes[i], &n), totals[i]);
		assert_int_equal(n, shown[i]);
	}
}

static int64_t used_tokens(struct fix *f)
{
	return number_of(f, SQL("SELECT COUNT(*) FROM logout_token"));
}

static void logout_tokens_that_are_too_old__are_forgotten_in_steps(void **state)
{
	struct fix *f = *state;
	bool more;

	assert_ok(f->db, exec(f->db, f->arena,
				 SQL("INSERT INTO logout_token (digest, expires_at)"
				     " SELECT UNHEX(SHA2(seq, 256)), UTC_TIMESTAMP(3) +"
				     " INTERVAL IF(seq <= ?, -1, 60) SECOND FROM seq_1_to_1000"
				     " WHERE seq <= ?"),
				 2, db_i64(SWEEP_BATCH + 10), db_i64(SWEEP_BATCH + 15)));
	assert_ok(f->db, sweep_step(f->db, &more));
	assert_true(more);
	assert_int_equal(used_tokens(f), 15);
	assert_ok(f->db, sweep_step(f->db, &more));
	assert_false(more);
	assert_int_equal(used_tokens(f), 5);
	assert_ok(f->db, sweep_step(f->db, &more));
	assert_int_equal(used_tokens(f), 5);
}

/* A step that cannot move sessions forgets tokens all the same. */
static enum err sweep_tokens_meanwhile(void *ctx)
{
	struct locked *l = ctx;
	enum err err = sweep_meanwhile(ctx);

	assert_int_equal(number_of(l->f, SQL("SELECT COUNT(*) FROM logout_token")), 0);
	return err;
}

static void locked_user__does_not_keep_logout_tokens(void **state)
{
	struct fix *f = *state;
	struct locked l = {.f = f, .lock = SQL("SELECT COUNT(*) FROM user FOR UPDATE")};

	put_expired(f, 1);
	assert_ok(f->db, exec(f->db, f->arena,
				 SQL("INSERT INTO logout_token (digest, expires_at)"
				     " VALUES (UNHEX(SHA2('a', 256)), '2020-01-01')"),
				 0));
	assert_ok(f->other, db_tx(f->other, sweep_tokens_meanwhile, &l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fix_open_tenant, fix_close)
		T(expired_session__is_kept_as_it_was),
		T(many__go_in_steps_the_oldest_first),
		T(locked_session__stays_and_nobody_waits),
		T(locked_user__leaves_the_step_undone),
		T(locked_number__leaves_the_step_undone),
		T(lock_wait__is_as_before),
		T(no_figure_and_no_list__changes_by_it),
		T(logout_tokens_that_are_too_old__are_forgotten_in_steps),
		T(locked_user__does_not_keep_logout_tokens),
#undef T
	};

	return cmocka_run_group_tests(tests, fix_server, fix_server_end);
}
