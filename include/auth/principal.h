/* SPDX-License-Identifier: MIT
 * The caller as the token describes it (schema/api.md 3.1). */
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

/* The name of the role, in tokens and in the store; NULL: this kind has no role. */
const char *principal_role(enum principal_kind kind);

/* The kind with that role; PRINCIPAL_USER for no role (p == NULL) and for an unknown one. */
enum principal_kind principal_of_role(struct str role);

/* The name of the kind in the audit. */
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
