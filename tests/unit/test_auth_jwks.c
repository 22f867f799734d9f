/* SPDX-License-Identifier: MIT
 * Keys and signatures: which keys are taken from a file, which of them a token may use, and what
 * happens when the file changes. Works in a directory of its own under /tmp, removed at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/bn.h>

#include "auth/jwks.h"
#include "base/clock.h"
#include "base/log.h"
#include "lib/token_make.h"

enum { RSA_A, RSA_B, P256, P384, P521, KEYS };

struct fixture {
	struct arena *arena;
	char dir[64], jwks[128], hs256[128];
	EVP_PKEY *key[KEYS];
};

static const struct str secret = {"0123456789abcdef0123456789abcdef", 32};

static int group_open(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	log_setup(LOG_OFF, LOG_TEXT);
	f->arena = arena_open();
	snprintf(f->dir, sizeof(f->dir), "/tmp/rollcall-jwks-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->jwks, sizeof(f->jwks), "%s/jwks.json", f->dir);
	snprintf(f->hs256, sizeof(f->hs256), "%s/hs256", f->dir);
	f->key[RSA_A] = token_rsa(2048);
	f->key[RSA_B] = token_rsa(2048);
	f->key[P256] = token_ec("P-256");
	f->key[P384] = token_ec("P-384");
	f->key[P521] = token_ec("P-521");
	*state = f;
	return 0;
}

static int group_close(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < KEYS; i++)
		EVP_PKEY_free(f->key[i]);
	assert_int_equal(rmdir(f->dir), 0);
	arena_close(f->arena);
	free(f);
	return 0;
}

static int remove_files(void **state)
{
	struct fixture *f = *state;

	(void)unlink(f->jwks);
	(void)unlink(f->hs256);
	return 0;
}

static struct str jwk(struct fixture *f, int key, const char *more)
{
	struct str open = token_jwk_open(f->arena, f->key[key]);

	return str_printf(f->arena, "%.*s%s}", STR_FMT(open), more);
}

/* Up to three JWKs, p == NULL for none. */
static void write_set(struct fixture *f, struct str a, struct str b, struct str c)
{
	token_file(f->jwks, 0644,
		str_printf(f->arena, "{\"keys\":[%.*s%s%.*s%s%.*s]}", STR_FMT(a),
			b.p != NULL ? "," : "", STR_FMT(b), c.p != NULL ? "," : "", STR_FMT(c)));
}

static struct jwks *open_keys(struct fixture *f)
{
	return jwks_open(&(struct jwks_config){.jwks_file = f->jwks, .hs256_file = f->hs256});
}

/* NULL if it verifies with the right payload, else why not. */
static const char *verify(
	struct fixture *f, struct jwks *keys, struct str token, const char *alg, const char *kid)
{
	struct str payload;
	const char *why;
	enum err err;

	err = jwks_verify(keys, f->arena, token, str_from(alg), str_from(kid), &payload, &why);
	if (err) {
		assert_int_equal(err, ERR_UNAUTHORIZED);
		assert_null(payload.p);
		assert_non_null(why);
		return why;
	}
	assert_true(str_eq(payload, STR("{\"sub\":\"a\"}")));
	return NULL;
}

static struct str sign(struct fixture *f, const char *alg, int key)
{
	return token_sign(f->arena, alg, alg[0] == 'H' ? NULL : f->key[key], secret,
		arena_printf(f->arena, "{\"alg\":\"%s\"}", alg), "{\"sub\":\"a\"}");
}

static void assert_why(const char *row, const char *got, const char *want)
{
	if (got != want && (got == NULL || want == NULL || strcmp(got, want)))
		fail_msg("%s: got \"%s\", want \"%s\"", row, got != NULL ? got : "ok",
			want != NULL ? want : "ok");
}

static bool wait_for_refresh(struct jwks *keys)
{
	int64_t until = clock_monotonic_us() + 5000000;

	while (clock_monotonic_us() < until) {
		if (jwks_refresh(keys))
			return true;
		usleep(20000);
	}
	return false;
}

/* Waits until the files have been looked at again without a change of keys. */
static void wait_for_look(struct jwks *keys)
{
	int64_t until = clock_monotonic_us() + 1200000;

	while (clock_monotonic_us() < until) {
		assert_false(jwks_refresh(keys));
		usleep(20000);
	}
}

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

/* What opening these keys logs, or, where they are open, reading their files again. */
static char *log_of_reading(struct fixture *f, struct jwks **keys)
{
	char *text = arena_zalloc(f->arena, 4096);
	int ends[2], saved = dup(STDERR_FILENO);
	bool again = true;

	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	log_setup(LOG_DEBUG, LOG_TEXT);
	if (*keys == NULL)
		*keys = open_keys(f);
	else
		again = wait_for_refresh(*keys);
	log_flush();
	log_setup(LOG_OFF, LOG_TEXT);
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_true(read(ends[0], text, 4095) >= 0);
	close(ends[0]);
	assert_true(again);
	return text;
}

static void assert_logged(const char *log, const char *line)
{
	if (strstr(log, line) == NULL)
		fail_msg("no %sin: %s", line, log);
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
