/* SPDX-License-Identifier: MIT
 * Sessions that applications ask and tell about, and what they send. */
#ifndef TESTS_E2E_INGEST_CHECK_H
#define TESTS_E2E_INGEST_CHECK_H

#include "lib/e2e.h"

#define INTERVAL_S 60 /* ROLLCALL_ACTIVITY_INTERVAL */
#define INACTIVE "{\"active\":false}"
#define INTROSPECT "/api/v1/sessions/introspect"

static inline struct str platform(struct e2e *t)
{
	return e2e_token(
		t, "{\"sub\":\"svc\",\"platform_token\":true,\"scope\":\"sessions:write\"}");
}

static inline struct str service_of(struct e2e *t, struct str tenant)
{
	return e2e_token(
		t, "{\"sub\":\"svc\",\"tenant_id\":\"%s\",\"scope\":\"sessions:write\"}", tenant.p);
}

struct signed_in {
	struct e2e_tenant tenant;
	struct str id, token;
};

static inline struct signed_in sign_in(struct e2e *t)
{
	struct signed_in s = {.tenant = e2e_tenant(t, STR_NONE)};
	struct e2e_answer a = e2e_post(t, platform(t),
		arena_printf(t->arena,
			"{\"tenant_id\":\"%s\",\"user_id\":\"u\",\"expires_in\":3600}",
			s.tenant.id.p),
		"/api/v1/sessions");

	expect_status(&a, 201);
	s.id = e2e_text(a.json, "data.id");
	s.token = e2e_text(a.json, "data.token");
	return s;
}

static inline void end_session(struct e2e *t, struct str id)
{
	struct e2e_answer a = e2e_delete(t, e2e_super_admin(t), "/api/v1/admin/sessions/%s", id.p);

	expect_status(&a, 204);
}

static inline void let_expire(struct e2e *t, struct str id)
{
	e2e_exec(t, SQL("UPDATE session SET expires_at = UTC_TIMESTAMP(3) WHERE id = ?"), 1,
		db_str(id));
}

static inline struct e2e_answer activity(struct e2e *t, struct str id, const char *body)
{
	return e2e_post(t, platform(t), body, "/api/v1/sessions/%s/activity", id.p);
}

#endif
