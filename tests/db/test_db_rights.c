/* SPDX-License-Identifier: MIT
 * What --check says of the rights of an account of the database: nothing of one that
 * schema/grants.sql made, and by name what another one has beyond that or lacks. The server's own
 * account may grant rights here. */
#include "admin.h"
#include "base/log.h"
#include "lib/token_make.h"
#include "server/setup.h"

#define ACCOUNT "serving@localhost"

static const char init_sql[] =
	"CREATE DATABASE IF NOT EXISTS rollcall;\n"
	"CREATE USER IF NOT EXISTS rollcall@localhost IDENTIFIED BY 'throwaway';\n"
	"CREATE USER IF NOT EXISTS " ACCOUNT " IDENTIFIED BY 'throwaway';\n"
	"GRANT ALL ON rollcall.* TO rollcall@localhost WITH GRANT OPTION;\n"
	"GRANT ALL ON `rollc%`.* TO rollcall@localhost WITH GRANT OPTION;\n"
	"GRANT PROCESS ON *.* TO rollcall@localhost WITH GRANT OPTION;\n";

static char init_file[64], init_option[80];
static const char *const options[] = {init_option, NULL};

static int server_that_grants(void **state)
{
	snprintf(init_file, sizeof(init_file), "/tmp/rollcall-rights-%ld.sql", (long)getpid());
	snprintf(init_option, sizeof(init_option), "--init-file=%s", init_file);
	token_file(init_file, 0600, str_from(init_sql));
	log_setup(LOG_OFF, LOG_TEXT);
	return fix_server_with(state, options);
}

static int server_end(void **state)
{
	unlink(init_file);
	return fix_server_end(state);
}

static struct str replaced(struct fix *f, struct str text, const char *from, const char *to)
{
	struct buf out;
	const char *at = text.p, *next;

	buf_init(&out, f->arena);
	while ((next = strstr(at, from)) != NULL) {
		buf_printf(&out, "%.*s%s", (int)(next - at), at, to);
		at = next + strlen(from);
	}
	buf_str(&out, str_from(at));
	return buf_view(&out);
}

/* The rights of schema/grants.sql for the account, and its option file. */
static int account_made(void **state)
{
	struct fix *f = *state;
	struct str grants, defaults;

	fix_open_migrated(state);
	grants = replaced(f, get_file(f, "schema/grants.sql"), "rollcall@localhost", ACCOUNT);
	mariadb_load(f->server, put_file(f, "grants.sql", grants));
	defaults = replaced(
		f, get_file(f, mariadb_defaults(f->server)), "user=rollcall", "user=serving");
	put_file(f, "serving.cnf", defaults);
	assert_int_equal(chmod(file_path(f, "serving.cnf"), 0600), 0);
	return 0;
}

static const char *check(struct fix *f)
{
	FILE *out = tmpfile();
	struct config cfg;
	char *said = arena_zalloc(f->arena, 4096);

	assert_non_null(out);
	clearenv();
	setenv("ROLLCALL_DB_DEFAULTS", file_path(f, "serving.cnf"), 1);
	assert_true(config_read(&cfg, stderr));
	(void)setup_check(&cfg, out); /* false: there are no keys */
	rewind(out);
	(void)!fread(said, 1, 4095, out);
	fclose(out);
	return said;
}

#define FITS "database: answers, and its tables fit\n"
#define TOO_MANY FITS "database: warning: the account may do more than serving needs ("

static void rights_of_the_file__are_enough_and_not_too_many(void **state)
{
	const char *said = check(*state);

	if (strstr(said, FITS) == NULL || strstr(said, "database: warning") != NULL)
		fail_msg("%s", said);
}

static void right_beyond_the_file__is_named(void **state)
{
	static const struct {
		struct sql_frag grant, revoke;
		const char *named;
	} rows[] = {
		{SQL_INIT("GRANT UPDATE ON ended TO " ACCOUNT),
			SQL_INIT("REVOKE UPDATE ON ended FROM " ACCOUNT), "UPDATE on ended)"},
		{SQL_INIT("GRANT DELETE ON ended TO " ACCOUNT),
			SQL_INIT("REVOKE DELETE ON ended FROM " ACCOUNT), "DELETE on ended)"},
		{SQL_INIT("GRANT DROP ON session TO " ACCOUNT),
			SQL_INIT("REVOKE DROP ON session FROM " ACCOUNT), "DROP on session)"},
		{SQL_INIT("GRANT ALTER, INDEX ON rollcall.* TO " ACCOUNT),
			SQL_INIT("REVOKE ALTER, INDEX ON rollcall.* FROM " ACCOUNT),
			"ALTER, INDEX)"},
		{SQL_INIT("GRANT CREATE ON `rollc%`.* TO " ACCOUNT),
			SQL_INIT("REVOKE CREATE ON `rollc%`.* FROM " ACCOUNT), "CREATE)"},
		{SQL_INIT("GRANT PROCESS ON *.* TO " ACCOUNT),
			SQL_INIT("REVOKE PROCESS ON *.* FROM " ACCOUNT), "PROCESS on *.*)"},
	};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *said, *wanted = arena_printf(f->arena, TOO_MANY "%s", rows[i].named);

		assert_ok(f->db, exec(f->db, f->arena, rows[i].grant, 0));
		said = check(f);
		assert_ok(f->db, exec(f->db, f->arena, rows[i].revoke, 0));
		if (strstr(said, wanted) == NULL)
			fail_msg("%s: %s", rows[i].grant.text, said);
	}
	rights_of_the_file__are_enough_and_not_too_many(state);
}

static void right_that_is_missing__is_a_fault(void **state)
{
	static const struct {
		struct sql_frag revoke, grant;
	} rows[] = {
		{SQL_INIT("REVOKE INSERT ON ended FROM " ACCOUNT),
			SQL_INIT("GRANT INSERT ON ended TO " ACCOUNT)},
		{SQL_INIT("REVOKE UPDATE ON session FROM " ACCOUNT),
			SQL_INIT("GRANT UPDATE ON session TO " ACCOUNT)},
		{SQL_INIT("REVOKE DELETE ON logout_token FROM " ACCOUNT),
			SQL_INIT("GRANT DELETE ON logout_token TO " ACCOUNT)},
	};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *said;

		assert_ok(f->db, exec(f->db, f->arena, rows[i].revoke, 0));
		said = check(f);
		assert_ok(f->db, exec(f->db, f->arena, rows[i].grant, 0));
		if (strstr(said, FITS) != NULL || strstr(said, "schema/grants.sql\n") == NULL)
			fail_msg("%s: %s", rows[i].revoke.text, said);
	}
}

static int opened(void **state)
{
	server_that_grants(state);
	return account_made(state);
}

static int closed(void **state)
{
	fix_close(state);
	return server_end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rights_of_the_file__are_enough_and_not_too_many),
		cmocka_unit_test(right_beyond_the_file__is_named),
		cmocka_unit_test(right_that_is_missing__is_a_fault),
	};

	return cmocka_run_group_tests(tests, opened, closed);
}
