/* SPDX-License-Identifier: MIT
 * Registrations, and what the store then has of the user. */
#ifndef TESTS_E2E_INGEST_H
#define TESTS_E2E_INGEST_H

#include "lib/e2e.h"

#define PATH "/api/v1/sessions"
#define DETAIL                                                                                     \
	"id user_id user_email user_display_name ip_address user_agent device_type location "      \
	"is_current created_at last_activity_at expires_at sso_apps tenant_id status revoked_at "  \
	"revoked_by revoke_reason role device_label absolute_expires_at auth_time acr amr "        \
	"idp_issuer idp_session_id"

static inline struct str platform(struct e2e *t)
{
	return e2e_token(
		t, "{\"sub\":\"svc\",\"platform_token\":true,\"scope\":\"sessions:write\"}");
}

/* A body of tenant, user u and what else is said. */
#define BODY(tenant, more)                                                                         \
	arena_printf(t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"u\"" more "}", (tenant).p)

#endif
