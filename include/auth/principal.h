/* SPDX-License-Identifier: MIT
 * Who is calling, as the token says it (schema/api.md 3.1). */
#ifndef AUTH_PRINCIPAL_H
#define AUTH_PRINCIPAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum principal_kind {
	PRINCIPAL_USER, /* no role, or an unknown one */
	PRINCIPAL_TENANT_ADMIN,
	PRINCIPAL_PARTNER_ADMIN,
	PRINCIPAL_SUPER_ADMIN,
	PRINCIPAL_SERVICE, /* platform_token without a role */
	PRINCIPAL__COUNT
};

enum {
	SCOPE_ADMIN_READ = 1,
	SCOPE_ADMIN_WRITE = 2,
	SCOPE_SESSIONS_WRITE = 4,
	SCOPE_SESSIONS_INTROSPECT = 8,
};

/* What a role is called, in tokens and in the store; NULL: a principal of that kind has none. */
const char *principal_role(enum principal_kind kind);

/* The kind that a role makes; PRINCIPAL_USER for none (p == NULL) and for one we do not know. */
enum principal_kind principal_of_role(struct str role);

/* The kind as the audit names it. */
const char *principal_kind_text(enum principal_kind kind);

struct principal {
	enum principal_kind kind;
	struct str subject;    /* sub: user id or client id; never absent */
	struct str session_id; /* sid; p == NULL if absent */
	struct str tenant_id, partner_id;
	unsigned scopes;
	bool platform_token;
	int64_t expires_ms; /* exp */
	int64_t auth_ms;    /* when the person signed in; TIME_NONE if unknown */
	int64_t issued_ms;  /* iat, TIME_NONE if absent */
};

#endif
