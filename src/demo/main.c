/* SPDX-License-Identifier: MIT
 * rollcall-demo: keys, tokens and data for demonstrations, tests and benches. Never installed.
 * Called by `make run`, `make token` and the tests. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth/sign.h"
#include "data.h"

static int usage(void)
{
	fputs("rollcall-demo keys DIR          make demo-key.pem and jwks.json in DIR\n"
	      "rollcall-demo token PEM CLAIMS  print a JWT with those claims\n"
	      "rollcall-demo data              load the demonstration data (ROLLCALL_DB_DEFAULTS)\n"
	      "rollcall-demo sample            print ids to try\n",
		stderr);
	return 2;
}

/* An existing key stays; a lost set of keys is made from it again. */
static int make_keys(struct arena *a, const char *dir)
{
	const struct sign_files files = {
		arena_printf(a, "%s/demo-key.pem", dir),
		arena_printf(a, "%s/jwks.json", dir),
	};
	const char *why;
	struct str kid;
	enum err err = access(files.key, F_OK) == 0 ? sign_key_publish(a, &files, &kid, &why)
						    : sign_key_new(a, &files, false, &kid, &why);

	if (err != ERR_OK)
		fprintf(stderr, "rollcall-demo: %s\n", why);
	return err != ERR_OK;
}

static int print_token(struct arena *a, const char *pem, const char *claims)
{
	const char *why = NULL;
	struct str token = sign_token_for_an_hour(a, pem, str_from(claims), &why);

	if (token.p == NULL) {
		fprintf(stderr, "rollcall-demo: %s\n", why);
		return 1;
	}
	return puts(token.p) < 0;
}

static int load_data(struct arena *a)
{
	const struct db_config cfg = {
		.defaults_file = getenv("ROLLCALL_DB_DEFAULTS"),
		.group = "rollcall",
		.connect_timeout_s = 5,
		.statement_ms = 60000,
		.lock_wait_s = 10,
	};
	struct db *db = db_open(&cfg);
	enum err err = demo_data(db, a);

	if (err != ERR_OK)
		fprintf(stderr, "rollcall-demo: %s: %s\n", err_text(err), db_error_text(db));
	db_close(db);
	return err != ERR_OK;
}

static int run(struct arena *a, int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";

	if (strcmp(command, "keys") == 0 && argc == 3)
		return make_keys(a, argv[2]);
	if (strcmp(command, "token") == 0 && argc == 4)
		return print_token(a, argv[2], argv[3]);
	if (strcmp(command, "data") == 0 && argc == 2)
		return load_data(a);
	if (strcmp(command, "sample") == 0 && argc == 2) {
		demo_sample(stdout);
		return 0;
	}
	return usage();
}

int main(int argc, char **argv)
{
	struct arena *a = arena_open();
	int status = run(a, argc, argv);

	arena_close(a);
	return status;
}
