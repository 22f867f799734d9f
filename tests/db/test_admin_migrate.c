/* SPDX-License-Identifier: MIT
 * rollcall-admin migrate, the real program against a real server: once each, two at once, after a
 * file that broke off, after the schema was loaded by hand, and when it cannot work at all. */
#include "admin.h"

#define STORE "schema/0001_store.sql"

static int64_t table_count(struct fix *f)
{
	return number_of(f, SQL("SELECT COUNT(*) FROM information_schema.tables"
				" WHERE table_schema = DATABASE()"));
}

/* A directory with one file of that text. */
static const char *schema_of(struct fix *f, const char *name, struct str text)
{
	const char *dir = file_path(f, "schema");

	mkdir(dir, 0700);
	put_file(f, arena_printf(f->arena, "schema/%s", name), text);
	return dir;
}

/* That file, and no other. */
static void assert_applied(const struct ran *r, const char *name)
{
	if (r->status != 0 || r->err.n != 0 || line_count(r->out) != 2 ||
		!contains(r->out, "applied ") || !contains(r->out, name))
		fail_msg("status %d, wanted %s; out: %s err: %s", r->status, name, r->out.p,
			r->err.p);
}

static void drop_schema_file(struct fix *f, const char *name)
{
	unlink(file_path(f, arena_printf(f->arena, "schema/%s", name)));
}

static void empty_database__gets_every_table_once(void **state)
{
	struct fix *f = *state;
	struct ran first = admin(f, "migrate", "--schema", "schema"), again;
	int64_t tables = table_count(f);

	assert_int_equal(first.status, 0);
	assert_true(contains(first.out, "applied 0001_store.sql, "));
	assert_true(tables >= 8);
	again = admin(f, "migrate", "--schema", "schema");
	assert_done(&again, "");
	assert_int_equal(table_count(f), tables);
}

static void time_that_a_file_takes__is_told_before(void **state)
{
	struct fix *f = *state;
	const char *dir = schema_of(f, "0001_slow.sql",
		STR("-- Adds a column.\n-- Takes: 40 s for a million sessions.\n"
		    "CREATE TABLE schema_migration (version INT PRIMARY KEY, name TEXT);\n"));
	struct ran r = admin(f, "migrate", "--schema", dir);

	assert_applied(&r, "applied 0001_slow.sql, ");
	assert_true(contains(
		r.out, "applying 0001_slow.sql: takes 40 s for a million sessions.\napplied "));
	drop_schema_file(f, "0001_slow.sql");
}

static void schema_loaded_by_hand__is_taken_as_it_is(void **state)
{
	struct fix *f = *state;
	struct ran r;

	mariadb_load(f->server, STORE);
	assert_ok(f->db, exec(f->db, f->arena, SQL("INSERT INTO tenant (id) VALUES ('t')"), 0));
	r = admin(f, "migrate", "--schema", "schema");
	assert_int_equal(r.status, 0);
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM tenant")), 1);
	assert_int_equal(
		number_of(f, SQL("SELECT COUNT(*) FROM schema_migration WHERE version = 1")), 1);
	r = admin(f, "migrate", "--schema", "schema");
	assert_done(&r, "");
}

static void several_at_once__apply_each_file_once(void **state)
{
	struct fix *f = *state;
	struct running running[4];
	size_t applied = 0;

	for (size_t i = 0; i < ARRAY_LEN(running); i++)
		running[i] = admin_start(f, -1, ADMIN_WORDS("migrate", "--schema", "schema"));
	for (size_t i = 0; i < ARRAY_LEN(running); i++) {
		struct ran r = admin_wait(f, running[i]);

		if (r.status != 0)
			fail_msg("%s", r.err.p);
		applied += contains(r.out, "applied 0001_store.sql");
	}
	assert_int_equal(applied, 1);
}

static void file_that_breaks_off__is_refused_and_not_remembered(void **state)
{
	struct fix *f = *state;
	struct str whole = get_file(f, STORE);
	const size_t cuts[] = {0, 1, 700, whole.n / 2, whole.n - 2};

	for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
		struct str part = {whole.p, cuts[i]};
		const char *dir = schema_of(f, "0001_store.sql", part);
		struct ran r = admin(f, "migrate", "--schema", dir);

		assert_refused(
			&r, 1, "0001_store.sql: is empty or breaks off within a statement\n");
		assert_int_equal(line_count(r.err), 1);
		assert_int_equal(table_count(f), 0);
	}
	assert_int_equal(
		admin(f, "migrate", "--schema", schema_of(f, "0001_store.sql", whole)).status, 0);
	drop_schema_file(f, "0001_store.sql");
}

/* As when the server died within it: DDL commits by itself. */
static void file_that_failed_half_way__is_run_again_whole(void **state)
{
	struct fix *f = *state;
	const char *dir = schema_of(f, "0001_a.sql",
		STR("CREATE TABLE IF NOT EXISTS a (id INT);\n\nCREATE TABLE IF NOT EXISTS b (id "
		    "NONSENSE);\n"));
	struct ran r = admin(f, "migrate", "--schema", dir);

	assert_refused(&r, 1, "0001_a.sql: internal error: 4161");
	assert_int_equal(line_count(r.err), 1);
	assert_int_equal(table_count(f), 1);
	schema_of(f, "0001_a.sql",
		STR("-- mended; twice\r\nCREATE TABLE IF NOT EXISTS a (id INT);\r\n"
		    "CREATE TABLE IF NOT EXISTS b\r\n\t(id INT); \t\r\n"
		    "CREATE TABLE IF NOT EXISTS schema_migration (version INT PRIMARY KEY, name "
		    "TEXT);"));
	r = admin(f, "migrate", "--schema", dir);
	assert_applied(&r, "0001_a.sql");
	assert_int_equal(table_count(f), 3);
	drop_schema_file(f, "0001_a.sql");
}

static void later_file__is_applied_alone(void **state)
{
	struct fix *f = *state;
	const char *dir = schema_of(f, "0001_store.sql", get_file(f, STORE));
	struct ran r = admin(f, "migrate", "--schema", dir);

	assert_applied(&r, "0001_store.sql");
	schema_of(f, "0002_more.sql", STR("CREATE TABLE more (id INT);\n"));
	r = admin(f, "migrate", "--schema", dir);
	assert_applied(&r, "0002_more.sql");
	schema_of(f, "0002_twin.sql", STR("CREATE TABLE twin (id INT);\n"));
	r = admin(f, "migrate", "--schema", dir);
	assert_refused(&r, 1, "0002_more.sql and 0002_twin.sql have one number\n");
	drop_schema_file(f, "0001_store.sql");
	drop_schema_file(f, "0002_more.sql");
	drop_schema_file(f, "0002_twin.sql");
}

static void directory_without_files__is_an_error(void **state)
{
	struct fix *f = *state;
	const char *empty = file_path(f, "empty"), *folder = file_path(f, "folder");
	struct ran r = admin(f, "migrate", "--schema", "/nonexistent");

	assert_refused(&r, 1, "no schema files in /nonexistent");
	assert_int_equal(line_count(r.err), 1);
	mkdir(empty, 0700);
	r = admin(f, "migrate", "--schema", empty);
	assert_refused(&r, 1, "no schema files in ");
	mkdir(folder, 0700);
	mkdir(arena_printf(f->arena, "%s/0001_folder.sql", folder), 0700);
	r = admin(f, "migrate", "--schema", folder);
	assert_refused(&r, 1, "0001_folder.sql: cannot be read");
	assert_int_equal(table_count(f), 0);
}

static void option_file_without_a_database__is_said(void **state)
{
	struct fix *f = *state;
	struct str text = get_file(f, mariadb_defaults(f->server));
	const char *end = strstr(text.p, "[rollcall]");
	const char *path = put_file(f, "nodb.cnf", (struct str){text.p, (size_t)(end - text.p)});
	const char *program = admin_program(f);
	int err = scratch_file(f), status;
	pid_t pid = fork();
	struct str said;

	if (pid == 0) {
		setenv("ROLLCALL_DB_DEFAULTS", path, 1);
		chmod(path, 0600);
		dup2(err, STDERR_FILENO);
		execl(program, program, "migrate", "--schema", "schema", (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	said = whole_file(f, err);
	close(err);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	if (!contains(
		    said, "nodb.cnf names no database in [client] or [rollcall] (it has: socket") ||
		line_count(said) != 1)
		fail_msg("%s", said.p);
}

static void server_that_is_down__is_one_clear_line(void **state)
{
	struct fix *f = *state;
	struct ran r;

	if (!mariadb_is_ours(f->server))
		skip();
	mariadb_crash(f->server);
	r = admin(f, "migrate", "--schema", "schema");
	mariadb_restart(f->server);
	assert_refused(&r, 1, "rollcall-admin migrate: database unavailable: ");
	assert_int_equal(line_count(r.err), 1);
	r = admin(f, "migrate", "--schema", "schema");
	assert_int_equal(r.status, 0);
}

static void wrong_words__are_refused_with_the_usage(void **state)
{
	struct fix *f = *state;
	static const char *const words[][4] = {
		{NULL},
		{"unknown", NULL},
		{"migrate", "more", NULL},
		{"migrate", "--schema", NULL},
		{"migrate", "--nonsense", NULL},
		{"purge", "more", "--older-than=1d", NULL},
		{"stats", "--xml", NULL},
		{"import", NULL},
		{"import", "a", "b", NULL},
		{"import", "--format=xml", "a", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct ran r = admin_wait(f, admin_start(f, -1, words[i]));

		if (r.status != 2 || !contains(r.err, "usage: rollcall-admin") || r.out.n != 0)
			fail_msg("row %zu: status %d, %s", i, r.status, r.err.p);
	}
	assert_int_equal(admin(f, "--help").status, 0);
	assert_int_equal(admin(f, "import", "--help").status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fix_open_fresh, fix_close)
		T(empty_database__gets_every_table_once),
		T(time_that_a_file_takes__is_told_before),
		T(schema_loaded_by_hand__is_taken_as_it_is),
		T(several_at_once__apply_each_file_once),
		T(file_that_breaks_off__is_refused_and_not_remembered),
		T(file_that_failed_half_way__is_run_again_whole),
		T(later_file__is_applied_alone),
		T(directory_without_files__is_an_error),
		T(option_file_without_a_database__is_said),
		T(server_that_is_down__is_one_clear_line),
		T(wrong_words__are_refused_with_the_usage),
#undef T
	};

	return cmocka_run_group_tests(tests, fix_server, fix_server_end);
}
