/* SPDX-License-Identifier: MIT
 * The table of verified tokens: what goes in comes out, copied, bounded. Touches no files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "auth/cache.h"

static void digest_of(int n, unsigned char out[DIGEST_BYTES])
{
	digest_sha256((struct str){(const char *)&n, sizeof(n)}, out);
}

static struct verdict verdict_of(int n)
{
	return (struct verdict){
		.who = {.subject = STR("subject"), .session_id = {"", 0}, .expires_ms = n},
		.not_before_ms = -n,
	};
}

static size_t held(struct cache *c, int count)
{
	struct arena *a = arena_open();
	unsigned char digest[DIGEST_BYTES];
	struct verdict v;
	size_t found = 0;

	for (int i = 0; i < count; i++) {
		digest_of(i, digest);
		if (cache_find(c, a, digest, &v)) {
			assert_int_equal(v.who.expires_ms, i);
			found++;
		}
	}
	arena_close(a);
	return found;
}

static void stored_verdict__comes_back_as_a_copy(void **state)
{
	struct arena *a = arena_open();
	struct cache *c = cache_open(16);
	unsigned char digest[DIGEST_BYTES];
	char text[] = "abcdef";
	struct verdict in = verdict_of(7), out;

	(void)state;
	in.who.subject = (struct str){text, 1};
	in.who.session_id = (struct str){text + 1, 1};
	in.who.tenant_id = (struct str){text + 2, 1};
	in.who.partner_id = (struct str){text + 3, 1};
	digest_of(7, digest);
	assert_false(cache_find(c, a, digest, &out));
	cache_store(c, digest, &in);
	memset(text, 'x', strlen(text));
	assert_true(cache_find(c, a, digest, &out));
	cache_clear(c);
	assert_true(str_eq(out.who.subject, STR("a")));
	assert_true(str_eq(out.who.session_id, STR("b")));
	assert_true(str_eq(out.who.tenant_id, STR("c")));
	assert_true(str_eq(out.who.partner_id, STR("d")));
	assert_int_equal(out.who.expires_ms, 7);
	assert_int_equal(out.not_before_ms, -7);
	assert_false(cache_find(c, a, digest, &out));
	cache_close(c);
	arena_close(a);
}

static void absent_and_empty_texts__stay_apart(void **state)
{
	struct arena *a = arena_open();
	struct cache *c = cache_open(16);
	unsigned char digest[DIGEST_BYTES];
	struct verdict in = verdict_of(7), out;

	(void)state;
	digest_of(7, digest);
	cache_store(c, digest, &in);
	assert_true(cache_find(c, a, digest, &out));
	assert_true(out.who.session_id.p && out.who.session_id.n == 0);
	assert_null(out.who.tenant_id.p);
	cache_close(c);
	arena_close(a);
}

static void same_token_stored_again__takes_no_second_place(void **state)
{
	struct cache *c = cache_open(4);
	unsigned char digest[DIGEST_BYTES];
	struct verdict v;

	(void)state;
	for (int i = 0; i < 40; i++) {
		digest_of(i % 4, digest);
		v = verdict_of(i % 4);
		cache_store(c, digest, &v);
	}
	assert_int_equal(held(c, 4), 4);
	cache_close(c);
}

static void more_tokens_than_places__stay_within_the_bound(void **state)
{
	static const struct {
		size_t entries, places;
	} rows[] = {{1, 4}, {4, 4}, {7, 4}, {8, 8}, {15, 8}, {16, 16}, {1000, 512}, {1024, 1024}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cache *c = cache_open(rows[i].entries);
		unsigned char digest[DIGEST_BYTES];

		for (int n = 0; n < 20000; n++) {
			struct verdict v = verdict_of(n);

			digest_of(n, digest);
			cache_store(c, digest, &v);
		}
		assert_int_equal(held(c, 20000), rows[i].places);
		cache_close(c);
	}
}

static void token_in_use__outlives_one_that_is_not(void **state)
{
	struct cache *c = cache_open(4);
	struct arena *a = arena_open();
	unsigned char digest[DIGEST_BYTES], used[DIGEST_BYTES];
	struct verdict v, out;

	(void)state;
	digest_of(0, used);
	for (int n = 0; n < 100; n++) {
		v = verdict_of(n);
		digest_of(n, digest);
		cache_store(c, digest, &v);
		assert_true(cache_find(c, a, used, &out));
	}
	cache_close(c);
	arena_close(a);
}

static void long_texts__are_not_kept(void **state)
{
	static char text[2049];
	struct arena *a = arena_open();
	struct cache *c = cache_open(4);
	unsigned char digest[DIGEST_BYTES];
	struct verdict v = verdict_of(1), out;

	(void)state;
	memset(text, 'a', sizeof(text));
	digest_of(1, digest);
	v.who.subject = STR_NONE;
	v.who.partner_id = (struct str){text, 2049};
	cache_store(c, digest, &v);
	assert_false(cache_find(c, a, digest, &out));
	v.who.partner_id.n = 2048;
	cache_store(c, digest, &v);
	assert_true(cache_find(c, a, digest, &out));
	cache_close(c);
	arena_close(a);
}

static void digest__is_sha256(void **state)
{
	struct arena *a = arena_open();
	unsigned char digest[DIGEST_BYTES];

	(void)state;
	digest_sha256(STR("abc"), digest); /* FIPS 180-4's example */
	assert_string_equal(str_hex(a, digest, sizeof(digest)).p,
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	arena_close(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stored_verdict__comes_back_as_a_copy),
		cmocka_unit_test(absent_and_empty_texts__stay_apart),
		cmocka_unit_test(same_token_stored_again__takes_no_second_place),
		cmocka_unit_test(more_tokens_than_places__stay_within_the_bound),
		cmocka_unit_test(token_in_use__outlives_one_that_is_not),
		cmocka_unit_test(long_texts__are_not_kept),
		cmocka_unit_test(digest__is_sha256),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
