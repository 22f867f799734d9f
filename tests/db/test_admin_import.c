/* SPDX-License-Identifier: MIT
 * rollcall-admin import, the real program against a real server: what a row becomes, and what a bad
 * one is told. */
#include "admin.h"
#include "auth/digest.h"
#include "model/owner.h"
#include "model/revoke.h"

#define TOKEN "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTAx"
#define HEADER "id,tenant_id,user_id,expires_at\n"

/* Imports that text under further words. */
static struct ran import(struct fix *f, struct str text, const char *option, const char *value)
{
	return admin(f, "import", put_file(f, "in", text), option, value);
}

static struct str text_of(struct fix *f, struct sql_frag sql)
{
	static const struct db_col cols[] = {{'S', 0}};
	static const struct db_shape shape = {cols, 1};
	struct str out = STR_NONE;
	struct sql q;

	sql_begin(&q, f->arena, SQL_READ, "S");
	sql_add(&q, sql);
	assert_ok(f->db, db_one(f->db, f->arena, &q, &shape, &out));
	return out;
}

/* What both full rows below have to become. */
static void assert_full_session(struct fix *f)
{
	struct str all = text_of(f,
		SQL("SELECT CONCAT_WS('|', s.id, s.tenant_id, s.partner_id, s.user_id, ip_address,"
		    " user_agent, device_type, location, s.created_at, last_activity_at, "
		    "expires_at,"
		    " authenticator_id, is_mfa_required, is_mfa_complete, tags, config_types, email,"
		    " display_name, is_admin, token_digest = UNHEX(SHA2('" TOKEN "', 256)))"
		    " FROM (SELECT t.*, x.authenticator_id, x.is_mfa_required, x.is_mfa_complete"
		    " FROM test_session t JOIN session x ON x.id = t.id) s"
		    " JOIN test_user u ON u.tenant_id = s.tenant_id AND u.id = s.user_id"
		    " WHERE s.id = 's1'"));
	const char *want =
		"s1|t|p|u1|2001:db8::1|curl/8.0|api|Berlin, Germany|"
		"2026-01-02 03:04:05.678|2026-01-02 04:00:00.000|2999-03-01 00:00:00.000|"
		"updb|1|0|{\"a\":\"b\",\"c\":null}|"
		"[\"x\",\"y\"]|u@example.org|U\xC3\xA4 One|1|1";

	if (!str_eq(all, str_from(want)))
		fail_msg("%.*s", STR_FMT(all));
	assert_numbers_right(f);
}

/* The same for those that somebody had ended. */
static void assert_full_ended(struct fix *f)
{
	struct str all = text_of(f,
		SQL("SELECT CONCAT_WS('|', s.id, s.tenant_id, s.partner_id, s.user_id, s.ip_address,"
		    " s.user_agent, s.device_type, s.location, s.created_at, s.last_activity_at,"
		    " s.expires_at, s.revoked_at, s.revoked_by, s.revoke_reason, e.month,"
		    " e.user_email, e.user_display_name, email, display_name, is_admin)"
		    " FROM test_session s JOIN test_user u ON u.tenant_id = s.tenant_id"
		    " AND u.id = s.user_id JOIN ended e ON e.id = s.id WHERE s.id = 's1'"));
	const char *want =
		"s1|t|p|u1|2001:db8::1|curl/8.0|api|Berlin, Germany|"
		"2026-01-02 03:04:05.678|2026-01-02 04:00:00.000|2026-03-01 00:00:00.000|"
		"2026-02-01 00:00:00.000|boss|lost \"it\", all|24313|"
		"u@example.org|U\xC3\xA4 One|u@example.org|U\xC3\xA4 One|1";

	if (!str_eq(all, str_from(want)))
		fail_msg("%.*s", STR_FMT(all));
	assert_numbers_right(f);
}

#define CSV_COLUMNS                                                                                \
	"id,tenant_id,partner_id,user_id,user_email,user_display_name,is_admin,token,"             \
	"ip_address,user_agent,location,created_at,last_activity_at,expires_in,expires_at,"        \
	"revoked_at,revoked_by,revoke_reason,authenticator_id,is_mfa_required,"                    \
	"is_mfa_complete,tags,config_types,device_type\r\n"
#define CSV_ROW                                                                                    \
	"s1,t,p,u1,u@example.org,U\xC3\xA4 One,yes," TOKEN ","                                     \
	"2001:db8::1,curl/8.0,\"Berlin, Germany\",2026-01-02T05:04:05.678+02:00,"                  \
	"2026-01-02T04:00:00Z,"
#define CSV_REST                                                                                   \
	",updb,TRUE,0,\"{\"\"a\"\":\"\"b\"\",\"\"c\"\":null}\",\"[\"\"x\"\",\"\"y\"\"]\",\r\n"

static void csv_row__lands_with_every_column(void **state)
{
	struct fix *f = *state;
	struct ran r =
		import(f, STR(CSV_COLUMNS CSV_ROW ",2999-03-01T00:00:00Z,,," CSV_REST), NULL, NULL);

	assert_done(&r, "imported 1 sessions, 0 already there, 0 bad rows\n");
	assert_full_session(f);
}

static void csv_row_of_an_ended_one__lands_with_its_end(void **state)
{
	struct fix *f = *state;
	struct ran r = import(f,
		STR(CSV_COLUMNS CSV_ROW
			",2026-03-01T00:00:00Z,2026-02-01T00:00:00Z,boss,\"lost \"\"it\"\", all\"" CSV_REST),
		NULL, NULL);

	assert_done(&r, "imported 1 sessions, 0 already there, 0 bad rows\n");
	assert_full_ended(f);
}

#define JSON_ROW                                                                                   \
	"{\"id\":\"s1\",\"tenant_id\":\"t\",\"user_id\":\"u1\","                                   \
	"\"user_email\":\"u@example.org\",\"user_display_name\":\"U\\u00e4 One\","                 \
	"\"is_admin\":true,\"token\":\"" TOKEN "\","                                               \
	"\"ip_address\":\"2001:db8::1\",\"user_agent\":\"curl/8.0\","                              \
	"\"location\":\"Berlin, Germany\",\"created_at\":\"2026-01-02T03:04:05.678Z\","            \
	"\"last_activity_at\":\"2026-01-02T04:00:00Z\",\"authenticator_id\":\"updb\","             \
	"\"is_mfa_required\":true,\"is_mfa_complete\":false,"                                      \
	"\"tags\":{\"a\":\"b\",\"c\":null},\"config_types\":[\"x\",\"y\",\"x\"],"                  \
	"\"partner_id\":null,"

static void ndjson_row__lands_with_every_member(void **state)
{
	struct fix *f = *state;
	struct ran r =
		import(f, STR(JSON_ROW "\"expires_at\":\"2999-03-01T00:00:00Z\"}"), NULL, NULL);

	assert_done(&r, "imported 1 sessions, 0 already there, 0 bad rows\n");
	assert_full_session(f);
}

static void ndjson_row_of_an_ended_one__lands_with_its_end(void **state)
{
	struct fix *f = *state;
	struct ran r = import(f,
		STR(JSON_ROW "\"expires_at\":\"2026-03-01T00:00:00Z\","
			     "\"revoked_at\":\"2026-02-01T00:00:00Z\",\"revoked_by\":\"boss\","
			     "\"revoke_reason\":\"lost \\\"it\\\", all\"}"),
		NULL, NULL);

	assert_done(&r, "imported 1 sessions, 0 already there, 0 bad rows\n");
	assert_full_ended(f);
}

static void forms_of_csv__are_all_read(void **state)
{
	struct fix *f = *state;
	static const struct {
		const char *name;
		const char *text;
		const char *location;
	} rows[] = {
		{"plain", "a,t,u,here", "here"},
		{"no line end at the end", "a,t,u,here", "here"},
		{"byte-order mark", "\xEF\xBB\xBFid,tenant_id,user_id,location\na,t,u,here\n",
			"here"},
		{"blank lines", "\n\r\na,t,u,here\n\n\r\n", "here"},
		{"quoted comma", "a,t,u,\"one, two\"\n", "one, two"},
		{"quoted quote", "a,t,u,\"\"\"\"\n", "\""},
		{"quoted line end", "a,t,u,\"one\r\ntwo\n\"\r\n", "one\r\ntwo\n"},
		{"every field quoted", "\"a\",\"t\",\"u\",\"here\"\r\n", "here"},
		{"blanks belong to a field", "a,t,u, here \n", " here "},
		{"empty is absent", "a,t,u,\n", NULL},
		{"quoted empty is absent", "a,t,u,\"\"\r\n", NULL},
		{"letters beyond ASCII", "a,t,u,Z\xC3\xBCrich\n", "Z\xC3\xBCrich"},
		{"reordered", "location,user_id,tenant_id,id\nhere,u,t,a\n", "here"},
		{"blanks around names", " id, tenant_id ,user_id,location\na,t,u,here\n", "here"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool headed = strstr(rows[i].text, "tenant_id") != NULL;
		struct str text = str_printf(f->arena, "%s%s",
			headed ? "" : "id,tenant_id,user_id,location\n", rows[i].text);
		struct ran r = import(f, text, NULL, NULL);
		struct str got;

		if (r.status != 0)
			fail_msg("%s: %s", rows[i].name, r.err.p);
		got = text_of(f, SQL("SELECT location FROM session WHERE id = 'a'"));
		if (!str_eq(got, str_from(rows[i].location)) ||
			(got.p == NULL) != (rows[i].location == NULL))
			fail_msg("%s: \"%.*s\"", rows[i].name, STR_FMT(got));
		clear_sessions(f);
	}
}

/* Between two good rows (what stands around their number), which have to be there afterwards. */
static void check_bad_row(struct fix *f, const char *header, const char *const good[2],
	const char *bad, const char *why)
{
	struct str text = str_printf(
		f->arena, "%s%s1%s\n%s\n%s2%s\n", header, good[0], good[1], bad, good[0], good[1]);
	struct ran r = import(f, text, NULL, NULL);
	const char *line = header[0] != '\0' ? "rollcall-admin import: line 3: "
					     : "rollcall-admin import: line 2: ";

	if (r.status != 1 || !contains(r.err, why) || !contains(r.err, line) ||
		line_count(r.err) != 1)
		fail_msg("%s: status %d, wanted \"%s\", err: %s", bad, r.status, why, r.err.p);
	if (strcmp(r.out.p, "imported 2 sessions, 0 already there, 1 bad rows\n") != 0)
		fail_msg("%s: %s", bad, r.out.p);
	assert_int_equal(session_count_of(f), 2);
	clear_sessions(f);
}

static void bad_csv_row__is_told_and_left_out(void **state)
{
	struct fix *f = *state;
	static const char header[] = "id,tenant_id,user_id,created_at,expires_at,revoked_at,"
				     "revoke_reason,token,token_sha256,ip_address,tags,is_admin,"
				     "expires_in,config_types,location\n";
	static const char *const good[] = {"s", ",t,u,,,,,,,,,,,,"};
	static const char hex[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";
	const char *rows[][2] = {
		{"x,t,u", "has fewer fields than the header"},
		{"x,t,u,,,,,,,,,,,,,", "has more fields than the header"},
		{"x,t,u,,,,,,,,,,,,a\"b", "has a quote within a field"},
		{"x,t,u,,,,,,,,,,,,\"a\"b", "has text behind a closing quote"},
		{"x,t,u,,,,,,,,,,,,\xFF", "is not UTF-8"},
		{",t,u,,,,,,,,,,,,", "id: Field required"},
		{"x,,u,,,,,,,,,,,,", "tenant_id: Field required"},
		{"x,t,,,,,,,,,,,,,", "user_id: Field required"},
		{",,,,,,,,,,,,,,", "tenant_id: Field required; user_id: Field required; id: "},
		{"stats,t,u,,,,,,,,,,,,", "id: Value error, this id is reserved"},
		{" x,t,u,,,,,,,,,,,,", "id: Value error, a blank at either end"},
		{"x,t,u ,,,,,,,,,,,,", "user_id: Value error, a blank at either end"},
		{"x,nobody,u,,,,,,,,,,,,", "tenant_id: no such tenant (--create-tenants makes it)"},
		{"x,t,u,yesterday,,,,,,,,,,,", "created_at: Input should be a valid datetime"},
		{"x,t,u,2026-02-30T00:00:00Z,,,,,,,,,,,", "created_at: Input should be a valid"},
		{"x,t,u,2026-02-20 00:00:00,,,,,,,,,,,", "created_at: Input should be a valid"},
		{"x,t,u,2999-01-01T00:00:00Z,,,,,,,,,,,", "created_at: is in the future"},
		{"x,t,u,,2020-01-01T00:00:00Z,,,,,,,,,,", "expires_at: is before created_at"},
		{"x,t,u,2021-01-01T00:00:00Z,2020-01-01T00:00:00Z,,,,,,,,,,",
			"expires_at: is before created_at"},
		{"x,t,u,2021-01-01T00:00:00Z,,2020-01-01T00:00:00Z,,,,,,,,,",
			"revoked_at: is before created_at"},
		{"x,t,u,,,,lost,,,,,,,,",
			"revoked_at: is needed with revoked_by and revoke_reason"},
		{"x,t,u,,,,,tooshort,,,,,,,", "token: String should have at least 16"},
		{arena_printf(f->arena, "x,t,u,,,,,,%s,,,,,,", hex),
			"token_sha256: Input should be 64"},
		{arena_printf(f->arena, "x,t,u,,,,,,%sg,,,,,,", hex),
			"token_sha256: Input should be 64"},
		{arena_printf(f->arena, "x,t,u,,,,," TOKEN ",%sf,,,,,,", hex),
			"token: excludes token_sha256"},
		{"x,t,u,,,,,,,1.2.3.4.5,,,,,", "ip_address: value is not a valid IPv4 or IPv6"},
		{"x,t,u,,,,,,,,{,,,,", "tags: JSON decode error"},
		{"x,t,u,,,,,,,,[],,,,", "tags: Input should be a valid dictionary"},
		{"x,t,u,,,,,,,,\"{\"\"a\"\":[]}\",,,,", "tags: Value error, a tag is a string"},
		{"x,t,u,,,,,,,,,maybe,,,", "is_admin: Input should be a valid boolean"},
		{"x,t,u,,,,,,,,,,soon,,", "expires_in: Input should be a valid integer"},
		{"x,t,u,,,,,,,,,,0,,", "expires_in: Input should be greater than or equal to 1"},
		{"x,t,u,,2999-01-01T00:00:00Z,,,,,,,,60,,",
			"line 3: Value error, expires_in and expires_at exclude each other"},
		{"x,t,u,,,,,,,,,,,\"[\"\"a\"\",1]\",",
			"config_types: Input should be a valid string"},
		{arena_printf(f->arena, "x,t,u,,,,,,,,,,,,%0256d", 7),
			"location: String should have"},
		{arena_printf(f->arena, "%0256d,t,u,,,,,,,,,,,,", 7),
			"id: String should have at most"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_bad_row(f, header, good, rows[i][0], rows[i][1]);
}

static void bad_ndjson_row__is_told_and_left_out(void **state)
{
	struct fix *f = *state;
	static const char *const good[] = {
		"{\"id\":\"s", "\",\"tenant_id\":\"t\",\"user_id\":\"u\"}"};
	static const char *const rows[][2] = {
		{"{\"id\":\"x\"", "is not JSON (at byte 10)"},
		{"{\"id\":\"x\"} {}", "is not JSON (at byte 12)"},
		{"[1]", "is not a JSON object"},
		{"{\"id\":1,\"tenant_id\":\"t\",\"user_id\":\"u\"}",
			"id: Input should be a valid string"},
		{"{\"id\":\"x\",\"tenant_id\":\"t\",\"user_id\":\"u\",\"revoked_att\":null}",
			"revoked_att: unknown member"},
		{"{\"id\":\"x\",\"tenant_id\":\"t\",\"user_id\":\"u\",\"a\\nb\\u001b[1m\":1}",
			"a?b?[1m: unknown member"},
		{"{\"id\":\"x\",\"tenant_id\":\"t\",\"user_id\":\"u\",\"partner_id\":\"other\"}",
			"Tenant belongs to another partner"},
		{"{\"id\":\"x\\u0000\",\"tenant_id\":\"t\",\"user_id\":\"u\"}",
			"id: Value error, a NUL"},
		{"{\"id\":\"x\",\"tenant_id\":\"t\\t\",\"user_id\":\"u\"}",
			"tenant_id: Value error, a blank at either end and control"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_bad_row(f, "", good, rows[i][0], rows[i][1]);
}

static void bad_header__imports_nothing(void **state)
{
	struct fix *f = *state;
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"", "line 1: has no header"},
		{"id,tenant_id\na,t\n", "line 1: lacks the column user_id"},
		{"id,tenant_id,user_id,revoked_att\na,t,u,\n",
			"names an unknown column, \"revoked_att\""},
		{"id,tenant_id,user_id,id\na,t,u,b\n", "names id twice"},
		{"\"id,tenant_id\n", "has no header"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ran r = import(f, str_from(rows[i].text), NULL, NULL);

		assert_refused(&r, 1, rows[i].why);
		assert_int_equal(line_count(r.err), 1);
	}
	assert_int_equal(session_count_of(f), 0);
}

static void unknown_columns__are_ignored_on_demand(void **state)
{
	struct fix *f = *state;
	struct ran r =
		import(f, STR("app,id,tenant_id,user_id,x\n1,a,t,u,2\n"), "--ignore-unknown", NULL);

	assert_done(&r, "imported 1 sessions, 0 already there, 0 bad rows\n");
	r = import(f, STR("{\"app\":{},\"id\":\"b\",\"tenant_id\":\"t\",\"user_id\":\"u\"}\n"),
		"--ignore-unknown", NULL);
	assert_done(&r, "imported 1 sessions, 0 already there, 0 bad rows\n");
}

static void long_row_and_open_quote__are_stepped_over(void **state)
{
	struct fix *f = *state;
	size_t n = 3 << 20;
	char *blob = arena_alloc(f->arena, n + 1);
	struct ran r;

	memset(blob, 'x', n);
	blob[n] = '\0';
	r = import(f,
		str_printf(f->arena, HEADER "a,t,u,\nb,t,u,%s\nc,t,u,\nd,t,u,\"\ne,t,u,\n", blob),
		NULL, NULL);
	assert_int_equal(r.status, 1);
	assert_true(contains(
		r.err, "line 3: longer than 1 MiB (a quote left open?), left out up to line 3\n"));
	assert_true(contains(r.err, "line 5: a quote is left open until the end of the file\n"));
	assert_string_equal(r.out.p, "imported 2 sessions, 0 already there, 2 bad rows\n");
}

static void session__counts_its_lifetime_from_its_beginning(void **state)
{
	struct fix *f = *state;
	struct ran r = import(f,
		STR("id,tenant_id,user_id,created_at,expires_in\n"
		    "old,t,u,2020-01-01T00:00:00Z,60\nfallback,t,u,2020-01-01T00:00:00Z,\n"
		    "new,t,u,,600\n"),
		NULL, NULL);

	assert_int_equal(r.status, 0);
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM session WHERE id = 'old' AND"
					  " expires_at = '2020-01-01 00:01:00'")),
		1);
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM session WHERE id = 'fallback' AND"
					  " expires_at = '2020-01-02'")),
		1);
	assert_int_equal(
		number_of(f, SQL("SELECT COUNT(*) FROM session WHERE id = 'new' AND"
				 " expires_at BETWEEN UTC_TIMESTAMP(3) + INTERVAL 500 SECOND AND"
				 " UTC_TIMESTAMP(3) + INTERVAL 600 SECOND")),
		1);
}

static void token__opens_the_session_and_is_nowhere_in_clear(void **state)
{
	struct fix *f = *state;
	const char *input = put_file(f, "in",
		STR("id,tenant_id,user_id,token,token_sha256\n"
		    "a,t,u," TOKEN ",\n"
		    "b,t,u,,2F77668A9DFBF8D5848B9EEB4A7145CA94C6ED9236E4A773F6DCAFA5132B2F91\n"
		    "c,t,u," TOKEN ",\n"
		    "d,t,u," TOKEN "\x01,x\n"));
	struct ran r = admin(f, "import", "--state", file_path(f, "token.state"), input);
	unsigned char digest[DIGEST_BYTES];
	const struct activity_rule rule = {.interval_s = 60};
	struct owner owner;

	assert_int_equal(r.status, 1);
	assert_true(contains(r.err, "line 4: token: belongs to another session\n"));
	assert_false(contains(r.err, TOKEN));
	assert_false(contains(r.out, TOKEN));
	assert_false(contains(get_file(f, file_path(f, "token.state")), TOKEN));
	digest_sha256(STR(TOKEN), digest);
	assert_ok(f->db, owner_of_token(f->db, f->arena, (struct str){(char *)digest, DIGEST_BYTES},
				 &rule, &owner));
	assert_string_equal(owner.session_id.p, "a");
	assert_int_equal(
		number_of(f,
			SQL("SELECT COUNT(*) FROM session WHERE id = 'b' AND token_digest ="
			    " x'"
			    "2F77668A9DFBF8D5848B9EEB4A7145CA94C6ED9236E4A773F6DCAFA5132B2F91'")),
		1);
}

static void repeat__finds_everything_there_and_changes_nothing(void **state)
{
	struct fix *f = *state;
	struct str text = STR("id,tenant_id,user_id,user_email\na,t,u,old@example.org\n"
			      "a,t,u,twice@example.org\n");
	struct revoke_call call = {.scope = {.session_id = STR("a")},
		.by = {.subject = STR("boss"), .kind = STR("super_admin")},
		.endpoint = STR("test"),
		.request_id = STR("r"),
		.if_count = -1};
	struct ran r = import(f, text, NULL, NULL);

	assert_done(&r, "imported 1 sessions, 1 already there, 0 bad rows\n");
	assert_ok(
		f->db, exec(f->db, f->arena, SQL("UPDATE user SET email = 'new@example.org'"), 0));
	assert_ok(f->db, revoke_sessions(f->db, &call));
	assert_int_equal(call.count, 1);
	r = import(f, text, NULL, NULL);
	assert_done(&r, "imported 0 sessions, 2 already there, 0 bad rows\n");
	assert_int_equal(
		number_of(f, SQL("SELECT COUNT(*) FROM user WHERE email = 'new@example.org'")), 1);
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM session")), 0);
	assert_int_equal(session_count_of(f), 1);
	assert_numbers_right(f);
}

static void tenants__are_made_on_demand_with_their_partner(void **state)
{
	struct fix *f = *state;
	struct ran r = import(f,
		STR("id,tenant_id,user_id,partner_id\na,n1,u,p\nb,n2,u,p2\nc,n3,u,\n"
		    "d,n1,u,\ne,n1,u,other\n"),
		"--create-tenants", NULL);

	assert_int_equal(r.status, 1);
	assert_true(contains(r.err, "line 6: Tenant belongs to another partner\n"));
	assert_string_equal(r.out.p, "imported 4 sessions, 0 already there, 1 bad rows\n");
	assert_int_equal(
		number_of(f, SQL("SELECT COUNT(*) FROM session s JOIN tenant t ON"
				 " t.no = s.tenant_no WHERE s.partner_no <=> t.partner_no")),
		4);
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM test_session WHERE id = 'd' AND"
					  " partner_id = 'p'")),
		1);
	assert_numbers_right(f);
}

static void file_that_cannot_be_read__is_one_clear_line(void **state)
{
	struct fix *f = *state;
	struct ran r = admin(f, "import", "/nonexistent");

	assert_refused(&r, 1, "rollcall-admin import: /nonexistent: No such file or directory\n");
	r = admin(f, "import", mariadb_dir(f->server));
	assert_refused(&r, 1, "Is a directory\n");
	assert_int_equal(line_count(r.err), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fix_open_tenant, fix_close)
		T(csv_row__lands_with_every_column),
		T(csv_row_of_an_ended_one__lands_with_its_end),
		T(ndjson_row__lands_with_every_member),
		T(ndjson_row_of_an_ended_one__lands_with_its_end),
		T(forms_of_csv__are_all_read),
		T(bad_csv_row__is_told_and_left_out),
		T(bad_ndjson_row__is_told_and_left_out),
		T(bad_header__imports_nothing),
		T(unknown_columns__are_ignored_on_demand),
		T(long_row_and_open_quote__are_stepped_over),
		T(session__counts_its_lifetime_from_its_beginning),
		T(token__opens_the_session_and_is_nowhere_in_clear),
		T(repeat__finds_everything_there_and_changes_nothing),
		T(tenants__are_made_on_demand_with_their_partner),
		T(file_that_cannot_be_read__is_one_clear_line),
#undef T
	};

	return cmocka_run_group_tests(tests, fix_server, fix_server_end);
}
