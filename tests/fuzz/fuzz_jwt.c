/* SPDX-License-Identifier: MIT
 * libFuzzer target: a bearer token. An input without a NUL is a token as it arrives. One with a NUL
 * is header and claims, which are signed here by the key that is trusted, so that what is behind
 * the signature is reached. It asserts that nothing is let in but by HS256, and that what a token
 * may say became a principal whole. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include "auth/jwt.h"
#include "http/router.h"
#include "lib/fuzz.h"

#define NOW_MS INT64_C(1700000000000)

static const char secret[] = "0123456789abcdef0123456789abcdef";
static struct jwks *keys;
static struct jwt *jwt, *strict;

static void open_keys(void)
{
	const struct jwks_config files = {.hs256_file = fuzz_file(0, str_from(secret))};
	const struct jwt_config any = {.leeway_s = 30},
				some = {.issuer = "https://a.example", .audience = "b"};

	keys = jwks_open(&files);
	fuzz_must(jwks_count(keys) == 1, "no key", STR(""));
	jwt = jwt_open(&any, keys);
	strict = jwt_open(&some, keys);
}

static struct str sign(struct arena *a, struct str header, struct str claims)
{
	struct str text = str_printf(a, "%.*s.%.*s", STR_FMT(str_base64url(a, header.p, header.n)),
		STR_FMT(str_base64url(a, claims.p, claims.n)));
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)text.p, text.n, mac,
		&n);
	return str_printf(a, "%.*s.%.*s", STR_FMT(text), STR_FMT(str_base64url(a, mac, n)));
}

static void check_id(struct str id, struct str token)
{
	fuzz_must(id.p == NULL || http_is_id(id), "no id", token);
	for (size_t i = 0; i < id.n; i++)
		fuzz_must((unsigned char)id.p[i] >= 0x20 && id.p[i] != 0x7f, "control", token);
}

static void verify(struct arena *a, struct jwt *j, struct str token, bool is_signed)
{
	struct principal who;
	const char *why;
	enum err err = jwt_verify(j, a, token, NOW_MS, &who, &why);

	fuzz_must(err == ERR_OK || err == ERR_UNAUTHORIZED, "outcome", token);
	if (err != ERR_OK) {
		fuzz_must(why != NULL && str_is_utf8(str_from(why)), "no reason", token);
		return;
	}
	fuzz_must(is_signed || memchr(token.p, '.', token.n) != NULL, "not signed", token);
	fuzz_must(who.subject.p != NULL && who.expires_ms > NOW_MS - 30000, "not whole", token);
	check_id(who.subject, token);
	check_id(who.session_id, token);
	check_id(who.tenant_id, token);
	check_id(who.partner_id, token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = fuzz_arena();
	struct str token = fuzz_input(data, size), header;
	bool is_signed = memchr(token.p, '\0', token.n) != NULL;

	if (jwt == NULL)
		open_keys();
	if (is_signed && str_split(&token, '\0', &header))
		token = sign(a, header, token);
	verify(a, jwt, token, is_signed);
	verify(a, strict, token, is_signed);
	return 0;
}
