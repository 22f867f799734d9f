/* SPDX-License-Identifier: MIT
 * Keys and tokens of one's own, checked with the service's own verification. Works in a directory
 * of its own under /tmp, removed at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/jwt.h"
#include "auth/sign.h"
#include "base/clock.h"
#include "base/log.h"
#include "lib/token_make.h"

struct fixture {
	struct arena *arena;
	char dir[64], pem[128], jwks[128], hs256[128];
	struct sign_files files;
};

static int fixture_open(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	log_setup(LOG_OFF, LOG_TEXT);
	f->arena = arena_open();
	snprintf(f->dir, sizeof(f->dir), "/tmp/rollcall-sign-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->pem, sizeof(f->pem), "%s/key.pem", f->dir);
	snprintf(f->jwks, sizeof(f->jwks), "%s/jwks.json", f->dir);
	snprintf(f->hs256, sizeof(f->hs256), "%s/hs256", f->dir);
	f->files = (struct sign_files){f->pem, f->jwks};
	*state = f;
	return 0;
}

static int fixture_close(void **state)
{
	struct fixture *f = *state;

	(void)unlink(f->pem);
	(void)unlink(f->jwks);
	(void)unlink(f->hs256);
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
	struct jwks *keys = jwks_open(&(struct jwks_config){
		.jwks_file = access(f->jwks, F_OK) == 0 ? f->jwks : NULL,
		.hs256_file = access(f->hs256, F_OK) == 0 ? f->hs256 : NULL,
	});
	struct jwt *jwt = jwt_open(&(struct jwt_config){0}, keys);
	const char *why;
	enum err err;

	err = jwt_verify(jwt, f->arena, token, clock_now_ms(), who, &why);
	jwt_close(jwt);
	jwks_close(keys);
	return err;
}

static struct str make(struct fixture *f, bool replace)
{
	const char *why;
	struct str kid;

	assert_int_equal(sign_key_new(f->arena, &f->files, replace, &kid, &why), ERR_OK);
	return kid;
}

static struct str token(struct fixture *f, const char *claims)
{
	const char *why;
	struct str out = sign_token_for_an_hour(f->arena, f->pem, str_from(claims), &why);

	assert_non_null(out.p);
	return out;
}

static void token_by_a_new_key__is_accepted_by_its_set(void **state)
{
	struct fixture *f = *state;
	struct principal who;

	(void)umask(077);
	make(f, false);
	assert_int_equal(status(f->pem).st_mode & 0777, 0600);
	assert_int_equal(status(f->jwks).st_mode & 0777, 0644);
	assert_int_equal(
		verify(f, token(f, "{\"sub\":\"alice\",\"role\":\"super_admin\"}"), &who), ERR_OK);
	assert_true(str_eq(who.subject, STR("alice")));
	assert_int_equal(who.kind, PRINCIPAL_SUPER_ADMIN);
	assert_true(llabs(who.expires_ms - clock_now_ms() - 3600000) < 60000);
}

static void exp_of_the_claims__is_kept(void **state)
{
	struct fixture *f = *state;
	struct principal who;

	make(f, false);
	assert_int_equal(verify(f, token(f, "{\"sub\":\"a\",\"exp\":4000000000}"), &who), ERR_OK);
	assert_true(who.expires_ms == INT64_C(4000000000000));
	assert_int_equal(verify(f, token(f, "{\"sub\":\"a\",\"exp\":1}"), &who), ERR_UNAUTHORIZED);
}

static void key_that_is_there__stays_unless_it_is_to_be_replaced(void **state)
{
	struct fixture *f = *state;
	struct principal who;
	struct str before, kid;
	struct stat pem;
	const char *why;

	make(f, false);
	before = token(f, "{\"sub\":\"a\"}");
	pem = status(f->pem);
	assert_int_equal(sign_key_new(f->arena, &f->files, false, &kid, &why), ERR_CONFLICT);
	assert_int_equal(status(f->pem).st_ino, pem.st_ino);

	make(f, true);
	assert_int_equal(verify(f, token(f, "{\"sub\":\"a\"}"), &who), ERR_OK);
	assert_int_equal(verify(f, before, &who), ERR_OK);
}

static void dropped_key__ends_its_tokens_and_no_others(void **state)
{
	struct fixture *f = *state;
	struct str first = make(f, false), old = token(f, "{\"sub\":\"a\"}"), now;
	struct principal who;
	const char *why;

	make(f, true);
	now = token(f, "{\"sub\":\"a\"}");
	assert_int_equal(sign_key_drop(f->arena, f->jwks, first, &why), ERR_OK);
	assert_int_equal(verify(f, old, &who), ERR_UNAUTHORIZED);
	assert_int_equal(verify(f, now, &who), ERR_OK);
	assert_int_equal(sign_key_drop(f->arena, f->jwks, first, &why), ERR_NOT_FOUND);
}

static void keys_of_others__stay_in_the_set(void **state)
{
	struct fixture *f = *state;
	EVP_PKEY *other = token_rsa(2048);
	struct str jwk = token_jwk_open(f->arena, other), theirs;
	struct principal who;

	token_file(f->jwks, 0644,
		str_printf(f->arena, "{\"keys\":[%.*s,\"kid\":\"theirs\"}]}", STR_FMT(jwk)));
	make(f, false);
	theirs = token_sign(f->arena, "RS256", other, STR_NONE,
		"{\"alg\":\"RS256\",\"kid\":\"theirs\"}", "{\"sub\":\"a\",\"exp\":4000000000}");
	assert_int_equal(verify(f, theirs, &who), ERR_OK);
	assert_int_equal(verify(f, token(f, "{\"sub\":\"a\"}"), &who), ERR_OK);
	EVP_PKEY_free(other);
}

static void lost_set__is_made_from_the_key(void **state)
{
	struct fixture *f = *state;
	struct principal who;
	struct str kid, before;
	const char *why;

	make(f, false);
	before = token(f, "{\"sub\":\"a\"}");
	assert_int_equal(unlink(f->jwks), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(sign_key_publish(f->arena, &f->files, &kid, &why), ERR_OK);
	assert_int_equal(verify(f, before, &who), ERR_OK);
}

static void file_that_is_no_set__is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct stat before;
	const char *why;
	struct str kid;

	token_file(f->jwks, 0644, STR("{\"issuer\":\"x\"}"));
	before = status(f->jwks);
	assert_int_equal(sign_key_new(f->arena, &f->files, false, &kid, &why), ERR_INVALID);
	assert_int_equal(status(f->jwks).st_ino, before.st_ino);
	assert_int_equal(access(f->pem, F_OK), -1);
}

/* With every end that an editor or another system leaves. */
static void symmetric_key__signs_what_the_service_takes(void **state)
{
	static const char *const ends[] = {"", "\n", "\r\n", " \n", "\n\n", "\t"};
	struct fixture *f = *state;
	struct str first = STR_NONE;

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct principal who;
		const char *why;
		struct str out;

		token_file(f->hs256, 0600,
			str_printf(f->arena, "0123456789abcdef0123456789abcdef%s", ends[i]));
		out = sign_token(f->arena, f->hs256, STR("{\"sub\":\"a\",\"exp\":4000000000}"),
			STR_NONE, &why);
		assert_non_null(out.p);
		assert_int_equal(verify(f, out, &who), ERR_OK);
		assert_true(first.p == NULL || str_eq(first, out));
		first = out;
	}
}

static void members_of_ours__are_added(void **state)
{
	struct fixture *f = *state;
	struct principal who;
	const char *why;
	struct str out;

	make(f, false);
	out = sign_token(f->arena, f->pem, STR("{\"sub\":\"a\"}"), STR("\"exp\":4000000000"), &why);
	assert_int_equal(verify(f, out, &who), ERR_OK);
	assert_true(who.expires_ms == INT64_C(4000000000000));
}

static void what_cannot_be_signed__says_why(void **state)
{
	static const char *const rows[] = {"", "[]", "7", "{", "{\"a\":1", "[{\"a\":1}]"};
	struct fixture *f = *state;
	const char *why = NULL;

	make(f, false);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_null(sign_token_for_an_hour(f->arena, f->pem, str_from(rows[i]), &why).p);
		assert_string_equal(why, "the claims are not a JSON object");
	}
	assert_non_null(sign_token(f->arena, f->pem, STR("{}"), STR_NONE, &why).p);
	assert_null(sign_token(f->arena, f->jwks, STR("{}"), STR_NONE, &why).p);
	assert_non_null(strstr(why, "its group or others have access to it"));
	token_file(f->hs256, 0600, STR("short\n"));
	assert_null(sign_token(f->arena, f->hs256, STR("{}"), STR_NONE, &why).p);
	assert_non_null(strstr(why, "neither a private key in PEM nor 32 bytes"));
	token_file(f->hs256, 0600, STR("-----BEGIN PUBLIC KEY-----\n"));
	assert_null(sign_token(f->arena, f->hs256, STR("{}"), STR_NONE, &why).p);
	assert_non_null(strstr(why, "holds no RSA key"));
}

static void directory_that_is_not_there__is_an_error(void **state)
{
	struct fixture *f = *state;
	const struct sign_files files = {
		arena_printf(f->arena, "%s/none/key.pem", f->dir),
		arena_printf(f->arena, "%s/none/jwks.json", f->dir),
	};
	const char *why;
	struct str kid;

	assert_int_equal(sign_key_new(f->arena, &files, false, &kid, &why), ERR_INTERNAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)
	const struct CMUnitTest tests[] = {
		TEST(token_by_a_new_key__is_accepted_by_its_set),
		TEST(exp_of_the_claims__is_kept),
		TEST(key_that_is_there__stays_unless_it_is_to_be_replaced),
		TEST(dropped_key__ends_its_tokens_and_no_others),
		TEST(keys_of_others__stay_in_the_set),
		TEST(lost_set__is_made_from_the_key),
		TEST(file_that_is_no_set__is_left_alone),
		TEST(symmetric_key__signs_what_the_service_takes),
		TEST(members_of_ours__are_added),
		TEST(what_cannot_be_signed__says_why),
		TEST(directory_that_is_not_there__is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
