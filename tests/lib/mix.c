/* SPDX-License-Identifier: MIT
 * A mix of all kinds of requests; see the header. Called by lib/load.c for the next request and for
 * its answer. Texts of requests live in the arena of the struct e2e and are never given back. */
#include "lib/mix.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum kind {
	ADMIN_LIST,
	ADMIN_GET,
	TENANT_LIST,
	TENANT_STATS,
	USER_LIST,
	ME_LIST,
	EDGE_LIST,
	AUDIT,
	REGISTER,
	ACTIVITY,
	INTROSPECT,
	AUTHORIZE,
	REVOKE,
	REFUSED,
	KIND__COUNT
};

static_assert(KIND__COUNT == MIX_KINDS, "mix.h has room for every kind");

static const char *const kind_names[] = {"admin list", "admin get", "tenant list", "stats",
	"user list", "me", "edge list", "audit", "register", "activity", "introspect", "authorize",
	"revoke", "refused"};

static struct str churn_path(struct mix *m)
{
	return str_printf(m->t->arena, "/api/v1/admin/sessions/%s", m->churned[--m->churn_count]);
}

bool mix_next(void *ctx, struct load_job *job)
{
	struct mix *m = ctx;
	enum kind kind = (enum kind)(m->given++ % MIX_KINDS);

	if (kind == REVOKE && m->churn_count == 0)
		kind = AUTHORIZE;
	*job = m->jobs[kind];
	job->kind = (int)kind;
	if (kind == REVOKE)
		job->path = churn_path(m);
	if (kind == ADMIN_GET || kind == ACTIVITY)
		job->path = str_printf(m->t->arena,
			kind == ADMIN_GET ? "/api/v1/admin/sessions/%s"
					  : "/api/v1/sessions/%s/activity",
			m->ids[m->given % MIX_FIXED].p);
	return true;
}

/* The number behind that name in the body, -1 if it is not there. */
static int64_t number(struct str body, const char *name)
{
	const char *found = body.n > 0 ? strstr(body.p, name) : NULL;

	return found != NULL ? strtoll(found + strlen(name), NULL, 10) : -1;
}

static void keep_churned(struct mix *m, struct str body)
{
	const char *id = strstr(body.p, "\"id\":\"");

	if (id != NULL && m->churn_count < MIX_CHURN)
		snprintf(m->churned[m->churn_count++], sizeof(m->churned[0]), "%.36s", id + 6);
}

/* Whether a good answer holds what it has to: never an empty list. */
static bool is_complete(enum kind kind, struct str body)
{
	switch (kind) {
	case ADMIN_LIST:
	case USER_LIST:
		return number(body, "\"total_items\":") == MIX_FIXED;
	case TENANT_LIST: /* with the ended one */
		return number(body, "\"total_items\":") == MIX_FIXED + 1;
	case TENANT_STATS:
		return number(body, "\"active_sessions\":") == MIX_FIXED;
	case EDGE_LIST:
		return number(body, "\"totalCount\":") == MIX_FIXED;
	case AUDIT:
		return number(body, "\"total_items\":") == 1;
	case ADMIN_GET:
	case ME_LIST:
	case REGISTER:
		return strstr(body.p, "\"status\":\"active\"") != NULL;
	case INTROSPECT:
		return strstr(body.p, "\"active\":true") != NULL;
	case ACTIVITY:
	case AUTHORIZE:
	case REVOKE:
	case REFUSED:
	case KIND__COUNT:
		break;
	}
	return true;
}

/* Where it is not 200. */
static const int good_status[MIX_KINDS] = {
	[REGISTER] = 201,
	[ACTIVITY] = 204,
	[REVOKE] = 204,
	[REFUSED] = 401,
};

static bool is_good(enum kind kind, int status)
{
	return status == (good_status[kind] != 0 ? good_status[kind] : 200);
}

void mix_done(void *ctx, const struct load_job *job, const struct load_answer *a)
{
	struct mix *m = ctx;
	enum kind kind = (enum kind)job->kind;

	m->answered++;
	if (is_good(kind, a->status)) {
		if (!is_complete(kind, a->body))
			fail_msg("%s: %d with %.*s", kind_names[kind], a->status, STR_FMT(a->body));
		if (kind == REGISTER)
			keep_churned(m, a->body);
		m->good++;
		m->good_in_row++;
		return;
	}
	m->good_in_row = 0;
	snprintf(m->trouble, sizeof(m->trouble), "%s: %d %.*s", kind_names[kind], a->status,
		STR_FMT(a->body));
	if (a->status == 503 && load_header(a, "Retry-After").p != NULL) {
		m->unavailable++;
		return;
	}
	/* Not ours are the web server's words about a worker that vanished. */
	if (a->status != 0 && load_header(a, "X-Request-Id").p != NULL)
		fail_msg("%s: %d %.*s", kind_names[kind], a->status, STR_FMT(a->body));
	m->failed++;
}

static void make_jobs(struct mix *m)
{
	struct e2e *t = m->t;
	const struct load_job jobs[MIX_KINDS] = {
		[ADMIN_LIST] = {.token = m->root,
			.path = str_printf(
				t->arena, "/api/v1/admin/sessions?tenant_id=%s", m->tenant.p)},
		[ADMIN_GET] = {.token = m->root},
		[TENANT_LIST] = {.token = m->root,
			.path = str_printf(t->arena,
				"/api/v1/tenants/%s/sessions?active_only=false&per_page=100",
				m->tenant.p)},
		[TENANT_STATS] = {.token = m->root,
			.path = str_printf(
				t->arena, "/api/v1/tenants/%s/sessions/stats", m->tenant.p)},
		[USER_LIST] = {.token = m->root,
			.path = str_printf(t->arena, "/api/v1/tenants/%s/sessions/users/u?page=2",
				m->tenant.p)},
		[ME_LIST] = {.token = m->own, .path = STR("/api/v1/me/sessions")},
		[EDGE_LIST] = {.token = m->root,
			.path = str_printf(t->arena,
				"/edge/management/v1/"
				"api-sessions?filter=tenantId%%3D%%22%s%%22&limit=20",
				m->tenant.p)},
		[AUDIT] = {.token = m->root,
			.path = str_printf(t->arena, "/api/v1/tenants/%s/audit", m->tenant.p)},
		[REGISTER] = {.token = m->service,
			.method = "POST",
			.path = STR("/api/v1/sessions"),
			.body = str_printf(t->arena,
				"{\"tenant_id\":\"%s\",\"user_id\":\"u\","
				"\"user_agent\":\"curl/8\"}",
				m->churn.p)},
		[ACTIVITY] = {.token = m->service, .method = "POST"},
		[INTROSPECT] = {.token = m->service,
			.method = "POST",
			.body = m->form,
			.path = STR("/api/v1/sessions/introspect"),
			.type = "application/x-www-form-urlencoded"},
		[AUTHORIZE] = {.header = m->cookie, .path = STR("/authorize")},
		[REVOKE] = {.token = m->root, .method = "DELETE"},
		[REFUSED] = {.token = STR("no.good.token"), .path = STR("/api/v1/me/sessions")},
	};

	memcpy(m->jobs, jobs, sizeof(jobs));
}

static void put_fixed(struct mix *m)
{
	struct e2e *t = m->t;
	struct str token = STR_NONE;
	struct session_new ended = e2e_session(t, (struct e2e_tenant){.id = m->tenant}, STR("u"));

	for (size_t i = 0; i < MIX_FIXED; i++) {
		struct e2e_answer a = e2e_post(t, m->service,
			arena_printf(
				t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"u\"}", m->tenant.p),
			"/api/v1/sessions");

		expect_status(&a, 201);
		m->ids[i] = e2e_text(a.json, "data.id");
		token = e2e_text(a.json, "data.token");
	}
	m->form = str_printf(t->arena, "token=%s", token.p);
	m->cookie = str_printf(t->arena, "Cookie: rollcall_session=%s", token.p);
	m->own = e2e_token(
		t, "{\"sub\":\"u\",\"tenant_id\":\"%s\",\"sid\":\"%s\"}", m->tenant.p, m->ids[0].p);
	/* For the audit's list. */
	ended.revoked_ms = ended.created_ms + 1;
	e2e_put(t, &ended);
}

void mix_open(struct mix *m, struct e2e *t)
{
	*m = (struct mix){.t = t};
	m->root = e2e_super_admin(t);
	m->service = e2e_token(t, "{\"sub\":\"svc\",\"platform_token\":true,"
				  "\"scope\":\"sessions:write\"}");
	m->tenant = e2e_tenant(t, STR_NONE).id;
	m->churn = e2e_tenant(t, STR_NONE).id;
	put_fixed(m);
	make_jobs(m);
}

void mix_reset(struct mix *m)
{
	m->answered = m->good = m->unavailable = m->failed = m->good_in_row = 0;
}
