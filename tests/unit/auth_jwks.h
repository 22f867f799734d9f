/* SPDX-License-Identifier: MIT
 * What the tests of key sets share: keys, the files that hold them, and tokens signed with them.
 * Included by tests/unit/test_auth_jwks*.c only. */
#ifndef TESTS_UNIT_AUTH_JWKS_H
#define TESTS_UNIT_AUTH_JWKS_H

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

static inline int group_open(void **state)
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

static inline int group_close(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < KEYS; i++)
		EVP_PKEY_free(f->key[i]);
	assert_int_equal(rmdir(f->dir), 0);
	arena_close(f->arena);
	free(f);
	return 0;
}

static inline int remove_files(void **state)
{
	struct fixture *f = *state;

	(void)unlink(f->jwks);
	(void)unlink(f->hs256);
	return 0;
}

static inline struct str jwk(struct fixture *f, int key, const char *more)
{
	struct str open = token_jwk_open(f->arena, f->key[key]);

	return str_printf(f->arena, "%.*s%s}", STR_FMT(open), more);
}

/* Up to three JWKs, p == NULL for none. */
static inline void write_set(struct fixture *f, struct str a, struct str b, struct str c)
{
	token_file(f->jwks, 0644,
		str_printf(f->arena, "{\"keys\":[%.*s%s%.*s%s%.*s]}", STR_FMT(a),
			b.p != NULL ? "," : "", STR_FMT(b), c.p != NULL ? "," : "", STR_FMT(c)));
}

static inline struct jwks *open_keys(struct fixture *f)
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

static inline struct str sign(struct fixture *f, const char *alg, int key)
{
	return token_sign(f->arena, alg, alg[0] == 'H' ? NULL : f->key[key], secret,
		arena_printf(f->arena, "{\"alg\":\"%s\"}", alg), "{\"sub\":\"a\"}");
}

static inline void assert_why(const char *row, const char *got, const char *want)
{
	if (got != want && (got == NULL || want == NULL || strcmp(got, want)))
		fail_msg("%s: got \"%s\", want \"%s\"", row, got != NULL ? got : "ok",
			want != NULL ? want : "ok");
}

static inline bool wait_for_refresh(struct jwks *keys)
{
	int64_t until = clock_monotonic_us() + 5000000;

	while (clock_monotonic_us() < until) {
		if (jwks_refresh(keys))
			return true;
		usleep(20000);
	}
	return false;
}

/* What opening these keys logs, or, where they are open, reading their files again. */
static inline char *log_of_reading(struct fixture *f, struct jwks **keys)
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

#endif
