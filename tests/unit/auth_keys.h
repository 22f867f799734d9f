/* SPDX-License-Identifier: MIT
 * What the tests of tokens share: a directory below /tmp for a set of keys and a shared secret, and
 * the phrase that a verification gives. */
#ifndef TESTS_UNIT_AUTH_KEYS_H
#define TESTS_UNIT_AUTH_KEYS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/jwks.h"
#include "base/log.h"
#include "lib/token_make.h"

struct key_files {
	char dir[64], jwks[128], hs256[128];
};

static const struct str secret = {"0123456789abcdef0123456789abcdef", 32};

/* Writes the secret; the set of keys is the test's to write. */
static inline void key_files_make(struct key_files *f)
{
	log_setup(LOG_OFF, LOG_TEXT);
	snprintf(f->dir, sizeof(f->dir), "/tmp/rollcall-keys-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->jwks, sizeof(f->jwks), "%s/jwks.json", f->dir);
	snprintf(f->hs256, sizeof(f->hs256), "%s/hs256", f->dir);
	token_file(f->hs256, 0600, secret);
}

static inline struct jwks *key_files_open(const struct key_files *f, size_t count)
{
	struct jwks *keys = jwks_open(&(struct jwks_config){f->jwks, f->hs256});

	assert_int_equal(jwks_count(keys), count);
	return keys;
}

static inline void key_files_remove(const struct key_files *f)
{
	(void)unlink(f->jwks);
	(void)unlink(f->hs256);
	assert_int_equal(rmdir(f->dir), 0);
}

/* NULL: the token is accepted. */
static inline void assert_why(const char *row, const char *got, const char *want)
{
	if (got != want && (got == NULL || want == NULL || strcmp(got, want)))
		fail_msg("%s: got \"%s\", want \"%s\"", row, got != NULL ? got : "accepted",
			want != NULL ? want : "accepted");
}

#endif
