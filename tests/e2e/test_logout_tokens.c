/* SPDX-License-Identifier: MIT
 * Logout tokens (schema/api.md 5.7): every good form is taken, every wrong token or form is 400 and
 * changes nothing. */
/* e2e: shared-host */
#include "logout.h"

static int64_t used_tokens(struct e2e *t)
{
	return e2e_count(t, SQL("SELECT COUNT(*) FROM logout_token"), 0);
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

struct forged {
	const char *name;
	struct str token;
};

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_of_every_good_form__are_taken),
		cmocka_unit_test(forged_tokens__are_400_and_change_nothing),
		cmocka_unit_test(forms_that_are_wrong__are_400),
		cmocka_unit_test(other_methods__are_405),
	};

	return cmocka_run_group_tests(tests, e2e_open, e2e_close);
}
