/* SPDX-License-Identifier: MIT
 * Keys and signatures: which keys are taken from a set, and which of them a token may use. */
#include "auth_jwks.h"

static void every_algorithm__verifies_with_the_key_it_fits_only(void **state)
{
	static const struct {
		const char *alg;
		int key;
	} rows[] = {
		{"RS256", RSA_A},
		{"RS384", RSA_A},
		{"RS512", RSA_A},
		{"PS256", RSA_A},
		{"PS384", RSA_A},
		{"PS512", RSA_A},
		{"ES256", P256},
		{"ES384", P384},
		{"ES512", P521},
		{"HS256", -1},
	};
	struct fixture *f = *state;
	struct jwks *keys;

	token_file(f->hs256, 0600, secret);
	for (int key = RSA_A; key < KEYS; key++) {
		write_set(f, jwk(f, key, ",\"kid\":\"k\""), STR_NONE, STR_NONE);
		keys = open_keys(f);
		assert_int_equal(jwks_count(keys), 2);
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			struct str token = sign(f, rows[i].alg, rows[i].key);
			const char *want = "algorithm does not fit the key";

			if (rows[i].key == key || rows[i].key < 0)
				want = NULL;
			else if (rows[i].key == RSA_A && key == RSA_B)
				want = "signature not valid";
			assert_why(rows[i].alg, verify(f, keys, token, rows[i].alg, "k"), want);
			assert_why(rows[i].alg, verify(f, keys, token, rows[i].alg, NULL), want);
		}
		jwks_close(keys);
	}
}

/* A P-256 key signs with SHA-384 and calls it ES384: the curve does not fit (RFC 7518 3.4). */
static void curve__has_one_hash(void **state)
{
	struct fixture *f = *state;
	struct jwks *keys;

	write_set(f, jwk(f, P256, ""), STR_NONE, STR_NONE);
	keys = open_keys(f);
	assert_why("ES384", verify(f, keys, sign(f, "ES384", P256), "ES384", NULL),
		"algorithm does not fit the key");
	assert_why("ES256", verify(f, keys, sign(f, "ES256", P256), "ES256", NULL), NULL);
	jwks_close(keys);
}

/* The same two numbers, each with a zero in front, are another text and no signature. */
static void signature__has_one_length(void **state)
{
	struct fixture *f = *state;
	struct str token = sign(f, "ES256", P256), longer, sig;
	size_t dot = (size_t)(strrchr(token.p, '.') - token.p);
	char padded[66] = {0};
	struct jwks *keys;

	write_set(f, jwk(f, P256, ""), STR_NONE, STR_NONE);
	keys = open_keys(f);
	sig = str_base64url_decode(f->arena, (struct str){token.p + dot + 1, token.n - dot - 1});
	assert_int_equal(sig.n, 64);
	memcpy(padded + 1, sig.p, 32);
	memcpy(padded + 34, sig.p + 32, 32);
	sig = str_base64url(f->arena, padded, sizeof(padded));
	longer = str_printf(f->arena, "%.*s.%.*s", (int)dot, token.p, STR_FMT(sig));
	assert_why("as signed", verify(f, keys, token, "ES256", NULL), NULL);
	assert_why("longer", verify(f, keys, longer, "ES256", NULL), "signature not valid");
	jwks_close(keys);
}

static void algorithm_outside_the_list__is_refused(void **state)
{
	static const char *const rows[] = {"none", "None", "NONE", "", "rs256", "RS256 ", "RS1",
		"HS384", "HS512", "EdDSA", "ES256K", "RSA-OAEP", "A128KW"};
	struct fixture *f = *state;
	struct jwks *keys;

	token_file(f->hs256, 0600, secret);
	write_set(f, jwk(f, RSA_A, ""), STR_NONE, STR_NONE);
	keys = open_keys(f);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_why(rows[i], verify(f, keys, sign(f, "RS256", RSA_A), rows[i], NULL),
			"algorithm not allowed");
	jwks_close(keys);
}

static void header_that_says_another_algorithm__is_refused(void **state)
{
	struct fixture *f = *state;
	struct jwks *keys;

	write_set(f, jwk(f, RSA_A, ",\"alg\":\"RS256\""), STR_NONE, STR_NONE);
	keys = open_keys(f);
	assert_why("RS384", verify(f, keys, sign(f, "RS384", RSA_A), "RS256", NULL),
		"signature not valid");
	jwks_close(keys);
}

static void kid__selects_the_key(void **state)
{
	static const struct {
		const char *name;
		const char *a, *b, *c; /* members of RSA_A, RSA_B, P256 */
		const char *alg, *kid, *want;
	} rows[] = {
		{"its own", "a", "b", "c", "RS256", "a", NULL},
		{"another key's", "a", "b", "c", "RS256", "b", "signature not valid"},
		{"of another kind", "a", "b", "c", "RS256", "c", "algorithm does not fit the key"},
		{"unknown", "a", "b", "c", "RS256", "d", "unknown key"},
		{"empty", "a", "b", "c", "RS256", "", "unknown key"},
		{"prefix", "ab", "b", "c", "RS256", "a", "unknown key"},
		{"twice, first of another kind", "k", "b", "k", "RS256", "k", NULL},
		{"twice, first fitting wins", "k", "k", "c", "RS256", "k", NULL},
		{"none, two fit", "a", "b", "c", "RS256", NULL,
			"more than one key fits and the token names none"},
		{"none, one fits", "a", "b", "c", "ES256", NULL, NULL},
		{"none, none fits", "a", "b", "c", "ES512", NULL, "algorithm does not fit the key"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool rsa = rows[i].alg[0] == 'R';
		int key = rsa ? RSA_A : P256;
		struct jwks *keys;
		struct str token;

		write_set(f, jwk(f, P256, arena_printf(f->arena, ",\"kid\":\"%s\"", rows[i].c)),
			jwk(f, RSA_A, arena_printf(f->arena, ",\"kid\":\"%s\"", rows[i].a)),
			jwk(f, RSA_B, arena_printf(f->arena, ",\"kid\":\"%s\"", rows[i].b)));
		keys = open_keys(f);
		assert_int_equal(jwks_count(keys), 3);
		token = !strcmp(rows[i].alg, "ES512") ? sign(f, "ES512", P521)
						      : sign(f, rows[i].alg, key);
		assert_why(rows[i].name, verify(f, keys, token, rows[i].alg, rows[i].kid),
			rows[i].want);
		jwks_close(keys);
	}
}

static void key_with_an_alg__narrows_the_choice(void **state)
{
	struct fixture *f = *state;
	struct jwks *keys;

	write_set(f, jwk(f, RSA_A, ",\"alg\":\"RS256\""), jwk(f, RSA_B, ",\"alg\":\"PS256\""),
		STR_NONE);
	keys = open_keys(f);
	assert_why("RS256", verify(f, keys, sign(f, "RS256", RSA_A), "RS256", NULL), NULL);
	assert_why("PS256", verify(f, keys, sign(f, "PS256", RSA_B), "PS256", NULL), NULL);
	assert_why("RS512", verify(f, keys, sign(f, "RS512", RSA_A), "RS512", NULL),
		"algorithm does not fit the key");
	assert_why("PS256 by A", verify(f, keys, sign(f, "PS256", RSA_A), "PS256", NULL),
		"signature not valid");
	jwks_close(keys);
}

static void key__is_usable_or_ignored_by_its_members(void **state)
{
	static const struct {
		const char *name, *more;
		size_t want;
	} rows[] = {
		{"bare", "", 1},
		{"sig", ",\"use\":\"sig\"", 1},
		{"enc", ",\"use\":\"enc\"", 0},
		{"use no text", ",\"use\":1", 0},
		{"key_ops verify", ",\"key_ops\":[\"sign\",\"verify\"]", 1},
		{"key_ops sign", ",\"key_ops\":[\"sign\"]", 0},
		{"key_ops empty", ",\"key_ops\":[]", 0},
		{"key_ops text", ",\"key_ops\":\"verify\"", 0},
		{"alg fits", ",\"alg\":\"PS512\"", 1},
		{"alg of EC", ",\"alg\":\"ES256\"", 0},
		{"alg HS256", ",\"alg\":\"HS256\"", 0},
		{"alg for encryption", ",\"alg\":\"RSA-OAEP\"", 0},
		{"alg none", ",\"alg\":\"none\"", 0},
		{"alg no text", ",\"alg\":null", 0},
		{"kid no text", ",\"kid\":7", 0},
		{"private member, wrong at that", ",\"d\":\"!\"", 1},
		{"unknown members", ",\"x5c\":[\"AA\"],\"x5t\":\"AA\",\"zzz\":{}", 1},
		{"last kty wins", ",\"kty\":\"oct\",\"k\":\"AAAA\"", 0},
		{"n not canonical", ",\"n\":\"AAB\"", 0},
		{"n no text", ",\"n\":65537", 0},
		{"e is 1", ",\"e\":\"AQ\"", 0},
		{"e even", ",\"e\":\"AQAA\"", 0},
		{"e empty", ",\"e\":\"\"", 0},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct jwks *keys;

		write_set(f, jwk(f, RSA_A, rows[i].more), STR_NONE, STR_NONE);
		keys = open_keys(f);
		if (jwks_count(keys) != rows[i].want)
			fail_msg("%s: %zu usable", rows[i].name, jwks_count(keys));
		jwks_close(keys);
	}
}

static void unfit_keys__do_not_spoil_the_fit_one(void **state)
{
	struct fixture *f = *state;
	struct str small, off_curve;
	EVP_PKEY *key = token_rsa(2047);
	struct jwks *keys;

	small = token_jwk_open(f->arena, key);
	small = str_printf(f->arena,
		"%.*s},null,7,{},{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
		"\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},"
		"{\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"}",
		STR_FMT(small));
	off_curve = STR("{\"kty\":\"EC\",\"crv\":\"P-256\","
			"\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\","
			"\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"},"
			"{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AA\",\"y\":\"AA\"},"
			"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"},"
			/* cjose's decoder ends the process here */
			"{\"kty\":\"EC\",\"crv\":\"P-256\","
			"\"x\":\"f83OJ3D2xF1Bg8vub=tLe1gHMzV76e8Tus9uPHvRVEU\","
			"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}");
	write_set(f, small, off_curve, jwk(f, RSA_A, ""));
	keys = open_keys(f);
	assert_int_equal(jwks_count(keys), 1);
	assert_why("RS256", verify(f, keys, sign(f, "RS256", RSA_A), "RS256", NULL), NULL);
	assert_why("HS256", verify(f, keys, sign(f, "HS256", -1), "HS256", NULL),
		"algorithm not allowed");
	jwks_close(keys);
	EVP_PKEY_free(key);
}

/* Its text is the `secret` of sign(). */
static void symmetric_key_in_a_set__is_refused_and_the_log_says_why(void **state)
{
	static const struct {
		mode_t mode;
		const char *why;
	} rows[] = {
		{0644, "symmetric key in a file that others can read"},
		{0604, "symmetric key in a file that others can read"},
		{0640, "symmetric key in a set of public keys"},
		{0600, "symmetric key in a set of public keys"},
	};
	struct fixture *f = *state;
	struct str rsa = jwk(f, RSA_A, "");

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct jwks *keys = NULL;
		char *log;
		const char *want = arena_printf(f->arena,
			"event=\"jwks key ignored\" file=%s kid=k why=\"%s\"\n", f->jwks,
			rows[i].why);

		token_file(f->jwks, rows[i].mode,
			str_printf(f->arena,
				"{\"keys\":[{\"kty\":\"oct\",\"kid\":\"k\",\"alg\":\"HS256\",\"k\":"
				"\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"},%.*s]}",
				STR_FMT(rsa)));
		log = log_of_reading(f, &keys);
		if (strstr(log, want) == NULL)
			fail_msg("%o: no %sin: %s", (unsigned)rows[i].mode, want, log);
		assert_int_equal(jwks_count(keys), 1);
		assert_why("HS256", verify(f, keys, sign(f, "HS256", -1), "HS256", "k"),
			"algorithm not allowed");
		jwks_close(keys);
	}
}

/* 1 modulo every prime up to 167, which is a power of 65537, and then 3 more. */
static void rsa_key_that_can_be_factored__is_ignored(void **state)
{
	struct fixture *f = *state;
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *n = BN_new(), *high = BN_new(), *rest = BN_new();
	unsigned char bytes[256];

	BN_one(n);
	for (BN_ULONG p = 2; p <= 167; p++) {
		bool prime = true;

		for (BN_ULONG d = 2; d < p; d++)
			prime = prime && p % d != 0;
		if (prime)
			BN_mul_word(n, p);
	}
	BN_one(high);
	BN_lshift(high, high, 2047);
	BN_mod(rest, high, n, ctx);
	BN_sub(high, high, rest);
	BN_add(n, high, n);
	BN_add_word(n, 1);
	for (size_t i = 0; i < 2; i++) {
		struct str text;
		struct jwks *keys;

		assert_int_equal(BN_bn2binpad(n, bytes, sizeof(bytes)), sizeof(bytes));
		text = str_base64url(f->arena, bytes, sizeof(bytes));
		write_set(f,
			str_printf(f->arena, "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"%.*s\"}",
				STR_FMT(text)),
			STR_NONE, STR_NONE);
		keys = open_keys(f);
		assert_int_equal(jwks_count(keys), i);
		jwks_close(keys);
		BN_add_word(n, 2);
	}
	BN_free(n);
	BN_free(high);
	BN_free(rest);
	BN_CTX_free(ctx);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, remove_files)
	const struct CMUnitTest tests[] = {
		TEST(every_algorithm__verifies_with_the_key_it_fits_only),
		TEST(curve__has_one_hash),
		TEST(signature__has_one_length),
		TEST(algorithm_outside_the_list__is_refused),
		TEST(header_that_says_another_algorithm__is_refused),
		TEST(kid__selects_the_key),
		TEST(key_with_an_alg__narrows_the_choice),
		TEST(key__is_usable_or_ignored_by_its_members),
		TEST(unfit_keys__do_not_spoil_the_fit_one),
		TEST(symmetric_key_in_a_set__is_refused_and_the_log_says_why),
		TEST(rsa_key_that_can_be_factored__is_ignored),
	};

	return cmocka_run_group_tests(tests, group_open, group_close);
}
