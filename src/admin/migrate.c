/* SPDX-License-Identifier: MIT
 * rollcall-admin migrate: applies schema/NNNN_name.sql in order, each once, under a claim so that
 * two hosts may start it together (claim.c). Statements end with a semicolon at the end of a line;
 * lines that begin with "--" are comments, and one that begins with "-- Takes: " is shown before
 * the file is applied. DDL commits at once, so a file that failed in the middle is run again from
 * its beginning, which IF NOT EXISTS allows. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin.h"
#include "claim.h"
#include "base/clock.h"
#include "db/compose.h"

#ifndef SCHEMA_DIR
#define SCHEMA_DIR "schema"
#endif
#define NUMBER_DIGITS 4
#define SCHEMA_FILE_BYTES (1 << 20)

static const struct stmt migration_table = {"migrate.table", SQL_READ, "", "i",
	"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"
	" AND table_name = 'schema_migration'"};
static const struct stmt migration_done = {"migrate.done", SQL_READ, "i", "i",
	"SELECT COUNT(*) FROM schema_migration WHERE version = ?"};
static const struct stmt migration_put = {"migrate.put", SQL_WRITE, "is", "",
	"INSERT IGNORE INTO schema_migration (version, name) VALUES (?, ?)"};

static int is_migration(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	for (size_t i = 0; i < NUMBER_DIGITS; i++)
		if (e->d_name[i] < '0' || e->d_name[i] > '9')
			return 0;
	return e->d_name[NUMBER_DIGITS] == '_' && n > 9 && strcmp(e->d_name + n - 4, ".sql") == 0;
}

/* NULL, or why the file cannot be used. */
static const char *read_file(struct arena *a, const char *path, struct str *out)
{
	char *text = arena_alloc(a, SCHEMA_FILE_BYTES);
	FILE *f = fopen(path, "r");
	bool failed;
	size_t n;

	if (f == NULL)
		return strerror(errno);
	n = fread(text, 1, SCHEMA_FILE_BYTES, f);
	failed = ferror(f) != 0;
	fclose(f);
	*out = (struct str){text, n};
	if (failed)
		return "cannot be read";
	return n == SCHEMA_FILE_BYTES ? "is too large" : NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Takes the next statement off the front of *rest and puts it into `out`, without its semicolon.
 * False at the end; *out is then empty unless the text ends inside a statement. */
static bool next_statement(struct str *rest, struct buf *out)
{
	struct str line;

	out->n = 0;
	while (str_split(rest, '\n', &line)) {
		while (line.n > 0 && is_blank(line.p[line.n - 1]))
			line.n--;
		if (line.n == 0 || str_starts(str_trim(line), STR("--")))
			continue;
		buf_str(out, line);
		if (line.p[line.n - 1] == ';') {
			out->n--;
			return true;
		}
		buf_char(out, '\n');
	}
	return false;
}

/* A file that was cut off must not count as applied. */
static bool is_whole(struct str text, struct buf *statement)
{
	size_t count = 0;

	while (next_statement(&text, statement))
		count++;
	return count > 0 && statement->n == 0;
}

/* The file's text about the time it takes; empty if there is none. */
static struct str takes(struct str text)
{
	struct str mark = STR("-- Takes: "), line;

	while (str_split(&text, '\n', &line))
		if (str_starts(line, mark))
			return str_trim((struct str){line.p + mark.n, line.n - mark.n});
	return STR("");
}

static void announce(const char *name, struct str text)
{
	struct str how_long = takes(text);

	printf("applying %s%s%.*s\n", name, how_long.n > 0 ? ": takes " : "", STR_FMT(how_long));
	fflush(stdout);
}

/* Runs the file's statements in order. */
static enum err run_file(
	struct admin *adm, struct claim *claim, struct str text, struct buf *statement)
{
	while (next_statement(&text, statement)) {
		enum err err = claim_renew(claim);

		if (err == ERR_OK)
			err = db_schema(adm->db, buf_view(statement));
		if (err != ERR_OK)
			return err;
	}
	return ERR_OK;
}

static enum err is_applied(struct admin *adm, int64_t version, bool *applied)
{
	struct sql table = SQL_FIXED0(&migration_table);
	struct sql done = SQL_FIXED(&migration_done, db_i64(version));
	int64_t count;
	enum err err;

	*applied = false;
	err = db_one(adm->db, adm->arena, &table, DB_COLUMN('i'), &count);
	if (err != ERR_OK || count == 0)
		return err;
	err = db_one(adm->db, adm->arena, &done, DB_COLUMN('i'), &count);
	*applied = count > 0;
	return err;
}

static int apply(struct admin *adm, struct claim *claim, const char *dir, const char *name)
{
	int64_t version = strtol(name, NULL, 10);
	struct sql put = SQL_FIXED(&migration_put, db_i64(version), db_str(str_from(name)));
	const char *path = arena_printf(adm->arena, "%s/%s", dir, name);
	struct str text = STR_NONE;
	struct buf statement;
	const char *why;
	int64_t begun_us;
	bool applied;
	enum err err;

	err = is_applied(adm, version, &applied);
	if (err != ERR_OK)
		return admin_failed(adm, "migrate", err);
	if (applied)
		return 0;
	buf_init(&statement, adm->arena);
	why = read_file(adm->arena, path, &text);
	if (why == NULL && !is_whole(text, &statement))
		why = "is empty or breaks off within a statement";
	if (why != NULL) {
		fprintf(stderr, "rollcall-admin migrate: %s: %s\n", path, why);
		return 1;
	}
	announce(name, text);
	begun_us = clock_monotonic_us();
	err = run_file(adm, claim, text, &statement);
	if (err == ERR_OK)
		err = db_exec(adm->db, &put, NULL);
	if (err != ERR_OK) {
		/* The text of ERR_SCHEMA advises to run this command. */
		fprintf(stderr, "rollcall-admin migrate: %s: %s: %s\n", path,
			err_text(err == ERR_SCHEMA ? ERR_INTERNAL : err), db_error_text(adm->db));
		return 1;
	}
	printf("applied %s, %.1f s\n", name, (double)(clock_monotonic_us() - begun_us) / 1e6);
	return 0;
}

static int apply_all(struct admin *adm, struct claim *claim, const char *dir)
{
	struct dirent **names;
	int count = scandir(dir, &names, is_migration, alphasort);
	int status = 0;

	if (count <= 0) {
		fprintf(stderr, "rollcall-admin migrate: no schema files in %s (--schema DIR)\n",
			dir);
		return 1;
	}
	for (int i = 0; i < count; i++) {
		/* Only the number is stored: of two files with one number, one would never run. */
		if (i > 0 && memcmp(names[i - 1]->d_name, names[i]->d_name, NUMBER_DIGITS) == 0) {
			fprintf(stderr, "rollcall-admin migrate: %s and %s have one number\n",
				names[i - 1]->d_name, names[i]->d_name);
			status = 1;
		}
	}
	for (int i = 0; i < count; i++) {
		if (status == 0)
			status = apply(adm, claim, dir, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return status;
}

int admin_migrate(struct admin *adm, int argc, char **argv)
{
	static const struct option options[] = {
		{"schema", required_argument, NULL, 's'},
		{NULL, 0, NULL, 0},
	};
	struct claim claim = {.db = adm->db, .arena = adm->arena};
	const char *dir = SCHEMA_DIR;
	enum err err;
	int status, c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return 2;
		dir = optarg;
	}
	if (optind != argc)
		return 2;
	err = claim_take(&claim);
	if (err == ERR_CONFLICT) {
		fputs("rollcall-admin migrate: another one is running\n", stderr);
		return 1;
	}
	if (err != ERR_OK)
		return admin_failed(adm, "migrate", err);
	status = apply_all(adm, &claim, dir);
	err = claim_give(&claim);
	return err != ERR_OK ? admin_failed(adm, "migrate", err) : status;
}
