/* SPDX-License-Identifier: MIT
 * What the tests of the Sessions API as HTTP share. */
#ifndef TESTS_E2E_V1_HTTP_H
#define TESTS_E2E_V1_HTTP_H

#include <stdio.h>

#include "lib/e2e.h"

#define UNKNOWN "{\"detail\":\"Not Found\"}"
#define NO_SESSION "{\"detail\":\"Session not found\"}"
#define BODY_LIMIT (1024 * 1024)

static inline struct str repeat(struct e2e *t, char c, size_t n)
{
	char *p = arena_alloc(t->arena, n + 1);

	memset(p, c, n);
	p[n] = '\0';
	return (struct str){p, n};
}

static const char *const readable[] = {
	"/api/v1/admin/sessions",
	"/api/v1/admin/sessions/%s",
	"/api/v1/me/sessions",
	"/api/v1/tenants/%s/sessions",
	"/api/v1/tenants/%s/sessions/stats",
	"/api/v1/tenants/%s/sessions/users/u",
	"/api/v1/tenants/%s/sessions/%s",
};

/* The path of a row of `readable` with its ids in place. */
static const char *path_of(struct e2e *t, const char *form, struct str tenant, struct str session)
{
	struct buf b;

	buf_init(&b, t->arena);
	for (const char *p = form; *p != '\0'; p++) {
		if (*p != '%') {
			buf_char(&b, *p);
			continue;
		}
		buf_str(&b, strncmp(p - 9, "/tenants/", 9) == 0 ? tenant : session);
		p++;
	}
	buf_char(&b, '\0');
	return b.p;
}

#endif
