/* SPDX-License-Identifier: MIT
 * The cache of verified bearer tokens. The surprise: a hit shows by changing the issuer that jwt.c
 * borrows, for only a fresh verification notices that. */
#include "auth_jwt.h"

static void principal__is_the_same_fresh_and_from_the_cache(void **state)
{
	struct fixture *f = *state;
	char issuer[] = "https://idp";
	struct jwt *j =
		jwt_open(&(struct jwt_config){.issuer = issuer, .cache_entries = 16}, f->keys);
	struct str token = sign(f,
		"{\"sub\":\"al\\u00efce\",\"sid\":\"s-1\",\"tenant_id\":\"t\",\"partner_id\":\"p\","
		"\"role\":\"tenant_admin\","
		"\"iss\":\"https://idp\",\"aud\":[\"one\",\"two\"],\"scope\":\"sessions:write\","
		"\"iat\":1699999999.25,\"exp\":1700000100,\"platform_token\":true}");
	struct principal who;

	for (int round = 0; round < 2; round++) {
		assert_null(verify(f, j, token, NOW_MS, &who));
		assert_int_equal(who.kind, PRINCIPAL_TENANT_ADMIN);
		assert_true(str_eq(who.subject, STR("al\xc3\xaf"
						    "ce")));
		assert_true(str_eq(who.session_id, STR("s-1")));
		assert_true(str_eq(who.tenant_id, STR("t")));
		assert_true(str_eq(who.partner_id, STR("p")));
		assert_int_equal(who.scopes, SCOPE_SESSIONS_WRITE);
		assert_true(who.platform_token);
		assert_true(who.expires_ms == NOW_MS + 100000);
		assert_true(who.issued_ms == NOW_MS - 750);
		issuer[0] = 'x'; /* the second round is a hit or fails */
	}
	jwt_close(j);
}

static void cached_token__expires_all_the_same(void **state)
{
	struct fixture *f = *state;
	char issuer[] = "https://idp";
	struct jwt *j =
		jwt_open(&(struct jwt_config){.issuer = issuer, .leeway_s = 5, .cache_entries = 16},
			f->keys);
	struct str token = sign(f, "{\"sub\":\"a\",\"iss\":\"https://idp\",\"exp\":1700000100,"
				   "\"nbf\":1700000000}");
	struct principal who;

	assert_null(verify(f, j, token, NOW_MS, &who));
	issuer[0] = 'x';
	assert_why("hit", verify(f, j, token, NOW_MS + 104999, &who), NULL);
	assert_why("expired", verify(f, j, token, NOW_MS + 105000, &who), "token expired");
	assert_why(
		"clock set back", verify(f, j, token, NOW_MS - 5001, &who), "token not valid yet");
	assert_why("hit again", verify(f, j, token, NOW_MS - 5000, &who), NULL);
	jwt_close(j);
}

static void expired_token__is_not_cached(void **state)
{
	struct fixture *f = *state;
	char issuer[] = "https://idp";
	struct jwt *j =
		jwt_open(&(struct jwt_config){.issuer = issuer, .cache_entries = 16}, f->keys);
	struct str token = sign(f, "{\"sub\":\"a\",\"iss\":\"https://idp\",\"exp\":1700000100}");
	struct principal who;

	assert_why("expired", verify(f, j, token, NOW_MS + 100000, &who), "token expired");
	issuer[0] = 'x';
	assert_why(
		"fresh", verify(f, j, token, NOW_MS, &who), "claim iss is not the expected issuer");
	jwt_close(j);
}

static void without_a_cache__each_use_is_verified(void **state)
{
	struct fixture *f = *state;
	char issuer[] = "https://idp";
	struct jwt *j = jwt_open(&(struct jwt_config){.issuer = issuer}, f->keys);
	struct str token = sign(f, "{\"sub\":\"a\",\"iss\":\"https://idp\",\"exp\":1700000100}");
	struct principal who;

	assert_null(verify(f, j, token, NOW_MS, &who));
	issuer[0] = 'x';
	assert_non_null(verify(f, j, token, NOW_MS, &who));
	jwt_close(j);
}

/* The key goes, and with it at the next look every token that it signed, cached or not. */
static void new_keys__end_cached_tokens(void **state)
{
	struct fixture *f = *state;
	struct jwt *j = jwt_open(&(struct jwt_config){.cache_entries = 16}, f->keys);
	struct str token = sign(f, good), e = token_jwk_open(f->arena, f->ec);
	struct str other = token_sign(
		f->arena, "ES256", f->ec, STR_NONE, "{\"alg\":\"ES256\",\"kid\":\"e\"}", good);
	int64_t until = clock_monotonic_us() + 5000000;
	struct principal who;
	const char *why;

	assert_null(verify(f, j, token, NOW_MS, &who));
	assert_null(verify(f, j, other, NOW_MS, &who));
	token_file(f->files.jwks, 0644,
		str_printf(f->arena, "{\"keys\":[%.*s,\"kid\":\"e\"}]}", STR_FMT(e)));
	while ((why = verify(f, j, token, NOW_MS, &who)) == NULL && clock_monotonic_us() < until)
		usleep(20000);
	assert_why("its key is gone", why, "unknown key");
	assert_why("its key is there", verify(f, j, other, NOW_MS, &who), NULL);
	jwt_close(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(principal__is_the_same_fresh_and_from_the_cache),
		cmocka_unit_test(cached_token__expires_all_the_same),
		cmocka_unit_test(expired_token__is_not_cached),
		cmocka_unit_test(without_a_cache__each_use_is_verified),
		cmocka_unit_test(new_keys__end_cached_tokens), /* last: changes the set */
	};

	return cmocka_run_group_tests(tests, group_open, group_close);
}
