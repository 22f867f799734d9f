/* SPDX-License-Identifier: MIT
 * Introspection (RFC 7662, schema/api.md 5): it tells nothing about what is not alive or not the
 * caller's business. */
#include "ingest_check.h"

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
