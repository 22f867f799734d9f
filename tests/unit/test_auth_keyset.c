/* SPDX-License-Identifier: MIT
 * The file of public keys when the identity provider's are replaced: one's own stay, what cannot be
 * used is left out, and a failure changes nothing. Works in a directory of its own under /tmp. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/jwks.h"
#include "auth/keyset.h"
#include "auth/sign.h"
#include "base/log.h"
#include "lib/token_make.h"

struct fixture {
	struct arena *arena;
	char dir[64], jwks[128], key[128];
	EVP_PKEY *rsa, *ec;
};

static int open_all(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	log_setup(LOG_OFF, LOG_TEXT);
	f->arena = arena_open();
	snprintf(f->dir, sizeof(f->dir), "/tmp/rollcall-keyset-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->jwks, sizeof(f->jwks), "%s/jwks.json", f->dir);
	snprintf(f->key, sizeof(f->key), "%s/signing-key.pem", f->dir);
	f->rsa = token_rsa(2048);
	f->ec = token_ec("P-256");
	*state = f;
	return 0;
}

static int close_all(void **state)
{
	struct fixture *f = *state;

	(void)unlink(f->jwks);
	(void)unlink(f->key);
	assert_int_equal(rmdir(f->dir), 0);
	EVP_PKEY_free(f->rsa);
	EVP_PKEY_free(f->ec);
	arena_close(f->arena);
	free(f);
	return 0;
}

static int forget(void **state)
{
	struct fixture *f = *state;

	(void)unlink(f->jwks);
	(void)unlink(f->key);
	return 0;
}

static struct str jwk(struct fixture *f, const EVP_PKEY *key, const char *more)
{
	struct str open = token_jwk_open(f->arena, key);

	return str_printf(f->arena, "%.*s%s}", STR_FMT(open), more);
}

static enum err replace(
	struct fixture *f, struct str keys, struct keyset_change *change, const char **why)
{
	return keyset_replace(f->arena, f->jwks,
		str_printf(f->arena, "{\"keys\":[%.*s]}", STR_FMT(keys)), change, why);
}

static struct str content(struct fixture *f)
{
	char *bytes = arena_zalloc(f->arena, 65536);
	FILE *in = fopen(f->jwks, "r");
	size_t n;

	if (in == NULL)
		return STR_NONE;
	n = fread(bytes, 1, 65535, in);
	fclose(in);
	return (struct str){bytes, n};
}

static size_t usable(struct fixture *f)
{
	struct jwks *keys = jwks_open(&(struct jwks_config){.jwks_file = f->jwks});
	size_t n = jwks_count(keys);

	jwks_close(keys);
	return n;
}

static void usable_keys__are_written_without_other_members(void **state)
{
	struct fixture *f = *state;
	struct keyset_change change;
	const char *why;
	struct str rsa = jwk(f, f->rsa,
		",\"kid\":\"a\\\"b\",\"alg\":\"PS256\",\"d\":\"AQAB\",\"x5c\":[],\"rollcall\":"
		"\"own\"");
	struct str ec = jwk(f, f->ec, ",\"use\":\"sig\",\"d\":\"AQAB\"");
	struct str text;

	assert_int_equal(replace(f,
				 str_printf(f->arena, "%.*s,7,{\"kty\":\"oct\",\"k\":\"AA\"},%.*s",
					 STR_FMT(rsa), STR_FMT(ec)),
				 &change, &why),
		ERR_OK);
	assert_int_equal(change.usable, 2);
	assert_int_equal(change.own, 0);
	assert_true(change.changed);
	assert_non_null(change.ignored);
	text = content(f);
	assert_null(strstr(text.p, "\"d\""));
	assert_null(strstr(text.p, "\"k\""));
	assert_null(strstr(text.p, "x5c"));
	assert_null(strstr(text.p, "rollcall"));
	assert_non_null(strstr(text.p, "\"kid\":\"a\\\"b\""));
	assert_non_null(strstr(text.p, "\"alg\":\"PS256\""));
	assert_int_equal(usable(f), 2);
}

static void own_keys__stay_and_come_first(void **state)
{
	struct fixture *f = *state;
	const struct sign_files files = {f->key, f->jwks};
	struct keyset_change change;
	const char *why;
	struct str kid, text;

	assert_int_equal(replace(f, jwk(f, f->ec, ",\"kid\":\"old\""), &change, &why), ERR_OK);
	assert_int_equal(sign_key_new(f->arena, &files, false, &kid, &why), ERR_OK);
	assert_int_equal(replace(f, jwk(f, f->rsa, ",\"kid\":\"new\""), &change, &why), ERR_OK);
	assert_int_equal(change.own, 1);
	assert_int_equal(change.usable, 1);
	text = content(f);
	assert_null(strstr(text.p, "\"old\""));
	assert_true(strstr(text.p, kid.p) < strstr(text.p, "\"new\""));
	assert_int_equal(usable(f), 2);
	/* And they can still be dropped. */
	assert_int_equal(sign_key_drop(f->arena, f->jwks, kid, &why), ERR_OK);
	assert_int_equal(usable(f), 1);
}

static void same_keys__are_not_written_but_touched(void **state)
{
	struct fixture *f = *state;
	const struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	struct keyset_change change;
	struct stat before, after;
	struct jwks *keys;
	uint64_t generation;
	const char *why;

	assert_int_equal(replace(f, jwk(f, f->ec, ""), &change, &why), ERR_OK);
	assert_int_equal(utimensat(AT_FDCWD, f->jwks, long_ago, 0), 0);
	assert_int_equal(stat(f->jwks, &before), 0);
	keys = jwks_open(&(struct jwks_config){.jwks_file = f->jwks});
	generation = jwks_generation(keys);
	assert_true(jwks_modified_ms(keys) == INT64_C(1000000000000));
	assert_int_equal(replace(f, jwk(f, f->ec, ""), &change, &why), ERR_OK);
	assert_false(change.changed);
	assert_int_equal(change.usable, 1);
	assert_int_equal(stat(f->jwks, &after), 0);
	assert_true(before.st_ino == after.st_ino);
	assert_true(after.st_mtim.tv_sec > 1000000000);
	/* The service takes the time, and its cache of tokens stays. */
	while (jwks_modified_ms(keys) == INT64_C(1000000000000))
		assert_false(jwks_refresh(keys));
	assert_int_equal(jwks_generation(keys), generation);
	jwks_close(keys);
}

static void what_cannot_be_used__changes_nothing(void **state)
{
	static const struct {
		const char *fetched, *why;
	} rows[] = {
		{"", "is no JWK set"},
		{"{", "is no JWK set"},
		{"null", "is no JWK set"},
		{"[]", "is no JWK set"},
		{"{\"keys\":{}}", "is no JWK set"},
		{"{\"keys\":[]}", "lists no key"},
		{"{\"keys\":[{}]}", "has no key that can be used (kty not supported)"},
		{"{\"keys\":[null]}",
			"has no key that can be used (members missing or of a wrong type)"},
		{"{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}",
			"has no key that can be used (symmetric key in a file that others can "
			"read)"},
		{"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}",
			"has no key that can be used (coordinates not usable)"},
	};
	struct fixture *f = *state;
	struct keyset_change change;
	struct str before;
	const char *why;

	for (int there = 0; there < 2; there++) {
		if (there)
			assert_int_equal(replace(f, jwk(f, f->ec, ""), &change, &why), ERR_OK);
		before = content(f);
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			assert_int_equal(keyset_replace(f->arena, f->jwks,
						 str_from(rows[i].fetched), &change, &why),
				ERR_INVALID);
			if (strcmp(why, rows[i].why) != 0)
				fail_msg("%s: %s", rows[i].fetched, why);
			assert_true(str_eq(before, content(f)));
		}
	}
}

static void file_of_something_else__is_not_replaced(void **state)
{
	static const char *const contents[] = {"", "root:x:0:0", "{\"a\":1}", "[1]"};
	struct fixture *f = *state;
	struct keyset_change change;
	const char *why;

	for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
		token_file(f->jwks, 0644, str_from(contents[i]));
		assert_int_equal(replace(f, jwk(f, f->ec, ""), &change, &why), ERR_INVALID);
		assert_non_null(strstr(why, "holds no JWK set"));
		assert_true(str_eq(content(f), str_from(contents[i])));
	}
}

/* Whoever can put a link where the draft will be cannot have another file written. */
static void link_in_the_drafts_place__is_not_followed(void **state)
{
	struct fixture *f = *state;
	char *draft = arena_printf(f->arena, "%s.%ld.new", f->jwks, (long)getpid());
	struct keyset_change change;
	struct stat st;
	const char *why;

	assert_int_equal(symlink(f->key, draft), 0);
	assert_int_equal(replace(f, jwk(f, f->ec, ""), &change, &why), ERR_OK);
	assert_int_not_equal(stat(f->key, &st), 0);
	assert_int_equal(lstat(f->jwks, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0644);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(usable_keys__are_written_without_other_members, forget),
		cmocka_unit_test_teardown(own_keys__stay_and_come_first, forget),
		cmocka_unit_test_teardown(same_keys__are_not_written_but_touched, forget),
		cmocka_unit_test_teardown(what_cannot_be_used__changes_nothing, forget),
		cmocka_unit_test_teardown(file_of_something_else__is_not_replaced, forget),
		cmocka_unit_test_teardown(link_in_the_drafts_place__is_not_followed, forget),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
