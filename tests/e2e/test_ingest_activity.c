/* SPDX-License-Identifier: MIT
 * Activity that applications tell (schema/api.md 5): it is written at most once per interval. */
#include "ingest_check.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(activity__is_written_once_per_interval),
		cmocka_unit_test(applications__are_recorded_with_their_names),
		cmocka_unit_test(activity_of_what_is_not_there__is_refused),
		cmocka_unit_test(activity__is_validated),
		cmocka_unit_test(concurrent_activity__is_written_once),
	};

	return cmocka_run_group_tests_name(
		"Activity and introspection", tests, e2e_open, e2e_close);
}
