/* SPDX-License-Identifier: MIT
 * The identity provider signs people out (schema/api.md 5.7): which sessions end, that every wrong
 * token is 400 and changes nothing, and that a token works once, whichever worker gets it. The
 * surprise: the provider's key is the demonstration's, which the stack's set of keys has. */
/* e2e: shared-host */
#include <openssl/pem.h>
#include <stdio.h>

#include "lib/e2e.h"
#include "lib/token_make.h"
#include "model/revoke.h"

#define PATH "/api/v1/backchannel-logout"
#define FORM "application/x-www-form-urlencoded"
#define ISSUER "https://id.example.org" /* as tests/e2e/run sets it */
#define EVENTS "\"events\":{\"http://schemas.openid.net/event/backchannel-logout\":{}}"
#define AT_ONCE 16

static EVP_PKEY *provider_key(struct e2e *t)
{
	FILE *in = fopen(t->key_file, "r");
	EVP_PKEY *key;

	assert_non_null(in);
	key = PEM_read_PrivateKey(in, NULL, NULL, NULL);
	fclose(in);
	assert_non_null(key);
	return key;
}

/* The kid of the key is in the header of any good token. */
static struct str key_id(struct e2e *t)
{
	struct str token = e2e_super_admin(t), part;
	struct json *header;
	size_t at;

	assert_true(str_split(&token, '.', &part));
	assert_int_equal(
		json_parse(t->arena, str_base64url_decode(t->arena, part), &header, &at), ERR_OK);
	return json_member(header, "kid")->text;
}

static long long now_s(void)
{
	return clock_now_ms() / 1000;
}

/* Good claims but for sid and sub, which the caller adds; what is behind them counts. */
static const char *claims(struct e2e *t, const char *more)
{
	return arena_printf(t->arena,
		"{\"iss\":\"" ISSUER "\",\"aud\":\"shop\",\"iat\":%lld,\"jti\":\"%s\"," EVENTS
		"%s}",
		now_s(), e2e_name(t, "jti").p, more);
}

static struct str sign(struct e2e *t, const char *typ, const char *text)
{
	EVP_PKEY *key = provider_key(t);
	struct str kid = key_id(t);
	struct str token = token_sign(t->arena, "RS256", key, STR_NONE,
		arena_printf(t->arena, "{\"alg\":\"RS256\",\"kid\":\"%.*s\"%s}", STR_FMT(kid), typ),
		text);

	EVP_PKEY_free(key);
	return token;
}

static struct str good_token(struct e2e *t, const char *more)
{
	return sign(t, ",\"typ\":\"logout+jwt\"", claims(t, more));
}

static struct e2e_request post_of(struct e2e *t, struct str token)
{
	return (struct e2e_request){.method = "POST",
		.path = PATH,
		.content_type = FORM,
		.body = str_printf(t->arena, "logout_token=%.*s", STR_FMT(token))};
}

static struct e2e_answer post(struct e2e *t, struct str token)
{
	struct e2e_request r = post_of(t, token);

	return e2e_send(t, &r);
}

static void expect_refused(const struct e2e_answer *a, const char *description)
{
	expect_status(a, 400);
	expect_members(a->json, "error error_description");
	expect_str(e2e_text(a->json, "error"), STR("invalid_request"));
	if (description != NULL)
		expect_str(e2e_text(a->json, "error_description"), str_from(description));
	expect_str(e2e_header(a, "Cache-Control"), STR("no-store"));
}

/* A session of a sign-in at the provider; sid or issuer may be NULL. */
static struct str put(struct e2e *t, struct e2e_tenant tenant, struct str user, const char *issuer,
	const char *sid)
{
	struct session_new s = e2e_session(t, tenant, user);

	s.idp_issuer = str_from(issuer);
	s.idp_session_id = str_from(sid);
	return e2e_put(t, &s);
}

static bool is_active(struct e2e *t, struct str id)
{
	return e2e_count(t,
		       SQL("SELECT COUNT(*) FROM session WHERE id = ? AND expires_at > "
			   "UTC_TIMESTAMP(3)"),
		       1, db_str(id)) == 1;
}

static int64_t used_tokens(struct e2e *t)
{
	return e2e_count(t, SQL("SELECT COUNT(*) FROM logout_token"), 0);
}

/* A session, and whether the logout ends it. */
struct fate {
	const char *name;
	struct str id;
	bool ends;
};

static void expect_ended(struct e2e *t, const struct fate *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_active(t, rows[i].id) == rows[i].ends)
			fail_msg("%s: %s", rows[i].name, rows[i].ends ? "lives" : "has ended");
}

static void sid__ends_the_sessions_of_that_sign_in_and_no_others(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE), elsewhere = e2e_tenant(t, STR_NONE);
	struct str user = e2e_name(t, "usr"), other = e2e_name(t, "usr");
	const char *sid = e2e_name(t, "sid").p;
	const struct fate rows[] = {
		{"of that sign-in", put(t, tenant, user, ISSUER, sid), true},
		{"of that sign-in, again", put(t, tenant, user, ISSUER, sid), true},
		{"in another tenant", put(t, elsewhere, other, ISSUER, sid), true},
		{"of another sign-in", put(t, tenant, user, ISSUER, e2e_name(t, "sid").p), false},
		{"of another provider", put(t, tenant, user, "https://other.example.org", sid),
			false},
		{"of no provider", put(t, tenant, user, NULL, NULL), false},
	};
	/* The user in the token is not asked: applications may call them otherwise. */
	struct str token =
		good_token(t, arena_printf(t->arena, ",\"sid\":\"%s\",\"sub\":\"nobody\"", sid));
	struct e2e_answer a = post(t, token);

	expect_status(&a, 200);
	expect_body(&a, "");
	expect_str(e2e_header(&a, "Cache-Control"), STR("no-store"));
	expect_ended(t, rows, ARRAY_LEN(rows));
}

static void sub_alone__ends_all_of_that_user_from_that_provider(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE), elsewhere = e2e_tenant(t, STR_NONE);
	struct str user = e2e_name(t, "usr"), other = e2e_name(t, "usr");
	const char *sid = e2e_name(t, "sid").p;
	const struct fate rows[] = {
		{"with a sid", put(t, tenant, user, ISSUER, sid), true},
		{"without a sid", put(t, tenant, user, ISSUER, NULL), true},
		{"in another tenant", put(t, elsewhere, user, ISSUER, NULL), true},
		{"of another provider", put(t, tenant, user, "https://other.example.org", NULL),
			false},
		{"of no provider", put(t, tenant, user, NULL, NULL), false},
		{"of another user", put(t, tenant, other, ISSUER, sid), false},
	};
	struct e2e_answer a =
		post(t, good_token(t, arena_printf(t->arena, ",\"sub\":\"%s\"", user.p)));

	expect_status(&a, 200);
	expect_ended(t, rows, ARRAY_LEN(rows));
}

static void audit__names_the_provider_and_the_token(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	const char *sid = e2e_name(t, "sid").p, *jti = e2e_name(t, "jti").p;
	struct str id = put(t, tenant, e2e_name(t, "usr"), ISSUER, sid);
	struct e2e_request r = post_of(t,
		good_token(t, arena_printf(t->arena, ",\"sid\":\"%s\",\"jti\":\"%s\"", sid, jti)));
	struct e2e_answer a;
	const struct json *row;

	r.headers[0] = "X-Request-Id: logout-1";
	a = e2e_send(t, &r);
	expect_status(&a, 200);
	a = e2e_get(t, e2e_super_admin(t), "/api/v1/tenants/%s/audit", tenant.id.p);
	expect_status(&a, 200);
	assert_int_equal(e2e_at(a.json, "data")->count, 1);
	row = e2e_at(a.json, "data.0");
	expect_str(e2e_text(row, "session_id"), id);
	expect_str(e2e_text(row, "revoked_by"), STR(ISSUER));
	expect_str(e2e_text(row, "revoked_by_kind"), STR("identity provider"));
	assert_true(e2e_is_null(row, "revoked_by_tenant"));
	expect_str(e2e_text(row, "endpoint"), STR("v1.backchannel_logout"));
	expect_str(e2e_text(row, "request_id"), STR("logout-1"));
	expect_str(e2e_text(row, "reason"), str_printf(t->arena, "logout token %s", jti));
}

static void tokens_of_every_good_form__are_taken(void **state)
{
	struct e2e *t = *state;
	const struct {
		const char *name;
		struct str token;
	} rows[] = {
		{"a sign-in that nobody has", good_token(t, ",\"sid\":\"nobody\"")},
		{"a user whom nobody knows", good_token(t, ",\"sub\":\"nobody\"")},
		{"several audiences",
			good_token(t, ",\"sid\":\"nobody\",\"aud\":[\"blog\",\"shop\"]")},
		{"typ JWT", sign(t, ",\"typ\":\"JWT\"", claims(t, ",\"sid\":\"nobody\""))},
		{"no typ", sign(t, "", claims(t, ",\"sid\":\"nobody\""))},
		{"an end to come",
			good_token(t, arena_printf(t->arena, ",\"sid\":\"nobody\",\"exp\":%lld",
					      now_s() + 120))},
		{"a clock that is a little ahead",
			good_token(t, arena_printf(t->arena, ",\"sid\":\"nobody\",\"iat\":%lld",
					      now_s() + 10))},
		{"four minutes on its way",
			good_token(t, arena_printf(t->arena, ",\"sid\":\"nobody\",\"iat\":%lld",
					      now_s() - 240))},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_answer a = post(t, rows[i].token);

		a.what = rows[i].name;
		expect_status(&a, 200);
	}
}

/* Forged */

struct forged {
	const char *name;
	struct str token;
};

static struct str with(struct e2e *t, const char *sid, const char *more)
{
	return good_token(t, arena_printf(t->arena, ",\"sid\":\"%s\"%s", sid, more));
}

/* What is no token of the provider's. */
static size_t forged_signatures(struct e2e *t, const char *sid, struct forged *out)
{
	EVP_PKEY *own = provider_key(t), *foreign = token_rsa(2048);
	const char *text = claims(t, arena_printf(t->arena, ",\"sid\":\"%s\"", sid));
	struct str kid = key_id(t), good = sign(t, "", text),
		   jwk = token_jwk_open(t->arena, foreign);
	struct str other = sign(t, "", claims(t, ",\"sid\":\"nobody\""));
	struct str pem = token_public_pem(t->arena, own);
	int dot = (int)(strrchr(good.p, '.') - good.p),
	    dot2 = (int)(strrchr(other.p, '.') - other.p);
	const char *header =
		arena_printf(t->arena, "{\"alg\":\"RS256\",\"kid\":\"%.*s\"}", STR_FMT(kid));
	const char *with_key = arena_printf(t->arena,
		"{\"alg\":\"RS256\",\"kid\":\"%.*s\",\"jwk\":%.*s}}", STR_FMT(kid), STR_FMT(jwk));
	const struct forged rows[] = {
		{"signed with another key",
			token_sign(t->arena, "RS256", foreign, STR_NONE, header, text)},
		{"another key in its header",
			token_sign(t->arena, "RS256", foreign, STR_NONE, with_key, text)},
		{"unknown kid", token_sign(t->arena, "RS256", foreign, STR_NONE,
					"{\"alg\":\"RS256\",\"kid\":\"x\"}", text)},
		{"alg none, signed",
			token_sign(t->arena, "RS256", own, STR_NONE, "{\"alg\":\"none\"}", text)},
		{"alg none, unsigned", str_printf(t->arena, "eyJhbGciOiJub25lIn0.%.*s",
					       dot - (int)(strchr(good.p, '.') - good.p),
					       strchr(good.p, '.') + 1)},
		{"HS256 with the public key",
			token_sign(t->arena, "HS256", NULL, pem, "{\"alg\":\"HS256\"}", text)},
		{"PS256 for a key of RS256",
			token_sign(t->arena, "PS256", own, STR_NONE,
				arena_printf(t->arena, "{\"alg\":\"PS256\",\"kid\":\"%.*s\"}",
					STR_FMT(kid)),
				text)},
		{"crit", sign(t, ",\"crit\":[\"b64\"],\"b64\":false", text)},
		{"an access token's type", sign(t, ",\"typ\":\"at+jwt\"", text)},
		{"another token's signature",
			str_printf(t->arena, "%.*s%s", dot, good.p, other.p + dot2)},
		{"no signature", {good.p, (size_t)dot}},
		{"cut short", {good.p, good.n - 8}},
		{"a fourth part", str_printf(t->arena, "%.*s.AAAA", STR_FMT(good))},
		{"blank behind it", str_printf(t->arena, "%.*s%%20", STR_FMT(good))},
		{"empty", STR("")},
		{"no token at all", STR("hello")},
	};

	memcpy(out, rows, sizeof(rows));
	EVP_PKEY_free(own);
	EVP_PKEY_free(foreign);
	return ARRAY_LEN(rows);
}

/* The provider's, and wrong in one claim. */
static size_t forged_claims(struct e2e *t, const char *sid, struct forged *out)
{
	const struct forged rows[] = {
		{"another issuer", with(t, sid, ",\"iss\":\"https://evil.example.org\"")},
		{"an issuer with a slash", with(t, sid, ",\"iss\":\"" ISSUER "/\"")},
		{"no issuer", with(t, sid, ",\"iss\":null")},
		{"another audience", with(t, sid, ",\"aud\":\"other\"")},
		{"one audience of another", with(t, sid, ",\"aud\":[\"shop\",\"other\"]")},
		{"the list as audience", with(t, sid, ",\"aud\":\"shop,blog\"")},
		{"no audience", with(t, sid, ",\"aud\":null")},
		{"no iat", with(t, sid, ",\"iat\":null")},
		{"an iat of text", with(t, sid, ",\"iat\":\"now\"")},
		{"an iat of an hour ago",
			with(t, sid, arena_printf(t->arena, ",\"iat\":%lld", now_s() - 3600))},
		{"an iat to come",
			with(t, sid, arena_printf(t->arena, ",\"iat\":%lld", now_s() + 3600))},
		{"expired", with(t, sid, arena_printf(t->arena, ",\"exp\":%lld", now_s() - 60))},
		{"not valid yet",
			with(t, sid, arena_printf(t->arena, ",\"nbf\":%lld", now_s() + 3600))},
		{"an exp of text", with(t, sid, ",\"exp\":\"never\"")},
		{"no events", with(t, sid, ",\"events\":null")},
		{"events that are a list", with(t, sid,
						   ",\"events\":[\"http://schemas.openid.net/event/"
						   "backchannel-logout\"]")},
		{"another event",
			with(t, sid, ",\"events\":{\"http://schemas.openid.net/event/other\":{}}")},
		{"an event that is no object",
			with(t, sid,
				",\"events\":{\"http://schemas.openid.net/event/"
				"backchannel-logout\":true}")},
		{"a nonce", with(t, sid, ",\"nonce\":\"n\"")},
		{"a nonce of null", with(t, sid, ",\"nonce\":null")},
		{"neither sid nor sub", good_token(t, "")},
		{"a sid that is no text", good_token(t, ",\"sid\":7")},
		{"a sid that is empty", good_token(t, ",\"sid\":\"\",\"sub\":\"u\"")},
		{"a sub that is no text", with(t, sid, ",\"sub\":[\"u\"]")},
		{"no jti", with(t, sid, ",\"jti\":null")},
		{"a jti that is no text", with(t, sid, ",\"jti\":1")},
		{"a jti that is empty", with(t, sid, ",\"jti\":\"\"")},
		{"a jti that is too long", with(t, sid,
						   arena_printf(t->arena, ",\"jti\":\"%0*d\"",
							   LIMIT_JTI_BYTES + 1, 0))},
		{"claims that are a list", sign(t, "", "[]")},
		{"an ID token", e2e_token(t,
					"{\"iss\":\"" ISSUER "\",\"aud\":\"shop\",\"sub\":\"u\","
					"\"sid\":\"%s\",\"iat\":%lld,\"nonce\":\"n\"}",
					sid, now_s())},
		{"a token of a person", e2e_token(t, "{\"sub\":\"u\",\"sid\":\"%s\"}", sid)},
		{"a token of a service", e2e_token(t, "{\"sub\":\"shop\",\"platform_token\":true,"
						      "\"scope\":\"sessions:write admin:write\"}")},
	};

	memcpy(out, rows, sizeof(rows));
	return ARRAY_LEN(rows);
}

static void forged_tokens__are_400_and_change_nothing(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	const char *sid = e2e_name(t, "sid").p;
	struct str id = put(t, tenant, STR("u"), ISSUER, sid);
	struct forged rows[64];
	int64_t used = used_tokens(t);
	size_t n = forged_signatures(t, sid, rows);
	struct e2e_answer a;

	n += forged_claims(t, sid, rows + n);
	assert_true(n >= 25 && n <= ARRAY_LEN(rows));
	for (size_t i = 0; i < n; i++) {
		a = post(t, rows[i].token);
		a.what = rows[i].name;
		expect_refused(&a, NULL);
		if (!is_active(t, id) || used_tokens(t) != used)
			fail_msg("%s: something has changed", rows[i].name);
	}
	/* None of them has used the right one up. */
	a = post(t, with(t, sid, ""));
	expect_status(&a, 200);
	assert_false(is_active(t, id));
}

static void forms_that_are_wrong__are_400(void **state)
{
	struct e2e *t = *state;
	struct str token = good_token(t, ",\"sid\":\"nobody\"");
	struct str body = post_of(t, token).body;
	const struct {
		const char *name, *type;
		struct str body;
		const char *description;
	} rows[] = {
		{"no body", FORM, STR(""), "logout_token is missing"},
		{"another parameter", FORM, STR("token=a"), "logout_token is missing"},
		{"a name in capitals", FORM,
			str_printf(t->arena, "LOGOUT_TOKEN=%.*s", STR_FMT(token)),
			"logout_token is missing"},
		{"two tokens", FORM, str_printf(t->arena, "logout_token=a&%.*s", STR_FMT(body)),
			"logout_token is there twice"},
		{"JSON", "application/json",
			str_printf(t->arena, "{\"logout_token\":\"%.*s\"}", STR_FMT(token)),
			"the body has to be " FORM},
		{"the form as text", "text/plain", body, "the body has to be " FORM},
		{"no type", "", body, "the body has to be " FORM},
		{"bytes that are no text", FORM, STR("logout_token=%ff%00.%ff.%ff"),
			"malformed token"},
	};
	struct e2e_request r;
	struct e2e_answer a;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		r = (struct e2e_request){.method = "POST",
			.path = PATH,
			.content_type = rows[i].type,
			.body = rows[i].body};
		a = e2e_send(t, &r);
		a.what = rows[i].name;
		expect_refused(&a, rows[i].description);
	}
	/* A token in the query is no token. */
	r = (struct e2e_request){.method = "POST",
		.path = str_printf(t->arena, PATH "?%.*s", STR_FMT(body)).p,
		.content_type = FORM,
		.body = STR("a=b")};
	a = e2e_send(t, &r);
	expect_refused(&a, "logout_token is missing");
	/* And further parameters do not matter. */
	r = (struct e2e_request){.method = "POST",
		.path = PATH "/",
		.content_type = FORM "; charset=utf-8",
		.body = str_printf(t->arena, "a=b&%.*s&c", STR_FMT(body))};
	a = e2e_send(t, &r);
	expect_status(&a, 200);
}

static void other_methods__are_405(void **state)
{
	struct e2e *t = *state;
	struct e2e_answer a = e2e_get(t, STR_NONE, PATH);

	expect_status(&a, 405);
	expect_str(e2e_header(&a, "Allow"), STR("POST"));
}

/* Once */

static void used_token__is_400_and_ends_nothing_more(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	const char *sid = e2e_name(t, "sid").p;
	struct str user = e2e_name(t, "usr"), first = put(t, tenant, user, ISSUER, sid), second;
	struct str token = with(t, sid, "");
	struct e2e_answer a = post(t, token);

	expect_status(&a, 200);
	assert_false(is_active(t, first));
	second = put(t, tenant, user, ISSUER, sid);
	for (int i = 0; i < 8; i++) {
		a = post(t, token);
		expect_refused(&a, "the token was used before");
		assert_true(is_active(t, second));
	}
	/* The same jti in another token is the same to the provider. */
	a = post(t, with(t, sid, arena_printf(t->arena, ",\"jti\":\"%s\"", e2e_name(t, "x").p)));
	expect_status(&a, 200);
	assert_false(is_active(t, second));
}

static void token_sent_many_times_at_once__works_once(void **state)
{
	enum { ROUNDS = 8, SESSIONS = 5 };
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	struct e2e_request r[AT_ONCE];
	struct e2e_answer a[AT_ONCE];

	for (int round = 0; round < ROUNDS; round++) {
		const char *sid = e2e_name(t, "sid").p;
		struct str token = with(t, sid, ""), ids[SESSIONS];
		size_t taken = 0;

		for (size_t i = 0; i < SESSIONS; i++)
			ids[i] = put(t, tenant, e2e_name(t, "usr"), ISSUER, sid);
		for (size_t i = 0; i < AT_ONCE; i++)
			r[i] = post_of(t, token);
		e2e_send_all(t, r, a, AT_ONCE);
		for (size_t i = 0; i < AT_ONCE; i++) {
			taken += a[i].status == 200;
			if (a[i].status != 200)
				expect_refused(&a[i], "the token was used before");
		}
		assert_int_equal(taken, 1);
		for (size_t i = 0; i < SESSIONS; i++)
			assert_false(is_active(t, ids[i]));
	}
	assert_int_equal(e2e_count(t,
				 SQL("SELECT COUNT(*) FROM ended e JOIN tenant n ON n.no = "
				     "e.tenant_no WHERE n.id = ?"),
				 1, db_str(tenant.id)),
		ROUNDS * SESSIONS);
}

/* Tokens of one sign-in that the provider sends to each of its clients at the same time. */
static void several_tokens_of_one_sign_in_at_once__are_all_taken(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	const char *sid = e2e_name(t, "sid").p;
	struct e2e_request r[AT_ONCE];
	struct e2e_answer a[AT_ONCE];

	for (size_t i = 0; i < AT_ONCE; i++) {
		(void)put(t, tenant, e2e_name(t, "usr"), ISSUER, sid);
		r[i] = post_of(t, with(t, sid, ""));
	}
	e2e_send_all(t, r, a, AT_ONCE);
	for (size_t i = 0; i < AT_ONCE; i++)
		expect_status(&a[i], 200);
	assert_int_equal(e2e_count(t,
				 SQL("SELECT COUNT(*) FROM session s JOIN tenant n ON n.no = "
				     "s.tenant_no WHERE n.id = ?"),
				 1, db_str(tenant.id)),
		0);
}

static void session_of_that_sign_in__is_refused_by_every_worker(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	const char *sid = e2e_name(t, "sid").p;
	struct str user = e2e_name(t, "usr"), id = put(t, tenant, user, ISSUER, sid);
	struct str token = e2e_token(t, "{\"sub\":\"%s\",\"tenant_id\":\"%s\",\"sid\":\"%s\"}",
		user.p, tenant.id.p, id.p);
	struct e2e_request r[AT_ONCE];
	struct e2e_answer a[AT_ONCE];

	for (size_t i = 0; i < AT_ONCE; i++)
		r[i] = (struct e2e_request){.path = "/api/v1/me/sessions", .token = token};
	e2e_send_all(t, r, a, AT_ONCE);
	for (size_t i = 0; i < AT_ONCE; i++)
		expect_status(&a[i], 200);
	a[0] = post(t, with(t, sid, ""));
	expect_status(&a[0], 200);
	e2e_send_all(t, r, a, AT_ONCE);
	for (size_t i = 0; i < AT_ONCE; i++)
		expect_status(&a[i], 401);
}

/* More than one transaction ends: the token is used up with the last of them. */
static void user_with_more_sessions_than_a_transaction_ends__has_none_left(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	struct str user = e2e_name(t, "usr");
	struct str token = good_token(t, arena_printf(t->arena, ",\"sub\":\"%s\"", user.p));
	struct e2e_answer a;

	(void)e2e_put_many(t, tenant, user, REVOKE_BATCH + 100);
	e2e_exec(t, SQL("UPDATE session SET idp_issuer = ? WHERE user_id = ?"), 2,
		db_str(STR(ISSUER)), db_str(user));
	a = post(t, token);
	expect_status(&a, 200);
	assert_int_equal(e2e_count(t, SQL("SELECT COUNT(*) FROM session WHERE user_id = ?"), 1,
				 db_str(user)),
		0);
	a = post(t, token);
	expect_refused(&a, "the token was used before");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sid__ends_the_sessions_of_that_sign_in_and_no_others),
		cmocka_unit_test(sub_alone__ends_all_of_that_user_from_that_provider),
		cmocka_unit_test(audit__names_the_provider_and_the_token),
		cmocka_unit_test(tokens_of_every_good_form__are_taken),
		cmocka_unit_test(forged_tokens__are_400_and_change_nothing),
		cmocka_unit_test(forms_that_are_wrong__are_400),
		cmocka_unit_test(other_methods__are_405),
		cmocka_unit_test(used_token__is_400_and_ends_nothing_more),
		cmocka_unit_test(token_sent_many_times_at_once__works_once),
		cmocka_unit_test(several_tokens_of_one_sign_in_at_once__are_all_taken),
		cmocka_unit_test(session_of_that_sign_in__is_refused_by_every_worker),
		cmocka_unit_test(user_with_more_sessions_than_a_transaction_ends__has_none_left),
	};

	return cmocka_run_group_tests(tests, e2e_open, e2e_close);
}
