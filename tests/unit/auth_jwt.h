/* SPDX-License-Identifier: MIT
 * What the tests of bearer tokens share: a directory with a set of keys and a secret, tokens signed
 * with them, and their verification. Included by tests/unit/test_auth_jwt*.c only. */
#ifndef TESTS_UNIT_AUTH_JWT_H
#define TESTS_UNIT_AUTH_JWT_H

#include "auth/jwt.h"
#include "auth_keys.h"
#include "base/clock.h"
#include "base/limits.h"

#define NOW_S INT64_C(1700000000)
#define NOW_MS (NOW_S * 1000)

struct fixture {
	struct arena *arena;
	struct key_files files;
	EVP_PKEY *pinned, *free, *ec, *foreign; /* kid and alg: p RS256, f none, e none */
	struct jwks *keys;
};

static const char good[] = "{\"sub\":\"alice\",\"exp\":1700000100}";

static inline void write_set(struct fixture *f)
{
	struct str p = token_jwk_open(f->arena, f->pinned), n = token_jwk_open(f->arena, f->free);
	struct str e = token_jwk_open(f->arena, f->ec);

	token_file(f->files.jwks, 0644,
		str_printf(f->arena,
			"{\"keys\":[%.*s,\"kid\":\"p\",\"alg\":\"RS256\",\"use\":\"sig\"},"
			"%.*s,\"kid\":\"f\"},%.*s,\"kid\":\"e\"}]}",
			STR_FMT(p), STR_FMT(n), STR_FMT(e)));
}

static inline int group_open(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->arena = arena_open();
	key_files_make(&f->files);
	f->pinned = token_rsa(2048);
	f->free = token_rsa(2048);
	f->ec = token_ec("P-256");
	f->foreign = token_rsa(2048);
	write_set(f);
	f->keys = key_files_open(&f->files, 4);
	*state = f;
	return 0;
}

static inline int group_close(void **state)
{
	struct fixture *f = *state;

	jwks_close(f->keys);
	EVP_PKEY_free(f->pinned);
	EVP_PKEY_free(f->free);
	EVP_PKEY_free(f->ec);
	EVP_PKEY_free(f->foreign);
	key_files_remove(&f->files);
	arena_close(f->arena);
	free(f);
	return 0;
}

static inline const char *verify(
	struct fixture *f, struct jwt *j, struct str token, int64_t now_ms, struct principal *who)
{
	const char *why = "not set";
	enum err err = jwt_verify(j, f->arena, token, now_ms, who, &why);

	if (err == ERR_OK) {
		assert_null(why);
		assert_non_null(who->subject.p);
		return NULL;
	}
	assert_int_equal(err, ERR_UNAUTHORIZED);
	assert_null(who->subject.p);
	assert_non_null(why);
	return why;
}

static inline struct str sign(struct fixture *f, const char *claims)
{
	return token_sign(f->arena, "RS256", f->pinned, STR_NONE,
		"{\"alg\":\"RS256\",\"kid\":\"p\"}", claims);
}

#endif
