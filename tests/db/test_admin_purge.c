/* SPDX-License-Identifier: MIT
 * rollcall-admin purge and stats, the real program against a real server: which months go, that
 * they are gone at once, how their partitions are emptied, and what an interrupted run leaves for
 * the next. */
#include "json/reader.h"
#include "model/purge.h"
#include "sessions.h"

#define AGE_MS (90 * DAY_MS)

/* The month that --older-than 90d keeps, and all behind it. */
static int64_t kept_month(void)
{
	return tally_month(clock_now_ms() - AGE_MS);
}

static const char *says(struct fix *f, const char *what, int count)
{
	int64_t month = kept_month();

	return arena_printf(f->arena, "%s %d sessions that ended before %04d-%02d\n", what, count,
		(int)(month / 12), (int)(month % 12) + 1);
}

static bool is_stored(struct fix *f, const char *id)
{
	int64_t n = -1;

	assert_ok(f->db,
		read_int(f->db, f->arena, &n, SQL("SELECT COUNT(*) FROM test_session WHERE id = ?"),
			1, db_str(str_from(id))));
	return n == 1;
}

/* Ended ones at either end of months, and expired ones that were moved. */
struct piece {
	const char *id;
	int64_t ended_ms;
	bool expired, stays;
};

static void put_pieces(struct fix *f, const struct piece *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct session_new s = ended_one(str_from(list[i].id), list[i].ended_ms);

		if (list[i].expired) {
			s.revoked_ms = TIME_NONE;
			s.expires_ms = list[i].ended_ms;
		}
		put_one(f, s);
	}
	put_one(f, living_one(STR("living")));
	sweep_all(f);
}

static void expect_pieces(struct fix *f, const struct piece *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_stored(f, list[i].id) != list[i].stays)
			fail_msg("%s", list[i].id);
	assert_true(is_stored(f, "living"));
	assert_numbers_right(f);
}

/* Of lists and figures, whatever is still in the tables. */
static void expect_shown(struct fix *f, int64_t revoked, int64_t expired)
{
	struct session_scope tenant = whole_tenant(), user = whole_tenant();
	struct stats stats;
	size_t shown;

	user.user_id = STR("u");
	assert_int_equal(total_of(f, &tenant, &shown), revoked + expired + 1);
	assert_int_equal(shown, revoked + expired + 1);
	assert_int_equal(total_of(f, &user, &shown), revoked + expired + 1);
	assert_int_equal(shown, revoked + expired + 1);
	assert_ok(f->db, stats_tenant(f->db, f->arena, &tenant, &stats));
	assert_int_equal(stats.total, revoked + expired + 1);
	assert_int_equal(stats.revoked, revoked);
	assert_int_equal(stats.expired, expired);
}

static void months_that_are_older_throughout__go(void **state)
{
	struct fix *f = *state;
	int64_t kept = kept_month(), now_ms = clock_now_ms();
	const struct piece list[] = {
		{"now", now_ms - 1000, false, true},
		{"expired now", now_ms - 1000, true, true},
		{"first of the kept", month_ms(kept), false, true},
		{"first of the kept, expired", month_ms(kept), true, true},
		{"last of the dropped", month_ms(kept) - 1, false, false},
		{"last of the dropped, expired", month_ms(kept) - 1, true, false},
		{"month before", month_ms(kept - 1), false, false},
		{"long ago", month_ms(kept - 30), false, false},
		{"long ago, expired", month_ms(kept - 300), true, false},
		/* Of the partitions of kept months. */
		{"two years before", month_ms(kept - 24), false, false},
		{"two years before now", month_ms(tally_month(now_ms) - 24), true, false},
	};
	struct ran r;

	put_pieces(f, list, ARRAY_LEN(list));
	expect_shown(f, 6, 5);
	r = admin(f, "purge", "--older-than", "90d", "--dry-run");
	assert_done(&r, says(f, "would purge", 7));
	expect_shown(f, 6, 5);
	assert_int_equal(session_count_of(f), 12);
	r = admin(f, "purge", "--older-than", "90d");
	assert_done(&r, says(f, "purged", 7));
	expect_shown(f, 2, 2);
	expect_pieces(f, list, ARRAY_LEN(list));
	r = admin(f, "purge", "--older-than", "90d");
	assert_done(&r, says(f, "purged", 0));
	/* A greater age brings nothing back. */
	r = admin(f, "purge", "--older-than", "9000d");
	assert_int_equal(r.status, 0);
	expect_shown(f, 2, 2);
	expect_pieces(f, list, ARRAY_LEN(list));
	assert_int_equal(
		number_of(f, SQL("SELECT (SELECT COUNT(*) FROM ended_tally WHERE month <"
				 " (SELECT history_month FROM store)) + (SELECT COUNT(*) FROM"
				 " ended_user WHERE month < (SELECT history_month FROM store))")),
		0);
}

/* History was moved, and then the run was killed. */
static void interrupted_run__is_finished_by_the_next(void **state)
{
	struct fix *f = *state;
	int64_t kept = kept_month();
	const struct piece list[] = {
		{"kept", month_ms(kept), false, true},
		{"kept, expired", month_ms(kept), true, true},
		{"dropped", month_ms(kept) - 1, false, false},
		{"dropped, expired", month_ms(kept) - 1, true, false},
		{"two years before", month_ms(kept - 24), false, false},
	};
	struct ran r;

	put_pieces(f, list, ARRAY_LEN(list));
	assert_ok(f->db, purge_move(f->db, kept));
	expect_shown(f, 1, 1); /* at once */
	assert_int_equal(session_count_of(f), 6);
	assert_numbers_right(f);
	/* Half of the partitions. */
	for (int64_t i = 0; i < PURGE_PARTITIONS / 2; i++)
		assert_ok(f->db, purge_partition(f->db, f->arena, i));
	expect_shown(f, 1, 1);
	r = admin(f, "purge", "--older-than", "90d");
	assert_done(&r, says(f, "purged", 0));
	expect_shown(f, 1, 1);
	expect_pieces(f, list, ARRAY_LEN(list));
}

static void shared_partition_of_many_rows__loses_the_old_ones_only(void **state)
{
	struct fix *f = *state;
	int64_t kept = kept_month();
	struct session_new *list = arena_array(f->arena, 2500, sizeof(*list));

	for (size_t i = 0; i < 2500; i++)
		list[i] = ended_one(str_printf(f->arena, "s%zu", i),
			month_ms(i < 2100 ? kept - 24 : kept) + (int64_t)i);
	put_sessions(f, list, 2500);
	assert_ok(f->db, purge_move(f->db, kept));
	assert_ok(f->db, purge_partition(f->db, f->arena, kept % PURGE_PARTITIONS));
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM ended")), 400);
	assert_numbers_right(f);
}

static void age__is_a_number_and_a_unit(void **state)
{
	struct fix *f = *state;
	static const struct {
		const char *age;
		int64_t s; /* 0: refused */
	} rows[] = {
		{"2s", 2},
		{"40m", 2400},
		{"36h", 36 * 3600},
		{"10d", 864000},
		{"36525d", INT64_C(36525) * 86400},
		{"36526d", 0},
		{"0d", 0},
		{"-1d", 0},
		{"+1d", 0},
		{"d", 0},
		{"", 0},
		{"90", 0},
		{"1.5d", 0},
		{"90 d", 0},
		{"90D", 0},
		{"9223372036854775807d", 0},
		{"99999999999999999999s", 0},
		{"1dd", 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ran r = admin(f, "purge", "--dry-run", "--older-than", rows[i].age);
		int64_t month = tally_month(clock_now_ms() - rows[i].s * 1000);

		if (rows[i].s != 0)
			assert_done(&r, arena_printf(f->arena,
						"would purge 0 sessions that ended before "
						"%04d-%02d\n",
						(int)(month / 12), (int)(month % 12) + 1));
		else
			assert_refused(&r, 2, "takes an age such as 90d");
	}
}

static void age__has_to_be_given(void **state)
{
	struct fix *f = *state;
	struct ran r = admin(f, "purge");

	assert_refused(&r, 2, "--older-than is needed");
	r = admin(f, "purge", "--dry-run");
	assert_refused(&r, 2, "--older-than is needed");
}

static void server_that_is_down__is_one_clear_line(void **state)
{
	struct fix *f = *state;
	struct ran purge, stats;

	if (!mariadb_is_ours(f->server))
		skip();
	mariadb_crash(f->server);
	purge = admin(f, "purge", "--older-than", "90d");
	stats = admin(f, "stats");
	mariadb_restart(f->server);
	assert_refused(&purge, 1, "rollcall-admin purge: database unavailable: ");
	assert_int_equal(line_count(purge.err), 1);
	assert_refused(&stats, 1, "rollcall-admin stats: database unavailable: ");
	assert_int_equal(line_count(stats.err), 1);
}

static void stats__count_the_whole_store(void **state)
{
	struct fix *f = *state;
	int64_t now_ms = clock_now_ms();
	const struct piece list[] = {
		{"expired", now_ms - 20 * DAY_MS, true, true},
		{"revoked", now_ms - 30 * DAY_MS, false, true},
		{"revoked later", now_ms - 15 * DAY_MS, false, true},
	};
	struct session_new late = living_one(STR("expired, and not moved yet"));
	struct ran r;

	put_pieces(f, list, ARRAY_LEN(list));
	late.expires_ms = now_ms - 1000;
	put_one(f, late);
	r = admin(f, "stats");
	assert_int_equal(r.status, 0);
	assert_true(contains(r.out, "sessions                        5\n"));
	assert_true(contains(r.out, "  active                        1\n"));
	assert_true(contains(r.out, "  expired                       2\n"));
	assert_true(contains(r.out, "  revoked                       2\n"));
	assert_true(contains(r.out, "tenants                         1\n"));
	assert_true(contains(r.out, "users                           1\n"));
	assert_true(contains(r.out, "(31.0 days ago)\n"));
	assert_true(contains(r.out, "(0.0 days ago)\n"));
	assert_true(contains(r.out, "(30.0 days ago)\n"));
	assert_true(contains(r.out, "\nended_tally "));
}

static void stats_as_json__have_the_same_figures(void **state)
{
	struct fix *f = *state;
	struct ran r = admin(f, "stats", "--json");
	struct json *json;
	size_t at;

	assert_int_equal(json_parse(f->arena, r.out, &json, &at), ERR_OK);
	assert_int_equal(json_member(json, "total_sessions")->integer, 0);
	assert_int_equal(json_member(json, "longest_dead_since")->type, JSON_NULL);
	assert_int_equal(json_member(json, "oldest_created_at")->type, JSON_NULL);
	put_expired(f, 1);
	r = admin(f, "stats", "--json");
	assert_int_equal(json_parse(f->arena, r.out, &json, &at), ERR_OK);
	assert_int_equal(json_member(json, "total_sessions")->integer, 1);
	assert_int_equal(json_member(json, "expired_sessions")->integer, 1);
	assert_int_equal(json_member(json, "active_sessions")->integer, 0);
	assert_int_equal(json_member(json, "tenants")->integer, 1);
	assert_int_equal(json_member(json, "longest_dead_since")->type, JSON_STRING);
	assert_true(json_member(json, "tables")->count >= 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fix_open_tenant, fix_close)
		T(months_that_are_older_throughout__go),
		T(interrupted_run__is_finished_by_the_next),
		T(shared_partition_of_many_rows__loses_the_old_ones_only),
		T(age__is_a_number_and_a_unit),
		T(age__has_to_be_given),
		T(server_that_is_down__is_one_clear_line),
		T(stats__count_the_whole_store),
		T(stats_as_json__have_the_same_figures),
#undef T
	};

	return cmocka_run_group_tests(tests, fix_server, fix_server_end);
}
