/* SPDX-License-Identifier: MIT
 * Demo keys and tokens, checked with the service's own verification. Works in a directory of its
 * own under /tmp, removed at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/jwt.h"
#include "base/clock.h"
#include "base/log.h"
#include "demo/issuer.h"

struct fixture {
	struct arena *arena;
	char dir[64], pem[128], jwks[128];
};

static int fixture_open(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	log_setup(LOG_OFF, LOG_TEXT);
	f->arena = arena_open();
	snprintf(f->dir, sizeof(f->dir), "/tmp/rollcall-demo-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->pem, sizeof(f->pem), "%s/" DEMO_KEY_FILE, f->dir);
	snprintf(f->jwks, sizeof(f->jwks), "%s/" DEMO_JWKS_FILE, f->dir);
	*state = f;
	return 0;
}

static int fixture_close(void **state)
{
	struct fixture *f = *state;

	(void)unlink(f->pem);
	(void)unlink(f->jwks);
	assert_int_equal(rmdir(f->dir), 0);
	arena_close(f->arena);
	free(f);
	return 0;
}

static struct stat status(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st;
}

static enum err verify(struct fixture *f, struct str token, struct principal *who)
{
	struct jwks *keys = jwks_open(&(struct jwks_config){.jwks_file = f->jwks});
	struct jwt *jwt = jwt_open(&(struct jwt_config){0}, keys);
	const char *why;
	enum err err;

	assert_int_equal(jwks_count(keys), 1);
	err = jwt_verify(jwt, f->arena, token, clock_now_ms(), who, &why);
	jwt_close(jwt);
	jwks_close(keys);
	return err;
}

static void token_by_a_new_key__is_accepted_by_its_jwks(void **state)
{
	struct fixture *f = *state;
	struct principal who;
	struct str token;
	const char *why;

	assert_int_equal(demo_keys_create(f->dir), ERR_OK);
	assert_int_equal(status(f->pem).st_mode & 0777, 0600);
	token = demo_token(
		f->arena, f->pem, STR("{\"sub\":\"alice\",\"role\":\"super_admin\"}"), &why);
	assert_non_null(token.p);
	assert_int_equal(verify(f, token, &who), ERR_OK);
	assert_true(str_eq(who.subject, STR("alice")));
	assert_int_equal(who.kind, PRINCIPAL_SUPER_ADMIN);
	assert_true(llabs(who.expires_ms - clock_now_ms() - 3600000) < 60000);
}

static void exp_of_the_claims__is_kept(void **state)
{
	struct fixture *f = *state;
	struct principal who;
	struct str token;
	const char *why;

	assert_int_equal(demo_keys_create(f->dir), ERR_OK);
	token = demo_token(f->arena, f->pem, STR("{\"sub\":\"a\",\"exp\":4000000000}"), &why);
	assert_int_equal(verify(f, token, &who), ERR_OK);
	assert_true(who.expires_ms == INT64_C(4000000000000));
	token = demo_token(f->arena, f->pem, STR("{\"sub\":\"a\",\"exp\":1}"), &why);
	assert_int_equal(verify(f, token, &who), ERR_UNAUTHORIZED);
}

static void keys_that_are_there__stay(void **state)
{
	struct fixture *f = *state;
	struct stat pem, jwks;

	assert_int_equal(demo_keys_create(f->dir), ERR_OK);
	pem = status(f->pem);
	jwks = status(f->jwks);
	assert_int_equal(demo_keys_create(f->dir), ERR_OK);
	assert_int_equal(status(f->pem).st_ino, pem.st_ino);
	assert_int_equal(status(f->jwks).st_ino, jwks.st_ino);
}

static void lost_jwks__is_made_from_the_key(void **state)
{
	struct fixture *f = *state;
	struct principal who;
	struct str token;
	const char *why;

	assert_int_equal(demo_keys_create(f->dir), ERR_OK);
	token = demo_token(f->arena, f->pem, STR("{\"sub\":\"a\"}"), &why);
	assert_int_equal(unlink(f->jwks), 0);
	assert_int_equal(demo_keys_create(f->dir), ERR_OK);
	assert_int_equal(verify(f, token, &who), ERR_OK);
}

static void lost_key__is_an_error_and_keeps_the_jwks(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(demo_keys_create(f->dir), ERR_OK);
	assert_int_equal(unlink(f->pem), 0);
	assert_int_equal(demo_keys_create(f->dir), ERR_CONFLICT);
	assert_int_equal(access(f->jwks, F_OK), 0);
	assert_int_equal(access(f->pem, F_OK), -1);
}

static void what_cannot_be_signed__says_why(void **state)
{
	static const char *const rows[] = {"", "[]", "7", "{", "{\"a\":1", "[{\"a\":1}]"};
	struct fixture *f = *state;
	const char *why = NULL;

	assert_int_equal(demo_keys_create(f->dir), ERR_OK);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_null(demo_token(f->arena, f->pem, str_from(rows[i]), &why).p);
		assert_string_equal(why, "the claims are not a JSON object");
	}
	assert_non_null(demo_token(f->arena, f->pem, STR("{}"), &why).p);
	assert_null(demo_token(f->arena, f->jwks, STR("{}"), &why).p);
	assert_string_equal(why, "the key file cannot be read or holds no RSA key");
}

static void directory_that_is_not_there__is_an_error(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(demo_keys_create(arena_printf(f->arena, "%s/none", f->dir)), ERR_INTERNAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)
	const struct CMUnitTest tests[] = {
		TEST(token_by_a_new_key__is_accepted_by_its_jwks),
		TEST(exp_of_the_claims__is_kept),
		TEST(keys_that_are_there__stay),
		TEST(lost_jwks__is_made_from_the_key),
		TEST(lost_key__is_an_error_and_keeps_the_jwks),
		TEST(what_cannot_be_signed__says_why),
		TEST(directory_that_is_not_there__is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
