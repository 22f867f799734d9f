/* SPDX-License-Identifier: MIT
 * Logout tokens, good ones and every way to be wrong (OpenID Connect Back-Channel Logout 1.0,
 * section 2.6), each row with the phrase that refuses it. */
#include "auth/jwt.h"
#include "auth/logout.h"
#include "auth_keys.h"
#include "base/clock.h"
#include "base/limits.h"

#define NOW_S INT64_C(1700000000)
#define LEEWAY_S 30
#define EVENTS "\"events\":{\"http://schemas.openid.net/event/backchannel-logout\":{}}"
#define GOOD                                                                                       \
	"\"iss\":\"https://id.example.org\",\"aud\":\"shop\",\"iat\":1700000000,\"jti\":\"j1\","   \
	"\"sid\":\"s1\"," EVENTS

struct fixture {
	struct arena *arena;
	struct key_files files;
	EVP_PKEY *key, *foreign;
	struct jwks *keys;
	struct logout_config cfg;
};

static int open_all(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct str jwk;

	f->arena = arena_open();
	key_files_make(&f->files);
	f->key = token_ec("P-256");
	f->foreign = token_ec("P-256");
	jwk = token_jwk_open(f->arena, f->key);
	token_file(f->files.jwks, 0644,
		str_printf(f->arena, "{\"keys\":[%.*s,\"kid\":\"k\"}]}", STR_FMT(jwk)));
	f->keys = key_files_open(&f->files, 2);
	f->cfg = (struct logout_config){"https://id.example.org", "blog, shop", LEEWAY_S};
	*state = f;
	return 0;
}

static int close_all(void **state)
{
	struct fixture *f = *state;

	jwks_close(f->keys);
	EVP_PKEY_free(f->key);
	EVP_PKEY_free(f->foreign);
	key_files_remove(&f->files);
	arena_close(f->arena);
	free(f);
	return 0;
}

static struct str sign(struct fixture *f, const char *header, const char *claims)
{
	return token_sign(f->arena, "ES256", f->key, STR_NONE, header, claims);
}

/* NULL: it was taken. */
static const char *verify(struct fixture *f, struct str token, struct logout_token *out)
{
	const char *why = "not set";
	enum err err = logout_verify(&f->cfg, f->keys, f->arena, token, NOW_S * 1000, out, &why);

	if (err == ERR_OK)
		return NULL;
	assert_int_equal(err, ERR_UNAUTHORIZED);
	return why;
}

static void headers__are_held_to_type_and_algorithm(void **state)
{
	static const struct {
		const char *header, *why;
	} rows[] = {
		{"{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"logout+jwt\"}", NULL},
		{"{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"application/logout+jwt\"}", NULL},
		{"{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"Logout+JWT\"}", NULL},
		{"{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"JWT\"}", NULL},
		{"{\"alg\":\"ES256\",\"kid\":\"k\"}", NULL},
		{"{\"alg\":\"ES256\"}", NULL},
		{"{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", "the type of the token is another"},
		{"{\"alg\":\"ES256\",\"typ\":\"secevent+jwt\"}",
			"the type of the token is another"},
		{"{\"alg\":\"ES256\",\"typ\":\"\"}", "the type of the token is another"},
		{"{\"alg\":\"ES256\",\"typ\":[\"JWT\"]}", "malformed token"},
		{"{\"alg\":\"ES256\",\"crit\":[\"exp\"]}", "critical header not understood"},
		{"{\"alg\":\"none\"}", "algorithm not allowed"},
		{"{\"alg\":\"HS256\"}", "algorithm not allowed"},
		{"{\"alg\":\"ES384\",\"kid\":\"k\"}", "algorithm does not fit the key"},
		{"{\"alg\":\"ES256\",\"kid\":\"other\"}", "unknown key"},
		{"{\"kid\":\"k\"}", "malformed token"},
		{"[]", "malformed token"},
	};
	struct fixture *f = *state;
	struct logout_token out;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_why(rows[i].header, verify(f, sign(f, rows[i].header, "{" GOOD "}"), &out),
			rows[i].why);
}

/* What is behind the good claims counts, for of a repeated name the last one does. */
static void claims__are_checked_one_by_one(void **state)
{
	static const struct {
		const char *more, *why;
	} rows[] = {
		{"", NULL},
		{",\"iss\":\"https://id.example.org/\"", "claim iss is not the expected issuer"},
		{",\"iss\":\"HTTPS://ID.EXAMPLE.ORG\"", "claim iss is not the expected issuer"},
		{",\"iss\":null", "claim iss is not the expected issuer"},
		{",\"iss\":[\"https://id.example.org\"]", "claim iss is not the expected issuer"},
		{",\"aud\":[\"shop\"]", NULL},
		{",\"aud\":[\"shop\",\"blog\"]", NULL},
		{",\"aud\":\"blog\"", NULL},
		{",\"aud\":null", "claim aud is missing"},
		{",\"aud\":[]", "claim aud is missing"},
		{",\"aud\":\"\"", "claim aud names another than the clients here"},
		{",\"aud\":\"blog, shop\"", "claim aud names another than the clients here"},
		{",\"aud\":\"Shop\"", "claim aud names another than the clients here"},
		{",\"aud\":[\"shop\",\"other\"]", "claim aud names another than the clients here"},
		{",\"aud\":[\"shop\",7]", "claim aud names another than the clients here"},
		{",\"aud\":{\"a\":\"shop\"}", "claim aud names another than the clients here"},
		{",\"iat\":null", "claim iat is missing"},
		{",\"iat\":\"1700000000\"", "claim iat is not a number"},
		{",\"iat\":1700000030", NULL},
		{",\"iat\":1700000031", "claim iat is in the future"},
		{",\"iat\":1e300", "claim iat is in the future"},
		{",\"iat\":1699999671", NULL},
		{",\"iat\":1699999670", "claim iat is too long ago"},
		{",\"iat\":0", "claim iat is too long ago"},
		{",\"iat\":-1e300", "claim iat is too long ago"},
		{",\"exp\":1700000120", NULL},
		{",\"exp\":1699999971", NULL},
		{",\"exp\":1699999970", "token expired"},
		{",\"exp\":\"1700000120\"", "claim exp is not a number"},
		{",\"nbf\":1700000031", "token not valid yet"},
		{",\"nbf\":{}", "claim nbf is not a number"},
		{",\"events\":null", "claim events is not an object"},
		{",\"events\":[\"http://schemas.openid.net/event/backchannel-logout\"]",
			"claim events is not an object"},
		{",\"events\":\"http://schemas.openid.net/event/backchannel-logout\"",
			"claim events is not an object"},
		{",\"events\":{}", "claim events has no logout event"},
		{",\"events\":{\"https://schemas.openid.net/event/backchannel-logout\":{}}",
			"claim events has no logout event"},
		{",\"events\":{\"http://schemas.openid.net/event/backchannel-logout/\":{}}",
			"claim events has no logout event"},
		{",\"events\":{\"http://schemas.openid.net/event/backchannel-logout\":null}",
			"claim events has no logout event"},
		{",\"events\":{\"http://schemas.openid.net/event/backchannel-logout\":true}",
			"claim events has no logout event"},
		{",\"events\":{\"http://schemas.openid.net/event/backchannel-logout\":[]}",
			"claim events has no logout event"},
		{",\"events\":{\"http://schemas.openid.net/event/backchannel-logout\":{\"a\":1},"
		 "\"b\":{}}",
			NULL},
		{",\"nonce\":\"n\"", "claim nonce must not be there"},
		{",\"nonce\":null", "claim nonce must not be there"},
		{",\"nonce\":\"\"", "claim nonce must not be there"},
		{",\"sid\":null", "neither claim sid nor claim sub is there"},
		{",\"sid\":\"\"", "claim sid is empty"},
		{",\"sid\":7", "claim sid is not a string"},
		{",\"sid\":\"a\\u0000b\"", "claim sid holds a control character"},
		{",\"sub\":\"u\"", NULL},
		{",\"sub\":\"\"", "claim sub is empty"},
		{",\"sub\":[\"u\"]", "claim sub is not a string"},
		{",\"sid\":null,\"sub\":\"u\"", NULL},
		{",\"jti\":null", "claim jti is missing"},
		{",\"jti\":\"\"", "claim jti is empty"},
		{",\"jti\":7", "claim jti is not a string"},
		{",\"jti\":\"a\\nb\"", "claim jti holds a control character"},
		{",\"unknown\":{\"x\":[1]}", NULL},
	};
	struct fixture *f = *state;
	struct logout_token out;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_why(rows[i].more,
			verify(f,
				sign(f, "{\"alg\":\"ES256\"}",
					arena_printf(f->arena, "{" GOOD "%s}", rows[i].more)),
				&out),
			rows[i].why);
}

static void good_token__gives_what_it_names(void **state)
{
	struct fixture *f = *state;
	struct logout_token out;

	assert_why("sid", verify(f, sign(f, "{\"alg\":\"ES256\"}", "{" GOOD "}"), &out), NULL);
	assert_true(str_eq(out.issuer, STR("https://id.example.org")));
	assert_true(str_eq(out.session_id, STR("s1")));
	assert_null(out.subject.p);
	assert_true(str_eq(out.id, STR("j1")));
	assert_true(out.stale_ms == (NOW_S + LOGOUT_FRESH_S + LEEWAY_S) * 1000);
	assert_why("sub",
		verify(f, sign(f, "{\"alg\":\"ES256\"}", "{" GOOD ",\"sid\":null,\"sub\":\"u\"}"),
			&out),
		NULL);
	assert_null(out.session_id.p);
	assert_true(str_eq(out.subject, STR("u")));
}

static void longest_ids__are_taken_and_longer_ones_not(void **state)
{
	struct fixture *f = *state;
	struct logout_token out;

	for (int more = 0; more < 2; more++) {
		const char *claims[] = {
			arena_printf(
				f->arena, "{" GOOD ",\"jti\":\"%0*d\"}", LIMIT_JTI_BYTES + more, 0),
			arena_printf(
				f->arena, "{" GOOD ",\"sid\":\"%0*d\"}", LIMIT_ID_BYTES + more, 0),
		};

		assert_why("jti", verify(f, sign(f, "{\"alg\":\"ES256\"}", claims[0]), &out),
			more ? "claim jti is too long" : NULL);
		assert_why("sid", verify(f, sign(f, "{\"alg\":\"ES256\"}", claims[1]), &out),
			more ? "claim sid is too long" : NULL);
	}
}

static void foreign_and_broken_tokens__are_refused(void **state)
{
	struct fixture *f = *state;
	struct str good = sign(f, "{\"alg\":\"ES256\"}", "{" GOOD "}");
	struct str other = sign(f, "{\"alg\":\"ES256\"}", "{" GOOD ",\"sid\":\"s2\"}");
	size_t mine = (size_t)(strrchr(good.p, '.') - good.p);
	size_t theirs = (size_t)(strrchr(other.p, '.') - other.p);
	char *big = arena_zalloc(f->arena, LIMIT_TOKEN_BYTES + 1);
	struct logout_token out;

	memset(big, 'a', LIMIT_TOKEN_BYTES + 1);
	const struct {
		const char *name, *why;
		struct str token;
	} rows[] = {
		{"another's key", "signature not valid",
			token_sign(f->arena, "ES256", f->foreign, STR_NONE, "{\"alg\":\"ES256\"}",
				"{" GOOD "}")},
		{"the shared secret", "algorithm not allowed",
			token_sign(f->arena, "HS256", NULL, secret, "{\"alg\":\"HS256\"}",
				"{" GOOD "}")},
		{"no signature", "malformed token", {good.p, mine}},
		{"an empty signature", "malformed token", {good.p, mine + 1}},
		{"another token's signature", "signature not valid",
			str_printf(f->arena, "%.*s%s", (int)theirs, other.p, good.p + mine)},
		{"claims that are no object", "claims are not a JSON object",
			sign(f, "{\"alg\":\"ES256\"}", "[]")},
		{"claims that are no JSON", "claims are not a JSON object",
			sign(f, "{\"alg\":\"ES256\"}", "{" GOOD)},
		{"claims that are no UTF-8", "claims are not a JSON object",
			sign(f, "{\"alg\":\"ES256\"}", "{" GOOD ",\"a\":\"\xff\"}")},
		{"empty", "malformed token", STR("")},
		{"dots", "malformed token", STR("..")},
		{"encrypted", "malformed token", STR("a.b.c.d.e")},
		{"too long", "malformed token", {big, LIMIT_TOKEN_BYTES + 1}},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_why(rows[i].name, verify(f, rows[i].token, &out), rows[i].why);
}

static void without_issuer_or_clients__nothing_is_taken(void **state)
{
	struct fixture *f = *state;
	struct str good = sign(f, "{\"alg\":\"ES256\"}", "{" GOOD "}");
	const struct logout_config configured = f->cfg;
	struct logout_token out;

	f->cfg.issuer = NULL;
	assert_why("issuer", verify(f, good, &out), "no identity provider is set up here");
	f->cfg = configured;
	f->cfg.clients = NULL;
	assert_why("clients", verify(f, good, &out), "no identity provider is set up here");
	f->cfg.clients = ",, ,";
	assert_why("empty ones", verify(f, good, &out),
		"claim aud names another than the clients here");
	f->cfg = configured;
}

/* The other way round: a logout token opens nothing, even with an end. */
static void logout_token__is_no_bearer_token(void **state)
{
	static const struct {
		const char *header, *claims, *why;
	} rows[] = {
		{"{\"alg\":\"ES256\"}", "{\"sub\":\"u\",\"exp\":1700000100}", NULL},
		{"{\"alg\":\"ES256\"}", "{" GOOD ",\"sub\":\"u\",\"exp\":1700000100}",
			"a logout token opens nothing"},
		{"{\"alg\":\"ES256\",\"typ\":\"logout+jwt\"}", "{\"sub\":\"u\",\"exp\":1700000100}",
			"a logout token opens nothing"},
	};
	struct fixture *f = *state;
	struct jwt *j = jwt_open(&(struct jwt_config){0}, f->keys);
	struct principal who;
	const char *why;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum err err = jwt_verify(j, f->arena, sign(f, rows[i].header, rows[i].claims),
			NOW_S * 1000, &who, &why);

		assert_why(rows[i].header, err == ERR_OK ? NULL : why, rows[i].why);
	}
	jwt_close(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers__are_held_to_type_and_algorithm),
		cmocka_unit_test(claims__are_checked_one_by_one),
		cmocka_unit_test(good_token__gives_what_it_names),
		cmocka_unit_test(longest_ids__are_taken_and_longer_ones_not),
		cmocka_unit_test(foreign_and_broken_tokens__are_refused),
		cmocka_unit_test(without_issuer_or_clients__nothing_is_taken),
		cmocka_unit_test(logout_token__is_no_bearer_token),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
