/* SPDX-License-Identifier: MIT
 * A backup and what comes after it, with mariadb-dump and the real rollcall-admin: a restored dump
 * brings back to life what was ended since, and restore-guard ends it again, with an audit. */
#include "auth/digest.h"
#include "model/audit.h"
#include "model/owner.h"
#include "sessions.h"

static void shell(struct fix *f, const char *program, const char *direction)
{
	const char *path = file_path(f, "dump.sql");
	const char *command = arena_printf(f->arena, "%s --defaults-file='%s' %s'%s'", program,
		mariadb_defaults(f->server), direction, path);

	if (system(command) != 0)
		fail_msg("%s", command);
}

static void dump(struct fix *f)
{
	shell(f, "mariadb-dump", "--single-transaction rollcall >");
}

static void restore(struct fix *f)
{
	shell(f, "mariadb", "rollcall <");
}

static struct session_new with_token(const char *token, unsigned char digest[DIGEST_BYTES])
{
	struct session_new s = living_one(str_from(token));

	digest_sha256(str_from(token), digest);
	s.token_digest = (struct str){(char *)digest, DIGEST_BYTES};
	return s;
}

static bool is_let_in(struct fix *f, const char *token)
{
	const struct activity_rule rule = {.interval_s = 60};
	unsigned char digest[DIGEST_BYTES];
	struct owner owner;
	enum err err;

	digest_sha256(str_from(token), digest);
	err = owner_of_token(
		f->db, f->arena, (struct str){(char *)digest, sizeof(digest)}, &rule, &owner);
	if (err != ERR_NOT_FOUND)
		assert_ok(f->db, err);
	return err == ERR_OK;
}

static void end_one(struct fix *f, const char *id)
{
	struct session_scope scope = {.session_id = str_from(id)};
	struct revoke_call call = call_of(scope);

	assert_ok(f->db, revoke_sessions(f->db, &call));
	assert_int_equal(call.count, 1);
}

static void session_ended_since_the_backup__is_out_again(void **state)
{
	struct fix *f = *state;
	unsigned char digests[3][DIGEST_BYTES];
	const struct session_range first = {.limit = 10};
	struct session_scope scope = whole_tenant();
	struct audit_page page;
	struct ran r;

	put_one(f, with_token("kept", digests[0]));
	put_one(f, with_token("stolen", digests[1]));
	put_one(f, ended_one(STR("before"), clock_now_ms() - 40 * DAY_MS));
	put_expired(f, 3);
	sweep_all(f);
	dump(f);
	end_one(f, "stolen");
	assert_false(is_let_in(f, "stolen"));

	restore(f);
	assert_true(is_let_in(f, "stolen"));
	assert_numbers_right(f);
	put_one(f, with_token("signed-in-since", digests[2]));
	r = admin(f, "restore-guard", "--all", "--dry-run");
	assert_done(&r, "would end 3 sessions\n");
	r = admin(f, "restore-guard", "--all");
	assert_int_equal(r.status, 0);
	assert_true(contains(r.out, "ended 3 sessions (request id "));
	assert_false(is_let_in(f, "stolen"));
	assert_false(is_let_in(f, "kept"));
	assert_false(is_let_in(f, "signed-in-since"));
	assert_numbers_right(f);

	assert_ok(f->db, audit_list(f->db, f->arena, &scope, &first, &page));
	assert_int_equal(page.total, 4);
	for (size_t i = 0; i < 3; i++) {
		const struct audit_entry *e = &page.rows[i];

		assert_true(str_eq(e->revoked_by, STR("rollcall-admin")));
		assert_true(str_eq(e->revoked_by_kind, STR("operator")));
		assert_true(str_eq(e->endpoint, STR("admin.restore_guard")));
		assert_true(str_eq(e->reason, STR("restored from a backup")));
		assert_true(contains(r.out, arena_dup(f->arena, e->request_id.p, e->request_id.n)));
	}
	assert_true(str_eq(page.rows[3].session_id, STR("before")));
	r = admin(f, "restore-guard", "--all");
	assert_true(contains(r.out, "ended 0 sessions"));
}

static void before__spares_who_signed_in_since(void **state)
{
	struct fix *f = *state;
	char instant[CLOCK_TEXT_BYTES];
	unsigned char digests[2][DIGEST_BYTES];
	struct session_new since = with_token("since", digests[1]);
	struct ran r;

	since.created_ms = clock_now_ms() - SECOND_MS;
	put_one(f, with_token("old", digests[0]));
	put_one(f, since);
	clock_format(since.created_ms, instant);
	r = admin(f, "restore-guard", "--before", instant, "--reason", "disk of db1 lost");
	assert_int_equal(r.status, 0);
	assert_true(contains(r.out, "ended 1 sessions"));
	assert_false(is_let_in(f, "old"));
	assert_true(is_let_in(f, "since"));
	assert_int_equal(
		number_of(f, SQL("SELECT COUNT(*) FROM ended WHERE reason = 'disk of db1 lost'")),
		1);
	assert_numbers_right(f);
}

static void nothing_ends__unless_it_was_said_what(void **state)
{
	struct fix *f = *state;
	struct ran r;

	put_one(f, living_one(STR("a")));
	r = admin(f, "restore-guard");
	assert_refused(&r, 2, "one of --all and --before INSTANT is needed");
	r = admin(f, "restore-guard", "--all", "--before", "2026-05-17T12:20:46Z");
	assert_refused(&r, 2, "one of --all and --before INSTANT is needed");
	r = admin(f, "restore-guard", "--before", "yesterday");
	assert_refused(&r, 2, "--before takes an instant");
	r = admin(f, "restore-guard", "--before", "2026-05-17 12:20:46");
	assert_refused(&r, 2, "--before takes an instant");
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM session")), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fix_open_tenant, fix_close)
		T(session_ended_since_the_backup__is_out_again),
		T(before__spares_who_signed_in_since),
		T(nothing_ends__unless_it_was_said_what),
#undef T
	};

	return cmocka_run_group_tests(tests, fix_server, fix_server_end);
}
