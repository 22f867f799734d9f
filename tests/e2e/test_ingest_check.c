/* SPDX-License-Identifier: MIT
 * What applications ask and tell about a session after it was registered (schema/api.md 5):
 * activity, written at most once per interval, and introspection (RFC 7662), which tells nothing
 * about what is not alive or not the caller's business. */
#include "lib/e2e.h"

#define INTERVAL_S 60 /* ROLLCALL_ACTIVITY_INTERVAL */
#define INACTIVE "{\"active\":false}"
#define INTROSPECT "/api/v1/sessions/introspect"

static struct str platform(struct e2e *t)
{
	return e2e_token(
		t, "{\"sub\":\"svc\",\"platform_token\":true,\"scope\":\"sessions:write\"}");
}

static struct str service_of(struct e2e *t, struct str tenant)
{
	return e2e_token(
		t, "{\"sub\":\"svc\",\"tenant_id\":\"%s\",\"scope\":\"sessions:write\"}", tenant.p);
}

struct signed_in {
	struct e2e_tenant tenant;
	struct str id, token;
};

static struct signed_in sign_in(struct e2e *t)
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

static void end_session(struct e2e *t, struct str id)
{
	struct e2e_answer a = e2e_delete(t, e2e_super_admin(t), "/api/v1/admin/sessions/%s", id.p);

	expect_status(&a, 204);
}

static void let_expire(struct e2e *t, struct str id)
{
	e2e_exec(t, SQL("UPDATE session SET expires_at = UTC_TIMESTAMP(3) WHERE id = ?"), 1,
		db_str(id));
}

/* Activity */

static struct e2e_answer activity(struct e2e *t, struct str id, const char *body)
{
	return e2e_post(t, platform(t), body, "/api/v1/sessions/%s/activity", id.p);
}

static void record(struct e2e *t, struct str id, const char *body)
{
	struct e2e_answer a = activity(t, id, body);

	expect_status(&a, 204);
	assert_int_equal(a.body.n, 0);
}

static void age(struct e2e *t, struct str id, int64_t seconds)
{
	e2e_exec(t,
		SQL("UPDATE session SET last_activity_at = UTC_TIMESTAMP(3) - INTERVAL ? SECOND,"
		    " apps = JSON_SET(apps, '$.wiki.at', TIMESTAMPDIFF(SECOND, '1970-01-01 00:00:00',"
		    " UTC_TIMESTAMP(3) - INTERVAL ? SECOND) * 1000, '$.mail.at', TIMESTAMPDIFF(SECOND, '1970-01-01 00:00:00',"
		    " UTC_TIMESTAMP(3) - INTERVAL ? SECOND) * 1000) WHERE id = ?"),
		4, db_i64(seconds), db_i64(seconds), db_i64(seconds), db_str(id));
	e2e_exec(t,
		SQL("UPDATE ended SET last_activity_at = UTC_TIMESTAMP(3) - INTERVAL ? SECOND WHERE id = ?"),
		2, db_i64(seconds), db_str(id));
}

/* Seconds since the last activity, -1: there was none. */
static int64_t idle_s(struct e2e *t, struct str id)
{
	return e2e_count(t,
		SQL("SELECT COALESCE(TIMESTAMPDIFF(SECOND, last_activity_at,"
		    " UTC_TIMESTAMP(3)), -1) FROM test_session WHERE id = ?"),
		1, db_str(id));
}

static void activity__is_written_once_per_interval(void **state)
{
	struct e2e *t = *state;
	struct str id = sign_in(t).id;

	assert_int_equal(idle_s(t, id), -1);
	record(t, id, NULL);
	assert_in_range(idle_s(t, id), 0, 20);
	age(t, id, INTERVAL_S / 2);
	record(t, id, NULL);
	record(t, id, "{}");
	record(t, id, "{\"application_id\":null,\"application_name\":null,\"x\":1}");
	assert_in_range(idle_s(t, id), INTERVAL_S / 2, INTERVAL_S / 2 + 20);
	age(t, id, INTERVAL_S + 1);
	record(t, id, NULL);
	assert_in_range(idle_s(t, id), 0, 20);
}

static int64_t app_idle_s(struct e2e *t, struct str id, const char *app)
{
	return e2e_count(t,
		SQL("SELECT TIMESTAMPDIFF(SECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(3))"
		    " - JSON_VALUE(apps, CONCAT('$.', ?, '.at')) DIV 1000"
		    " FROM test_session WHERE id = ?"),
		2, db_str(str_from(app)), db_str(id));
}

static void applications__are_recorded_with_their_names(void **state)
{
	struct e2e *t = *state;
	struct str id = sign_in(t).id;
	struct e2e_answer a;

	record(t, id, "{\"application_id\":\"mail\",\"application_name\":\"Mail\"}");
	/* Another application is another interval. */
	record(t, id, "{\"application_id\":\"wiki\"}");
	a = e2e_get(t, e2e_super_admin(t), "/api/v1/admin/sessions/%s", id.p);
	expect_status(&a, 200);
	assert_int_equal(e2e_at(a.json, "data.sso_apps")->count, 2);
	for (const struct json *app = e2e_at(a.json, "data.sso_apps")->first; app != NULL;
		app = app->next) {
		expect_members(app, "application_id application_name accessed_at");
		/* The document has no null for it: what has no name goes by its id. */
		expect_str(e2e_text(app, "application_name"),
			str_eq(e2e_text(app, "application_id"), STR("wiki")) ? STR("wiki")
									     : STR("Mail"));
	}
	a = e2e_get(t, e2e_super_admin(t), "/api/v1/admin/sessions?user_id=u&tenant_id=%s",
		e2e_text(a.json, "data.tenant_id").p);
	assert_int_equal(e2e_int(a.json, "data.0.app_count"), 2);

	age(t, id, INTERVAL_S / 2);
	record(t, id, "{\"application_id\":\"mail\",\"application_name\":\"Too early\"}");
	assert_in_range(app_idle_s(t, id, "mail"), INTERVAL_S / 2, INTERVAL_S / 2 + 20);
	age(t, id, INTERVAL_S + 1);
	record(t, id, "{\"application_id\":\"mail\",\"application_name\":\"Post\"}");
	assert_in_range(app_idle_s(t, id, "mail"), 0, 20);
	assert_in_range(app_idle_s(t, id, "wiki"), INTERVAL_S + 1, INTERVAL_S + 20);
	a = e2e_get(t, e2e_super_admin(t), "/api/v1/admin/sessions/%s", id.p);
	expect_str(e2e_text(a.json, "data.sso_apps.0.application_id"), STR("mail"));
	expect_str(e2e_text(a.json, "data.sso_apps.0.application_name"), STR("Post"));
}

static void activity_of_what_is_not_there__is_refused(void **state)
{
	struct e2e *t = *state;
	struct signed_in s = sign_in(t);
	struct e2e_answer a = activity(t, STR("no-such-session"), NULL);

	expect_status(&a, 404);
	expect_body(&a, "{\"detail\":\"Session not found\"}");
	a = e2e_post(t, service_of(t, e2e_tenant(t, STR_NONE).id), NULL,
		"/api/v1/sessions/%s/activity", s.id.p);
	expect_status(&a, 404);
	expect_body(&a, "{\"detail\":\"Session not found\"}");
	assert_int_equal(idle_s(t, s.id), -1);
	a = e2e_post(t, service_of(t, s.tenant.id), NULL, "/api/v1/sessions/%s/activity/", s.id.p);
	expect_status(&a, 204);

	end_session(t, s.id);
	age(t, s.id, INTERVAL_S + 1);
	a = activity(t, s.id, "{\"application_id\":\"mail\"}");
	expect_status(&a, 409);
	expect_body(&a, "{\"detail\":\"Session is not active\"}");
	assert_in_range(idle_s(t, s.id), INTERVAL_S + 1, INTERVAL_S + 20);
	assert_int_equal(e2e_count(t, SQL("SELECT app_count FROM test_session WHERE id = ?"), 1,
				 db_str(s.id)),
		0);
	s = sign_in(t);
	let_expire(t, s.id);
	a = activity(t, s.id, NULL);
	expect_status(&a, 409);
}

static void activity__is_validated(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"{\"application_id\":1}",
			"{\"detail\":[{\"loc\":[\"body\",\"application_id\"],"
			"\"msg\":\"Input should be a valid string\",\"type\":\"string_type\"}]}"},
		{"{\"application_id\":\"\",\"application_name\":\"Mail\"}",
			"{\"detail\":[{\"loc\":[\"body\",\"application_id\"],"
			"\"msg\":\"String should have at least 1 character\","
			"\"type\":\"string_too_short\"}]}"},
		{"{\"application_name\":\"Mail\"}",
			"{\"detail\":[{\"loc\":[\"body\",\"application_id\"],"
			"\"msg\":\"Field required\",\"type\":\"missing\"}]}"},
		{"{\"application_id\":\"a\",\"application_name\":[]}",
			"{\"detail\":[{\"loc\":[\"body\",\"application_name\"],"
			"\"msg\":\"Input should be a valid string\",\"type\":\"string_type\"}]}"},
		{"[]", "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"Input should be a valid "
		       "dictionary or "
		       "object to extract fields from\",\"type\":\"model_attributes_type\"}]}"},
		{"{", "{\"detail\":[{\"loc\":[\"body\",1],\"msg\":\"JSON decode error\","
		      "\"type\":\"json_invalid\"}]}"},
	};
	struct e2e *t = *state;
	struct signed_in s = sign_in(t);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_answer a = activity(t, s.id, rows[i].in);

		expect_status(&a, 422);
		expect_body(&a, rows[i].want);
	}
	assert_int_equal(idle_s(t, s.id), -1);
}

/* A busy session: many at once, and it is written once. */
static void concurrent_activity__is_written_once(void **state)
{
	struct e2e *t = *state;
	struct signed_in s = sign_in(t);
	struct e2e_request r[64];
	struct e2e_answer a[64];

	for (size_t i = 0; i < ARRAY_LEN(r); i++)
		r[i] = (struct e2e_request){.method = "POST",
			.token = platform(t),
			.body = STR("{\"application_id\":\"mail\",\"application_name\":\"Mail\"}"),
			.path = arena_printf(t->arena, "/api/v1/sessions/%s/activity", s.id.p)};
	e2e_send_all(t, r, a, ARRAY_LEN(r));
	for (size_t i = 0; i < ARRAY_LEN(r); i++)
		expect_status(&a[i], 204);
	assert_in_range(idle_s(t, s.id), 0, 20);
	assert_int_equal(e2e_count(t, SQL("SELECT app_count FROM test_session WHERE id = ?"), 1,
				 db_str(s.id)),
		1);
}

/* Introspection */

static struct e2e_answer ask_form(struct e2e *t, struct str caller, const char *form)
{
	struct e2e_request r = {.method = "POST",
		.path = INTROSPECT,
		.token = caller,
		.content_type = "application/x-www-form-urlencoded",
		.body = str_from(form)};

	return e2e_send(t, &r);
}

/* As the RFC has it, and as JSON: the same answer. */
static struct e2e_answer ask(struct e2e *t, struct str caller, struct str token)
{
	struct e2e_answer form = ask_form(t, caller,
		arena_printf(t->arena, "token_type_hint=access_token&token=%s", token.p));
	struct e2e_answer json = e2e_post(
		t, caller, arena_printf(t->arena, "{\"token\":\"%s\"}", token.p), INTROSPECT);

	expect_status(&form, 200);
	expect_status(&json, 200);
	expect_str(json.body, form.body);
	expect_str(e2e_header(&form, "Cache-Control"), STR("no-store"));
	expect_str(e2e_header(&json, "Cache-Control"), STR("no-store"));
	expect_str(e2e_header(&form, "Content-Type"), STR("application/json"));
	return form;
}

static void expect_inactive(struct e2e *t, struct str caller, struct str token)
{
	struct e2e_answer a = ask(t, caller, token);

	expect_body(&a, INACTIVE);
}

static void living_token__is_told_with_its_session(void **state)
{
	struct e2e *t = *state;
	struct signed_in s = sign_in(t);
	const struct str callers[] = {platform(t), service_of(t, s.tenant.id)};

	for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
		struct e2e_answer a = ask(t, callers[i], s.token);

		expect_members(a.json, "active token_type sub sid tenant_id exp iat");
		assert_true(e2e_bool(a.json, "active"));
		expect_str(e2e_text(a.json, "token_type"), STR("zt-session"));
		expect_str(e2e_text(a.json, "sub"), STR("u"));
		expect_str(e2e_text(a.json, "sid"), s.id);
		expect_str(e2e_text(a.json, "tenant_id"), s.tenant.id);
		assert_int_equal(e2e_int(a.json, "exp") - e2e_int(a.json, "iat"), 3600);
		assert_in_range(e2e_now_ms(t) / 1000 - e2e_int(a.json, "iat"), 0, 20);
	}
}

static void living_jwt__is_told_with_its_claims(void **state)
{
	struct e2e *t = *state;
	struct signed_in s = sign_in(t);
	int64_t now = e2e_now_ms(t) / 1000;
	struct e2e_answer a;

	a = ask(t, platform(t),
		e2e_token(t,
			"{\"sub\":\"x\",\"iss\":\"https://idp\",\"iat\":%lld,"
			"\"exp\":%lld,\"tenant_id\":\"%s\"}",
			(long long)now, (long long)now + 100, s.tenant.id.p));
	expect_members(a.json, "active token_type sub tenant_id exp iat iss");
	expect_str(e2e_text(a.json, "token_type"), STR("Bearer"));
	expect_str(e2e_text(a.json, "sub"), STR("x"));
	expect_str(e2e_text(a.json, "iss"), STR("https://idp"));
	assert_int_equal(e2e_int(a.json, "iat"), now);
	assert_int_equal(e2e_int(a.json, "exp"), now + 100);

	/* With a session it lasts no longer than that. */
	a = ask(t, platform(t),
		e2e_token(t, "{\"sub\":\"u\",\"exp\":%lld,\"sid\":\"%s\"}", (long long)now + 86400,
			s.id.p));
	expect_members(a.json, "active token_type sub sid tenant_id exp iat");
	expect_str(e2e_text(a.json, "sid"), s.id);
	assert_in_range(e2e_int(a.json, "exp"), now + 3500, now + 3700);
	a = ask(t, platform(t),
		e2e_token(t, "{\"sub\":\"u\",\"exp\":%lld,\"sid\":\"%s\"}", (long long)now + 100,
			s.id.p));
	assert_int_equal(e2e_int(a.json, "exp"), now + 100);
}

static void dead_session__is_inactive_and_nothing_more(void **state)
{
	struct e2e *t = *state;
	struct signed_in revoked = sign_in(t), expired = sign_in(t);
	const struct signed_in *dead[] = {&revoked, &expired};

	end_session(t, revoked.id);
	let_expire(t, expired.id);
	for (size_t i = 0; i < ARRAY_LEN(dead); i++) {
		expect_inactive(t, platform(t), dead[i]->token);
		expect_inactive(t, platform(t),
			e2e_token(t, "{\"sub\":\"u\",\"sid\":\"%s\"}", dead[i]->id.p));
	}
}

static void what_is_no_token__is_inactive(void **state)
{
	struct e2e *t = *state;
	struct signed_in s = sign_in(t);
	struct str jwt = e2e_token(t, "{\"sub\":\"u\"}"), rest = jwt, head, claims;
	char *many = arena_alloc(t->arena, 20001);
	char *flipped = arena_dup(t->arena, s.token.p, s.token.n);

	str_split(&rest, '.', &head);
	str_split(&rest, '.', &claims);
	memset(many, 'a', 20000);
	many[20000] = '\0';
	flipped[0] = flipped[0] == 'A' ? 'B' : 'A';

	const struct str tokens[] = {
		STR("nonsense"),
		STR("."),
		STR(".."),
		STR("a.b.c"),
		s.id,
		(struct str){many, 20000},
		str_from(flipped),
		str_printf(t->arena, "%s.%s", s.token.p, s.token.p),
		str_printf(t->arena, "%.*s", (int)s.token.n - 1, s.token.p),
		/* Forged: another's claims under a signature, no signature, no algorithm. */
		str_printf(t->arena, "%.*s.%s.%.*s", STR_FMT(head), "eyJzdWIiOiJyb290In0",
			STR_FMT(rest)),
		str_printf(t->arena, "%.*s.%.*s.", STR_FMT(head), STR_FMT(claims)),
		str_printf(t->arena, "eyJhbGciOiJub25lIn0.%.*s.", STR_FMT(claims)),
		e2e_token(t, "{\"sub\":\"u\",\"exp\":1000}"),
		e2e_token(t, "{\"sub\":\"u\",\"nbf\":99999999999}"),
		e2e_token(t, "{\"sub\":\"u\",\"sid\":\"no-such-session\"}"),
	};

	for (size_t i = 0; i < ARRAY_LEN(tokens); i++)
		expect_inactive(t, platform(t), tokens[i]);
}

static void token_of_another_tenant__is_inactive(void **state)
{
	struct e2e *t = *state;
	struct signed_in s = sign_in(t);
	struct str stranger = service_of(t, e2e_tenant(t, STR_NONE).id);

	expect_inactive(t, stranger, s.token);
	expect_inactive(t, stranger, e2e_token(t, "{\"sub\":\"u\",\"sid\":\"%s\"}", s.id.p));
	expect_inactive(
		t, stranger, e2e_token(t, "{\"sub\":\"u\",\"tenant_id\":\"%s\"}", s.tenant.id.p));
	expect_inactive(t, stranger, e2e_token(t, "{\"sub\":\"u\"}"));
	expect_inactive(t, stranger, e2e_super_admin(t));
}

static void jwt_of_another_users_session__is_inactive(void **state)
{
	struct e2e *t = *state;
	struct signed_in s = sign_in(t);
	struct str elsewhere = e2e_tenant(t, STR_NONE).id;
	struct e2e_answer a = ask(t, platform(t),
		e2e_token(t, "{\"sub\":\"u\",\"tenant_id\":\"%s\",\"sid\":\"%s\"}", s.tenant.id.p,
			s.id.p));

	assert_true(e2e_bool(a.json, "active"));
	expect_inactive(t, platform(t), e2e_token(t, "{\"sub\":\"v\",\"sid\":\"%s\"}", s.id.p));
	expect_inactive(t, platform(t),
		e2e_token(t, "{\"sub\":\"u\",\"tenant_id\":\"%s\",\"sid\":\"%s\"}", elsewhere.p,
			s.id.p));
}

static void introspection__reads_forms_as_they_are_sent(void **state)
{
	struct e2e *t = *state;
	struct signed_in s = sign_in(t);
	struct e2e_answer a;
	struct buf escaped;

	buf_init(&escaped, t->arena);
	for (size_t i = 0; i < s.token.n; i++)
		buf_printf(&escaped, "%%%02X", (unsigned)(unsigned char)s.token.p[i]);
	a = ask_form(
		t, platform(t), arena_printf(t->arena, "token=%.*s", (int)escaped.n, escaped.p));
	assert_true(e2e_bool(a.json, "active"));
	a = ask_form(t, platform(t), arena_printf(t->arena, "token=x&token=%s&a=b", s.token.p));
	assert_true(e2e_bool(a.json, "active"));
	a = ask_form(t, platform(t),
		arena_printf(t->arena,
			"a=&b=&c=&d=&e=&f=&g=&h=&i=&j=&k=&l=&m=&n=&o=&p=&q=&r=&s=&token=%s",
			s.token.p));
	assert_true(e2e_bool(a.json, "active"));
	a = ask_form(t, platform(t), "token=");
	expect_status(&a, 200);
	expect_body(&a, INACTIVE);
	a = e2e_send(t, &(struct e2e_request){.method = "POST",
				.path = INTROSPECT,
				.token = platform(t),
				.content_type = "application/x-www-form-urlencoded;charset=UTF-8",
				.body = str_printf(t->arena, "token=%s", s.token.p)});
	assert_true(e2e_bool(a.json, "active"));
}

#define NO_TOKEN                                                                                   \
	"{\"detail\":[{\"loc\":[\"body\",\"token\"],\"msg\":\"Field "                              \
	"required\",\"type\":\"missing\"}]}"

/* As rollcall-admin import takes them from other systems. */
static void imported_token__may_hold_a_dot(void **state)
{
	static const char *const tokens[] = {"s:abcdefghijklmnop.qrstuvwxyz", ".", "a.b.c.d"};
	struct e2e *t = *state;
	struct signed_in s = sign_in(t);

	for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
		struct e2e_answer a;

		e2e_exec(t,
			SQL("UPDATE session SET token_digest = UNHEX(SHA2(?, 256)) WHERE id = ?"),
			2, db_str(str_from(tokens[i])), db_str(s.id));
		a = ask_form(t, platform(t), arena_printf(t->arena, "token=%s", tokens[i]));
		expect_status(&a, 200);
		expect_str(e2e_text(a.json, "sid"), s.id);
	}
}

static void introspection__is_validated(void **state)
{
	struct e2e *t = *state;
	struct e2e_answer a = ask_form(t, platform(t), "tokens=x");

	expect_status(&a, 422);
	expect_body(&a, NO_TOKEN);
	a = ask_form(t, platform(t), "");
	expect_status(&a, 422);
	a = e2e_post(t, platform(t), "{}", INTROSPECT);
	expect_status(&a, 422);
	expect_body(&a, NO_TOKEN);
	a = e2e_post(t, platform(t), "{\"token\":null}", INTROSPECT);
	expect_status(&a, 422);
	expect_body(&a, NO_TOKEN);
	a = e2e_post(t, platform(t), "{\"token\":1}", INTROSPECT);
	expect_status(&a, 422);
	expect_body(&a, "{\"detail\":[{\"loc\":[\"body\",\"token\"],"
			"\"msg\":\"Input should be a valid string\",\"type\":\"string_type\"}]}");
	a = e2e_send(t, &(struct e2e_request){.method = "POST",
				.path = INTROSPECT,
				.token = platform(t),
				.content_type = "text/plain",
				.body = STR("token=x")});
	expect_status(&a, 415);
}

static void introspection__is_for_services(void **state)
{
	struct e2e *t = *state;
	struct signed_in s = sign_in(t);
	const char *body = arena_printf(t->arena, "{\"token\":\"%s\"}", s.token.p);
	struct e2e_answer a = e2e_post(t, STR_NONE, body, INTROSPECT);

	expect_status(&a, 401);
	a = e2e_post(t, e2e_super_admin(t), body, INTROSPECT);
	expect_status(&a, 403);
	a = e2e_post(t,
		e2e_token(t, "{\"sub\":\"s\",\"platform_token\":true,\"scope\":\"admin:read\"}"),
		body, INTROSPECT);
	expect_status(&a, 403);
	a = activity(t, s.id, NULL);
	expect_status(&a, 204);
	a = e2e_post(t, e2e_super_admin(t), NULL, "/api/v1/sessions/%s/activity", s.id.p);
	expect_status(&a, 403);
	a = e2e_get(t, platform(t), INTROSPECT);
	expect_status(&a, 405);
	expect_str(e2e_header(&a, "Allow"), STR("POST"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(activity__is_written_once_per_interval),
		cmocka_unit_test(applications__are_recorded_with_their_names),
		cmocka_unit_test(activity_of_what_is_not_there__is_refused),
		cmocka_unit_test(activity__is_validated),
		cmocka_unit_test(concurrent_activity__is_written_once),
		cmocka_unit_test(living_token__is_told_with_its_session),
		cmocka_unit_test(living_jwt__is_told_with_its_claims),
		cmocka_unit_test(dead_session__is_inactive_and_nothing_more),
		cmocka_unit_test(what_is_no_token__is_inactive),
		cmocka_unit_test(token_of_another_tenant__is_inactive),
		cmocka_unit_test(jwt_of_another_users_session__is_inactive),
		cmocka_unit_test(introspection__reads_forms_as_they_are_sent),
		cmocka_unit_test(imported_token__may_hold_a_dot),
		cmocka_unit_test(introspection__is_validated),
		cmocka_unit_test(introspection__is_for_services),
	};

	return cmocka_run_group_tests_name(
		"Activity and introspection", tests, e2e_open, e2e_close);
}
