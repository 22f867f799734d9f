/* SPDX-License-Identifier: MIT
 * rollcall-admin purge and stats, the real program against a real server: what goes, what stays,
 * in which batches and by which index, and what a run that was killed leaves for the next. */
#include "admin.h"
#include "json/reader.h"
#include "model/purge.h"

#define DAY_S INT64_C(86400)
#define NEVER INT64_MIN

static struct db_val seconds_or_null(int64_t s)
{
	struct db_val val = db_i64(s);

	val.null = s == NEVER;
	return val;
}

/* Seconds from now; NEVER: NULL. */
static void put_session(
	struct fix *f, const char *id, int64_t created_s, int64_t expires_s, int64_t revoked_s)
{
	assert_ok(f->db,
		exec(f->db, f->arena,
			SQL("INSERT INTO session (id, tenant_id, user_id, created_at, expires_at,"
			    " revoked_at) VALUES (?, 't', 'u', UTC_TIMESTAMP(3) + INTERVAL ? SECOND,"
			    " UTC_TIMESTAMP(3) + INTERVAL ? SECOND,"
			    " UTC_TIMESTAMP(3) + INTERVAL ? SECOND)"),
			4, db_str(str_from(id)), db_i64(created_s), db_i64(expires_s),
			seconds_or_null(revoked_s)));
}

/* `count` sessions of one kind, each with two applications. */
static void put_many(
	struct fix *f, const char *prefix, int64_t count, int64_t expires_s, int64_t revoked_s)
{
	assert_ok(f->db,
		exec(f->db, f->arena,
			SQL("INSERT INTO session (id, tenant_id, user_id, created_at, expires_at,"
			    " revoked_at) SELECT CONCAT(?, seq), 't', 'u',"
			    " UTC_TIMESTAMP(3) - INTERVAL 900 DAY, UTC_TIMESTAMP(3) + INTERVAL ? SECOND,"
			    " UTC_TIMESTAMP(3) + INTERVAL ? SECOND FROM seq_1_to_100000 LIMIT ?"),
			4, db_str(str_from(prefix)), db_i64(expires_s), seconds_or_null(revoked_s),
			db_i64(count)));
	assert_ok(f->db,
		exec(f->db, f->arena,
			SQL("INSERT INTO session_app (session_id, application_id) SELECT s.id, a.seq"
			    " FROM session s JOIN seq_1_to_2 a WHERE s.id LIKE CONCAT(?, '%')"),
			1, db_str(str_from(prefix))));
}

/* One call's rows, of one age. */
static void put_audit(struct fix *f, int64_t count, int64_t age_s)
{
	assert_ok(f->db,
		exec(f->db, f->arena,
			SQL("INSERT INTO revocation (call_id, session_id, tenant_id, user_id, revoked_at,"
			    " revoked_by, endpoint, request_id) SELECT ?, seq, 't', 'u',"
			    " UTC_TIMESTAMP(3) - INTERVAL ? SECOND, 'x', 'e', 'r' FROM seq_1_to_100000"
			    " LIMIT ?"),
			3, db_i64(age_s), db_i64(age_s), db_i64(count)));
}

static bool is_there(struct fix *f, const char *id)
{
	int64_t n = -1;

	assert_ok(f->db,
		read_int(f->db, f->arena, &n, SQL("SELECT COUNT(*) FROM session WHERE id = ?"), 1,
			db_str(str_from(id))));
	return n == 1;
}

static int opened(void **state)
{
	struct fix *f = *state;

	fix_open_migrated(state);
	assert_ok(f->db, exec(f->db, f->arena, SQL("INSERT INTO tenant (id) VALUES ('t')"), 0));
	return 0;
}

static void only_what_is_dead_for_longer__goes(void **state)
{
	struct fix *f = *state;
	static const struct {
		const char *name;
		int64_t created_s, expires_s, revoked_s;
		bool stays;
	} rows[] = {
		{"active", -DAY_S, DAY_S, NEVER, true},
		{"active and very old", -900 * DAY_S, 1, NEVER, true},
		{"expired lately", -200 * DAY_S, -10 * DAY_S, NEVER, true},
		{"expired just within", -200 * DAY_S, -90 * DAY_S + 60, NEVER, true},
		{"expired just beyond", -200 * DAY_S, -90 * DAY_S - 1, NEVER, false},
		{"expired long ago", -200 * DAY_S, -100 * DAY_S, NEVER, false},
		{"revoked lately", -200 * DAY_S, DAY_S, -10 * DAY_S, true},
		{"revoked just within", -200 * DAY_S, DAY_S, -90 * DAY_S + 60, true},
		{"revoked just beyond", -200 * DAY_S, DAY_S, -90 * DAY_S - 1, false},
		{"revoked long ago", -200 * DAY_S, 900 * DAY_S, -100 * DAY_S, false},
		{"both long ago", -200 * DAY_S, -95 * DAY_S, -100 * DAY_S, false},
		{"expired long ago, revoked since", -200 * DAY_S, -95 * DAY_S, -10 * DAY_S, false},
	};
	struct ran r;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		put_session(
			f, rows[i].name, rows[i].created_s, rows[i].expires_s, rows[i].revoked_s);
	r = admin(f, "purge", "--older-than", "90d", "--dry-run");
	assert_done(&r, "would purge 6 sessions and 0 audit rows\n");
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM session")), ARRAY_LEN(rows));
	r = admin(f, "purge", "--older-than", "90d");
	assert_done(&r, "purged 6 sessions and 0 audit rows\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (is_there(f, rows[i].name) != rows[i].stays)
			fail_msg("%s", rows[i].name);
	r = admin(f, "purge", "--older-than", "90d");
	assert_done(&r, "purged 0 sessions and 0 audit rows\n");
}

static void many__go_in_batches_with_what_hangs_on_them(void **state)
{
	struct fix *f = *state;
	struct ran r;

	put_many(f, "expired", 2500, -100 * DAY_S, NEVER);
	put_many(f, "revoked", 1000, DAY_S, -100 * DAY_S);
	put_many(f, "active", 300, DAY_S, NEVER);
	put_audit(f, 1001, 100 * DAY_S);
	put_audit(f, 7, DAY_S);
	r = admin(f, "purge", "--older-than", "90d");
	assert_done(&r, "purged 3500 sessions and 1001 audit rows\n");
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM session")), 300);
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM session_app")), 600);
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM revocation")), 7);
}

static void batch__is_bounded(void **state)
{
	struct fix *f = *state;
	int64_t cutoff_ms, deleted;

	put_many(f, "expired", PURGE_BATCH + 1, -2, NEVER);
	assert_ok(f->db, purge_cutoff(f->db, f->arena, 1, &cutoff_ms));
	assert_ok(f->db, purge_batch(f->db, PURGE_EXPIRED, cutoff_ms, &deleted));
	assert_int_equal(deleted, PURGE_BATCH);
	assert_ok(f->db, purge_batch(f->db, PURGE_EXPIRED, cutoff_ms, &deleted));
	assert_int_equal(deleted, 1);
}

static void audit__may_be_kept_longer_or_shorter(void **state)
{
	struct fix *f = *state;
	struct ran r;

	put_audit(f, 10, 10 * DAY_S);
	put_audit(f, 100, 100 * DAY_S);
	put_audit(f, 1000, 400 * DAY_S);
	r = admin(f, "purge", "--older-than", "90d", "--audit-older-than", "365d", "--dry-run");
	assert_done(&r, "would purge 0 sessions and 1000 audit rows\n");
	r = admin(f, "purge", "--older-than", "90d", "--audit-older-than", "365d");
	assert_done(&r, "purged 0 sessions and 1000 audit rows\n");
	r = admin(f, "purge", "--older-than=90d", "--audit-older-than=3600s");
	assert_done(&r, "purged 0 sessions and 110 audit rows\n");
}

static void age__is_a_number_and_a_unit(void **state)
{
	struct fix *f = *state;
	static const struct {
		const char *age;
		const char *out; /* NULL: refused */
	} rows[] = {
		{"2s", "would purge 4 sessions and 0 audit rows\n"},
		{"40m", "would purge 3 sessions and 0 audit rows\n"},
		{"36h", "would purge 2 sessions and 0 audit rows\n"},
		{"10d", "would purge 1 sessions and 0 audit rows\n"},
		{"36525d", "would purge 0 sessions and 0 audit rows\n"},
		{"36526d", NULL},
		{"0d", NULL},
		{"-1d", NULL},
		{"+1d", NULL},
		{"d", NULL},
		{"", NULL},
		{"90", NULL},
		{"1.5d", NULL},
		{"90 d", NULL},
		{"90D", NULL},
		{"9223372036854775807d", NULL},
		{"99999999999999999999s", NULL},
		{"1dd", NULL},
	};

	put_session(f, "seconds", -900 * DAY_S, -60, NEVER);
	put_session(f, "minutes", -900 * DAY_S, -3600, NEVER);
	put_session(f, "hours", -900 * DAY_S, -2 * DAY_S, NEVER);
	put_session(f, "days", -900 * DAY_S, -20 * DAY_S, NEVER);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ran r = admin(f, "purge", "--dry-run", "--older-than", rows[i].age);

		if (rows[i].out != NULL)
			assert_done(&r, rows[i].out);
		else
			assert_refused(&r, 2, "takes an age such as 90d");
	}
}

static void age__has_to_be_given(void **state)
{
	struct fix *f = *state;
	struct ran r = admin(f, "purge");

	assert_refused(&r, 2, "--older-than is needed");
	r = admin(f, "purge", "--audit-older-than", "1d");
	assert_refused(&r, 2, "--older-than is needed");
	r = admin(f, "purge", "--older-than", "1d", "--pause-ms", "-1");
	assert_refused(&r, 2, "--pause-ms takes a number");
}

static void killed_run__is_continued_by_the_next(void **state)
{
	struct fix *f = *state;
	struct running running;
	struct ran r;
	int64_t left = 3000;

	put_many(f, "expired", 3000, -100 * DAY_S, NEVER);
	put_many(f, "active", 10, DAY_S, NEVER);
	running = admin_start(
		f, -1, ADMIN_WORDS("purge", "--older-than", "90d", "--pause-ms", "60000"));
	for (int i = 0; i < FIX_WAIT_ROUNDS && left == 3000; i++) {
		fix_pause();
		left = number_of(f, SQL("SELECT COUNT(*) FROM session WHERE id LIKE 'expired%'"));
	}
	kill(running.pid, SIGKILL);
	assert_int_equal(admin_wait(f, running).status, -SIGKILL);
	assert_int_equal(left, 2000);
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM session_app")), 2 * 2010);
	r = admin(f, "purge", "--older-than", "90d");
	assert_done(&r, "purged 2000 sessions and 0 audit rows\n");
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM session")), 10);
}

static void terminal__shows_how_far_it_is(void **state)
{
	struct fix *f = *state;
	struct ran r;

	put_many(f, "expired", 1500, -100 * DAY_S, NEVER);
	r = admin_on_terminal(f, ADMIN_WORDS("purge", "--older-than", "90d"));
	assert_int_equal(r.status, 0);
	assert_true(contains(r.err, "purge: 1000 sessions, 0 audit rows, "));
	assert_true(contains(r.err, "purged 1500 sessions and 0 audit rows"));
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

struct plan {
	int64_t number;
	struct str other, table, type, key;
	bool walks; /* the index that is wanted, as a range */
	bool scans; /* a table */
	struct str wanted;
};

static enum err take_plan(void *ctx, const void *row)
{
	const struct plan *p = row;
	struct plan *all = ctx;

	if (str_eq(p->key, all->wanted) && str_eq(p->type, STR("range")))
		all->walks = true;
	else if (!str_starts(p->table, STR("<derived")) && !str_eq(p->type, STR("eq_ref")))
		all->scans = true;
	return ERR_OK;
}

/* The columns of EXPLAIN. */
static struct plan plan_of(struct fix *f, enum stmt id, const char *index)
{
	static const struct db_col cols[] = {
		{'I', offsetof(struct plan, number)},
		{'S', offsetof(struct plan, other)},
		{'S', offsetof(struct plan, table)},
		{'S', offsetof(struct plan, type)},
		{'S', offsetof(struct plan, other)},
		{'S', offsetof(struct plan, key)},
		{'S', offsetof(struct plan, other)},
		{'S', offsetof(struct plan, other)},
		{'S', offsetof(struct plan, other)},
		{'S', offsetof(struct plan, other)},
	};
	static const struct db_shape shape = {cols, ARRAY_LEN(cols)};
	const struct stmt_row *stmt = stmt_row(id);
	struct plan row, all = {.wanted = str_from(index)};
	struct sql q;

	sql_begin(&q, f->arena, SQL_READ, "ISSSSSSSSS");
	sql_add(&q, SQL("EXPLAIN "));
	sql_add(&q, (struct sql_frag){stmt->sql.p, stmt->sql.n});
	for (const char *p = stmt->params; *p != '\0'; p++)
		sql_arg(&q, *p == 'i' ? db_i64(PURGE_BATCH)
				      : db_time(clock_now_ms() - 90 * DAY_S * 1000));
	assert_ok(f->db, db_each(f->db, f->arena, &q, &shape, &row, take_plan, &all));
	return all;
}

static void every_statement__walks_its_index(void **state)
{
	struct fix *f = *state;
	static const struct {
		enum stmt id;
		const char *key;
	} rows[] = {
		{STMT_PURGE_EXPIRED, "session_expiry"},
		{STMT_PURGE_REVOKED, "session_live"},
		{STMT_PURGE_AUDIT, "revocation_time"},
		{STMT_PURGE_EXPIRED_COUNT, "session_expiry"},
		{STMT_PURGE_REVOKED_COUNT, "session_live"},
		{STMT_PURGE_AUDIT_COUNT, "revocation_time"},
	};
	static const int64_t shares[] = {100, 9000}; /* dead ones among 10,000 */

	for (size_t s = 0; s < ARRAY_LEN(shares); s++) {
		assert_ok(f->db, exec(f->db, f->arena, SQL("DELETE FROM session"), 0));
		assert_ok(f->db, exec(f->db, f->arena, SQL("DELETE FROM revocation"), 0));
		put_many(f, "expired", shares[s] / 2, -100 * DAY_S, NEVER);
		put_many(f, "revoked", shares[s] / 2, DAY_S, -100 * DAY_S);
		put_many(f, "active", 10000 - shares[s], DAY_S, NEVER);
		put_audit(f, shares[s], 100 * DAY_S);
		put_audit(f, 10000 - shares[s], DAY_S);
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			struct plan plan = plan_of(f, rows[i].id, rows[i].key);

			if (!plan.walks || plan.scans)
				fail_msg("row %zu, %s, with %lld dead: walks %d, scans %d", i,
					rows[i].key, (long long)shares[s], plan.walks, plan.scans);
		}
	}
}

static void stats__count_the_whole_store(void **state)
{
	struct fix *f = *state;
	struct ran r;

	put_session(f, "active", -5 * DAY_S, DAY_S, NEVER);
	put_session(f, "newest", -DAY_S, DAY_S, NEVER);
	put_session(f, "expired", -200 * DAY_S, -20 * DAY_S, NEVER);
	put_session(f, "revoked", -300 * DAY_S, DAY_S, -30 * DAY_S);
	put_session(f, "both", -100 * DAY_S, -10 * DAY_S, -15 * DAY_S);
	put_audit(f, 3, 40 * DAY_S);
	assert_ok(f->db,
		exec(f->db, f->arena,
			SQL("INSERT INTO user (tenant_id, id) VALUES ('t', 'u'), ('t', 'v')"), 0));
	r = admin(f, "stats");
	assert_int_equal(r.status, 0);
	assert_true(contains(r.out, "sessions                        5\n"));
	assert_true(contains(r.out, "  active                        2\n"));
	assert_true(contains(r.out, "  expired                       1\n"));
	assert_true(contains(r.out, "  revoked                       2\n"));
	assert_true(contains(r.out, "tenants                         1\n"));
	assert_true(contains(r.out, "users                           2\n"));
	assert_true(contains(r.out, "audit rows                      3\n"));
	assert_true(contains(r.out, "(300.0 days ago)\n"));
	assert_true(contains(r.out, "(1.0 days ago)\n"));
	assert_true(contains(r.out, "(30.0 days ago)\n"));
	assert_true(contains(r.out, "(40.0 days ago)\n"));
	assert_true(contains(r.out, "\nsession_app "));
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
	put_session(f, "expired", -200 * DAY_S, -20 * DAY_S, NEVER);
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
#define T(name) cmocka_unit_test_setup_teardown(name, opened, fix_close)
		T(only_what_is_dead_for_longer__goes),
		T(many__go_in_batches_with_what_hangs_on_them),
		T(batch__is_bounded),
		T(audit__may_be_kept_longer_or_shorter),
		T(age__is_a_number_and_a_unit),
		T(age__has_to_be_given),
		T(killed_run__is_continued_by_the_next),
		T(terminal__shows_how_far_it_is),
		T(server_that_is_down__is_one_clear_line),
		T(every_statement__walks_its_index),
		T(stats__count_the_whole_store),
		T(stats_as_json__have_the_same_figures),
#undef T
	};

	return cmocka_run_group_tests(tests, fix_server, fix_server_end);
}
