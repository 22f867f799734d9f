/* SPDX-License-Identifier: MIT
 * Keys at the start: a file that is configured and gives no key stops it, with a line that names
 * the setting. Works in a directory of its own under /tmp, removed at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "lib/token_make.h"
#include "server/setup.h"

struct fixture {
	struct arena *arena;
	char dir[64], jwks[128], hs256[128];
	const char *set; /* with one good key */
	char said[1024];
};

static int group_open(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	EVP_PKEY *key = token_rsa(2048);
	struct str jwk;

	log_setup(LOG_OFF, LOG_TEXT);
	f->arena = arena_open();
	snprintf(f->dir, sizeof(f->dir), "/tmp/rollcall-setup-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->jwks, sizeof(f->jwks), "%s/jwks.json", f->dir);
	snprintf(f->hs256, sizeof(f->hs256), "%s/hs256", f->dir);
	jwk = token_jwk_open(f->arena, key);
	f->set = arena_printf(f->arena, "{\"keys\":[%.*s}]}", STR_FMT(jwk));
	EVP_PKEY_free(key);
	*state = f;
	return 0;
}

static int group_close(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(rmdir(f->dir), 0);
	arena_close(f->arena);
	free(f);
	return 0;
}

static void put(const char *file, mode_t mode, const char *contents)
{
	if (contents != NULL && contents[0] != '\0')
		token_file(file, mode, str_from(contents));
}

static bool starts(struct fixture *f, const struct config *cfg)
{
	FILE *err = tmpfile();
	struct jwks *keys;
	size_t n;

	assert_non_null(err);
	keys = setup_keys(cfg, err);
	rewind(err);
	n = fread(f->said, 1, sizeof(f->said) - 1, err);
	f->said[n] = '\0';
	fclose(err);
	jwks_close(keys);
	return keys != NULL;
}

#define GOOD "good"
#define LONG "0123456789abcdef0123456789abcdef"

static void file_of_keys__has_to_give_one_or_the_start_is_refused(void **state)
{
	static const struct {
		const char *name;
		const char *jwks, *hs256;  /* contents; NULL: not configured, "": no such file */
		mode_t mode;               /* of the symmetric key's file */
		const char *setting, *why; /* NULL: it starts */
	} rows[] = {
		{"none configured", NULL, NULL, 0, NULL, NULL},
		{"a set", GOOD, NULL, 0, NULL, NULL},
		{"a symmetric key", NULL, LONG, 0600, NULL, NULL},
		{"both", GOOD, LONG "\n", 0600, NULL, NULL},
		{"no set there", "", NULL, 0, "JWKS_FILE", "No such file or directory"},
		{"no JSON", "keys", NULL, 0, "JWKS_FILE", "not JSON"},
		{"no set of keys", "{}", NULL, 0, "JWKS_FILE", "not a JWK set"},
		{"an empty set", "{\"keys\":[]}", NULL, 0, "JWKS_FILE", "it lists no key"},
		{"no usable key", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}", NULL, 0,
			"JWKS_FILE", "no usable key"},
		{"no JSON beside a symmetric key", "keys", LONG, 0600, "JWKS_FILE", "not JSON"},
		{"no symmetric key there", GOOD, "", 0, "JWT_HS256_FILE",
			"No such file or directory"},
		{"31 bytes and a newline", GOOD, "0123456789abcdef0123456789abcde\n", 0600,
			"JWT_HS256_FILE", "shorter than 32 bytes"},
		{"open to be written", GOOD, LONG, 0620, "JWT_HS256_FILE",
			"its group or others may write to it"},
		{"open to its group", GOOD, LONG, 0640, "JWT_HS256_FILE",
			"its group or others have access to it"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *jwks = rows[i].jwks, *hs256 = rows[i].hs256, *want = "";
		const struct config cfg = {.jwks_file = jwks != NULL ? f->jwks : NULL,
			.hs256_file = hs256 != NULL ? f->hs256 : NULL};
		bool ok;

		put(f->jwks, 0644, jwks != NULL && strcmp(jwks, GOOD) == 0 ? f->set : jwks);
		put(f->hs256, rows[i].mode, hs256);
		if (rows[i].setting != NULL)
			want = arena_printf(f->arena,
				"rollcall: ROLLCALL_%s is \"%s\"; it has to be a file with a key "
				"that can be used (%s)\n",
				rows[i].setting,
				strcmp(rows[i].setting, "JWKS_FILE") == 0 ? f->jwks : f->hs256,
				rows[i].why);
		ok = starts(f, &cfg);
		(void)unlink(f->jwks);
		(void)unlink(f->hs256);
		if (ok != (rows[i].setting == NULL) || strcmp(f->said, want) != 0)
			fail_msg("%s: %s: %s", rows[i].name, ok ? "starts" : "refused", f->said);
	}
}

/* What is logged meanwhile goes to the standard error, so that is a file here. */
static void log_of_start(struct fixture *f, const struct config *cfg, char log[1024])
{
	FILE *out = tmpfile();
	int saved = dup(STDERR_FILENO);
	size_t n;

	assert_non_null(out);
	dup2(fileno(out), STDERR_FILENO);
	log_setup(LOG_WARN, LOG_TEXT);
	(void)starts(f, cfg);
	log_flush();
	log_setup(LOG_OFF, LOG_TEXT);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(out);
	n = fread(log, 1, 1023, out);
	log[n] = '\0';
	fclose(out);
}

static void fault_of_the_option_file__is_in_the_log_of_the_start(void **state)
{
	static const struct {
		const char *text, *why; /* "": nothing is logged */
	} rows[] = {
		{"[rollcall]\ndatabase=rollcall\n", ""},
		{"[rollcall]\ndatabse=rollcall\npassword=secret\n",
			"names no database in [client] or [rollcall] (it has: databse, password)"},
		{"[rolcall]\ndatabase=rollcall\n", "has no group [rollcall] (it has: rolcall)"},
	};
	struct fixture *f = *state;
	const char *file = arena_printf(f->arena, "%s/my.cnf", f->dir);
	const struct config cfg = {.db_defaults = file, .db_group = "rollcall"};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *want = rows[i].why;
		char log[1024];

		put(file, 0600, rows[i].text);
		log_of_start(f, &cfg, log);
		if (want[0] != '\0')
			want = arena_printf(f->arena,
				"level=error event=\"option file not usable\" why=\"%s %s\"\n",
				file, want);
		if (want[0] == '\0' ? log[0] != '\0' : strstr(log, want) == NULL)
			fail_msg("wanted %s in: %s", want, log);
		assert_null(strstr(log, "secret"));
		(void)unlink(file);
	}
}

static void every_file_without_a_key__is_named(void **state)
{
	struct fixture *f = *state;
	const struct config cfg = {.jwks_file = f->jwks, .hs256_file = f->hs256};

	assert_false(starts(f, &cfg));
	assert_non_null(strstr(f->said, "ROLLCALL_JWKS_FILE is"));
	assert_non_null(strstr(f->said, "ROLLCALL_JWT_HS256_FILE is"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_of_keys__has_to_give_one_or_the_start_is_refused),
		cmocka_unit_test(every_file_without_a_key__is_named),
		cmocka_unit_test(fault_of_the_option_file__is_in_the_log_of_the_start),
	};

	return cmocka_run_group_tests(tests, group_open, group_close);
}
