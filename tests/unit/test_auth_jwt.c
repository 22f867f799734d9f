/* SPDX-License-Identifier: MIT
 * Bearer tokens, good, forged and malformed. */
#include "auth_jwt.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_tokens_of_each_kind__are_accepted),
		cmocka_unit_test(forged_tokens__are_refused),
		cmocka_unit_test(malformed_tokens__are_refused),
		cmocka_unit_test(longest_token__is_accepted_and_a_longer_one_not),
		cmocka_unit_test(token_changed_anywhere__is_refused),
	};

	return cmocka_run_group_tests(tests, group_open, group_close);
}
