/* SPDX-License-Identifier: MIT
 * The maintained numbers against the sessions: recount finds what was made wrong and mends it, and
 * nothing that the service does makes them wrong. */
#include "sessions.h"

/* Two users, three living sessions and three ended ones. */
static int opened(void **state)
{
	struct fix *f = *state;
	struct session_new s;

	fix_open_tenant(state);
	put_one(f, living_one(STR("a")));
	put_one(f, living_one(STR("b")));
	s = living_one(STR("c"));
	s.user_id = STR("v");
	s.device_type = STR_NONE;
	put_one(f, s);
	put_one(f, ended_one(STR("d"), clock_now_ms() - DAY_MS));
	put_one(f, ended_one(STR("e"), clock_now_ms() - 40 * DAY_MS));
	put_expired(f, 1);
	sweep_all(f);
	return 0;
}

static void numbers_after_the_usual__are_right(void **state)
{
	struct fix *f = *state;

	assert_numbers_right(f);
	assert_int_equal(
		number_of(f, SQL("SELECT SUM(n) FROM tally WHERE scope = 0 AND what = 1")), 3);
	assert_int_equal(
		number_of(f, SQL("SELECT SUM(n) FROM tally WHERE scope = 2 AND what = 2")), 2);
	assert_int_equal(
		number_of(f,
			SQL("SELECT SUM(n) FROM ended_tally WHERE scope = 1 AND what IN (1, 2)")),
		3);
	assert_int_equal(number_of(f, SQL("SELECT SUM(living) FROM user")), 3);
}

/* Each is one wrong number of its own. */
static const struct {
	const char *name;
	struct sql_frag falsify;
	const char *says;
} wrongs[] = {
	{"total of everything",
		SQL_INIT("UPDATE tally SET n = n + 2 WHERE scope = 0 AND what = 1 LIMIT 1"),
		"tally: scope 0, no 0, what 1, bucket 0, month 0: off by 2\n"},
	{"a tenant's device",
		SQL_INIT("UPDATE tally SET n = n - 1 WHERE scope = 2 AND what = 3"
			 " AND device_type = 'desktop' LIMIT 1"),
		"what 3, bucket 0, month 0: off by -1\n"},
	{"a device that is none",
		SQL_INIT("DELETE FROM tally WHERE scope = 2 AND what = 3"
			 " AND device_type = 'unknown'"),
		"what 3, bucket 0, month 0: off by -1\n"},
	{"an hour without sessions", SQL_INIT("INSERT INTO tally VALUES (2, 1, 4, 17, '', 5, 1)"),
		"tally: scope 2, no 1, what 4, bucket 17, month 0: off by 1\n"},
	{"a partner's", SQL_INIT("DELETE FROM tally WHERE scope = 1 AND what = 1"),
		"tally: scope 1, no 1, what 1, bucket 0, month 0: off by -3\n"},
	{"users", SQL_INIT("UPDATE tally SET n = n + 1 WHERE what = 2 LIMIT 1"),
		"tally: scope 2, no 1, what 2, bucket 0, month 0: off by 1\n"},
	{"expiries", SQL_INIT("UPDATE tally SET n = n + 1 WHERE what = 5 LIMIT 1"), " what 5, "},
	{"expired ones", SQL_INIT("UPDATE ended_tally SET n = n + 1 WHERE scope = 0 AND what = 1"),
		"ended_tally: scope 0, no 0, what 1, "},
	{"time lived",
		SQL_INIT("UPDATE ended_tally SET lived_ms = lived_ms + 1 WHERE scope = 2"
			 " AND what = 1"),
		"ended_tally: scope 2, no 1, what 1, "},
	{"revoked by the hour",
		SQL_INIT("DELETE FROM ended_tally WHERE scope = 2 AND what = 3 ORDER BY bucket"
			 " LIMIT 1"),
		"ended_tally: scope 2, no 1, what 3, "},
	{"ended by the hour of creation",
		SQL_INIT("UPDATE ended_tally SET n = 7 WHERE what = 4 ORDER BY bucket LIMIT 1"),
		"ended_tally: scope 2, no 1, what 4, "},
	{"a user's living ones", SQL_INIT("UPDATE user SET living = 1 WHERE id = 'u'"),
		"user: scope 0, no 1, what 0, bucket 0, month 0, user u: off by -1\n"},
	{"a user's revoked ones",
		SQL_INIT("UPDATE ended_user SET revoked = revoked + 4 WHERE user_id = 'u' LIMIT 1"),
		", user u: off by 4\n"},
	{"a user's expired ones",
		SQL_INIT("UPDATE ended_user SET expired = 0 WHERE user_id = 'u0' LIMIT 1"),
		"ended_user: "},
	{"a session that was deleted by hand", SQL_INIT("DELETE FROM session WHERE id = 'c'"),
		"user: scope 0, no 1, what 0, bucket 0, month 0, user v: off by 1\n"},
};

static void wrong_number__is_found_and_mended(void **state)
{
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(wrongs); i++) {
		struct ran r;

		assert_ok(f->db, exec(f->db, f->arena, wrongs[i].falsify, 0));
		for (int dry = 0; dry < 2; dry++) {
			r = admin(f, "recount", "--dry-run");
			if (r.status != 1 || !contains(r.out, wrongs[i].says) ||
				!contains(r.out, " numbers are wrong\n"))
				fail_msg("%s: status %d, out: %s err: %s", wrongs[i].name, r.status,
					r.out.p, r.err.p);
		}
		r = admin(f, "recount");
		if (r.status != 0 || !contains(r.out, wrongs[i].says) ||
			!contains(r.out, " numbers are wrong; they were repaired\n"))
			fail_msg("%s: status %d, out: %s err: %s", wrongs[i].name, r.status,
				r.out.p, r.err.p);
		r = admin(f, "recount", "--dry-run");
		if (r.status != 0 || strcmp(r.out.p, "0 numbers are wrong\n") != 0)
			fail_msg("%s is not mended: %s", wrongs[i].name, r.out.p);
	}
}

static void many_wrong_numbers__are_mended_at_once(void **state)
{
	struct fix *f = *state;
	const struct sql_frag texts[] = {SQL("DELETE FROM tally"), SQL("DELETE FROM ended_tally"),
		SQL("DELETE FROM ended_user"), SQL("UPDATE user SET living = 99")};
	struct session_scope tenant = whole_tenant();
	struct stats stats;
	struct ran r;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_ok(f->db, exec(f->db, f->arena, texts[i], 0));
	r = admin(f, "recount");
	assert_int_equal(r.status, 0);
	assert_numbers_right(f);
	assert_ok(f->db, stats_tenant(f->db, f->arena, &tenant, &stats));
	assert_int_equal(stats.total, 6);
	assert_int_equal(stats.active, 3);
	assert_int_equal(stats.expired, 1);
	assert_int_equal(stats.revoked, 2);
	assert_int_equal(stats.unique_users, 2);
}

static void registration__keeps_them_right(void **state)
{
	struct fix *f = *state;
	struct registration reg = {
		.session = living_one(STR("new")),
		.user = {.tenant_id = STR("t"), .id = STR("u"), .is_admin = DB_NULL_I64},
		.own_id = true,
	};
	enum registered which;
	struct session out;
	const char *why;

	reg.session.request_digest = STR("01234567890123456789012345678901");
	for (int i = 0; i < 2; i++) {
		assert_ok(f->db, register_session(f->db, f->arena, &reg, &which, &out, &why));
		assert_int_equal(which, i == 0 ? REGISTERED_NEW : REGISTERED_BEFORE);
		assert_numbers_right(f);
	}
	reg.session.request_digest = STR("x1234567890123456789012345678901");
	assert_int_equal(register_session(f->db, f->arena, &reg, &which, &out, &why), ERR_CONFLICT);
	assert_numbers_right(f);
	/* An id that has ended is taken as well. */
	reg.session.id = STR("d");
	assert_int_equal(register_session(f->db, f->arena, &reg, &which, &out, &why), ERR_CONFLICT);
	assert_numbers_right(f);
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM session")), 4);
	assert_int_equal(number_of(f, SQL("SELECT living FROM user WHERE id = 'u'")), 3);
}

static void ending__keeps_them_right(void **state)
{
	struct fix *f = *state;
	struct revoke_call one = call_of((struct session_scope){.session_id = STR("a")});
	struct revoke_call user =
		call_of((struct session_scope){.tenant_id = STR("t"), .user_id = STR("u")});
	struct revoke_call all = call_of((struct session_scope){.partner_id = STR("p")});

	put_expired(f, 3); /* not to be claimed by anybody's call */
	assert_ok(f->db, revoke_sessions(f->db, &one));
	assert_int_equal(one.count, 1);
	assert_numbers_right(f);
	assert_ok(f->db, revoke_sessions(f->db, &one));
	assert_int_equal(one.count, 0);
	assert_ok(f->db, revoke_sessions(f->db, &user));
	assert_int_equal(user.count, 1);
	assert_numbers_right(f);
	assert_int_equal(
		number_of(f, SQL("SELECT SUM(n) FROM tally WHERE scope = 2 AND what = 2")), 4);
	assert_ok(f->db, revoke_sessions(f->db, &all));
	assert_int_equal(all.count, 1);
	assert_numbers_right(f);
	sweep_all(f);
	assert_numbers_right(f);
	assert_int_equal(number_of(f, SQL("SELECT COALESCE(SUM(n), 0) FROM tally")), 0);
}

struct change {
	struct fix *f;
	enum err end; /* of the transaction */
};

static enum err put_and_fail(void *ctx)
{
	struct change *c = ctx;
	struct session_new s = living_one(STR("never"));
	struct put p = {c->f, &s, 1};
	enum err err = put_in_tx(&p);

	return err != ERR_OK ? err : c->end;
}

static void transaction_that_fails__changes_no_number(void **state)
{
	struct fix *f = *state;
	struct change c = {f, ERR_CONFLICT};

	assert_int_equal(db_tx(f->db, put_and_fail, &c), ERR_CONFLICT);
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM session")), 3);
	assert_numbers_right(f);
}

/* A bucket is the hour of the instant, to the millisecond, before 1970 too. */
static void instants_at_the_edge_of_an_hour__are_counted_in_it(void **state)
{
	struct fix *f = *state;
	const int64_t edges[] = {month_ms(24000), month_ms(24000) - 1, month_ms(24000) + 1,
		month_ms(24000) + HOUR_MS - 1, month_ms(24000) + 600000 - 1, 0, -1, -HOUR_MS,
		-HOUR_MS - 1};

	for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
		struct session_new s = living_one(str_printf(f->arena, "living%zu", i));

		s.created_ms = edges[i];
		s.expires_ms = clock_now_ms() / 600000 * 600000 + 2 * HOUR_MS - (i % 2 == 0);
		put_one(f, s);
		put_one(f, ended_one(str_printf(f->arena, "ended%zu", i), edges[i]));
		assert_numbers_right(f);
	}
}

static void other_words__are_refused(void **state)
{
	struct fix *f = *state;
	struct ran r = admin(f, "recount", "now");

	assert_refused(&r, 2, "usage: rollcall-admin recount [--dry-run]\n");
	r = admin(f, "recount", "--wet-run");
	assert_refused(&r, 2, "usage: rollcall-admin recount [--dry-run]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, opened, fix_close)
		T(numbers_after_the_usual__are_right),
		T(wrong_number__is_found_and_mended),
		T(many_wrong_numbers__are_mended_at_once),
		T(registration__keeps_them_right),
		T(ending__keeps_them_right),
		T(transaction_that_fails__changes_no_number),
		T(instants_at_the_edge_of_an_hour__are_counted_in_it),
		T(other_words__are_refused),
#undef T
	};

	return cmocka_run_group_tests(tests, fix_server, fix_server_end);
}
