/* SPDX-License-Identifier: MIT
 * rollcall-admin migrate: applies schema/NNNN_name.sql in order, each once, under a lock so that two
 * hosts may start it together. Statements end with a semicolon at the end of a line; lines that
 * begin with "--" are comments. DDL commits by itself: a file that broke off is run again whole,
 * which its IF NOT EXISTS allows. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/admin.h"
#include "db/compose.h"

#ifndef SCHEMA_DIR
#define SCHEMA_DIR "schema"
#endif
#define SCHEMA_FILE_BYTES (1 << 20)
#define LOCK_WAIT_S 60

static const struct db_col one_col[] = {{'i', 0}};
static const struct db_shape one_shape = {one_col, 1};

static int is_migration(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	for (size_t i = 0; i < 4; i++)
		if (e->d_name[i] < '0' || e->d_name[i] > '9')
			return 0;
	return e->d_name[4] == '_' && n > 9 && strcmp(e->d_name + n - 4, ".sql") == 0;
}

static enum err read_file(struct arena *a, const char *path, struct str *out)
{
	char *text = arena_alloc(a, SCHEMA_FILE_BYTES);
	FILE *f = fopen(path, "r");
	size_t n;

	if (f == NULL)
		return ERR_NOT_FOUND;
	n = fread(text, 1, SCHEMA_FILE_BYTES, f);
	fclose(f);
	*out = (struct str){text, n};
	return n == SCHEMA_FILE_BYTES ? ERR_TOO_LARGE : ERR_OK;
}

/* Runs the file's statements in order. */
static enum err run_file(struct admin *adm, struct str text)
{
	struct str line;
	struct buf statement;

	buf_init(&statement, adm->arena);
	while (str_split(&text, '\n', &line)) {
		struct str bare = str_trim(line);
		enum err err;

		if (bare.n == 0 || str_starts(bare, STR("--")))
			continue;
		buf_str(&statement, line);
		buf_char(&statement, '\n');
		if (bare.p[bare.n - 1] != ';')
			continue;
		statement.n -= 2; /* without the semicolon and what follows */
		err = db_schema(adm->db, buf_view(&statement));
		if (err != ERR_OK)
			return err;
		statement.n = 0;
	}
	return ERR_OK;
}

static enum err is_applied(struct admin *adm, int64_t version, bool *applied)
{
	struct sql table = SQL_FIXED0(MIGRATION_TABLE);
	struct sql done = SQL_FIXED(MIGRATION_DONE, db_i64(version));
	int64_t count;
	enum err err;

	*applied = false;
	err = db_one(adm->db, adm->arena, &table, &one_shape, &count);
	if (err != ERR_OK || count == 0)
		return err;
	err = db_one(adm->db, adm->arena, &done, &one_shape, &count);
	*applied = count > 0;
	return err;
}

static int apply(struct admin *adm, const char *dir, const char *name)
{
	int64_t version = strtol(name, NULL, 10);
	struct sql put = SQL_FIXED(MIGRATION_PUT, db_i64(version), db_str(str_from(name)));
	const char *path = arena_printf(adm->arena, "%s/%s", dir, name);
	struct str text = STR_NONE;
	bool applied;
	enum err err;

	err = is_applied(adm, version, &applied);
	if (err != ERR_OK)
		return admin_failed(adm, "migrate", err);
	if (applied)
		return 0;
	if (read_file(adm->arena, path, &text) != ERR_OK) {
		fprintf(stderr, "rollcall-admin migrate: cannot read %s\n", path);
		return 1;
	}
	err = run_file(adm, text);
	if (err == ERR_OK)
		err = db_exec(adm->db, &put, NULL);
	if (err != ERR_OK) {
		fprintf(stderr, "rollcall-admin migrate: in %s\n", path);
		return admin_failed(adm, "migrate", err);
	}
	printf("applied %s\n", name);
	return 0;
}

static int apply_all(struct admin *adm, const char *dir)
{
	struct dirent **names;
	int count = scandir(dir, &names, is_migration, alphasort);
	int status = 0;

	if (count <= 0) {
		fprintf(stderr, "rollcall-admin migrate: no schema files in %s\n", dir);
		return 1;
	}
	for (int i = 0; i < count; i++) {
		if (status == 0)
			status = apply(adm, dir, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return status;
}

int admin_migrate(struct admin *adm, int argc, char **argv)
{
	struct sql lock = SQL_FIXED(MIGRATION_LOCK, db_i64(LOCK_WAIT_S));
	struct sql unlock = SQL_FIXED0(MIGRATION_UNLOCK);
	const char *dir = SCHEMA_DIR;
	int64_t held;
	enum err err;
	int status;

	if (argc == 2 && strcmp(argv[0], "--schema") == 0)
		dir = argv[1];
	else if (argc != 0)
		return 2;
	err = db_one(adm->db, adm->arena, &lock, &one_shape, &held);
	if (err != ERR_OK)
		return admin_failed(adm, "migrate", err);
	if (held != 1) {
		fputs("rollcall-admin migrate: another one is running\n", stderr);
		return 1;
	}
	status = apply_all(adm, dir);
	err = db_one(adm->db, adm->arena, &unlock, &one_shape, &held);
	return err != ERR_OK ? admin_failed(adm, "migrate", err) : status;
}
