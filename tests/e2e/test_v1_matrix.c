/* SPDX-License-Identifier: MIT
 * The authorisation matrix of schema/api.md 3.3, cell by cell, over the endpoints of the Sessions
 * API: four tenants (the caller's own, one of the same partner, one of another, one that is not
 * there), and what the call did as well as what it answered. */
/* e2e: shared-host */
#include "v1_access.h"

enum kind {
	ADMIN_LIST,
	ADMIN_GET,
	ADMIN_DELETE,
	ADMIN_REVOKE_TENANT,
	ADMIN_REVOKE_BOTH,
	TENANT_LIST,
	TENANT_STATS,
	TENANT_USER_LIST,
	TENANT_GET,
	TENANT_DELETE,
	TENANT_USER_REVOKE,
	TENANT_REVOKE_ALL,
	KIND__COUNT
};

/* $T and $S stand for the tenant and the session of the target. */
struct endpoint {
	const char *method, *path, *body;
	int ok;
};

static const struct endpoint endpoints[KIND__COUNT] = {
	[ADMIN_LIST] = {"GET", "/api/v1/admin/sessions/?tenant_id=$T", NULL, 200},
	[ADMIN_GET] = {"GET", "/api/v1/admin/sessions/$S", NULL, 200},
	[ADMIN_DELETE] = {"DELETE", "/api/v1/admin/sessions/$S", NULL, 204},
	[ADMIN_REVOKE_TENANT] = {"POST", "/api/v1/admin/sessions/revoke-all",
		"{\"tenant_id\":\"$T\"}", 200},
	[ADMIN_REVOKE_BOTH] = {"POST", "/api/v1/admin/sessions/revoke-all",
		"{\"tenant_id\":\"$T\",\"user_id\":\"usr_x\"}", 200},
	[TENANT_LIST] = {"GET", "/api/v1/tenants/$T/sessions", NULL, 200},
	[TENANT_STATS] = {"GET", "/api/v1/tenants/$T/sessions/stats", NULL, 200},
	[TENANT_USER_LIST] = {"GET", "/api/v1/tenants/$T/sessions/users/usr_x", NULL, 200},
	[TENANT_GET] = {"GET", "/api/v1/tenants/$T/sessions/$S", NULL, 200},
	[TENANT_DELETE] = {"DELETE", "/api/v1/tenants/$T/sessions/$S", NULL, 204},
	[TENANT_USER_REVOKE] = {"POST", "/api/v1/tenants/$T/sessions/users/usr_x/revoke",
		"{\"revoke_all\":true}", 200},
	[TENANT_REVOKE_ALL] = {"POST", "/api/v1/tenants/$T/sessions/revoke-all", NULL, 200},
};

static bool is_write(enum kind kind)
{
	return strcmp(endpoints[kind].method, "GET") != 0;
}

/* What a caller gets; 0 is the endpoint's own success. A list of a tenant out of reach is empty. */
#define OK 0
#define NOBODY 200001

/* $T is the own tenant, $P its partner. */
struct caller {
	const char *name, *claims; /* NULL: no token at all */
	/* Targets OWN, SIBLING, FOREIGN, NOWHERE for each class of endpoint. */
	int list[TARGET__COUNT], platform_read[TARGET__COUNT], platform_delete[TARGET__COUNT],
		platform_revoke[TARGET__COUNT], tenant_read[TARGET__COUNT],
		tenant_write[TARGET__COUNT];
};

#define ALL(x)                                                                                     \
	{                                                                                          \
		x, x, x, x                                                                         \
	}
#define EVERYTHING                                                                                 \
	{                                                                                          \
		OK, OK, OK, 404                                                                    \
	}
#define TENANT_ONLY                                                                                \
	{                                                                                          \
		OK, 403, 403, 403                                                                  \
	}
#define PARTNER_ONLY                                                                               \
	{                                                                                          \
		OK, OK, 404, 404                                                                   \
	}

/* clang-format off */
static const struct caller callers[] = {
	/*                                     list of the admin       platform read  delete         revoke              tenant read    write */
	{"nobody", NULL,                       ALL(401),               ALL(401),      ALL(401),      ALL(401),           ALL(401),      ALL(401)},
	{"super_admin", "\"role\":\"super_admin\"",
	                                       {OK, OK, OK, NOBODY},   EVERYTHING,    EVERYTHING,    EVERYTHING,         EVERYTHING,    EVERYTHING},
	{"super_admin of a tenant", "\"role\":\"super_admin\",\"tenant_id\":\"$T\",\"partner_id\":\"$P\"",
	                                       {OK, OK, OK, NOBODY},   EVERYTHING,    EVERYTHING,    EVERYTHING,         EVERYTHING,    EVERYTHING},
	{"partner_admin", "\"role\":\"partner_admin\",\"partner_id\":\"$P\"",
	                                       {OK, OK, NOBODY, NOBODY}, PARTNER_ONLY, PARTNER_ONLY, {OK, OK, 403, 403}, PARTNER_ONLY,  PARTNER_ONLY},
	{"partner_admin of no partner", "\"role\":\"partner_admin\"",
	                                       ALL(403),               ALL(403),      ALL(403),      ALL(403),           ALL(403),      ALL(403)},
	{"partner_admin of a tenant only", "\"role\":\"partner_admin\",\"tenant_id\":\"$T\"",
	                                       ALL(403),               ALL(403),      ALL(403),      ALL(403),           ALL(403),      ALL(403)},
	{"tenant_admin", "\"role\":\"tenant_admin\",\"tenant_id\":\"$T\"",
	                                       ALL(403),               ALL(403),      ALL(403),      ALL(403),           TENANT_ONLY,   TENANT_ONLY},
	{"tenant_admin with a partner", "\"role\":\"tenant_admin\",\"tenant_id\":\"$T\",\"partner_id\":\"$P\"",
	                                       ALL(403),               ALL(403),      ALL(403),      ALL(403),           TENANT_ONLY,   TENANT_ONLY},
	{"tenant_admin of no tenant", "\"role\":\"tenant_admin\"",
	                                       ALL(403),               ALL(403),      ALL(403),      ALL(403),           ALL(403),      ALL(403)},
	{"user", "\"tenant_id\":\"$T\"",       ALL(403),               ALL(403),      ALL(403),      ALL(403),           ALL(403),      ALL(403)},
	{"user with scopes", "\"tenant_id\":\"$T\",\"scope\":\"admin:read admin:write sessions:write\"",
	                                       ALL(403),               ALL(403),      ALL(403),      ALL(403),           ALL(403),      ALL(403)},
	{"platform_token false", "\"platform_token\":false,\"scope\":\"admin:read admin:write\"",
	                                       ALL(403),               ALL(403),      ALL(403),      ALL(403),           ALL(403),      ALL(403)},
	{"unknown role", "\"role\":\"SUPER_ADMIN\",\"tenant_id\":\"$T\"",
	                                       ALL(403),               ALL(403),      ALL(403),      ALL(403),           ALL(403),      ALL(403)},
	{"service without a scope", "\"platform_token\":true",
	                                       ALL(403),               ALL(403),      ALL(403),      ALL(403),           ALL(403),      ALL(403)},
	{"service of another scope", "\"platform_token\":true,\"scope\":\"sessions:write admin:reader Admin:write\"",
	                                       ALL(403),               ALL(403),      ALL(403),      ALL(403),           ALL(403),      ALL(403)},
	{"service that reads", "\"platform_token\":true,\"scope\":\"admin:read\"",
	                                       {OK, OK, OK, NOBODY},   EVERYTHING,    ALL(403),      ALL(403),           EVERYTHING,    ALL(403)},
	{"service that writes", "\"platform_token\":true,\"scope\":\"x admin:write y\"",
	                                       ALL(403),               ALL(403),      EVERYTHING,    EVERYTHING,         ALL(403),      EVERYTHING},
	{"service that does both", "\"platform_token\":true,\"scope\":\"admin:write admin:read\",\"tenant_id\":\"$T\"",
	                                       {OK, OK, OK, NOBODY},   EVERYTHING,    EVERYTHING,    EVERYTHING,         EVERYTHING,    EVERYTHING},
};
/* clang-format on */

static int wanted(const struct caller *c, enum kind kind, enum target target)
{
	switch (kind) {
	case ADMIN_LIST:
		return c->list[target];
	case ADMIN_GET:
		return c->platform_read[target];
	case ADMIN_DELETE:
		return c->platform_delete[target];
	case ADMIN_REVOKE_TENANT:
	case ADMIN_REVOKE_BOTH:
		return c->platform_revoke[target];
	case TENANT_LIST:
	case TENANT_STATS:
	case TENANT_USER_LIST:
	case TENANT_GET:
		return c->tenant_read[target];
	case TENANT_DELETE:
	case TENANT_USER_REVOKE:
	case TENANT_REVOKE_ALL:
		return c->tenant_write[target];
	case KIND__COUNT:
		break;
	}
	fail();
	return 0;
}

/* `form` with $T, $P and $S replaced. */
static const char *fill(
	struct e2e *t, const char *form, struct str tenant, struct str partner, struct str session)
{
	struct buf b;

	buf_init(&b, t->arena);
	for (const char *p = form; *p != '\0'; p++) {
		if (*p == '$') {
			p++;
			buf_str(&b, *p == 'T' ? tenant : *p == 'P' ? partner : session);
		} else {
			buf_char(&b, *p);
		}
	}
	buf_char(&b, '\0');
	return b.p;
}

static void check_cell(struct e2e *t, const struct world *w, const struct caller *c,
	struct str token, enum kind kind, enum target target)
{
	const struct endpoint *e = &endpoints[kind];
	struct e2e_tenant tn = w->tenants[target];
	struct str id =
		target == NOWHERE ? e2e_name(t, "ses") : e2e_put_session(t, tn, STR("usr_x"));
	int want = wanted(c, kind, target);
	bool succeeds = want == OK, done;
	struct e2e_request r = {.method = e->method, .token = token};
	struct e2e_answer a;

	r.path = fill(t, e->path, tn.id, w->partner, id);
	r.body = e->body != NULL ? str_from(fill(t, e->body, tn.id, w->partner, id)) : STR_NONE;
	a = e2e_send(t, &r);
	a.what = arena_printf(t->arena, "%s: %s", c->name, a.what);
	expect_status(&a, succeeds ? e->ok : want == NOBODY ? 200 : want);
	if (kind == ADMIN_LIST && a.status == 200)
		assert_int_equal(e2e_has(e2e_at(a.json, "data"), id), succeeds);
	if (target == NOWHERE)
		return;
	done = is_write(kind) && succeeds;
	if (is_revoked(t, id) != done) {
		print_error("%s\n", a.what);
		fail_msg("the session is %s", done ? "not revoked" : "revoked");
	}
}

static void matrix__holds_in_every_cell(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);

	for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
		const struct caller *c = &callers[i];
		struct str token = STR_NONE;

		if (c->claims != NULL)
			token = e2e_token(t, "{\"sub\":\"usr_c\",%s}",
				fill(t, c->claims, w.tenants[OWN].id, w.partner, STR_NONE));
		for (int kind = 0; kind < KIND__COUNT; kind++)
			for (int target = 0; target < TARGET__COUNT; target++)
				check_cell(t, &w, c, token, (enum kind)kind, (enum target)target);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matrix__holds_in_every_cell),
	};

	return cmocka_run_group_tests_name("Sessions API: access", tests, e2e_open, e2e_close);
}
