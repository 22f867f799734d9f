/* SPDX-License-Identifier: MIT
 * One of each answer that an operation of schema/openapi.yaml can give without anything being
 * broken, so that tests/e2e/openapi/check has them all to hold against the file; what the answers
 * mean is tested elsewhere. The surprise: the rows run in order, the later ones find what the
 * earlier made. */
#include "lib/e2e.h"

enum as { NOBODY, ROOT, SERVICE, ADMIN, USER, FORGED };

#define BIG_BODY (1024 * 1024 + 1) /* bytes; the limit unless set */
#define FORM "application/x-www-form-urlencoded"
#define EDGE "/edge/management/v1/api-sessions"

#define PLAIN(status, as, method, path)                                                            \
	{                                                                                          \
		status, as, method, path, NULL, NULL, NULL                                         \
	}
#define BODY(status, as, method, path, body, type)                                                 \
	{                                                                                          \
		status, as, method, path, body, type, NULL                                         \
	}
#define WITH(status, as, method, path, header)                                                     \
	{                                                                                          \
		status, as, method, path, NULL, NULL, header                                       \
	}

/* In paths and bodies T is the tenant, S a living session, D a dead one, K a token; L is a query of
 * too many parameters (a long one does not pass every web server), B a body too big. */
static const struct row {
	int status;
	enum as as;
	const char *method, *path, *body, *type, *header;
} rows[] = {
	/* clang-format off */
	PLAIN(200, NOBODY, "GET", "/api/v1/openapi.json"),
	PLAIN(200, NOBODY, "HEAD", "/api/v1/openapi.json"),
	PLAIN(200, FORGED, "GET", "/api/v1/openapi.json"),
	BODY(405, NOBODY, "POST", "/api/v1/openapi.json", "{}", NULL),
	PLAIN(200, NOBODY, "GET", "/healthz"),

	PLAIN(200, ROOT, "GET", "/api/v1/admin/audit"),
	PLAIN(200, ROOT, "GET", "/api/v1/admin/audit?tenant_id=T&user_id=u&per_page=1"),
	PLAIN(200, ROOT, "GET", "/api/v1/admin/audit?page=99999999999"),
	PLAIN(422, ROOT, "GET", "/api/v1/admin/audit?page=x&per_page=0"),
	PLAIN(401, NOBODY, "GET", "/api/v1/admin/audit"),
	PLAIN(403, USER, "GET", "/api/v1/admin/audit"),
	PLAIN(405, ROOT, "DELETE", "/api/v1/admin/audit"),
	PLAIN(200, ADMIN, "GET", "/api/v1/tenants/T/audit?user_id=u"),
	PLAIN(200, ADMIN, "HEAD", "/api/v1/tenants/T/audit"),
	PLAIN(422, ADMIN, "GET", "/api/v1/tenants/T/audit?per_page=101"),
	PLAIN(401, FORGED, "GET", "/api/v1/tenants/T/audit"),
	PLAIN(403, ADMIN, "GET", "/api/v1/tenants/other/audit"),
	PLAIN(404, ROOT, "GET", "/api/v1/tenants/unknown/audit"),

	WITH(200, NOBODY, "GET", "/authorize", "zt-session: K"),
	WITH(200, NOBODY, "HEAD", "/authorize", "Cookie: a=b; rollcall_session=K"),
	PLAIN(401, NOBODY, "GET", "/authorize"),
	PLAIN(401, USER, "GET", "/authorize"),
	BODY(405, NOBODY, "PUT", "/authorize", "x", NULL),

	PLAIN(204, SERVICE, "POST", "/api/v1/sessions/S/activity"),
	PLAIN(409, SERVICE, "POST", "/api/v1/sessions/D/activity"),
	PLAIN(404, SERVICE, "POST", "/api/v1/sessions/none/activity"),
	BODY(422, SERVICE, "POST", "/api/v1/sessions/S/activity", "{\"application_name\":\"x\"}", NULL),
	BODY(415, SERVICE, "POST", "/api/v1/sessions/S/activity", "{}", "text/plain"),
	BODY(413, SERVICE, "POST", "/api/v1/sessions/S/activity", "B", NULL),
	PLAIN(403, USER, "POST", "/api/v1/sessions/S/activity"),
	PLAIN(401, NOBODY, "POST", "/api/v1/sessions/S/activity"),
	BODY(200, SERVICE, "POST", "/api/v1/sessions/introspect", "token=K", FORM),
	BODY(200, SERVICE, "POST", "/api/v1/sessions/introspect", "{\"token\":\"K\"}", NULL),
	BODY(200, SERVICE, "POST", "/api/v1/sessions/introspect", "token=x", FORM),
	BODY(422, SERVICE, "POST", "/api/v1/sessions/introspect", "hint=x", FORM),
	BODY(415, SERVICE, "POST", "/api/v1/sessions/introspect", "token=x", "text/plain"),
	BODY(413, SERVICE, "POST", "/api/v1/sessions/introspect", "B", FORM),
	BODY(403, USER, "POST", "/api/v1/sessions/introspect", "token=x", FORM),
	BODY(401, FORGED, "POST", "/api/v1/sessions/introspect", "token=x", FORM),
	BODY(413, SERVICE, "POST", "/api/v1/sessions", "B", NULL),
	BODY(415, SERVICE, "POST", "/api/v1/sessions", "{}", "text/plain"),


	BODY(200, ROOT, "POST", "/api/v1/admin/sessions/revoke-by-filter", "{\"filter\":\"id = \\\"S\\\"\",\"dry_run\":true}", NULL),
	BODY(200, ADMIN, "POST", "/api/v1/tenants/T/sessions/revoke-by-filter", "{\"filter\":\"id = \\\"D\\\"\",\"confirm\":\"all\"}", NULL),
	BODY(409, ADMIN, "POST", "/api/v1/tenants/T/sessions/revoke-by-filter", "{\"filter\":\"id = \\\"S\\\"\",\"if_count\":2}", NULL),
	BODY(422, ROOT, "POST", "/api/v1/admin/sessions/revoke-by-filter", "{\"filter\":\"id =\"}", NULL),
	BODY(415, ROOT, "POST", "/api/v1/admin/sessions/revoke-by-filter", "{}", "text/plain"),
	BODY(413, ROOT, "POST", "/api/v1/admin/sessions/revoke-by-filter", "B", NULL),
	BODY(415, ADMIN, "POST", "/api/v1/tenants/T/sessions/revoke-by-filter", "{}", "text/plain"),
	BODY(413, ADMIN, "POST", "/api/v1/tenants/T/sessions/revoke-by-filter", "B", NULL),
	BODY(404, ROOT, "POST", "/api/v1/tenants/unknown/sessions/revoke-by-filter", "{}", NULL),

	PLAIN(200, ROOT, "GET", EDGE "?limit=1"),
	PLAIN(200, ROOT, "HEAD", EDGE "/S"),
	PLAIN(401, NOBODY, "GET", EDGE "/S"),
	PLAIN(401, FORGED, "DELETE", EDGE "/S"),
	PLAIN(403, ADMIN, "DELETE", EDGE "/S"),
	BODY(405, ROOT, "PATCH", EDGE "/S", "{}", NULL),
	WITH(406, ROOT, "GET", EDGE, "Accept: text/html"),
	WITH(406, ROOT, "GET", EDGE "/S", "Accept: text/html"),
	WITH(406, ROOT, "DELETE", EDGE "/S", "Accept: text/html"),
	PLAIN(404, ROOT, "DELETE", EDGE "/D"),
	PLAIN(404, ROOT, "GET", "/edge/management/v1/nothing"),
	PLAIN(200, ROOT, "DELETE", EDGE "/S"),
	/* clang-format on */
};

struct world {
	struct str tenant, alive, dead, token;
	struct str tokens[FORGED + 1];
};

static struct world world(struct e2e *t)
{
	struct world w = {.tenant = e2e_name(t, "tnt")};
	const struct e2e_tenant tenant = {w.tenant, STR_NONE};
	struct session_new dead;
	struct e2e_answer a;

	w.tokens[ROOT] = e2e_super_admin(t);
	w.tokens[SERVICE] = e2e_token(
		t, "{\"sub\":\"svc\",\"platform_token\":true,\"scope\":\"sessions:write\"}");
	w.tokens[ADMIN] = e2e_token(
		t, "{\"sub\":\"adm\",\"role\":\"tenant_admin\",\"tenant_id\":\"%s\"}", w.tenant.p);
	w.tokens[USER] = e2e_token(t, "{\"sub\":\"u\",\"tenant_id\":\"%s\"}", w.tenant.p);
	w.tokens[FORGED] = STR("x.y.z");
	a = e2e_post(t, w.tokens[SERVICE],
		arena_printf(t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"u\"}", w.tenant.p),
		"/api/v1/sessions");
	expect_status(&a, 201);
	w.alive = e2e_text(a.json, "data.id");
	w.token = e2e_text(a.json, "data.token");
	dead = e2e_session(t, tenant, STR("u"));
	dead.expires_ms = dead.created_ms + 1;
	w.dead = e2e_put(t, &dead);
	return w;
}

static void put_capital(struct buf *b, const struct world *w, char c)
{
	switch (c) {
	case 'T':
		buf_str(b, w->tenant);
		break;
	case 'S':
		buf_str(b, w->alive);
		break;
	case 'D':
		buf_str(b, w->dead);
		break;
	case 'K':
		buf_str(b, w->token);
		break;
	case 'B':
		buf_printf(b, "%0*d", BIG_BODY, 0);
		break;
	default:
		buf_char(b, c);
	}
}

/* The text with the capitals that stand alone replaced. NULL stays NULL. */
static struct str filled(struct e2e *t, const struct world *w, const char *text)
{
	struct buf b;

	if (text == NULL)
		return STR_NONE;
	buf_init(&b, t->arena);
	for (const char *p = text; *p != '\0'; p++) {
		bool alone = (p == text || strchr("/=\" ?", p[-1]) != NULL) &&
			     strchr("/?&\\\"", p[1]) != NULL;

		if (alone)
			put_capital(&b, w, *p);
		else
			buf_char(&b, *p);
	}
	return str_dup(t->arena, buf_view(&b));
}

static void every_operation__gives_its_answers(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		const struct e2e_request request = {
			.method = r->method,
			.path = filled(t, &w, r->path).p,
			.token = w.tokens[r->as],
			.body = filled(t, &w, r->body),
			.content_type = r->type,
			.headers = {filled(t, &w, r->header).p},
		};
		struct e2e_answer a = e2e_send(t, &request);

		print_message("           %d %s %s\n", r->status, r->method, r->path);
		expect_status(&a, r->status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation__gives_its_answers),
	};

	return cmocka_run_group_tests(tests, e2e_open, e2e_close);
}
