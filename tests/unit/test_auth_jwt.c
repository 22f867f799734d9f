/* SPDX-License-Identifier: MIT
 * Bearer tokens, good, forged and odd, and the cache of verified ones. Works in a directory of its
 * own under /tmp, removed at the end. The surprise: a hit in the cache shows by changing the issuer
 * that jwt.c borrows: only a fresh verification notices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/jwt.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "lib/token_make.h"

#define NOW_S INT64_C(1700000000)
#define NOW_MS (NOW_S * 1000)

struct fixture {
	struct arena *arena;
	char dir[64], jwks[128], hs256[128];
	EVP_PKEY *pinned, *free, *ec, *foreign; /* kid and alg: p RS256, f none, e none */
	struct jwks *keys;
};

static const struct str secret = {"0123456789abcdef0123456789abcdef", 32};
static const char good[] = "{\"sub\":\"alice\",\"exp\":1700000100}";

static void write_set(struct fixture *f)
{
	struct str p = token_jwk_open(f->arena, f->pinned), n = token_jwk_open(f->arena, f->free);
	struct str e = token_jwk_open(f->arena, f->ec);

	token_file(f->jwks, 0644,
		str_printf(f->arena,
			"{\"keys\":[%.*s,\"kid\":\"p\",\"alg\":\"RS256\",\"use\":\"sig\"},"
			"%.*s,\"kid\":\"f\"},%.*s,\"kid\":\"e\"}]}",
			STR_FMT(p), STR_FMT(n), STR_FMT(e)));
}

static int group_open(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	log_setup(LOG_OFF, LOG_TEXT);
	f->arena = arena_open();
	snprintf(f->dir, sizeof(f->dir), "/tmp/rollcall-jwt-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->jwks, sizeof(f->jwks), "%s/jwks.json", f->dir);
	snprintf(f->hs256, sizeof(f->hs256), "%s/hs256", f->dir);
	f->pinned = token_rsa(2048);
	f->free = token_rsa(2048);
	f->ec = token_ec("P-256");
	f->foreign = token_rsa(2048);
	write_set(f);
	token_file(f->hs256, 0600, secret);
	f->keys = jwks_open(&(struct jwks_config){f->jwks, f->hs256});
	assert_int_equal(jwks_count(f->keys), 4);
	*state = f;
	return 0;
}

static int group_close(void **state)
{
	struct fixture *f = *state;

	jwks_close(f->keys);
	EVP_PKEY_free(f->pinned);
	EVP_PKEY_free(f->free);
	EVP_PKEY_free(f->ec);
	EVP_PKEY_free(f->foreign);
	(void)unlink(f->jwks);
	(void)unlink(f->hs256);
	assert_int_equal(rmdir(f->dir), 0);
	arena_close(f->arena);
	free(f);
	return 0;
}

static const char *verify(
	struct fixture *f, struct jwt *j, struct str token, int64_t now_ms, struct principal *who)
{
	const char *why = "not set";
	enum err err = jwt_verify(j, f->arena, token, now_ms, who, &why);

	if (err == ERR_OK) {
		assert_null(why);
		assert_non_null(who->subject.p);
		return NULL;
	}
	assert_int_equal(err, ERR_UNAUTHORIZED);
	assert_null(who->subject.p);
	assert_non_null(why);
	return why;
}

static void assert_why(const char *row, const char *got, const char *want)
{
	if (got != want && (got == NULL || want == NULL || strcmp(got, want)))
		fail_msg("%s: got \"%s\", want \"%s\"", row, got != NULL ? got : "ok",
			want != NULL ? want : "ok");
}

static struct str sign(struct fixture *f, const char *claims)
{
	return token_sign(f->arena, "RS256", f->pinned, STR_NONE,
		"{\"alg\":\"RS256\",\"kid\":\"p\"}", claims);
}

static void good_tokens_of_each_kind__are_accepted(void **state)
{
	struct fixture *f = *state;
	const struct {
		const char *alg, *kid;
		EVP_PKEY *key;
	} rows[] = {
		{"RS256", "p", f->pinned},
		{"RS256", "f", f->free},
		{"RS384", "f", f->free},
		{"RS512", "f", f->free},
		{"PS256", "f", f->free},
		{"ES256", "e", f->ec},
		{"HS256", "any", NULL},
	};
	struct jwt *j = jwt_open(&(struct jwt_config){0}, f->keys);
	struct principal who;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *header =
			arena_printf(f->arena, "{\"typ\":\"JWT\",\"alg\":\"%s\",\"kid\":\"%s\"}",
				rows[i].alg, rows[i].kid);

		assert_why(header,
			verify(f, j,
				token_sign(
					f->arena, rows[i].alg, rows[i].key, secret, header, good),
				NOW_MS, &who),
			NULL);
		assert_true(str_eq(who.subject, STR("alice")));
	}
	jwt_close(j);
}

static void forged_tokens__are_refused(void **state)
{
	struct fixture *f = *state;
	struct str pem = token_public_pem(f->arena, f->pinned);
	struct str foreign = token_jwk_open(f->arena, f->foreign);
	const struct {
		const char *name, *alg, *header;
		EVP_PKEY *key;
		struct str secret;
		const char *want;
	} rows[] = {
		{"none, signed", "RS256", "{\"alg\":\"none\",\"kid\":\"p\"}", f->pinned, STR_NONE,
			"algorithm not allowed"},
		{"NONE", "RS256", "{\"alg\":\"NONE\",\"kid\":\"p\"}", f->pinned, STR_NONE,
			"algorithm not allowed"},
		{"HS256 by the public PEM", "HS256", "{\"alg\":\"HS256\",\"kid\":\"p\"}", NULL, pem,
			"signature not valid"},
		{"HS256 by the JWK", "HS256", "{\"alg\":\"HS256\",\"kid\":\"p\"}", NULL, foreign,
			"signature not valid"},
		{"HS512 by the secret", "HS512", "{\"alg\":\"HS512\"}", NULL, secret,
			"algorithm not allowed"},
		{"RS512 by an RS256 key", "RS512", "{\"alg\":\"RS512\",\"kid\":\"p\"}", f->pinned,
			STR_NONE, "algorithm does not fit the key"},
		{"PS256 by an RS256 key", "PS256", "{\"alg\":\"PS256\",\"kid\":\"p\"}", f->pinned,
			STR_NONE, "algorithm does not fit the key"},
		{"PS256 called RS256", "PS256", "{\"alg\":\"RS256\",\"kid\":\"p\"}", f->pinned,
			STR_NONE, "signature not valid"},
		{"foreign key", "RS256", "{\"alg\":\"RS256\",\"kid\":\"p\"}", f->foreign, STR_NONE,
			"signature not valid"},
		{"foreign key, foreign kid", "RS256", "{\"alg\":\"RS256\",\"kid\":\"x\"}",
			f->foreign, STR_NONE, "unknown key"},
		{"foreign key in the header", "RS256",
			arena_printf(f->arena, "{\"alg\":\"RS256\",\"kid\":\"p\",\"jwk\":%.*s}}",
				STR_FMT(foreign)),
			f->foreign, STR_NONE, "signature not valid"},
		{"foreign key at an address", "RS256",
			"{\"alg\":\"RS256\",\"kid\":\"p\",\"jku\":\"http://127.0.0.1/\"}",
			f->foreign, STR_NONE, "signature not valid"},
		{"no kid, two keys", "RS256", "{\"alg\":\"RS256\"}", f->pinned, STR_NONE,
			"more than one key fits and the token names none"},
		{"crit", "RS256", "{\"alg\":\"RS256\",\"kid\":\"p\",\"crit\":[\"exp\"]}", f->pinned,
			STR_NONE, "critical header not understood"},
		{"crit null", "RS256", "{\"alg\":\"RS256\",\"kid\":\"p\",\"crit\":null}", f->pinned,
			STR_NONE, "critical header not understood"},
		{"alg twice", "RS256", "{\"alg\":\"RS256\",\"kid\":\"p\",\"alg\":\"none\"}",
			f->pinned, STR_NONE, "algorithm not allowed"},
		{"no alg", "RS256", "{\"kid\":\"p\"}", f->pinned, STR_NONE, "malformed token"},
		{"alg no text", "RS256", "{\"alg\":[\"RS256\"],\"kid\":\"p\"}", f->pinned, STR_NONE,
			"malformed token"},
		{"kid no text", "RS256", "{\"alg\":\"RS256\",\"kid\":1}", f->pinned, STR_NONE,
			"malformed token"},
		{"header an array", "RS256", "[\"RS256\"]", f->pinned, STR_NONE, "malformed token"},
		{"header no JSON", "RS256", "alg=RS256", f->pinned, STR_NONE, "malformed token"},
	};
	struct jwt *j = jwt_open(&(struct jwt_config){.cache_entries = 16}, f->keys);
	struct principal who;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str token = token_sign(
			f->arena, rows[i].alg, rows[i].key, rows[i].secret, rows[i].header, good);

		for (int again = 0; again < 2; again++)
			assert_why(rows[i].name, verify(f, j, token, NOW_MS, &who), rows[i].want);
	}
	jwt_close(j);
}

static void malformed_tokens__are_refused(void **state)
{
	struct fixture *f = *state;
	struct str token = sign(f, good), huge;
	char *big = arena_zalloc(f->arena, LIMIT_TOKEN_BYTES + 1);
	size_t dot = (size_t)(strrchr(token.p, '.') - token.p);
	struct jwt *j = jwt_open(&(struct jwt_config){.cache_entries = 16}, f->keys);
	struct principal who;

	memset(big, 'a', LIMIT_TOKEN_BYTES + 1);
	huge = (struct str){big, LIMIT_TOKEN_BYTES + 1};
	const struct {
		const char *name;
		struct str token;
	} rows[] = {
		{"absent", STR_NONE},
		{"empty", STR("")},
		{"a dot", STR(".")},
		{"dots", STR("..")},
		{"three dots", STR("...")},
		{"too long", huge},
		{"no signature", {token.p, dot}},
		{"empty signature", {token.p, dot + 1}},
		{"none, unsigned", STR("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.")},
		{"a fourth part", str_printf(f->arena, "%.*s.", STR_FMT(token))},
		{"five parts", str_printf(f->arena, "%.*s.a.a", STR_FMT(token))},
		{"padding", str_printf(f->arena, "%.*s==", STR_FMT(token))},
		{"space before", str_printf(f->arena, " %.*s", STR_FMT(token))},
		{"newline after", str_printf(f->arena, "%.*s\n", STR_FMT(token))},
		{"NUL after", {str_printf(f->arena, "%.*s", STR_FMT(token)).p, token.n + 1}},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_why(
			rows[i].name, verify(f, j, rows[i].token, NOW_MS, &who), "malformed token");
	assert_why("the token itself", verify(f, j, token, NOW_MS, &who), NULL);
	jwt_close(j);
}

static void longest_token__is_accepted_and_a_longer_one_not(void **state)
{
	struct fixture *f = *state;
	struct jwt *j = jwt_open(&(struct jwt_config){0}, f->keys);
	size_t n = 11900;
	struct str token;
	struct principal who;

	do {
		token = sign(
			f, arena_printf(f->arena,
				   "{\"sub\":\"a\",\"exp\":1700000100,\"x\":\"%0*d\"}", (int)n, 0));
		assert_why("length", verify(f, j, token, NOW_MS, &who),
			token.n > LIMIT_TOKEN_BYTES ? "malformed token" : NULL);
		n++;
	} while (token.n <= LIMIT_TOKEN_BYTES);
	assert_true(token.n <= LIMIT_TOKEN_BYTES + 2 && n > 11901);
	jwt_close(j);
}

/* Each character by one neighbour, and the last one of each part, which carries unused bits, by
 * every other one. */
static void token_changed_anywhere__is_refused(void **state)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct fixture *f = *state;
	struct jwt *j = jwt_open(&(struct jwt_config){.cache_entries = 16}, f->keys);
	struct str tokens[] = {
		sign(f, good),
		token_sign(f->arena, "ES256", f->ec, STR_NONE, "{\"alg\":\"ES256\",\"kid\":\"e\"}",
			good),
		token_sign(f->arena, "HS256", NULL, secret, "{\"alg\":\"HS256\"}", good),
	};
	struct principal who;

	for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
		char *text = arena_dup(f->arena, tokens[i].p, tokens[i].n);
		struct str token = {text, tokens[i].n};

		assert_null(verify(f, j, token, NOW_MS, &who));
		for (size_t at = 0; at < token.n; at++) {
			bool last = at + 1 == token.n || text[at + 1] == '.';
			char old = text[at];

			for (size_t k = 0; k < 64; k++) {
				if (!last)
					text[at] = old == '.' ? 'A' : old == 'A' ? 'B' : 'A';
				else if (alphabet[k] == old)
					continue;
				else
					text[at] = alphabet[k];
				if (verify(f, j, token, NOW_MS, &who) == NULL)
					fail_msg("%zu: accepted with %c for %c at %zu", i, text[at],
						old, at);
				if (!last)
					break;
			}
			text[at] = old;
		}
		assert_null(verify(f, j, token, NOW_MS, &who));
	}
	jwt_close(j);
}

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

static void principal__is_the_same_fresh_and_from_the_cache(void **state)
{
	struct fixture *f = *state;
	char issuer[] = "https://idp";
	struct jwt *j =
		jwt_open(&(struct jwt_config){.issuer = issuer, .cache_entries = 16}, f->keys);
	struct str token = sign(f,
		"{\"sub\":\"al\\u00efce\",\"sid\":\"s-1\",\"tenant_id\":\"t\",\"partner_id\":\"p\","
		"\"role\":\"tenant_admin\","
		"\"iss\":\"https://idp\",\"aud\":[\"one\",\"two\"],\"scope\":\"sessions:write\","
		"\"iat\":1699999999.25,\"exp\":1700000100,\"platform_token\":true}");
	struct principal who;

	for (int round = 0; round < 2; round++) {
		assert_null(verify(f, j, token, NOW_MS, &who));
		assert_int_equal(who.kind, PRINCIPAL_TENANT_ADMIN);
		assert_true(str_eq(who.subject, STR("al\xc3\xaf"
						    "ce")));
		assert_true(str_eq(who.session_id, STR("s-1")));
		assert_true(str_eq(who.tenant_id, STR("t")));
		assert_true(str_eq(who.partner_id, STR("p")));
		assert_int_equal(who.scopes, SCOPE_SESSIONS_WRITE);
		assert_true(who.platform_token);
		assert_true(who.expires_ms == NOW_MS + 100000);
		assert_true(who.issued_ms == NOW_MS - 750);
		issuer[0] = 'x'; /* the second round is a hit or fails */
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

static void cached_token__expires_all_the_same(void **state)
{
	struct fixture *f = *state;
	char issuer[] = "https://idp";
	struct jwt *j =
		jwt_open(&(struct jwt_config){.issuer = issuer, .leeway_s = 5, .cache_entries = 16},
			f->keys);
	struct str token = sign(f, "{\"sub\":\"a\",\"iss\":\"https://idp\",\"exp\":1700000100,"
				   "\"nbf\":1700000000}");
	struct principal who;

	assert_null(verify(f, j, token, NOW_MS, &who));
	issuer[0] = 'x';
	assert_why("hit", verify(f, j, token, NOW_MS + 104999, &who), NULL);
	assert_why("expired", verify(f, j, token, NOW_MS + 105000, &who), "token expired");
	assert_why(
		"clock set back", verify(f, j, token, NOW_MS - 5001, &who), "token not valid yet");
	assert_why("hit again", verify(f, j, token, NOW_MS - 5000, &who), NULL);
	jwt_close(j);
}

static void expired_token__is_not_cached(void **state)
{
	struct fixture *f = *state;
	char issuer[] = "https://idp";
	struct jwt *j =
		jwt_open(&(struct jwt_config){.issuer = issuer, .cache_entries = 16}, f->keys);
	struct str token = sign(f, "{\"sub\":\"a\",\"iss\":\"https://idp\",\"exp\":1700000100}");
	struct principal who;

	assert_why("expired", verify(f, j, token, NOW_MS + 100000, &who), "token expired");
	issuer[0] = 'x';
	assert_why(
		"fresh", verify(f, j, token, NOW_MS, &who), "claim iss is not the expected issuer");
	jwt_close(j);
}

static void without_a_cache__each_use_is_verified(void **state)
{
	struct fixture *f = *state;
	char issuer[] = "https://idp";
	struct jwt *j = jwt_open(&(struct jwt_config){.issuer = issuer}, f->keys);
	struct str token = sign(f, "{\"sub\":\"a\",\"iss\":\"https://idp\",\"exp\":1700000100}");
	struct principal who;

	assert_null(verify(f, j, token, NOW_MS, &who));
	issuer[0] = 'x';
	assert_non_null(verify(f, j, token, NOW_MS, &who));
	jwt_close(j);
}

/* The key goes, and with it at the next look every token that it signed, cached or not. */
static void new_keys__end_cached_tokens(void **state)
{
	struct fixture *f = *state;
	struct jwt *j = jwt_open(&(struct jwt_config){.cache_entries = 16}, f->keys);
	struct str token = sign(f, good), e = token_jwk_open(f->arena, f->ec);
	struct str other = token_sign(
		f->arena, "ES256", f->ec, STR_NONE, "{\"alg\":\"ES256\",\"kid\":\"e\"}", good);
	int64_t until = clock_monotonic_us() + 5000000;
	struct principal who;
	const char *why;

	assert_null(verify(f, j, token, NOW_MS, &who));
	assert_null(verify(f, j, other, NOW_MS, &who));
	token_file(f->jwks, 0644,
		str_printf(f->arena, "{\"keys\":[%.*s,\"kid\":\"e\"}]}", STR_FMT(e)));
	while ((why = verify(f, j, token, NOW_MS, &who)) == NULL && clock_monotonic_us() < until)
		usleep(20000);
	assert_why("its key is gone", why, "unknown key");
	assert_why("its key is there", verify(f, j, other, NOW_MS, &who), NULL);
	jwt_close(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_tokens_of_each_kind__are_accepted),
		cmocka_unit_test(forged_tokens__are_refused),
		cmocka_unit_test(malformed_tokens__are_refused),
		cmocka_unit_test(longest_token__is_accepted_and_a_longer_one_not),
		cmocka_unit_test(token_changed_anywhere__is_refused),
		cmocka_unit_test(claims__are_checked_by_name_and_type),
		cmocka_unit_test(long_identifier__is_refused),
		cmocka_unit_test(identifier_with_a_control_character__is_refused),
		cmocka_unit_test(times__are_exact_to_the_millisecond),
		cmocka_unit_test(issuer_and_audience__are_compared_where_configured),
		cmocka_unit_test(kind__follows_role_and_platform_token),
		cmocka_unit_test(scope__is_split_at_spaces),
		cmocka_unit_test(principal__is_the_same_fresh_and_from_the_cache),
		cmocka_unit_test(absent_times__are_told_as_absent),
		cmocka_unit_test(cached_token__expires_all_the_same),
		cmocka_unit_test(expired_token__is_not_cached),
		cmocka_unit_test(without_a_cache__each_use_is_verified),
		cmocka_unit_test(new_keys__end_cached_tokens), /* last: changes the set */
	};

	return cmocka_run_group_tests(tests, group_open, group_close);
}
