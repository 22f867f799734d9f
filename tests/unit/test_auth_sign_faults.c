/* SPDX-License-Identifier: MIT
 * Keys and tokens while a call of OpenSSL or of the file system fails: no half of a pair is left,
 * and what was there stays. This program has functions of their names, so the linker sends the
 * calls here; each goes on to the library, but for the one that was chosen. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "auth/sign.h"
#include "lib/token_make.h"

static const char *failing; /* a function's name; NULL: none */

static bool fails(const char *name)
{
	errno = ENOSPC;
	return failing != NULL && strcmp(failing, name) == 0;
}

#define LIBRARY(type, name, failed, parameters, ...)                                               \
	type name parameters                                                                       \
	{                                                                                          \
		type(*real) parameters;                                                            \
		void *found = dlsym(RTLD_NEXT, #name);                                             \
                                                                                                   \
		memcpy(&real, &found, sizeof(real));                                               \
		return fails(#name) ? (failed) : real(__VA_ARGS__);                                \
	}

/* clang-format off */
LIBRARY(ssize_t, write, -1, (int fd, const void *p, size_t n), fd, p, n)
LIBRARY(int, fsync, -1, (int fd), fd)
LIBRARY(int, fchmod, -1, (int fd, mode_t mode), fd, mode)
LIBRARY(int, rename, -1, (const char *from, const char *to), from, to)
LIBRARY(int, EVP_Digest, 0, (const void *p, size_t n, unsigned char *out, unsigned *out_n,
	const EVP_MD *md, ENGINE *e), p, n, out, out_n, md, e)
LIBRARY(int, EVP_PKEY_get_bn_param, 0, (const EVP_PKEY *key, const char *name, BIGNUM **out), key, name, out)
LIBRARY(int, EVP_DigestSign, 0, (EVP_MD_CTX *c, unsigned char *sig, size_t *sig_n,
	const unsigned char *p, size_t n), c, sig, sig_n, p, n)
LIBRARY(unsigned char *, HMAC, NULL, (const EVP_MD *md, const void *key, int key_n, const unsigned char *p,
	size_t n, unsigned char *out, unsigned *out_n), md, key, key_n, p, n, out, out_n)
LIBRARY(int, PEM_write_bio_PrivateKey, 0, (BIO *out, const EVP_PKEY *key, const EVP_CIPHER *cipher,
	const unsigned char *pass, int pass_n, pem_password_cb *ask, void *ctx),
	out, key, cipher, pass, pass_n, ask, ctx)
/* clang-format on */

static EVP_PKEY *made[2]; /* the first key of a test, and every later one */
static size_t generation;

/* EVP_RSA_gen is a macro over it. A key takes long to find, so two serve every test. */
EVP_PKEY *EVP_PKEY_Q_keygen(OSSL_LIB_CTX *lib, const char *properties, const char *type, ...)
{
	EVP_PKEY *(*real)(OSSL_LIB_CTX *, const char *, const char *, ...);
	void *found = dlsym(RTLD_NEXT, "EVP_PKEY_Q_keygen");
	EVP_PKEY **key = &made[generation++ > 0];
	va_list ap;
	size_t bits;

	va_start(ap, type);
	bits = va_arg(ap, size_t);
	va_end(ap);
	memcpy(&real, &found, sizeof(real));
	if (fails("EVP_PKEY_Q_keygen"))
		return NULL;
	if (*key == NULL)
		*key = real(lib, properties, type, bits);
	return EVP_PKEY_dup(*key);
}

struct world {
	struct arena *arena;
	char dir[64], pem[96], jwks[96], hs256[96];
	struct sign_files files;
};

static int opened(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));

	generation = 0;
	w->arena = arena_open();
	snprintf(w->dir, sizeof(w->dir), "/tmp/rollcall-sign-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->pem, sizeof(w->pem), "%s/key.pem", w->dir);
	snprintf(w->jwks, sizeof(w->jwks), "%s/jwks.json", w->dir);
	snprintf(w->hs256, sizeof(w->hs256), "%s/hs256", w->dir);
	w->files = (struct sign_files){w->pem, w->jwks};
	*state = w;
	return 0;
}

static int closed(void **state)
{
	struct world *w = *state;

	failing = NULL;
	(void)unlink(w->pem);
	(void)unlink(w->jwks);
	(void)unlink(w->hs256);
	assert_int_equal(rmdir(w->dir), 0); /* no draft is left */
	arena_close(w->arena);
	test_free(w);
	return 0;
}

static struct str bytes_of(struct world *w, const char *path)
{
	char *p = arena_alloc(w->arena, 65536);
	FILE *in = fopen(path, "r");
	size_t n;

	if (in == NULL)
		return STR("");
	n = fread(p, 1, 65536, in);
	fclose(in);
	return (struct str){p, n};
}

static const struct {
	const char *function, *why;
} faults[] = {
	{"EVP_PKEY_Q_keygen", "no key can be made"},
	{"EVP_PKEY_get_bn_param", "the key is not usable"},
	{"EVP_Digest", "the key is not usable"},
	{"PEM_write_bio_PrivateKey", "the key cannot be made into PEM"},
	{"write", "cannot be written: No space left on device"},
	{"fsync", "cannot be written: No space left on device"},
	{"fchmod", "cannot be written: No space left on device"},
	{"rename", "cannot be written: No space left on device"},
};

static void failed_rotation__leaves_both_files_as_they_were(void **state)
{
	struct world *w = *state;
	struct str kid, key, set;
	const char *why = "";

	assert_int_equal(sign_key_new(w->arena, &w->files, false, &kid, &why), ERR_OK);
	key = bytes_of(w, w->pem);
	set = bytes_of(w, w->jwks);
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		failing = faults[i].function;
		assert_int_not_equal(sign_key_new(w->arena, &w->files, true, &kid, &why), ERR_OK);
		failing = NULL;
		if (strstr(why, faults[i].why) == NULL)
			fail_msg("%s: %s", faults[i].function, why);
		if (!str_eq(bytes_of(w, w->pem), key) || !str_eq(bytes_of(w, w->jwks), set))
			fail_msg("%s: a file was changed", faults[i].function);
	}
}

static void failed_drop__leaves_the_set_as_it_was(void **state)
{
	struct world *w = *state;
	const char *why = "";
	struct str kid, set;

	assert_int_equal(sign_key_new(w->arena, &w->files, false, &kid, &why), ERR_OK);
	set = bytes_of(w, w->jwks);
	failing = "rename";
	assert_int_equal(sign_key_drop(w->arena, w->jwks, kid, &why), ERR_INTERNAL);
	assert_non_null(strstr(why, "cannot be written: "));
	assert_true(str_eq(bytes_of(w, w->jwks), set));
}

static void failed_publication__is_told(void **state)
{
	struct world *w = *state;
	const char *why = "";
	struct str kid;

	assert_int_equal(sign_key_new(w->arena, &w->files, false, &kid, &why), ERR_OK);
	assert_int_equal(unlink(w->jwks), 0);
	failing = "fsync";
	assert_int_not_equal(sign_key_publish(w->arena, &w->files, &kid, &why), ERR_OK);
	assert_non_null(strstr(why, w->jwks));
	assert_int_not_equal(access(w->jwks, F_OK), 0);
}

static void signing_that_fails__gives_no_token(void **state)
{
	static const char *const functions[] = {"EVP_DigestSign", "EVP_Digest"};
	struct str claims = STR("{\"sub\":\"a\"}"), kid;
	struct world *w = *state;
	const char *why = "";

	assert_int_equal(sign_key_new(w->arena, &w->files, false, &kid, &why), ERR_OK);
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		failing = functions[i];
		assert_null(sign_token_for_an_hour(w->arena, w->pem, claims, &why).p);
		failing = NULL;
		assert_non_null(strstr(why, "key.pem: signing failed"));
	}
	token_file(w->hs256, 0600, STR("0123456789abcdef0123456789abcdef"));
	failing = "HMAC";
	assert_null(sign_token_for_an_hour(w->arena, w->hs256, claims, &why).p);
	failing = NULL;
	assert_non_null(strstr(why, "hs256: signing failed"));
	assert_non_null(sign_token_for_an_hour(w->arena, w->hs256, claims, &why).p);
}

static int keys_freed(void **state)
{
	EVP_PKEY_free(made[0]);
	EVP_PKEY_free(made[1]);
	return 0;
}

#define test_of(f) cmocka_unit_test_setup_teardown(f, opened, closed)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_of(failed_rotation__leaves_both_files_as_they_were),
		test_of(failed_drop__leaves_the_set_as_it_was),
		test_of(failed_publication__is_told),
		test_of(signing_that_fails__gives_no_token),
	};

	return cmocka_run_group_tests(tests, NULL, keys_freed);
}
