/* SPDX-License-Identifier: MIT
 * The files of keys: who may write them, and what happens when they change. Works in a directory of
 * its own under /tmp, removed at the end. */
#include "auth_jwks.h"

/* Waits until the files have been looked at again without a change of keys. */
static void wait_for_look(struct jwks *keys)
{
	int64_t until = clock_monotonic_us() + 1200000;

	while (clock_monotonic_us() < until) {
		assert_false(jwks_refresh(keys));
		usleep(20000);
	}
}

static void assert_logged(const char *log, const char *line)
{
	if (strstr(log, line) == NULL)
		fail_msg("no %sin: %s", line, log);
}

static void file_that_others_may_write__is_not_read(void **state)
{
	static const struct {
		mode_t file, directory;
		size_t want;
	} rows[] = {
		{0644, 0700, 1},
		{0444, 0755, 1},
		{0664, 0700, 0},
		{0646, 0700, 0},
		{0602, 0700, 0},
		{0644, 0770, 0},
		{0644, 0703, 0},
		{0644, 01777, 1},
	};
	struct fixture *f = *state;
	const char *link = arena_printf(f->arena, "/tmp/rollcall-link-%ld", (long)getpid());
	struct jwks *keys;

	for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
		const char *file = i % 2 == 0 ? f->jwks : link;

		write_set(f, jwk(f, RSA_A, ""), STR_NONE, STR_NONE);
		assert_int_equal(chmod(f->jwks, rows[i / 2].file), 0);
		assert_int_equal(chmod(f->dir, rows[i / 2].directory), 0);
		if (i % 2 != 0)
			assert_int_equal(symlink(f->jwks, link), 0);
		keys = jwks_open(&(struct jwks_config){.jwks_file = file});
		if (jwks_count(keys) != rows[i / 2].want)
			fail_msg("%s: %o in %o: %zu keys", file, (unsigned)rows[i / 2].file,
				(unsigned)rows[i / 2].directory, jwks_count(keys));
		jwks_close(keys);
		assert_int_equal(chmod(f->dir, 0700), 0);
		(void)unlink(link);
	}
}

/* The file itself is safe; the link to it is not. */
static void link_that_others_may_replace__is_not_followed(void **state)
{
	struct fixture *f = *state;
	const char *directory = arena_printf(f->arena, "%s/open", f->dir),
		   *link = arena_printf(f->arena, "%s/link", directory);
	struct jwks *keys;

	write_set(f, jwk(f, RSA_A, ""), STR_NONE, STR_NONE);
	assert_int_equal(mkdir(directory, 0700), 0);
	assert_int_equal(symlink(f->jwks, link), 0);
	for (mode_t mode = 0755; mode <= 0777; mode += 022) {
		assert_int_equal(chmod(directory, mode), 0);
		keys = jwks_open(&(struct jwks_config){.jwks_file = link});
		assert_int_equal(jwks_count(keys), mode == 0755 ? 1 : 0);
		jwks_close(keys);
	}
	assert_int_equal(unlink(link), 0);
	assert_int_equal(rmdir(directory), 0);
}

static void file_that_others_may_write_later__keeps_the_old_keys(void **state)
{
	struct fixture *f = *state;
	struct jwks *keys;

	write_set(f, jwk(f, RSA_A, ""), STR_NONE, STR_NONE);
	token_file(f->hs256, 0600, secret);
	keys = open_keys(f);
	write_set(f, jwk(f, RSA_B, ""), STR_NONE, STR_NONE);
	assert_int_equal(chmod(f->jwks, 0666), 0);
	wait_for_look(keys);
	assert_why("RS256", verify(f, keys, sign(f, "RS256", RSA_A), "RS256", NULL), NULL);
	assert_why("HS256", verify(f, keys, sign(f, "HS256", -1), "HS256", NULL), NULL);
	/* A secret that others could have read is none. */
	assert_int_equal(chmod(f->hs256, 0666), 0);
	assert_true(wait_for_refresh(keys));
	assert_int_equal(jwks_count(keys), 1);
	jwks_close(keys);
}

static void new_file__is_used_without_a_restart(void **state)
{
	struct fixture *f = *state;
	struct str by_a = sign(f, "RS256", RSA_A), by_b = sign(f, "RS256", RSA_B);
	struct jwks *keys;
	uint64_t generation;
	int64_t begin;

	write_set(f, jwk(f, RSA_A, ""), STR_NONE, STR_NONE);
	begin = clock_monotonic_us();
	keys = open_keys(f);
	generation = jwks_generation(keys);
	write_set(f, jwk(f, RSA_B, ""), STR_NONE, STR_NONE);
	assert_true(wait_for_refresh(keys));
	assert_true(clock_monotonic_us() - begin >= 1000000); /* not looked at before that */
	assert_int_not_equal(jwks_generation(keys), generation);
	assert_why("old key", verify(f, keys, by_a, "RS256", NULL), "signature not valid");
	assert_why("new key", verify(f, keys, by_b, "RS256", NULL), NULL);
	jwks_close(keys);
}

static void broken_file__keeps_the_old_keys(void **state)
{
	static const char *const rows[] = {
		"{\"keys\":", "{\"keys\":{}}", "{\"keys\":[{\"kty\":\"RSA\"}]}", NULL};
	struct fixture *f = *state;
	struct str token = sign(f, "RS256", RSA_A);
	struct jwks *keys;
	uint64_t generation;

	write_set(f, jwk(f, RSA_A, ""), STR_NONE, STR_NONE);
	keys = open_keys(f);
	generation = jwks_generation(keys);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i] != NULL)
			token_file(f->jwks, 0644, str_from(rows[i]));
		else
			assert_int_equal(unlink(f->jwks), 0);
		wait_for_look(keys);
		assert_int_equal(jwks_generation(keys), generation);
		assert_why(rows[i] != NULL ? rows[i] : "no file",
			verify(f, keys, token, "RS256", NULL), NULL);
	}
	write_set(f, jwk(f, RSA_B, ""), STR_NONE, STR_NONE);
	assert_true(wait_for_refresh(keys));
	assert_why("good again", verify(f, keys, token, "RS256", NULL), "signature not valid");
	jwks_close(keys);
}

static void expect_warning(struct fixture *f, struct jwks **keys, const char *which)
{
	assert_logged(log_of_reading(f, keys),
		arena_printf(f->arena,
			"level=warn event=\"jwks file lists no key\" file=%s why=\"every JWT %sis "
			"refused until the file has a key\"\n",
			f->jwks, which));
}

static void empty_set__ends_all_trust_and_warns_of_it(void **state)
{
	struct fixture *f = *state;
	struct jwks *keys = NULL, *alone;
	const struct jwks_config only = {.jwks_file = f->jwks};

	write_set(f, jwk(f, RSA_A, ""), STR_NONE, STR_NONE);
	keys = open_keys(f);
	alone = jwks_open(&only);
	token_file(f->jwks, 0644, STR("{\"keys\":[]}"));
	expect_warning(f, &keys, "that the HS256 key did not sign ");
	expect_warning(f, &alone, "");
	jwks_close(alone);
	assert_int_equal(jwks_count(keys), 0);
	assert_why("RS256", verify(f, keys, sign(f, "RS256", RSA_A), "RS256", NULL), "unknown key");
	jwks_close(keys);
}

static void file_that_appears_later__is_found(void **state)
{
	struct fixture *f = *state;
	struct jwks *keys = open_keys(f);

	assert_int_equal(jwks_count(keys), 0);
	write_set(f, jwk(f, RSA_A, ""), STR_NONE, STR_NONE);
	assert_true(wait_for_refresh(keys));
	assert_int_equal(jwks_count(keys), 1);
	jwks_close(keys);
}

static void file_over_the_limit__is_not_read(void **state)
{
	struct fixture *f = *state;
	struct str set, key = jwk(f, RSA_A, "");
	struct jwks *keys;

	for (size_t over = 0; over <= 1; over++) {
		set = str_printf(f->arena, "%*s{\"keys\":[%.*s]}",
			(int)(256 * 1024 - key.n - strlen("{\"keys\":[]}") + over), "",
			STR_FMT(key));
		assert_int_equal(set.n, 256 * 1024 + over);
		token_file(f->jwks, 0644, set);
		keys = open_keys(f);
		assert_int_equal(jwks_count(keys), over ? 0 : 1);
		jwks_close(keys);
	}
}

static void symmetric_key_file__is_used_or_refused(void **state)
{
	static const struct {
		const char *name;
		struct str bytes;
		mode_t mode;
		size_t count; /* of keys loaded */
		bool want;    /* the token is accepted */
	} rows[] = {
		{"32 bytes", {"0123456789abcdef0123456789abcdef", 32}, 0600, 1, true},
		{"read only", {"0123456789abcdef0123456789abcdef", 32}, 0400, 1, true},
		{"newline", {"0123456789abcdef0123456789abcdef\n", 33}, 0600, 1, true},
		{"line end of another system", {"0123456789abcdef0123456789abcdef\r\n", 34}, 0600,
			1, true},
		{"blanks", {"0123456789abcdef0123456789abcdef \t\n\n", 36}, 0600, 1, true},
		{"a blank in front belongs to the key", {" 0123456789abcdef0123456789abcdef", 33},
			0600, 1, false},
		{"31 bytes and a newline", {"0123456789abcdef0123456789abcde\n", 32}, 0600, 0,
			false},
		{"empty", {"", 0}, 0600, 0, false},
		{"group reads", {"0123456789abcdef0123456789abcdef", 32}, 0640, 0, false},
		{"others read", {"0123456789abcdef0123456789abcdef", 32}, 0604, 0, false},
		{"group writes", {"0123456789abcdef0123456789abcdef", 32}, 0620, 0, false},
	};
	struct fixture *f = *state;
	struct str token = sign(f, "HS256", -1);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct jwks *keys;

		token_file(f->hs256, rows[i].mode, rows[i].bytes);
		keys = open_keys(f);
		if (jwks_count(keys) != rows[i].count)
			fail_msg("%s: %zu keys", rows[i].name, jwks_count(keys));
		if ((verify(f, keys, token, "HS256", "any") == NULL) != rows[i].want)
			fail_msg("%s: %s", rows[i].name, rows[i].want ? "refused" : "accepted");
		jwks_close(keys);
	}
}

static void symmetric_key_opened_to_others__is_dropped_until_closed(void **state)
{
	struct fixture *f = *state;
	struct str token = sign(f, "HS256", -1);
	struct jwks *keys;

	token_file(f->hs256, 0600, secret);
	keys = open_keys(f);
	assert_why("closed", verify(f, keys, token, "HS256", NULL), NULL);
	assert_int_equal(chmod(f->hs256, 0644), 0);
	assert_true(wait_for_refresh(keys));
	assert_why("open", verify(f, keys, token, "HS256", NULL), "algorithm not allowed");
	assert_int_equal(chmod(f->hs256, 0600), 0);
	assert_true(wait_for_refresh(keys));
	assert_why("closed again", verify(f, keys, token, "HS256", NULL), NULL);
	assert_int_equal(unlink(f->hs256), 0);
	wait_for_look(keys);
	assert_why("gone", verify(f, keys, token, "HS256", NULL), NULL);
	jwks_close(keys);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, remove_files)
	const struct CMUnitTest tests[] = {
		TEST(file_that_others_may_write__is_not_read),
		TEST(link_that_others_may_replace__is_not_followed),
		TEST(file_that_others_may_write_later__keeps_the_old_keys),
		TEST(new_file__is_used_without_a_restart),
		TEST(broken_file__keeps_the_old_keys),
		TEST(empty_set__ends_all_trust_and_warns_of_it),
		TEST(file_that_appears_later__is_found),
		TEST(file_over_the_limit__is_not_read),
		TEST(symmetric_key_file__is_used_or_refused),
		TEST(symmetric_key_opened_to_others__is_dropped_until_closed),
	};

	return cmocka_run_group_tests(tests, group_open, group_close);
}
