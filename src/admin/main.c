/* SPDX-License-Identifier: MIT
 * rollcall-admin: what an operator runs by hand or from cron, over the same settings and store as
 * the service. Commands are one file each; this one finds them. */
#include <stdio.h>
#include <string.h>

#include "admin/admin.h"
#include "server/config.h"

#define HOUR_MS 3600000 /* a migration may take its time */

static const struct {
	const char *name;
	int (*run)(struct admin *adm, int argc, char **argv);
	const char *help;
} commands[] = {
	{"migrate", admin_migrate, "migrate [--schema DIR]   bring the database's tables up to date"},
};

static int usage(FILE *out)
{
	fputs("usage: rollcall-admin COMMAND [OPTIONS]; settings come from ROLLCALL_* as for the "
	      "service\n",
		out);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(out, "  %s\n", commands[i].help);
	return out == stdout ? 0 : 2;
}

int admin_failed(const struct admin *adm, const char *command, enum err err)
{
	fprintf(stderr, "rollcall-admin %s: %s: %s\n", command, err_text(err),
		db_error_text(adm->db));
	return 1;
}

static int run(size_t command, int argc, char **argv)
{
	struct config cfg;
	struct db_config db = {.connect_timeout_s = 10, .statement_ms = HOUR_MS, .lock_wait_s = 50};
	struct admin adm;
	int status;

	if (!config_read(&cfg, stderr))
		return 2;
	db.defaults_file = cfg.db_defaults;
	db.group = cfg.db_group;
	adm = (struct admin){.db = db_open(&db), .arena = arena_open()};
	status = commands[command].run(&adm, argc, argv);
	arena_close(adm.arena);
	db_close(adm.db);
	return status;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return usage(stderr);
	if (strcmp(argv[1], "--help") == 0)
		return usage(stdout);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return run(i, argc - 2, argv + 2);
	return usage(stderr);
}
