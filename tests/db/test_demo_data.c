/* SPDX-License-Identifier: MIT
 * The demonstration data: every endpoint shows something on it, and it is consistent as what the
 * service itself writes is. */
#include "admin.h"
#include "api/routes.h"
#include "demo/data.h"

static void load(struct fix *f)
{
	struct arena *a = arena_open();

	assert_ok(f->db, demo_data(f->db, a));
	arena_close(a);
}

/* One store for all tests: those that follow the first one only read. */
static int group_opened(void **state)
{
	fix_server(state);
	fix_open_migrated(state);
	load(*state);
	return 0;
}

static int group_closed(void **state)
{
	fix_close(state);
	return fix_server_end(state);
}

static void data__is_loaded_once(void **state)
{
	struct fix *f = *state;
	int64_t sessions, revocations;

	sessions = session_count_of(f);
	revocations = number_of(f, SQL("SELECT COUNT(*) FROM test_revocation"));
	assert_true(sessions > 1000);
	assert_true(revocations > 100);
	load(f);
	assert_int_equal(session_count_of(f), sessions);
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM test_revocation")), revocations);
}

/* Of every ended session it is said who did it, and when within its life. */
static void every_revoked_session__says_how_it_ended(void **state)
{
	struct fix *f = *state;

	assert_int_equal(
		number_of(f, SQL("SELECT COUNT(*) FROM ended WHERE how = 'revoked' AND"
				 " (revoked_by IS NULL OR revoked_by_kind IS NULL"
				 " OR endpoint IS NULL OR request_id IS NULL"
				 " OR ended_at NOT BETWEEN created_at AND expires_at"
				 " OR month <> 12 * YEAR(ended_at) + MONTH(ended_at) - 1)")),
		0);
	assert_int_equal(
		number_of(f, SQL("SELECT COUNT(*) FROM session s JOIN ended e USING (id)")), 0);
	assert_int_equal(
		number_of(f, SQL("SELECT COUNT(DISTINCT tenant_id) FROM test_revocation")), 12);
}

static void numbers__are_those_of_the_sessions(void **state)
{
	struct fix *f = *state;

	assert_numbers_right(f);
}

struct endings {
	size_t known;
	struct str unknown; /* one that no revoking route has for a name */
};

static enum err check_ending(void *ctx, const void *row)
{
	const struct str *endpoint = row;
	struct endings *e = ctx;
	size_t at = 0;

	while (at < api_routes.count && !str_eq(*endpoint, str_from(api_routes.rows[at].name)))
		at++;
	if (at == api_routes.count || api_routes.rows[at].key.method == HTTP_GET)
		e->unknown = *endpoint;
	else
		e->known++;
	return ERR_OK;
}

static void endings__are_by_routes_and_requests(void **state)
{
	static const struct db_col cols[] = {{'s', 0}};
	static const struct db_shape shape = {cols, 1};
	struct fix *f = *state;
	struct str endpoint;
	struct endings seen = {0, STR_NONE};
	struct sql q;

	sql_begin(&q, f->arena, SQL_READ, "s");
	sql_add(&q, SQL("SELECT DISTINCT endpoint FROM test_revocation"));
	assert_ok(f->db, db_each(f->db, f->arena, &q, &shape, &endpoint, check_ending, &seen));
	if (seen.unknown.p != NULL)
		fail_msg("%.*s ends nothing", STR_FMT(seen.unknown));
	assert_true(seen.known >= 5);
	assert_int_equal(
		number_of(f, SQL("SELECT COUNT(*) FROM test_revocation WHERE NOT request_id REGEXP"
				 " '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
				 "[0-9a-f]{12}$'")),
		0);
	assert_int_equal(
		number_of(f,
			SQL("SELECT COUNT(*) - COUNT(DISTINCT request_id) FROM test_revocation")),
		0);
	/* Of the person, of the tenant's administrator, of the platform's. */
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM test_revocation WHERE revoked_by <>"
					  " CASE WHEN endpoint LIKE 'v1.me.%' THEN user_id"
					  " WHEN endpoint LIKE 'v1.tenant.%' THEN"
					  " CONCAT('usr_', SUBSTRING(tenant_id, 5), '_00')"
					  " ELSE 'usr_platform' END")),
		0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data__is_loaded_once),
		cmocka_unit_test(every_revoked_session__says_how_it_ended),
		cmocka_unit_test(numbers__are_those_of_the_sessions),
		cmocka_unit_test(endings__are_by_routes_and_requests),
	};

	return cmocka_run_group_tests_name("Demonstration data", tests, group_opened, group_closed);
}
