/* SPDX-License-Identifier: MIT
 * rollcall-admin keys and token, as a person types them: what is wrong is said in a line, and what
 * was there before stays. Works in a directory of its own under /tmp, removed at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/admin.h"
#include "base/log.h"
#include "lib/token_make.h"
#include "server/config.h"

#define SAID_BYTES 4096
#define WORDS_MAX 8

struct world {
	struct admin adm;
	struct config cfg;
	char dir[64], jwks[96], key[96], other[96];
	char out[SAID_BYTES], err[SAID_BYTES];
};

static int opened(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));

	snprintf(w->dir, sizeof(w->dir), "/tmp/rollcall-keys-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->jwks, sizeof(w->jwks), "%s/jwks.json", w->dir);
	snprintf(w->key, sizeof(w->key), "%s/signing-key.pem", w->dir);
	snprintf(w->other, sizeof(w->other), "%s/other", w->dir);
	w->cfg.jwks_file = w->jwks;
	w->adm = (struct admin){.arena = arena_open(), .cfg = &w->cfg};
	*state = w;
	return 0;
}

static int closed(void **state)
{
	struct world *w = *state;

	(void)unlink(w->jwks);
	(void)unlink(w->key);
	(void)unlink(w->other);
	assert_int_equal(rmdir(w->dir), 0);
	arena_close(w->adm.arena);
	log_setup(LOG_OFF, LOG_TEXT);
	test_free(w);
	return 0;
}

/* Takes the place of a stream until caught(), which gives what was written in between. */
static int begin_catch(FILE *stream, int ends[2])
{
	int saved = dup(fileno(stream));

	fflush(stream);
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], fileno(stream));
	close(ends[1]);
	return saved;
}

static void caught(FILE *stream, int saved, int from, char out[SAID_BYTES])
{
	ssize_t n;

	fflush(stream);
	dup2(saved, fileno(stream));
	close(saved);
	n = read(from, out, SAID_BYTES - 1);
	close(from);
	out[n > 0 ? n : 0] = '\0';
}

typedef int (*command_fn)(struct admin *adm, int argc, char **argv);

static int run(struct world *w, command_fn command, const char *const *words)
{
	char *argv[WORDS_MAX + 2] = {(char *)"rollcall-admin command"};
	int argc = 1, status, out[2], err[2], saved_out, saved_err;

	for (; words[argc - 1] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	saved_out = begin_catch(stdout, out);
	saved_err = begin_catch(stderr, err);
	optind = 0; /* getopt begins anew */
	status = command(&w->adm, argc, argv);
	caught(stderr, saved_err, err[0], w->err);
	caught(stdout, saved_out, out[0], w->out);
	return status;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define keys(w, ...) run((w), admin_keys, WORDS(__VA_ARGS__))
#define token(w, ...) run((w), admin_token, WORDS(__VA_ARGS__))

static void assert_says(const char *said, const char *want)
{
	if (strstr(said, want) == NULL)
		fail_msg("no \"%s\" in: %s", want, said);
}

static void keys__are_made_listed_rotated_and_dropped(void **state)
{
	struct world *w = *state;
	const char *kid;

	assert_int_equal(keys(w, "new"), 0);
	assert_int_equal(keys(w, "list"), 0);
	kid = arena_printf(w->adm.arena, "%.*s", (int)strcspn(w->out, " \t"), w->out);
	assert_int_equal(strlen(kid), 43);
	assert_int_equal(keys(w, "new"), 1);
	assert_says(w->err, "signing-key.pem is there already");
	assert_says(w->err, "`rollcall-admin keys rotate` replaces it");
	assert_int_equal(keys(w, "rotate"), 0);
	assert_says(w->out, "stay until `rollcall-admin keys drop KID`");
	assert_int_equal(keys(w, "drop", kid), 0);
	assert_int_equal(keys(w, "drop", kid), 1);
	assert_says(w->err, "jwks.json has no key of that kid");
	assert_int_equal(keys(w, "list"), 0);
	assert_null(strstr(w->out, kid));
}

static void wrong_words__are_answered_with_the_usage(void **state)
{
	struct world *w = *state;

	assert_int_equal(keys(w, "new", "more"), 2);
	assert_int_equal(keys(w, "rotate", "more"), 2);
	assert_int_equal(keys(w, "list", "more"), 2);
	assert_int_equal(keys(w, "drop"), 2);
	assert_int_equal(keys(w, "x"), 2);
	assert_int_equal(keys(w, NULL), 2);
	assert_int_equal(token(w, NULL), 2);
	assert_int_equal(token(w, "--claims", "{}", "more"), 2);
	assert_int_equal(token(w, "--claims", "{}", "--expires", "soon"), 2);
	assert_says(w->err, "--expires takes a number and d, h, m or s: 90d");
	assert_int_equal(token(w, "--unknown"), 2);
	assert_int_equal(access(w->key, F_OK), -1);
}

static void files_that_are_wrong__are_named(void **state)
{
	struct world *w = *state;

	assert_int_equal(keys(w, "list"), 1);
	assert_says(w->err, w->jwks);
	assert_int_equal(keys(w, "drop", "k"), 1);
	assert_says(w->err, "has no key of that kid");
	token_file(w->jwks, 0644, STR("no set"));
	assert_int_equal(keys(w, "new"), 1);
	assert_says(w->err, "jwks.json is there and holds no JWK set");
	assert_int_equal(access(w->key, F_OK), -1);
	assert_int_equal(keys(w, "drop", "k"), 1);
	assert_says(w->err, "holds no JWK set");
	w->cfg.jwks_file = NULL;
	assert_int_equal(keys(w, "list"), 1);
	assert_says(w->err, "ROLLCALL_JWKS_FILE is not set");
	assert_int_equal(token(w, "--claims", "{\"sub\":\"a\"}", "--expires", "1h"), 1);
	assert_says(w->err, "signing-key.pem: ");
}

static void token__needs_a_subject_and_one_end(void **state)
{
	static const struct {
		const char *claims, *expires, *why;
	} rows[] = {
		{"no JSON", "1h", "--claims takes a JSON object"},
		{"[1]", "1h", "--claims takes a JSON object"},
		{"{}", "1h", "the claims have no \"sub\""},
		{"{\"sub\":\"a\",\"exp\":1}", "1h", "so --expires says it twice"},
		{"{\"sub\":\"a\"}", NULL, "--expires is missing"},
	};
	struct world *w = *state;

	assert_int_equal(keys(w, "new"), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(
			token(w, "--claims", rows[i].claims,
				rows[i].expires != NULL ? "--expires" : NULL, rows[i].expires),
			1);
		assert_says(w->err, rows[i].why);
		assert_string_equal(w->out, "");
	}
}

static bool claims_say(struct world *w, const char *member)
{
	struct str head, rest = str_from(w->out);
	struct str claims;

	assert_true(str_split(&rest, '.', &head));
	assert_true(str_split(&rest, '.', &claims));
	claims = str_base64url_decode(w->adm.arena, claims);
	return strstr(str_printf(w->adm.arena, "%.*s", STR_FMT(claims)).p, member) != NULL;
}

static void token__gets_what_the_claims_leave_out_and_the_settings_say(void **state)
{
	struct world *w = *state;

	w->cfg.jwt_issuer = "https://issuer.example";
	w->cfg.jwt_audience = "here";
	assert_int_equal(keys(w, "new"), 0);
	assert_int_equal(token(w, "--claims", "{\"sub\":\"a\"}", "--expires", "1h"), 0);
	assert_string_equal(w->err, "");
	assert_true(claims_say(w, "\"exp\":"));
	assert_true(claims_say(w, "\"iat\":"));
	assert_true(claims_say(w, "\"iss\":\"https://issuer.example\""));
	assert_true(claims_say(w, "\"aud\":\"here\""));
	assert_int_equal(
		token(w, "--claims",
			"{\"sub\":\"a\",\"exp\":4000000000,\"iat\":5,\"iss\":\"x\",\"aud\":\"y\"}"),
		0);
	assert_says(w->err, "warning: a service with these settings refuses this token: ");
	assert_true(claims_say(w, "\"iat\":5"));
	assert_true(claims_say(w, "\"iss\":\"x\""));
	assert_false(claims_say(w, "issuer.example"));
}

static void token_of_a_symmetric_key__needs_no_set(void **state)
{
	struct world *w = *state;

	token_file(w->other, 0600, STR("0123456789abcdef0123456789abcdef\n"));
	w->cfg.jwks_file = NULL;
	w->cfg.hs256_file = w->other;
	assert_int_equal(token(w, "--claims", "{\"sub\":\"a\"}", "--expires", "1h"), 0);
	assert_string_equal(w->err, "");
	token_file(w->other, 0600, STR("short"));
	assert_int_equal(
		token(w, "--key", w->other, "--claims", "{\"sub\":\"a\"}", "--expires", "1h"), 1);
	assert_says(w->err, "holds neither a private key in PEM nor 32 bytes for HS256");
	token_file(w->other, 0640, STR("0123456789abcdef0123456789abcdef\n"));
	assert_int_equal(
		token(w, "--key", w->other, "--claims", "{\"sub\":\"a\"}", "--expires", "1h"), 1);
	assert_says(w->err, "its group or others have access to it (chmod 600)");
}

#define test_of(f) cmocka_unit_test_setup_teardown(f, opened, closed)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_of(keys__are_made_listed_rotated_and_dropped),
		test_of(wrong_words__are_answered_with_the_usage),
		test_of(files_that_are_wrong__are_named),
		test_of(token__needs_a_subject_and_one_end),
		test_of(token__gets_what_the_claims_leave_out_and_the_settings_say),
		test_of(token_of_a_symmetric_key__needs_no_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
