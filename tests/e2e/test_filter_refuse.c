/* SPDX-License-Identifier: MIT
 * POST …/sessions/revoke-by-filter, refused (extension): a filter that could mean two things, that
 * is more than a condition or that is none, and whatever else is wrong with a body, ends nothing.
 */
#include "lib/e2e.h"

#define ADMIN "/api/v1/admin/sessions/revoke-by-filter"

#define ALL ",\"confirm\":\"all\""

/* The filter as a JSON member; it may hold quotes. */
static const char *body(struct e2e *t, const char *filter, const char *more)
{
	struct buf b;

	buf_init(&b, t->arena);
	buf_printf(&b, "{\"filter\":\"");
	for (const char *p = filter; *p != '\0'; p++)
		buf_printf(&b, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
	buf_printf(&b, "\"%s}", more);
	buf_char(&b, '\0');
	return b.p;
}

static struct e2e_answer as_admin(struct e2e *t, const char *filter, const char *more)
{
	return e2e_post(t, e2e_super_admin(t), body(t, filter, more), ADMIN);
}

static int64_t alive(struct e2e *t, struct str tenant)
{
	return e2e_count(t,
		SQL("SELECT COUNT(*) FROM test_session WHERE tenant_id = ? AND revoked_at IS NULL"
		    " AND expires_at > UTC_TIMESTAMP(3)"),
		1, db_str(tenant));
}

#define FAULT(type, msg)                                                                           \
	"{\"detail\":[{\"loc\":[\"body\",\"filter\"],\"msg\":\"" msg "\",\"type\":\"" type "\"}]}"
#define TWO_READINGS(read, meant)                                                                  \
	FAULT("ambiguous_filter",                                                                  \
		"Write parentheses: the language reads this as " read ", and not as " meant)
#define NO_CONDITION                                                                               \
	FAULT("value_error", "Value error, a condition without sort, skip or limit is required")

static void two_readings__are_spelled_out(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"isAdmin and mfaComplete or mfaRequired",
			TWO_READINGS("(isAdmin and (mfaComplete or mfaRequired))",
				"((isAdmin and mfaComplete) or mfaRequired)")},
		{"isAdmin or mfaComplete and mfaRequired",
			TWO_READINGS("(isAdmin or (mfaComplete and mfaRequired))",
				"((isAdmin or mfaComplete) and mfaRequired)")},
		{"not mfaComplete and mfaRequired",
			TWO_READINGS("(not (mfaComplete and mfaRequired))",
				"((not mfaComplete) and mfaRequired)")},
		{"not mfaComplete or mfaRequired",
			TWO_READINGS("(not (mfaComplete or mfaRequired))",
				"((not mfaComplete) or mfaRequired)")},
		{"mfaRequired and (isAdmin or mfaComplete and mfaRequired)", NULL},
		{"identity = \"a and b or c\" and mfaComplete", NULL},
	};
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct e2e_answer a;

	e2e_put_session(t, tn, STR("u"));
	for (size_t i = 0; i < 4; i++) {
		a = as_admin(t, rows[i].in, ALL);
		a.what = rows[i].in;
		expect_status(&a, 422);
		expect_body(&a, rows[i].want);
		/* The dry run would mislead as much. */
		a = as_admin(t, rows[i].in, ",\"dry_run\":true");
		expect_status(&a, 422);
	}
	a = as_admin(t, rows[4].in, ",\"dry_run\":true");
	expect_status(&a, 422);
	a = as_admin(t, rows[5].in, ",\"dry_run\":true");
	expect_status(&a, 200);
	assert_int_equal(alive(t, tn.id), 1);
}

static void more_than_a_condition__is_refused(void **state)
{
	static const char *const rows[] = {
		"true sort by createdAt",
		"true skip 1",
		"true limit 5",
		"true limit none",
		"sort by createdAt",
		"skip 0",
		"limit 1",
		"limit none",
		"true sort by createdAt desc skip 1 limit 5",
	};
	struct e2e *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_answer a = as_admin(t, rows[i], ALL);

		a.what = rows[i];
		expect_status(&a, 422);
		expect_body(&a, NO_CONDITION);
	}
}

static void faulty_filter__says_where(void **state)
{
	static const struct {
		const char *in, *says; /* what the message has to hold */
	} rows[] = {
		{"nonsense", "nonsense"},
		{"nonsense = 1",
			"unknown field 'nonsense', the fields are id, createdAt, updatedAt, tags.KEY, "},
		{"user_id = \"u\"", "unknown field 'user_id', in filters it is identity.id"},
		{"isMfaComplete", "in filters it is mfaComplete"},
		{"identity = ", "column 11"},
		{"identity = \"a", "column 11"},
		{"(true", "column 5"},
		{"true;", "column 4"},
		{"true and", "column 8"},
		{"  ", ""},
		{"ipNetwork = \"203.0.113.0/33\"", "203.0.113.0/33"},
		/* A slip with != would be everybody. */
		{"ipNetwork != \"typo\"", "typo"},
		{"ipNetwork not in [\"203.0.113.7\", \"203.0.113\"]", "203.0.113"},
		{"createdAt < datetime(2025-02-30T00:00:00Z)", ""},
	};
	struct e2e *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_answer a = as_admin(t, rows[i].in, ",\"dry_run\":true");
		struct str msg;

		a.what = rows[i].in;
		expect_status(&a, 422);
		expect_members(e2e_at(a.json, "detail.0"), "loc msg type");
		expect_str(e2e_text(a.json, "detail.0.type"), STR("invalid_filter"));
		expect_str(e2e_text(a.json, "detail.0.loc.1"), STR("filter"));
		msg = e2e_text(a.json, "detail.0.msg");
		if (strstr(arena_dup(t->arena, msg.p, msg.n), rows[i].says) == NULL)
			fail_msg(
				"%s: %.*s does not say %s", rows[i].in, STR_FMT(msg), rows[i].says);
	}
}

static void body__is_validated(void **state)
{
#define MEMBER(name, msg, type)                                                                    \
	"{\"loc\":[\"body\",\"" name "\"],\"msg\":\"" msg "\",\"type\":\"" type "\"}"
#define NOTHING_SAID                                                                               \
	MEMBER("confirm",                                                                          \
		"Value error, one of dry_run: true, if_count: N and confirm: \\\"all\\\" is "      \
		"required",                                                                        \
		"value_error")
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"{}", MEMBER("filter", "Field required", "missing") "," NOTHING_SAID},
		{"{\"filter\":null,\"confirm\":\"all\"}",
			MEMBER("filter", "Input should be a valid string", "string_type")},
		{"{\"filter\":\"\",\"confirm\":\"all\"}",
			MEMBER("filter", "String should have at least 1 character",
				"string_too_short")},
		{"{\"filter\":\"true\",\"dry_run\":null}",
			MEMBER("dry_run", "Input should be a valid boolean", "bool_type")},
		{"{\"filter\":\"true\",\"dry_run\":\"maybe\"}",
			MEMBER("dry_run",
				"Input should be a valid boolean, unable to interpret input",
				"bool_parsing")},
		{"{\"filter\":\"true\",\"if_count\":-1}",
			MEMBER("if_count", "Input should be greater than or equal to 0",
				"greater_than_equal")},
		{"{\"filter\":\"true\",\"if_count\":\"3\"}",
			MEMBER("if_count", "Input should be a valid integer", "int_type")},
		{"{\"filter\":\"true\"}", NOTHING_SAID},
		{"{\"filter\":\"true\",\"dry_run\":false}", NOTHING_SAID},
		{"{\"filter\":\"true\",\"if_count\":null,\"confirm\":null}", NOTHING_SAID},
		{"{\"filter\":\"true\",\"confirm\":true}",
			MEMBER("confirm", "Input should be a valid string", "string_type")},
		{"{\"filter\":\"true\",\"confirm\":\"ALL\"}",
			MEMBER("confirm", "Input should be 'all'", "literal_error")},
		{"{\"filter\":\"true\",\"if_count\":1,\"confirm\":\"yes\"}",
			MEMBER("confirm", "Input should be 'all'", "literal_error")},
		{"{\"filter\":\"true\",\"confirm\":\"all\",\"reason\":[]}",
			MEMBER("reason", "Input should be a valid string", "string_type")},
		{"{\"filter\":1,\"dry_run\":[],\"if_count\":-1}",
			MEMBER("filter", "Input should be a valid string",
				"string_type") "," MEMBER("dry_run",
				"Input should be a valid boolean",
				"bool_type") "," MEMBER("if_count",
				"Input should be greater than or equal to 0",
				"greater_than_equal")},
	};
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	char *deep = arena_alloc(t->arena, 9000);
	struct e2e_answer a;

	e2e_put_session(t, tn, STR("u"));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		a = e2e_post(t, e2e_super_admin(t), rows[i].in,
			"/api/v1/tenants/%s/sessions/revoke-by-filter", tn.id.p);
		a.what = rows[i].in;
		expect_status(&a, 422);
		expect_body(&a, arena_printf(t->arena, "{\"detail\":[%s]}", rows[i].want));
	}
	memset(deep, '(', 8193);
	deep[8193] = '\0';
	a = as_admin(t, deep, ALL);
	expect_status(&a, 422);
	expect_str(e2e_text(a.json, "detail.0.type"), STR("string_too_long"));
	deep[8192] = '\0';
	a = as_admin(t, deep, ALL);
	expect_status(&a, 422);
	expect_str(e2e_text(a.json, "detail.0.type"), STR("invalid_filter"));
	assert_int_equal(alive(t, tn.id), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_readings__are_spelled_out),
		cmocka_unit_test(more_than_a_condition__is_refused),
		cmocka_unit_test(faulty_filter__says_where),
		cmocka_unit_test(body__is_validated),
	};

	return cmocka_run_group_tests_name(
		"Revoking by filter: refusals", tests, e2e_open, e2e_close);
}
