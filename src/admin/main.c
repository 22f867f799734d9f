/* SPDX-License-Identifier: MIT
 * rollcall-admin: commands that an operator runs by hand or from cron, with the settings and the
 * store of the service. Each command has a file; this one chooses the command. */
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "server/config.h"
#include "server/option_file.h"

#define HOUR_MS 3600000 /* a migration may take its time */

static const struct {
	const char *name; /* in full, as in messages */
	int (*run)(struct admin *adm, int argc, char **argv);
	bool asks_database;
	const char *options;
	const char *help;
} commands[] = {
	{"rollcall-admin migrate", admin_migrate, true, "[--schema DIR]",
		"bring the database's tables up to date"},
	{"rollcall-admin import", admin_import, true,
		"[--format csv|ndjson] [--state FILE] [--create-tenants] [--strict] "
		"[--ignore-unknown] [--max-errors N] [--dry-run] FILE|-",
		"read sessions from a file into the store"},
	{"rollcall-admin keys", admin_keys, false, "new|rotate|list|drop KID",
		"make, replace, list and drop keys of your own (ROLLCALL_JWKS_FILE)"},
	{"rollcall-admin jwks", admin_jwks, false,
		"[--issuer URL|--url URL] [--ca-file FILE] [--watch SECONDS]",
		"fetch the identity provider's keys (ROLLCALL_JWKS_FILE)"},
	{"rollcall-admin token", admin_token, false, "[--key FILE] --claims JSON [--expires AGE]",
		"sign a token with a key of your own, or with one for HS256"},
	{"rollcall-admin purge", admin_purge, true, "--older-than AGE [--dry-run]",
		"drop the history of the months that ended longer ago than AGE"},
	{"rollcall-admin restore-guard", admin_restore_guard, true,
		"--all|--before INSTANT [--reason TEXT] [--dry-run]",
		"end the sessions that a restored backup has brought back to life"},
	{"rollcall-admin recount", admin_recount, true, "[--dry-run]",
		"compare the kept totals with the sessions, and repair the totals"},
	{"rollcall-admin stats", admin_stats, true, "[--json]", "show what the store holds"},
};

static const char *word(size_t command)
{
	return strrchr(commands[command].name, ' ') + 1;
}

static int usage(FILE *out)
{
	fputs("usage: rollcall-admin [--config FILE] COMMAND [OPTIONS]\n"
	      "The settings are those of the service: ROLLCALL_* in the environment, then in FILE\n"
	      "(" CONFIG_FILE ").\n",
		out);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(out, "  %s %s\n        %s\n", word(i), commands[i].options,
			commands[i].help);
	fputs("AGE is a number and d, h, m or s: 90d\n", out);
	return out == stdout ? 0 : 2;
}

/* The connector would skip the fault, and the database would report another one. */
static bool option_file_usable(
	const char *command, struct arena *a, const struct config *cfg, const char *group)
{
	const char *fault = option_file_fault(a, cfg->db_defaults, group);

	if (fault != NULL)
		fprintf(stderr, "%s: %s\n", command, fault);
	return fault == NULL;
}

static int run(size_t command, const char *config, int argc, char **argv)
{
	struct config cfg;
	struct db_config db = {.connect_timeout_s = 10, .statement_ms = HOUR_MS, .lock_wait_s = 50};
	struct admin adm;
	int status;

	if (!config_file(config, stderr) || !config_read(&cfg, stderr))
		return 2;
	db.defaults_file = cfg.db_defaults;
	adm = (struct admin){.arena = arena_open(), .cfg = &cfg, .config = config};
	db.group = option_file_admin_group(adm.arena, cfg.db_defaults, cfg.db_group);
	adm.db = db_open(&db);
	argv[0] = (char *)commands[command].name; /* getopt only reads it */
	status = 1;
	if (!commands[command].asks_database ||
		option_file_usable(commands[command].name, adm.arena, &cfg, db.group))
		status = commands[command].run(&adm, argc, argv);
	if (status == 2)
		fprintf(stderr, "usage: %s %s\n", commands[command].name,
			commands[command].options);
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == 0) {
		fprintf(stderr, "%s: cannot write the answer\n", commands[command].name);
		status = 1;
	}
	db_close(adm.db);
	arena_close(adm.arena);
	return status;
}

int main(int argc, char **argv)
{
	const char *config = NULL;

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0)
			return usage(stdout);
	if (argc > 2 && strcmp(argv[1], "--config") == 0) {
		config = argv[2];
		argc -= 2;
		argv += 2;
	}
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(commands); i++)
		if (strcmp(argv[1], word(i)) == 0)
			return run(i, config, argc - 1, argv + 1);
	return usage(stderr);
}
