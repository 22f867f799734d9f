/* SPDX-License-Identifier: MIT
 * What the claims of a bearer token may be, and the caller that they make. */
#include "auth_jwt.h"

static void claims__are_checked_by_name_and_type(void **state)
{
	static const struct {
		const char *claims, *want; /* the members after sub and exp */
	} rows[] = {
		{"", NULL},
		{",\"exp\":null", "claim exp is missing"},
		{",\"exp\":\"1700000100\"", "claim exp is not a number"},
		{",\"exp\":true", "claim exp is not a number"},
		{",\"exp\":1700000100.5", NULL},
		{",\"exp\":1.7000001e9", NULL},
		{",\"exp\":9223372036854775807", NULL},
		{",\"exp\":9223372036854775808", NULL},
		{",\"exp\":1e300", NULL},
		{",\"exp\":-9223372036854775808", "token expired"},
		{",\"exp\":-1e300", "token expired"},
		{",\"exp\":0", "token expired"},
		{",\"exp\":1699999999", "token expired"}, /* the last one counts */
		{",\"nbf\":1700000000", NULL},
		{",\"nbf\":-1e300", NULL},
		{",\"nbf\":1e300", "token not valid yet"},
		{",\"nbf\":9223372036854775807", "token not valid yet"},
		{",\"nbf\":\"1\"", "claim nbf is not a number"},
		{",\"iat\":{}", "claim iat is not a number"},
		{",\"iat\":1699999999.25", NULL},
		{",\"sub\":null", "claim sub is missing"},
		{",\"sub\":\"\"", "claim sub is empty"},
		{",\"sub\":7", "claim sub is not a string"},
		{",\"sub\":\"\\ud800\"", "claims are not a JSON object"},
		{",\"sub\":\"\xff\"", "claims are not a JSON object"},
		{",\"sid\":\"\"", "claim sid is empty"},
		{",\"sid\":[]", "claim sid is not a string"},
		{",\"sid\":null", NULL},
		{",\"tenant_id\":7", "claim tenant_id is not a string"},
		{",\"tenant_id\":null,\"partner_id\":null", NULL},
		{",\"partner_id\":false", "claim partner_id is not a string"},
		{",\"role\":[\"super_admin\"]", "claim role is not a string"},
		{",\"role\":null", NULL},
		{",\"scope\":[\"admin:read\"]", "claim scope is not a string"},
		{",\"platform_token\":\"true\"", "claim platform_token is not a boolean"},
		{",\"platform_token\":1", "claim platform_token is not a boolean"},
		{",\"iss\":7", "claim iss is not a string"},
		{",\"aud\":7", "claim aud is neither a string nor an array"},
		{",\"aud\":[\"a\",7]", "claim aud holds something that is not a string"},
		{",\"aud\":[]", NULL},
	};
	struct fixture *f = *state;
	struct jwt *j = jwt_open(&(struct jwt_config){0}, f->keys);
	struct principal who;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_why(rows[i].claims,
			verify(f, j,
				sign(f, arena_printf(f->arena,
						"{\"sub\":\"a\",\"exp\":1700000100%s}",
						rows[i].claims)),
				NOW_MS, &who),
			rows[i].want);
	assert_why(
		"array", verify(f, j, sign(f, "[]"), NOW_MS, &who), "claims are not a JSON object");
	assert_why("no JSON", verify(f, j, sign(f, "sub"), NOW_MS, &who),
		"claims are not a JSON object");
	assert_why("no exp", verify(f, j, sign(f, "{\"sub\":\"a\"}"), NOW_MS, &who),
		"claim exp is missing");
	assert_why("no sub", verify(f, j, sign(f, "{\"exp\":1700000100}"), NOW_MS, &who),
		"claim sub is missing");
	jwt_close(j);
}

static void long_identifier__is_refused(void **state)
{
	static const char *const names[] = {"sub", "sid", "tenant_id", "partner_id"};
	struct fixture *f = *state;
	struct jwt *j = jwt_open(&(struct jwt_config){0}, f->keys);
	char id[LIMIT_ID_BYTES + 2];
	struct principal who;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		for (size_t over = 0; over <= 1; over++) {
			memset(id, 'x', sizeof(id));
			id[LIMIT_ID_BYTES + over] = 0;
			assert_why(names[i],
				verify(f, j,
					sign(f, arena_printf(f->arena,
							"{\"sub\":\"a\",\"exp\":1700000100,\"%s\":\"%s\"}",
							names[i], id)),
					NOW_MS, &who),
				over ? arena_printf(f->arena, "claim %s is too long", names[i])
				     : NULL);
		}
	}
	jwt_close(j);
}

static void identifier_with_a_control_character__is_refused(void **state)
{
	static const char *const names[] = {"sub", "sid", "tenant_id", "partner_id"};
	static const struct {
		const char *id;
		bool fine;
	} rows[] = {
		{"usr_platform\\u0000x", false},
		{"\\u0001", false},
		{"a\\n", false},
		{"\\u001f", false},
		{"a\\u007f", false},
		{"a\\u0085b", false},
		{"\\u009f", false},
		{" ", true},
		{"\\u00a0", true},
		{"\\u00c2", true},
		{"\\u0142\\ud83d\\ude00", true},
	};
	struct fixture *f = *state;
	struct jwt *j = jwt_open(&(struct jwt_config){0}, f->keys);
	struct principal who;

	for (size_t i = 0; i < ARRAY_LEN(names) * ARRAY_LEN(rows); i++) {
		const char *name = names[i % ARRAY_LEN(names)];

		assert_why(rows[i / ARRAY_LEN(names)].id,
			verify(f, j,
				sign(f, arena_printf(f->arena,
						"{\"sub\":\"a\",\"exp\":1700000100,\"%s\":\"%s\"}",
						name, rows[i / ARRAY_LEN(names)].id)),
				NOW_MS, &who),
			rows[i / ARRAY_LEN(names)].fine
				? NULL
				: arena_printf(
					  f->arena, "claim %s holds a control character", name));
	}
	jwt_close(j);
}

static void times__are_exact_to_the_millisecond(void **state)
{
	static const struct {
		const char *name, *claims;
		int64_t leeway_s, now_ms;
		const char *want;
	} rows[] = {
		{"before exp", "\"exp\":1700000000", 0, NOW_MS - 1, NULL},
		{"at exp", "\"exp\":1700000000", 0, NOW_MS, "token expired"},
		{"before exp and leeway", "\"exp\":1700000000", 30, NOW_MS + 29999, NULL},
		{"at exp and leeway", "\"exp\":1700000000", 30, NOW_MS + 30000, "token expired"},
		{"before a fraction", "\"exp\":1700000000.5", 0, NOW_MS + 499, NULL},
		{"at a fraction", "\"exp\":1700000000.5", 0, NOW_MS + 500, "token expired"},
		{"at nbf", "\"exp\":1800000000,\"nbf\":1700000000", 0, NOW_MS, NULL},
		{"before nbf", "\"exp\":1800000000,\"nbf\":1700000000", 0, NOW_MS - 1,
			"token not valid yet"},
		{"nbf within leeway", "\"exp\":1800000000,\"nbf\":1700000000", 30, NOW_MS - 30000,
			NULL},
		{"nbf beyond leeway", "\"exp\":1800000000,\"nbf\":1700000000", 30, NOW_MS - 30001,
			"token not valid yet"},
	};
	struct fixture *f = *state;
	struct principal who;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct jwt *j =
			jwt_open(&(struct jwt_config){.leeway_s = rows[i].leeway_s}, f->keys);

		assert_why(rows[i].name,
			verify(f, j,
				sign(f, arena_printf(
						f->arena, "{\"sub\":\"a\",%s}", rows[i].claims)),
				rows[i].now_ms, &who),
			rows[i].want);
		jwt_close(j);
	}
}

static void issuer_and_audience__are_compared_where_configured(void **state)
{
	static const struct {
		const char *name, *claims, *want;
	} rows[] = {
		{"both", "\"iss\":\"https://idp\",\"aud\":\"api\"", NULL},
		{"audience in a list", "\"iss\":\"https://idp\",\"aud\":[\"x\",\"api\"]", NULL},
		{"no issuer", "\"aud\":\"api\"", "claim iss is not the expected issuer"},
		{"another issuer", "\"iss\":\"https://idp/\",\"aud\":\"api\"",
			"claim iss is not the expected issuer"},
		{"no audience", "\"iss\":\"https://idp\"", "claim aud does not name this service"},
		{"another audience", "\"iss\":\"https://idp\",\"aud\":\"API\"",
			"claim aud does not name this service"},
		{"a longer audience", "\"iss\":\"https://idp\",\"aud\":[\"apis\",\"ap\"]",
			"claim aud does not name this service"},
		{"empty list", "\"iss\":\"https://idp\",\"aud\":[]",
			"claim aud does not name this service"},
	};
	struct fixture *f = *state;
	struct jwt *j =
		jwt_open(&(struct jwt_config){.issuer = "https://idp", .audience = "api"}, f->keys);
	struct principal who;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_why(rows[i].name,
			verify(f, j,
				sign(f, arena_printf(f->arena,
						"{\"sub\":\"a\",\"exp\":1700000100,%s}",
						rows[i].claims)),
				NOW_MS, &who),
			rows[i].want);
	jwt_close(j);
}

static void kind__follows_role_and_platform_token(void **state)
{
	static const struct {
		const char *claims;
		enum principal_kind want;
		bool platform;
	} rows[] = {
		{"", PRINCIPAL_USER, false},
		{",\"role\":\"super_admin\"", PRINCIPAL_SUPER_ADMIN, false},
		{",\"role\":\"partner_admin\"", PRINCIPAL_PARTNER_ADMIN, false},
		{",\"role\":\"tenant_admin\"", PRINCIPAL_TENANT_ADMIN, false},
		{",\"role\":\"Super_admin\"", PRINCIPAL_USER, false},
		{",\"role\":\"super_admin \"", PRINCIPAL_USER, false},
		{",\"role\":\"\"", PRINCIPAL_USER, false},
		{",\"role\":\"super_admin\\u0000\"", PRINCIPAL_USER, false},
		{",\"platform_token\":true", PRINCIPAL_SERVICE, true},
		{",\"platform_token\":false", PRINCIPAL_USER, false},
		{",\"platform_token\":null", PRINCIPAL_USER, false},
		{",\"platform_token\":true,\"role\":null", PRINCIPAL_SERVICE, true},
		{",\"platform_token\":true,\"role\":\"viewer\"", PRINCIPAL_USER, false},
		{",\"platform_token\":true,\"role\":\"tenant_admin\"", PRINCIPAL_TENANT_ADMIN,
			true},
	};
	struct fixture *f = *state;
	struct jwt *j = jwt_open(&(struct jwt_config){0}, f->keys);
	struct principal who;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_why(rows[i].claims,
			verify(f, j,
				sign(f, arena_printf(f->arena,
						"{\"sub\":\"a\",\"exp\":1700000100%s}",
						rows[i].claims)),
				NOW_MS, &who),
			NULL);
		if (who.kind != rows[i].want || who.platform_token != rows[i].platform)
			fail_msg("%s: kind %d", rows[i].claims, (int)who.kind);
	}
	jwt_close(j);
}

static void scope__is_split_at_spaces(void **state)
{
	static const struct {
		const char *scope;
		unsigned want;
	} rows[] = {
		{"", 0},
		{"admin:read", SCOPE_ADMIN_READ},
		{"  openid admin:write  admin:read ", SCOPE_ADMIN_READ | SCOPE_ADMIN_WRITE},
		{"sessions:write", SCOPE_SESSIONS_WRITE},
		{"admin:readonly xadmin:write admin:", 0},
		{"admin:read,admin:write", 0},
		{"admin:read\\tadmin:write", 0},
	};
	struct fixture *f = *state;
	struct jwt *j = jwt_open(&(struct jwt_config){0}, f->keys);
	struct principal who;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_why(rows[i].scope,
			verify(f, j,
				sign(f, arena_printf(f->arena,
						"{\"sub\":\"a\",\"exp\":1700000100,\"scope\":\"%s\"}",
						rows[i].scope)),
				NOW_MS, &who),
			NULL);
		if (who.scopes != rows[i].want)
			fail_msg("\"%s\": %u", rows[i].scope, who.scopes);
	}
	jwt_close(j);
}

static void absent_times__are_told_as_absent(void **state)
{
	struct fixture *f = *state;
	struct jwt *j = jwt_open(&(struct jwt_config){0}, f->keys);
	struct principal who;

	assert_null(verify(f, j, sign(f, good), NOW_MS, &who));
	assert_true(who.issued_ms == TIME_NONE);
	assert_null(verify(f, j, sign(f, "{\"sub\":\"a\",\"exp\":1e300}"), NOW_MS, &who));
	assert_true(who.expires_ms == INT64_C(253402300799000));
	jwt_close(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims__are_checked_by_name_and_type),
		cmocka_unit_test(long_identifier__is_refused),
		cmocka_unit_test(identifier_with_a_control_character__is_refused),
		cmocka_unit_test(times__are_exact_to_the_millisecond),
		cmocka_unit_test(issuer_and_audience__are_compared_where_configured),
		cmocka_unit_test(kind__follows_role_and_platform_token),
		cmocka_unit_test(scope__is_split_at_spaces),
		cmocka_unit_test(absent_times__are_told_as_absent),
	};

	return cmocka_run_group_tests(tests, group_open, group_close);
}
