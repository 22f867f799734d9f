/* SPDX-License-Identifier: MIT
 * What POST /api/v1/sessions refuses, member by member, with the answer byte for byte
 * (schema/api.md 2.2), and that nothing of a refused body is written. */
#include <stdlib.h>

#include "lib/e2e.h"

#define PATH "/api/v1/sessions"

#define FAULT(name, msg, type)                                                                     \
	"{\"loc\":[\"body\",\"" name "\"],\"msg\":\"" msg "\",\"type\":\"" type "\"}"
#define ELEMENT(name, index, msg, type)                                                            \
	"{\"loc\":[\"body\",\"" name "\"," index "],\"msg\":\"" msg "\",\"type\":\"" type "\"}"
#define MISSING(name) FAULT(name, "Field required", "missing")
#define NO_STRING(name) FAULT(name, "Input should be a valid string", "string_type")
#define EMPTY(name) FAULT(name, "String should have at least 1 character", "string_too_short")
#define TOO_LONG(name, bytes)                                                                      \
	FAULT(name, "String should have at most " bytes " bytes", "string_too_long")
#define NUL(name) FAULT(name, "Value error, a NUL character is not allowed", "value_error")
#define RESERVED FAULT("id", "Value error, this id is reserved", "value_error")
#define NOT_CARRIED(name)                                                                          \
	FAULT(name, "Value error, a blank at either end and control characters are not allowed",   \
		"value_error")
#define NO_ADDRESS                                                                                 \
	FAULT("ip_address", "value is not a valid IPv4 or IPv6 address", "ip_any_address")
#define NO_INT FAULT("expires_in", "Input should be a valid integer", "int_type")
#define TOO_SOON                                                                                   \
	FAULT("expires_in", "Input should be greater than or equal to 1", "greater_than_equal")
#define TOO_LATE                                                                                   \
	FAULT("expires_in", "Input should be less than or equal to 315360000", "less_than_equal")
#define NO_TIME                                                                                    \
	FAULT("expires_at", "Input should be a valid datetime, RFC 3339 with an offset",           \
		"datetime_parsing")
#define PAST FAULT("expires_at", "Input should be in the future", "datetime_future")
#define BOTH                                                                                       \
	"{\"loc\":[\"body\"],\"msg\":\"Value error, expires_in and expires_at exclude each "       \
	"other\","                                                                                 \
	"\"type\":\"value_error\"}"
#define NO_BOOL(name) FAULT(name, "Input should be a valid boolean", "bool_type")
#define BAD_BOOL(name)                                                                             \
	FAULT(name, "Input should be a valid boolean, unable to interpret input", "bool_parsing")
#define BAD_TAG                                                                                    \
	FAULT("tags",                                                                              \
		"Value error, a tag is a string of at most 4096 bytes, a boolean or null, "        \
		"its name at most 255 bytes",                                                      \
		"value_error")

struct row {
	const char *in;   /* ^N is N bytes of "x"; $ is the tenant */
	const char *want; /* the faults; NULL: 201 */
};

/* Whole bodies. */
static const struct row bodies[] = {
	{"{}", MISSING("tenant_id") "," MISSING("user_id")},
	{"{\"tenant_id\":\"$\"}", MISSING("user_id")},
	{"{\"user_id\":\"u\"}", MISSING("tenant_id")},
	{"{\"tenant_id\":null,\"user_id\":null}", NO_STRING("tenant_id") "," NO_STRING("user_id")},
	{"{\"tenant_id\":1,\"user_id\":[\"u\"]}", NO_STRING("tenant_id") "," NO_STRING("user_id")},
	{"{\"tenant_id\":\"\",\"user_id\":\"\"}", EMPTY("tenant_id") "," EMPTY("user_id")},
	{"{\"tenant_id\":\"$\",\"user_id\":\"^256\"}", TOO_LONG("user_id", "255")},
	{"{\"tenant_id\":\"^256\",\"user_id\":\"u\"}", TOO_LONG("tenant_id", "255")},
	{"{\"tenant_id\":\"$\",\"user_id\":\"^255\"}", NULL},
	{"{\"tenant_id\":\"$\",\"user_id\":\"u\\u0000\"}", NUL("user_id")},
	/* No header would carry them from the Authorizer to an application. */
	{"{\"tenant_id\":\"$\",\"user_id\":\" u\"}", NOT_CARRIED("user_id")},
	{"{\"tenant_id\":\"$\",\"user_id\":\"u \"}", NOT_CARRIED("user_id")},
	{"{\"tenant_id\":\"$\",\"user_id\":\" \"}", NOT_CARRIED("user_id")},
	{"{\"tenant_id\":\"$\",\"user_id\":\"a\\tb\"}", NOT_CARRIED("user_id")},
	{"{\"tenant_id\":\"$\",\"user_id\":\"a\\r\\nb\"}", NOT_CARRIED("user_id")},
	{"{\"tenant_id\":\"$\",\"user_id\":\"a\\u007f\"}", NOT_CARRIED("user_id")},
	{"{\"tenant_id\":\"$\",\"user_id\":\"a b\\u00a0\\u00e9\"}", NULL},
	{"{\"tenant_id\":\"$ \",\"user_id\":\"u\"}", NOT_CARRIED("tenant_id")},
	{"{\"tenant_id\":\" $\",\"user_id\":\"\\u001fu\",\"id\":\"a\\n\"}",
		NOT_CARRIED("tenant_id") "," NOT_CARRIED("user_id") "," NOT_CARRIED("id")},
	/* The last of a repeated member counts. */
	{"{\"tenant_id\":1,\"user_id\":\"u\",\"tenant_id\":\"$\"}", NULL},
	{"{\"tenant_id\":\"$\",\"user_id\":\"u\",\"user_id\":1}", NO_STRING("user_id")},
	{"[]", "{\"loc\":[\"body\"],\"msg\":\"Input should be a valid dictionary or object to "
	       "extract "
	       "fields from\",\"type\":\"model_attributes_type\"}"},
	{"{", "{\"loc\":[\"body\",1],\"msg\":\"JSON decode error\",\"type\":\"json_invalid\"}"},
	{"", "{\"loc\":[\"body\"],\"msg\":\"Field required\",\"type\":\"missing\"}"},
};

/* What follows a good tenant and user. */
static const struct row members[] = {
	{"\"id\":1", NO_STRING("id")},
	{"\"id\":\"\"", RESERVED},
	{"\"id\":\"stats\"", RESERVED},
	{"\"id\":\"users\"", RESERVED},
	{"\"id\":\"revoke-all\"", RESERVED},
	{"\"id\":\"revoke-by-filter\"", RESERVED},
	{"\"id\":\"introspect\"", RESERVED},
	{"\"id\":\".\"", RESERVED},
	{"\"id\":\"..\"", RESERVED},
	{"\"id\":\"^256\"", TOO_LONG("id", "255")},
	{"\"id\":\"a\\u0000b\"", NUL("id")},
	{"\"id\":\" a\"", NOT_CARRIED("id")},
	{"\"id\":\"a \"", NOT_CARRIED("id")},
	{"\"id\":\"a\\u0001b\"", NOT_CARRIED("id")},
	{"\"partner_id\":{}", NO_STRING("partner_id")},
	{"\"partner_id\":\"\"", EMPTY("partner_id")},
	{"\"partner_id\":\"^256\"", TOO_LONG("partner_id", "255")},
	{"\"ip_address\":1", NO_STRING("ip_address")},
	{"\"ip_address\":\"\"", NO_ADDRESS},
	{"\"ip_address\":\"localhost\"", NO_ADDRESS},
	{"\"ip_address\":\"203.0.113\"", NO_ADDRESS},
	{"\"ip_address\":\"203.0.113.256\"", NO_ADDRESS},
	{"\"ip_address\":\"203.0.113.1:80\"", NO_ADDRESS},
	{"\"ip_address\":\"203.0.113.0/24\"", NO_ADDRESS},
	{"\"ip_address\":\"fe80::1%eth0\"", NO_ADDRESS},
	{"\"ip_address\":\" ::1\"", NO_ADDRESS},
	{"\"ip_address\":\"^47\"", TOO_LONG("ip_address", "46")},
	{"\"ip_address\":\"::ffff:203.0.113.255\"", NULL},
	{"\"user_agent\":false", NO_STRING("user_agent")},
	{"\"user_agent\":\"a\\u0000\"", NUL("user_agent")},
	{"\"device_type\":1", NO_STRING("device_type")},
	{"\"device_type\":\"^33\"", TOO_LONG("device_type", "32")},
	{"\"device_type\":\"^32\"", NULL},
	{"\"location\":[]", NO_STRING("location")},
	{"\"location\":\"^256\"", TOO_LONG("location", "255")},
	{"\"location\":\"^255\"", NULL},
	{"\"expires_in\":\"60\"", NO_INT},
	{"\"expires_in\":1.5", NO_INT},
	{"\"expires_in\":true", NO_INT},
	{"\"expires_in\":99999999999999999999", NO_INT},
	{"\"expires_in\":0", TOO_SOON},
	{"\"expires_in\":-60", TOO_SOON},
	{"\"expires_in\":315360001", TOO_LATE},
	{"\"expires_at\":1893456000",
		FAULT("expires_at", "Input should be a valid datetime", "datetime_type")},
	{"\"expires_at\":\"tomorrow\"", NO_TIME},
	{"\"expires_at\":\"\"", NO_TIME},
	{"\"expires_at\":\"2999-01-01\"", NO_TIME},
	{"\"expires_at\":\"2999-01-01T00:00:00\"", NO_TIME},
	{"\"expires_at\":\"2999-02-30T00:00:00Z\"", NO_TIME},
	{"\"expires_at\":\"2020-01-01T00:00:00Z\"", PAST},
	{"\"expires_at\":\"2999-01-01T00:00:00Z\",\"expires_in\":60", BOTH},
	{"\"expires_at\":\"2020-01-01T00:00:00Z\",\"expires_in\":60", BOTH "," PAST},
	{"\"authenticator_id\":1", NO_STRING("authenticator_id")},
	{"\"authenticator_id\":\"^256\"", TOO_LONG("authenticator_id", "255")},
	{"\"is_mfa_required\":null", NO_BOOL("is_mfa_required")},
	{"\"is_mfa_required\":[]", NO_BOOL("is_mfa_required")},
	{"\"is_mfa_complete\":\"maybe\"", BAD_BOOL("is_mfa_complete")},
	{"\"is_mfa_complete\":2", BAD_BOOL("is_mfa_complete")},
	{"\"is_mfa_complete\":\"YES\"", NULL},
	{"\"config_types\":\"a\"",
		FAULT("config_types", "Input should be a valid list", "list_type")},
	{"\"config_types\":[\"a\",1,null]",
		ELEMENT("config_types", "1", "Input should be a valid string",
			"string_type") "," ELEMENT("config_types", "2",
			"Input should be a valid string", "string_type")},
	{"\"config_types\":[\"^256\"]",
		ELEMENT("config_types", "0", "String should have at most 255 bytes",
			"string_too_long")},
	{"\"config_types\":[]", NULL},
	{"\"tags\":[]", FAULT("tags", "Input should be a valid dictionary", "dict_type")},
	{"\"tags\":{\"a\":1}", BAD_TAG},
	{"\"tags\":{\"a\":{}}", BAD_TAG},
	{"\"tags\":{\"a\":\"^4097\"}", BAD_TAG},
	{"\"tags\":{\"^256\":\"a\"}", BAD_TAG},
	{"\"tags\":{\"^255\":\"^4096\"}", NULL},
	{"\"tags\":{}", NULL},
	/* 16384 bytes of JSON, and one more. */
	{"\"tags\":{\"a\":\"^4096\",\"b\":\"^4096\",\"c\":\"^4096\",\"d\":\"^4067\"}", NULL},
	{"\"tags\":{\"a\":\"^4096\",\"b\":\"^4096\",\"c\":\"^4096\",\"d\":\"^4068\"}",
		FAULT("tags", "Dictionary should have at most 16384 bytes of JSON", "too_long")},
	{"\"user_email\":1", NO_STRING("user_email")},
	{"\"user_email\":\"^321\"", TOO_LONG("user_email", "320")},
	{"\"user_email\":\"^320\"", NULL},
	{"\"user_display_name\":1", NO_STRING("user_display_name")},
	{"\"user_display_name\":\"^1025\"", TOO_LONG("user_display_name", "1024")},
	{"\"user_display_name\":\"^1024\"", NULL},
	{"\"is_admin\":\"x\"", BAD_BOOL("is_admin")},
	{"\"is_admin\":null", NO_BOOL("is_admin")},
};

/* All of them at once, and not in the documented order, which is that of the faults. */
static const struct row everything = {
	"{\"id\":\"stats\",\"is_mfa_complete\":[],\"is_mfa_required\":null,\"tags\":[1],"
	"\"config_types\":\"a\",\"authenticator_id\":1,\"is_admin\":\"zz\",\"partner_id\":\"\","
	"\"location\":1,\"device_type\":1,\"expires_at\":\"y\",\"expires_in\":\"x\","
	"\"user_agent\":1,\"ip_address\":\"999\",\"user_display_name\":1,\"user_email\":1,"
	"\"user_id\":null,\"tenant_id\":1}",
	NO_STRING("tenant_id") "," NO_STRING("user_id") "," NO_STRING("user_email") "," NO_STRING("user_display_name") "," NO_ADDRESS "," NO_STRING(
		"user_agent") "," NO_INT "," NO_TIME
			      "," NO_STRING("device_type") "," NO_STRING("location") "," EMPTY("partner_id") "," BAD_BOOL(
				      "is_admin") "," NO_STRING("authenticator_id") "," FAULT("config_types",
				      "Input should be a valid list", "list_type") "," FAULT("tags",
				      "Input should be a valid dictionary",
				      "dict_type") "," NO_BOOL("is_mfa_required") "," NO_BOOL("is_mfa_complete") "," RESERVED,
};

/* Among members that are wrong, an end in the past is one fault more, repeat or not. */
static const struct row past_end = {
	"{\"tenant_id\":\"$\",\"user_id\":1,\"device_type\":1,\"id\":\"a\","
	"\"expires_at\":\"2020-01-01T00:00:00Z\"}",
	NO_STRING("user_id") "," PAST "," NO_STRING("device_type"),
};

static const char *fill(struct e2e *t, const char *form, struct str tenant)
{
	struct buf b;

	buf_init(&b, t->arena);
	while (*form != '\0') {
		if (*form == '$') {
			buf_str(&b, tenant);
			form++;
		} else if (*form == '^') {
			char *end;
			long n = strtol(form + 1, &end, 10);

			while (n-- > 0)
				buf_char(&b, 'x');
			form = end;
		} else {
			buf_char(&b, *form++);
		}
	}
	buf_char(&b, '\0');
	return b.p;
}

static void check(struct e2e *t, const struct row *row, const char *body)
{
	struct str token = e2e_token(t, "{\"sub\":\"svc\",\"platform_token\":true,"
					"\"scope\":\"sessions:write\"}");
	struct e2e_answer a = e2e_post(t, token, body, PATH);

	a.what = row->in;
	expect_status(&a, row->want == NULL ? 201 : 422);
	if (row->want != NULL)
		expect_body(&a, arena_printf(t->arena, "{\"detail\":[%s]}", row->want));
}

static void what_is_required__is_checked(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		check(t, &bodies[i], fill(t, bodies[i].in, tn.id));
}

static void every_member__is_checked(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	int64_t good = 0;

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		check(t, &members[i],
			arena_printf(t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"u\",%s}",
				tn.id.p, fill(t, members[i].in, tn.id)));
		good += members[i].want == NULL;
	}
	assert_int_equal(e2e_count(t, SQL("SELECT COUNT(*) FROM test_session WHERE tenant_id = ?"),
				 1, db_str(tn.id)),
		good);
}

static void faults__are_in_the_documented_order(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);

	check(t, &everything, everything.in);
	check(t, &past_end, fill(t, past_end.in, tn.id));
}

static void refused_body__writes_nothing(void **state)
{
	struct e2e *t = *state;
	struct str tenant = e2e_name(t, "tnt"), partner = e2e_name(t, "prt");

	check(t, &(struct row){"nothing", BAD_BOOL("is_admin")},
		arena_printf(t->arena,
			"{\"tenant_id\":\"%s\",\"partner_id\":\"%s\",\"user_id\":\"u\",\"is_"
			"admin\":\"?\"}",
			tenant.p, partner.p));
	assert_int_equal(
		e2e_count(t, SQL("SELECT COUNT(*) FROM tenant WHERE id = ?"), 1, db_str(tenant)),
		0);
	assert_int_equal(
		e2e_count(t, SQL("SELECT COUNT(*) FROM partner WHERE id = ?"), 1, db_str(partner)),
		0);
}

static void lists_and_tags__have_a_most(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);

	for (int n = 64; n <= 65; n++) {
		struct buf list, tags;

		buf_init(&list, t->arena);
		buf_init(&tags, t->arena);
		for (int i = 0; i < n; i++) {
			buf_printf(&list, "%s\"%d\"", i > 0 ? "," : "", i);
			buf_printf(&tags, "%s\"%d\":true", i > 0 ? "," : "", i);
		}
		check(t,
			&(struct row){"many",
				n == 64 ? NULL
					: FAULT("config_types", "List should have at most 64 items",
						  "too_long") "," FAULT("tags",
						  "Dictionary should have at most 64 items",
						  "too_long")},
			arena_printf(t->arena,
				"{\"tenant_id\":\"%s\",\"user_id\":\"u\","
				"\"config_types\":[%.*s],\"tags\":{%.*s}}",
				tn.id.p, (int)list.n, list.p, (int)tags.n, tags.p));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_required__is_checked),
		cmocka_unit_test(every_member__is_checked),
		cmocka_unit_test(faults__are_in_the_documented_order),
		cmocka_unit_test(refused_body__writes_nothing),
		cmocka_unit_test(lists_and_tags__have_a_most),
	};

	return cmocka_run_group_tests_name("Registration: validation", tests, e2e_open, e2e_close);
}
