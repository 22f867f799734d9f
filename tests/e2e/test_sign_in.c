/* SPDX-License-Identifier: MIT
 * The facts of the sign-in (schema/api.md 5.1): what a registration takes of them, where they are
 * shown, and that they stay with the session when it ends. */
/* e2e: once */
#include "lib/e2e.h"

#define PATH "/api/v1/sessions"
#define FIREFOX "Mozilla/5.0 (Windows NT 10.0; rv:142.0) Gecko/20100101 Firefox/142.0"
#define FACTS                                                                                      \
	"\"user_agent\":\"" FIREFOX "\",\"auth_time\":1700000000,\"acr\":\"urn:gold\","            \
	"\"amr\":[\"pwd\",\"otp\",\"pwd\"],\"idp_issuer\":\"https://id.example\","                 \
	"\"idp_session_id\":\"%s\""

static struct str service(struct e2e *t)
{
	return e2e_token(
		t, "{\"sub\":\"svc\",\"platform_token\":true,\"scope\":\"sessions:write\"}");
}

static struct e2e_answer put(struct e2e *t, struct str tenant, const char *more)
{
	struct e2e_answer a = e2e_post(t, service(t),
		arena_printf(t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"u\"%s%s}", tenant.p,
			more[0] != '\0' ? "," : "", more),
		PATH);

	return a;
}

static void expect_facts(const struct json *session, struct str sid)
{
	expect_str(e2e_text(session, "device_label"), STR("Firefox on Windows"));
	expect_str(e2e_text(session, "auth_time"), STR("2023-11-14T22:13:20.000Z"));
	expect_str(e2e_text(session, "acr"), STR("urn:gold"));
	assert_int_equal(e2e_at(session, "amr")->count, 2);
	expect_str(e2e_text(session, "amr.1"), STR("otp"));
	expect_str(e2e_text(session, "idp_issuer"), STR("https://id.example"));
	expect_str(e2e_text(session, "idp_session_id"), sid);
	assert_true(e2e_ms(session, "absolute_expires_at") >= e2e_ms(session, "expires_at"));
}

static void facts__are_shown_in_details_living_and_ended(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str sid = e2e_name(t, "sid"), root = e2e_super_admin(t);
	struct e2e_answer a = put(t, tn.id, arena_printf(t->arena, FACTS, sid.p));
	struct str id;

	expect_status(&a, 201);
	expect_facts(e2e_at(a.json, "data"), sid);
	id = e2e_text(a.json, "data.id");
	a = e2e_get(t, root, "/api/v1/admin/sessions/%s", id.p);
	expect_facts(e2e_at(a.json, "data"), sid);
	a = e2e_get(t, root, "/api/v1/tenants/%s/sessions", tn.id.p);
	expect_str(e2e_text(a.json, "data.0.device_label"), STR("Firefox on Windows"));
	a = e2e_delete(t, root, "/api/v1/admin/sessions/%s", id.p);
	expect_status(&a, 204);
	a = e2e_get(t, root, "/api/v1/admin/sessions/%s", id.p);
	expect_str(e2e_text(a.json, "data.status"), STR("revoked"));
	expect_facts(e2e_at(a.json, "data"), sid);
}

static void facts__are_told_to_who_introspects(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str sid = e2e_name(t, "sid");
	struct e2e_answer a = put(t, tn.id, arena_printf(t->arena, FACTS, sid.p));

	expect_status(&a, 201);
	a = e2e_post(t, service(t),
		arena_printf(t->arena, "{\"token\":\"%s\"}", e2e_text(a.json, "data.token").p),
		PATH "/introspect");
	expect_status(&a, 200);
	assert_int_equal(e2e_int(a.json, "auth_time"), 1700000000);
	expect_str(e2e_text(a.json, "acr"), STR("urn:gold"));
	expect_str(e2e_text(a.json, "amr.0"), STR("pwd"));
	expect_str(e2e_text(a.json, "idp_session_id"), sid);
	expect_str(e2e_text(a.json, "device_label"), STR("Firefox on Windows"));
}

static void facts__are_null_where_nobody_gave_them(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct e2e_answer a = put(t, tn.id, "");

	expect_status(&a, 201);
	assert_true(e2e_is_null(a.json, "data.device_label"));
	assert_true(e2e_is_null(a.json, "data.auth_time"));
	assert_true(e2e_is_null(a.json, "data.acr"));
	assert_true(e2e_is_null(a.json, "data.amr"));
	assert_true(e2e_is_null(a.json, "data.idp_issuer"));
	assert_true(e2e_is_null(a.json, "data.idp_session_id"));
	expect_str(
		e2e_text(a.json, "data.absolute_expires_at"), e2e_text(a.json, "data.expires_at"));
}

#define LINKS SQL("SELECT COUNT(*) FROM idp_session WHERE idp_session_id = ?")

static void session_of_the_provider__is_found_while_it_lives(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str sid = e2e_name(t, "sid");
	struct e2e_answer a = put(t, tn.id, arena_printf(t->arena, FACTS, sid.p));

	expect_status(&a, 201);
	assert_int_equal(e2e_count(t, LINKS, 1, db_str(sid)), 1);
	a = e2e_delete(
		t, e2e_super_admin(t), "/api/v1/admin/sessions/%s", e2e_text(a.json, "data.id").p);
	expect_status(&a, 204);
	assert_int_equal(e2e_count(t, LINKS, 1, db_str(sid)), 0);
}

static void wrong_fact__is_named(void **state)
{
	static const struct {
		const char *member, *name, *type;
	} rows[] = {
		{"\"auth_time\":-1", "auth_time", "greater_than_equal"},
		{"\"auth_time\":1.5", "auth_time", "datetime_type"},
		{"\"auth_time\":\"yesterday\"", "auth_time", "datetime_parsing"},
		{"\"auth_time\":9000000000", "auth_time", "datetime_past"},
		{"\"auth_time\":9223372036854775807", "auth_time", "less_than_equal"},
		{"\"acr\":\"\"", "acr", "string_too_short"},
		{"\"acr\":1", "acr", "string_type"},
		{"\"amr\":\"pwd\"", "amr", "list_type"},
		{"\"amr\":[1]", "amr", "string_type"},
		{"\"amr\":[\"1234567890123456789012345678901234567890123456789012345678901234x\"]",
			"amr", "string_too_long"},
		{"\"amr\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\","
		 "\"\",\"\",\"\",\"\"]",
			"amr", "too_long"},
		{"\"idp_issuer\":\"\"", "idp_issuer", "string_too_short"},
		{"\"idp_session_id\":\"x\"", "idp_issuer", "missing"},
	};
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_answer a = put(t, tn.id, rows[i].member);

		expect_status(&a, 422);
		assert_int_equal(e2e_at(a.json, "detail")->count, 1);
		expect_str(e2e_text(a.json, "detail.0.loc.1"), str_from(rows[i].name));
		expect_str(e2e_text(a.json, "detail.0.type"), str_from(rows[i].type));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts__are_shown_in_details_living_and_ended),
		cmocka_unit_test(facts__are_told_to_who_introspects),
		cmocka_unit_test(facts__are_null_where_nobody_gave_them),
		cmocka_unit_test(session_of_the_provider__is_found_while_it_lives),
		cmocka_unit_test(wrong_fact__is_named),
	};

	return cmocka_run_group_tests_name("Facts of the sign-in", tests, e2e_open, e2e_close);
}
