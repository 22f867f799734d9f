/* SPDX-License-Identifier: MIT
 * What OAuth clients rely on (schema/api.md 5.3 and 5.6): the ways of a client to authenticate, all
 * claims of a JWT in its introspection, and revocation by whoever holds the token. */
/* e2e: every-server */
#include "lib/e2e.h"

#define FORM "application/x-www-form-urlencoded"
#define INTROSPECT "/api/v1/sessions/introspect"
#define REVOKE "/api/v1/sessions/revoke"

static struct str gateway(struct e2e *t)
{
	return e2e_token(t, "{\"sub\":\"svc_gateway\",\"platform_token\":true,"
			    "\"scope\":\"sessions:introspect\"}");
}

struct signed_in {
	struct str tenant, id, token;
};

static struct signed_in sign_in(struct e2e *t)
{
	struct signed_in s = {.tenant = e2e_tenant(t, STR_NONE).id};
	struct e2e_answer a = e2e_post(t,
		e2e_token(t,
			"{\"sub\":\"svc\",\"platform_token\":true,\"scope\":\"sessions:write\"}"),
		arena_printf(t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"u\"}", s.tenant.p),
		"/api/v1/sessions");

	expect_status(&a, 201);
	s.id = e2e_text(a.json, "data.id");
	s.token = e2e_text(a.json, "data.token");
	return s;
}

/* `header` is a whole line or NULL. */
static struct e2e_answer form(struct e2e *t, const char *path, const char *header, const char *body)
{
	return e2e_send(t, &(struct e2e_request){.method = "POST",
				   .path = path,
				   .content_type = FORM,
				   .headers = {header},
				   .body = str_from(body)});
}

static const char base64_letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static const char *base64(struct arena *a, const char *text)
{
	size_t n = strlen(text);
	struct buf out;

	buf_init(&out, a);
	for (size_t i = 0; i < n; i += 3) {
		unsigned v = 0;

		for (size_t k = 0; k < 3; k++)
			v = v << 8 | (i + k < n ? (unsigned char)text[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			buf_char(&out, i + k > n ? '=' : base64_letters[v >> (18 - 6 * k) & 63]);
	}
	return arena_printf(a, "%.*s", (int)out.n, out.p);
}

static const char *basic(struct e2e *t, const char *id, struct str secret)
{
	return arena_printf(t->arena, "Authorization: Basic %s",
		base64(t->arena, arena_printf(t->arena, "%s:%s", id, secret.p)));
}

static int64_t is_active(struct e2e *t, struct str id)
{
	return e2e_count(t, SQL("SELECT COUNT(*) FROM session WHERE id = ?"), 1, db_str(id));
}

static void client_secret__is_a_token_in_every_form(void **state)
{
	struct e2e *t = *state;
	struct signed_in s = sign_in(t);
	const char *body = arena_printf(t->arena, "token=%s", s.token.p);
	struct str secret = gateway(t);
	const char *ways[] = {
		arena_printf(t->arena, "Authorization: Bearer %s", secret.p),
		basic(t, "svc_gateway", secret),
		basic(t, "", secret),
		basic(t, "a%3Ab+c", secret), /* as in a form: "a:b c" */
		arena_printf(t->arena, "authorization: bASIC %s",
			strrchr(basic(t, "x", secret), ' ') + 1),
	};

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct e2e_answer a = form(t, INTROSPECT, ways[i], body);

		expect_status(&a, 200);
		assert_true(e2e_bool(a.json, "active"));
	}
	body = arena_printf(t->arena, "%s&client_id=any&client_secret=%s", body, secret.p);
	{
		struct e2e_answer a = form(t, INTROSPECT, NULL, body);

		expect_status(&a, 200);
		assert_true(e2e_bool(a.json, "active"));
	}
}

static void client_without_a_good_secret__is_told_both_schemes(void **state)
{
	struct e2e *t = *state;
	struct signed_in s = sign_in(t);
	const char *body = arena_printf(t->arena, "token=%s", s.token.p);
	const char *ways[] = {
		NULL,
		"Authorization: Basic",
		"Authorization: Basic !!!",
		"Authorization: Basic YQ==", /* "a": no colon */
		basic(t, "svc_gateway", STR("")),
		basic(t, "svc_gateway", STR("wrong")),
		"Authorization: Bearer wrong",
	};

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct e2e_answer a = form(t, INTROSPECT, ways[i], body);
		struct str challenge = e2e_header(&a, "WWW-Authenticate");

		expect_status(&a, 401);
		assert_true(str_starts(challenge, STR("Bearer")));
		assert_non_null(strstr(arena_printf(t->arena, "%.*s", STR_FMT(challenge)),
			"Basic realm=\"rollcall\""));
	}
}

static void cookie__is_no_client(void **state)
{
	struct e2e *t = *state;
	struct signed_in s = sign_in(t);
	struct e2e_answer a = form(t, INTROSPECT,
		arena_printf(t->arena, "Cookie: rollcall_session=%s", s.token.p), "token=x");

	expect_status(&a, 401);
}

/* Basic belongs to the two routes that OAuth clients ask. */
static void basic_elsewhere__is_no_credential(void **state)
{
	struct e2e *t = *state;
	struct e2e_answer a = e2e_send(t, &(struct e2e_request){.path = "/api/v1/admin/sessions/",
						  .headers = {basic(t, "x", e2e_super_admin(t))}});

	expect_status(&a, 401);
}

static void scope_to_introspect__does_not_register(void **state)
{
	struct e2e *t = *state;
	struct signed_in s = sign_in(t);
	struct e2e_answer a = e2e_post(t, gateway(t),
		arena_printf(t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"v\"}", s.tenant.p),
		"/api/v1/sessions");

	expect_status(&a, 403);
	a = e2e_post(t, gateway(t), NULL, "/api/v1/sessions/%s/activity", s.id.p);
	expect_status(&a, 403);
	a = e2e_post(t,
		e2e_token(t, "{\"sub\":\"s\",\"platform_token\":true,\"scope\":\"admin:read\"}"),
		arena_printf(t->arena, "{\"token\":\"%s\"}", s.token.p), INTROSPECT);
	expect_status(&a, 403);
	expect_str(e2e_text(a.json, "detail"),
		STR("Not enough permissions: needs the scope sessions:introspect or sessions:write"));
}

static void jwt__is_told_with_all_its_claims(void **state)
{
	struct e2e *t = *state;
	struct str jwt = e2e_token(t,
		"{\"sub\":\"u\",\"iss\":\"https://idp.example\",\"aud\":[\"one\",\"two\"],"
		"\"client_id\":\"app\",\"username\":\"Ann\",\"jti\":\"j1\",\"nbf\":1,"
		"\"scope\":\"openid profile\",\"cnf\":{\"jkt\":\"x\"},\"active\":false,"
		"\"token_type\":\"forged\"}");
	struct e2e_answer a = form(t, INTROSPECT, basic(t, "g", gateway(t)),
		arena_printf(t->arena, "token=%s", jwt.p));

	expect_status(&a, 200);
	assert_true(e2e_bool(a.json, "active"));
	expect_str(e2e_text(a.json, "token_type"), STR("Bearer"));
	expect_str(e2e_text(a.json, "sub"), STR("u"));
	expect_str(e2e_text(a.json, "iss"), STR("https://idp.example"));
	expect_str(e2e_text(a.json, "aud.1"), STR("two"));
	expect_str(e2e_text(a.json, "client_id"), STR("app"));
	expect_str(e2e_text(a.json, "username"), STR("Ann"));
	expect_str(e2e_text(a.json, "jti"), STR("j1"));
	assert_int_equal(e2e_int(a.json, "nbf"), 1);
	expect_str(e2e_text(a.json, "scope"), STR("openid profile"));
	expect_str(e2e_text(a.json, "cnf.jkt"), STR("x"));
}

static void media_type_that_is_refused__names_what_is_taken(void **state)
{
	struct e2e *t = *state;
	struct e2e_answer a = e2e_send(t, &(struct e2e_request){.method = "POST",
						  .path = INTROSPECT,
						  .token = gateway(t),
						  .content_type = "text/plain",
						  .body = STR("token=x")});

	expect_status(&a, 415);
	expect_body(
		&a, "{\"detail\":\"Unsupported media type, send " FORM " or application/json\"}");
	a = e2e_post(t, STR_NONE, "{\"token\":\"x\"}", REVOKE);
	expect_status(&a, 415);
	expect_body(&a, "{\"detail\":\"Unsupported media type, send " FORM "\"}");
}

static struct str audit_of(struct e2e *t, struct str id, const char *member)
{
	struct e2e_answer a = e2e_get(t, e2e_super_admin(t), "/api/v1/admin/sessions/%s", id.p);

	expect_status(&a, 200);
	expect_str(e2e_text(a.json, "data.status"), STR("revoked"));
	return e2e_text(a.json, arena_printf(t->arena, "data.%s", member));
}

static void who_holds_the_token__ends_its_session(void **state)
{
	struct e2e *t = *state;
	struct signed_in s = sign_in(t);
	const char *body =
		arena_printf(t->arena, "token_type_hint=access_token&token=%s", s.token.p);
	struct e2e_answer a = form(t, REVOKE, NULL, body);

	expect_status(&a, 200);
	expect_body(&a, "");
	assert_int_equal(is_active(t, s.id), 0);
	expect_str(audit_of(t, s.id, "revoked_by"), STR("u"));
	a = form(t, REVOKE, NULL, body);
	expect_status(&a, 200);
	expect_body(&a, "");
}

static void jwt_with_sid__ends_that_session_and_no_other(void **state)
{
	struct e2e *t = *state;
	struct signed_in s = sign_in(t), other = sign_in(t);
	struct str foreign = e2e_token(
		t, "{\"sub\":\"v\",\"tenant_id\":\"%s\",\"sid\":\"%s\"}", s.tenant.p, s.id.p);
	struct str own = e2e_token(
		t, "{\"sub\":\"u\",\"tenant_id\":\"%s\",\"sid\":\"%s\"}", s.tenant.p, s.id.p);
	struct e2e_answer a = form(t, REVOKE, NULL, arena_printf(t->arena, "token=%s", foreign.p));

	expect_status(&a, 200);
	assert_int_equal(is_active(t, s.id), 1);
	a = form(t, REVOKE, NULL, arena_printf(t->arena, "token=%s", own.p));
	expect_status(&a, 200);
	assert_int_equal(is_active(t, s.id), 0);
	assert_int_equal(is_active(t, other.id), 1);
}

static void caller_who_authenticates__is_named_in_the_audit(void **state)
{
	struct e2e *t = *state;
	struct signed_in s = sign_in(t);
	const char *body = arena_printf(t->arena, "token=%s", s.token.p);
	struct e2e_answer a = form(t, REVOKE, basic(t, "x", STR("wrong")), body);

	expect_status(&a, 401);
	assert_int_equal(is_active(t, s.id), 1);
	a = form(t, REVOKE, basic(t, "x", gateway(t)), body);
	expect_status(&a, 200);
	expect_str(audit_of(t, s.id, "revoked_by"), STR("svc_gateway"));
}

static void what_cannot_be_revoked__is_an_error_of_oauth(void **state)
{
	struct e2e *t = *state;
	struct e2e_answer a = form(t, REVOKE, NULL, "client_id=app");

	expect_status(&a, 400);
	expect_str(e2e_text(a.json, "error"), STR("invalid_request"));
	a = form(t, REVOKE, NULL,
		arena_printf(t->arena, "token=%s", e2e_token(t, "{\"sub\":\"u\"}").p));
	expect_status(&a, 400);
	expect_str(e2e_text(a.json, "error"), STR("unsupported_token_type"));
	a = form(t, REVOKE, NULL, "token=unknown&client_id=app&client_secret=");
	expect_status(&a, 200);
	a = form(t, REVOKE, NULL, "token=");
	expect_status(&a, 200);
	a = e2e_get(t, STR_NONE, REVOKE);
	expect_status(&a, 405);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client_secret__is_a_token_in_every_form),
		cmocka_unit_test(client_without_a_good_secret__is_told_both_schemes),
		cmocka_unit_test(cookie__is_no_client),
		cmocka_unit_test(basic_elsewhere__is_no_credential),
		cmocka_unit_test(scope_to_introspect__does_not_register),
		cmocka_unit_test(jwt__is_told_with_all_its_claims),
		cmocka_unit_test(media_type_that_is_refused__names_what_is_taken),
		cmocka_unit_test(who_holds_the_token__ends_its_session),
		cmocka_unit_test(jwt_with_sid__ends_that_session_and_no_other),
		cmocka_unit_test(caller_who_authenticates__is_named_in_the_audit),
		cmocka_unit_test(what_cannot_be_revoked__is_an_error_of_oauth),
	};

	return cmocka_run_group_tests_name("OAuth clients", tests, e2e_open, e2e_close);
}
