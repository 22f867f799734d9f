/* SPDX-License-Identifier: MIT
 * The commands of rollcall-admin while every call of the database's connector fails once, each in
 * its turn and in several ways: a command that could not finish says so, and a second run does what
 * the first one left. */
#include "connector.h"

#include <mysqld_error.h>

#include "admin/admin.h"
#include "model/recount.h"
#include "server/config.h"
#include "sessions.h"

#define IMPORTED 3

struct world {
	struct fix *f;
	unsigned number; /* of the try; '#' in a text */
	const char *file, *state;
};

static const char *numbered(struct world *w, const char *text)
{
	const char *rest = strchr(text, '#');

	if (rest == NULL)
		return text;
	return arena_printf(w->f->arena, "%.*s%u%s", (int)(rest - text), text, w->number,
		numbered(w, rest + 1));
}

static void put_import(struct world *w)
{
	w->file = put_file(w->f, "rows.ndjson",
		str_from(numbered(w,
			"{\"id\":\"i#a\",\"tenant_id\":\"t\",\"user_id\":\"u\",\"expires_in\":900}\n"
			"{\"id\":\"i#b\",\"tenant_id\":\"n#\",\"user_id\":\"u\",\"expires_in\":900,"
			"\"partner_id\":\"p\"}\n"
			"{\"id\":\"i#c\",\"tenant_id\":\"t\",\"user_id\":\"v\",\"expires_in\":900,"
			"\"user_display_name\":\"V #\"}\n")));
	w->state = file_path(w->f, "rows.state");
	(void)unlink(w->state);
}

static bool is_imported(struct world *w)
{
	int64_t n = -1;

	assert_ok(w->f->other,
		read_int(w->f->other, w->f->arena, &n,
			SQL("SELECT COUNT(*) FROM session WHERE id LIKE CONCAT('i', ?, '_')"), 1,
			db_i64(w->number)));
	return n == IMPORTED;
}

static void put_old(struct world *w)
{
	struct session_new s = ended_one(
		str_from(numbered(w, "old#")), clock_now_ms() - (400 + w->number % 7) * DAY_MS);

	put_one(w->f, s);
}

static bool is_purged(struct world *w)
{
	struct session_scope tenant = whole_tenant();
	struct stats stats;

	assert_ok(w->f->other, stats_tenant(w->f->other, w->f->arena, &tenant, &stats));
	return stats.revoked == 0;
}

static void put_wrong(struct world *w)
{
	assert_ok(w->f->db,
		exec(w->f->db, w->f->arena,
			SQL("UPDATE tally SET n = n + ? WHERE scope = 0 AND what = 1 LIMIT 1"), 1,
			db_i64(w->number)));
	assert_ok(w->f->db,
		exec(w->f->db, w->f->arena, SQL("UPDATE user SET living = living + 1 LIMIT 1"), 0));
}

static bool always(struct world *w)
{
	(void)w;
	return true;
}

static void put_nothing(struct world *w)
{
	(void)w;
}

/* An empty database, as for a new installation. */
static void put_empty(struct world *w)
{
	fresh_database(w->f);
}

static bool is_migrated(struct world *w)
{
	int64_t n = -1;

	assert_ok(w->f->other, read_int(w->f->other, w->f->arena, &n,
				       SQL("SELECT COUNT(*) FROM session LIMIT 1"), 0));
	return n == 0;
}

static const struct command {
	const char *name;
	int (*run)(struct admin *adm, int argc, char **argv);
	const char *words[6]; /* FILE and STATE are the import's */
	void (*prepare)(struct world *w);
	bool (*is_done)(struct world *w);
	size_t ways; /* that are tried */
} commands[] = {
	{"stats", admin_stats, {NULL}, put_nothing, always, 3},
	{"stats as JSON", admin_stats, {"--json"}, put_nothing, always, 3},
	{"import", admin_import, {"--create-tenants", "FILE"}, put_import, is_imported, 3},
	{"import with a state", admin_import, {"--create-tenants", "--state", "STATE", "FILE"},
		put_import, is_imported, 3},
	{"recount", admin_recount, {NULL}, put_wrong, always, 3},
	{"purge", admin_purge, {"--older-than", "90d"}, put_old, is_purged, 3},
	{"migrate", admin_migrate, {"--schema", "schema"}, put_empty, is_migrated, 1},
};

static const struct {
	const char *name;
	unsigned code;
} ways[] = {
	{"cut", CONNECTOR_CUT},
	{"column unknown", ER_BAD_FIELD_ERROR},
	{"deadlock", ER_LOCK_DEADLOCK},
};

/* The command; what it prints is thrown away. */
static int run(struct world *w, const struct command *c)
{
	static const struct config settings = {.session_s = 3600};
	struct db_config cfg = fix_config(w->f);
	struct admin adm = {.db = db_open(&cfg), .arena = arena_open(), .cfg = &settings};
	char *argv[ARRAY_LEN(c->words) + 2] = {(char *)(uintptr_t)c->name};
	int argc = 1, status, null = open("/dev/null", O_WRONLY), saved = dup(STDOUT_FILENO);

	for (; argc <= (int)ARRAY_LEN(c->words) && c->words[argc - 1] != NULL; argc++) {
		const char *word = c->words[argc - 1];

		word = strcmp(word, "FILE") == 0 ? w->file : word;
		word = strcmp(word, "STATE") == 0 ? w->state : word;
		argv[argc] = (char *)(uintptr_t)word;
	}
	optind = 0; /* getopt begins anew */
	fflush(stdout);
	dup2(null, STDOUT_FILENO);
	status = c->run(&adm, argc, argv);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(null);
	arena_close(adm.arena);
	db_close(adm.db);
	return status;
}

static void wrong_number(void *ctx, const struct recount_fault *fault)
{
	(void)fault;
	++*(int *)ctx;
}

static void assert_whole(struct world *w, const struct command *c, const char *way, unsigned at)
{
	int wrong = 0;

	if (!c->is_done(w))
		fail_msg("%s, %s at %u: not done", c->name, way, at);
	assert_ok(w->f->other, recount(w->f->other, false, wrong_number, &wrong));
	if (wrong > 0)
		fail_msg("%s, %s at %u: %d numbers are wrong", c->name, way, at, wrong);
}

/* Once with the `at`-th call failing, then once more if it says that it failed. */
static bool try(struct world *w, const struct command *c, size_t way, unsigned at)
{
	int status;
	bool hit;

	arena_reset(w->f->arena);
	w->number++;
	c->prepare(w);
	connector_break(at, ways[way].code);
	status = run(w, c);
	hit = connector_mend();
	if (status != 0 && status != 1)
		fail_msg("%s, %s at %u: status %d", c->name, ways[way].name, at, status);
	if (!hit && status != 0)
		fail_msg("%s fails though nothing else does", c->name);
	if (status != 0 && run(w, c) != 0)
		fail_msg("%s, %s at %u: the second run fails", c->name, ways[way].name, at);
	assert_whole(w, c, ways[way].name, at);
	return hit;
}

static void fails_in_turn(void **state, const struct command *c)
{
	struct world w = {.f = *state};

	for (size_t way = 0; way < c->ways; way++)
		for (unsigned at = 1; try(&w, c, way, at); at++)
			;
}

#define FAILING(name, number)                                                                      \
	static void failing_##name##__is_made_good_by_a_second_run(void **state)                   \
	{                                                                                          \
		fails_in_turn(state, &commands[number]);                                           \
	}

FAILING(stats, 0)
FAILING(stats_as_json, 1)
FAILING(import, 2)
FAILING(import_with_a_state, 3)
FAILING(recount, 4)
FAILING(purge, 5)
FAILING(migrate, 6)

#define test_of(name)                                                                              \
	cmocka_unit_test_setup_teardown(                                                           \
		failing_##name##__is_made_good_by_a_second_run, fix_open_tenant, fix_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_of(stats),
		test_of(stats_as_json),
		test_of(import),
		test_of(import_with_a_state),
		test_of(recount),
		test_of(purge),
		test_of(migrate),
	};

	return cmocka_run_group_tests(tests, fix_server, fix_server_end);
}
