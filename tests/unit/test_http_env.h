/* SPDX-License-Identifier: MIT
 * A FastCGI environment made of literals, and a body that arrives in small pieces. Included by the
 * test_http_*.c programs only; everything is static, no program links another's. */
#ifndef TEST_HTTP_ENV_H
#define TEST_HTTP_ENV_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/request.h"

#define FAKE_VARS_MAX 8

struct fake_var {
	const char *name, *value;
};

struct fake_env {
	struct fake_var vars[FAKE_VARS_MAX];
	struct str body;
	size_t at, piece; /* piece: the most that one read gives; 0: all there is */
	size_t fail_at;   /* a read at this offset fails; 0: none does */
	size_t asked;     /* the largest read, to see that nothing is read beforehand */
};

static inline const char *fake_get(void *ctx, const char *name)
{
	const struct fake_env *f = ctx;

	for (size_t i = 0; i < FAKE_VARS_MAX && f->vars[i].name != NULL; i++)
		if (strcmp(f->vars[i].name, name) == 0)
			return f->vars[i].value;
	return NULL;
}

static inline long fake_read(void *ctx, char *out, size_t n)
{
	struct fake_env *f = ctx;
	size_t left = f->body.n - f->at;

	if (n > f->asked)
		f->asked = n;
	if (f->fail_at && f->at >= f->fail_at)
		return -1;
	if (n > left)
		n = left;
	if (f->piece && n > f->piece)
		n = f->piece;
	if (n > 0)
		memcpy(out, f->body.p + f->at, n);
	f->at += n;
	return (long)n;
}

static inline struct http_env fake_http_env(struct fake_env *f)
{
	return (struct http_env){.ctx = f, .get = fake_get, .read = fake_read};
}

/* NULL stands for absent. Prints the row and both texts when they differ, returns 1 then. */
static inline int differs(const char *row, const char *what, struct str got, const char *want)
{
	struct str wanted = str_from(want);

	if ((got.p == NULL) == (wanted.p == NULL) && str_eq(got, wanted))
		return 0;
	print_error("%s: %s is [%.*s]%s, want [%s]\n", row, what, STR_FMT(got),
		got.p != NULL ? "" : " (absent)", want != NULL ? want : "(absent)");
	return 1;
}

#endif
