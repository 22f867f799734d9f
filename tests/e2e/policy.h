/* SPDX-License-Identifier: MIT
 * Tenants with a session policy, and registrations under it. */
#ifndef TESTS_E2E_POLICY_H
#define TESTS_E2E_POLICY_H

#include "lib/e2e.h"
#include "lib/pool.h"
#include "model/recount.h"

#define SESSIONS "/api/v1/sessions"
#define FIREFOX "Mozilla/5.0 (Windows NT 10.0; rv:142.0) Gecko/20100101 Firefox/142.0"
#define AT_ONCE 50
#define SECOND_MS INT64_C(1000)

static inline struct str service(struct e2e *t)
{
	return e2e_token(
		t, "{\"sub\":\"svc\",\"platform_token\":true,\"scope\":\"sessions:write\"}");
}

static inline struct e2e_answer put_policy(
	struct e2e *t, struct str token, struct str tenant, const char *body)
{
	const struct e2e_request r = {
		.method = "PUT",
		.path = arena_printf(t->arena, "/api/v1/tenants/%s/session-policy", tenant.p),
		.token = token,
		.body = str_from(body),
	};

	return e2e_send(t, &r);
}

/* A tenant with that policy. */
static inline struct e2e_tenant tenant_with(struct e2e *t, const char *policy)
{
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct e2e_answer a = put_policy(t, e2e_super_admin(t), tn.id, policy);

	expect_status(&a, 200);
	return tn;
}

static const char *registration(struct e2e *t, struct str tenant, const char *more)
{
	return arena_printf(t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"u\"%s}", tenant.p, more);
}

static inline struct e2e_answer register_one(struct e2e *t, struct str tenant, const char *more)
{
	struct e2e_answer a = e2e_post(t, service(t), registration(t, tenant, more), SESSIONS);

	expect_status(&a, 201);
	return a;
}

/* So many seconds go by for the session. */
static inline void pass(struct e2e *t, struct str id, int64_t seconds)
{
	e2e_exec(t,
		SQL("UPDATE session SET created_at = created_at - INTERVAL ? SECOND, last_activity_at ="
		    " IF(last_activity_at < '1000-01-01', last_activity_at,"
		    " last_activity_at - INTERVAL ? SECOND), expires_at = expires_at - INTERVAL ? SECOND,"
		    " absolute_expires_at = absolute_expires_at - INTERVAL ? SECOND WHERE id = ?"),
		5, db_i64(seconds), db_i64(seconds), db_i64(seconds), db_i64(seconds), db_str(id));
}

static inline struct e2e_answer detail(struct e2e *t, struct str id)
{
	struct e2e_answer a = e2e_get(t, e2e_super_admin(t), "/api/v1/admin/sessions/%s", id.p);

	expect_status(&a, 200);
	return a;
}

static inline void count_fault(void *ctx, const struct recount_fault *fault)
{
	(void)fault;
	++*(int *)ctx;
}

static inline void expect_exact_numbers(struct e2e *t)
{
	int wrong = 0;

	assert_int_equal(recount(t->db, false, count_fault, &wrong), ERR_OK);
	assert_int_equal(wrong, 0);
}

#endif
