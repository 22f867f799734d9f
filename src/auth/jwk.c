/* SPDX-License-Identifier: MIT
 * Decides from the members of a JWK whether the key can be used, and for which algorithms. Called
 * by jwks.c for each key of a file. A symmetric key in a set is refused, because sets are
 * published; the key of HS256 has a file of its own. */
#include "jwk.h"

#include "json/reader.h"
#include "json/writer.h"

#define RSA_BITS_LEAST 2048

static const struct algorithm algorithms[] = {
	{"RS256", FAMILY_RSA},
	{"RS384", FAMILY_RSA},
	{"RS512", FAMILY_RSA},
	{"PS256", FAMILY_RSA},
	{"PS384", FAMILY_RSA},
	{"PS512", FAMILY_RSA},
	{"ES256", FAMILY_P256},
	{"ES384", FAMILY_P384},
	{"ES512", FAMILY_P521},
	{"HS256", FAMILY_OCT},
};

static const struct curve {
	const char *name;
	enum family family;
	size_t sig_bytes;
} curves[] = {
	{"P-256", FAMILY_P256, 64},
	{"P-384", FAMILY_P384, 96},
	{"P-521", FAMILY_P521, 132},
};

const struct algorithm *algorithm_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
		if (str_eq(str_from(algorithms[i].name), name))
			return &algorithms[i];
	return NULL;
}

/* A text member; STR_NONE if absent. ERR_INVALID if it is there but is not a string. */
MUST_CHECK static enum err text_member(const struct json *obj, const char *name, struct str *out)
{
	const struct json *v = json_member(obj, name);

	*out = v != NULL ? v->text : STR_NONE;
	return v == NULL || v->type == JSON_STRING ? ERR_OK : ERR_INVALID;
}

static bool may_verify(const struct json *jwk)
{
	const struct json *ops = json_member(jwk, "key_ops");
	struct str use;

	if (text_member(jwk, "use", &use) || (use.p != NULL && !str_eq(use, STR("sig"))))
		return false;
	if (ops == NULL)
		return true;
	if (ops->type != JSON_ARRAY)
		return false;
	for (const struct json *op = ops->first; op != NULL; op = op->next)
		if (op->type == JSON_STRING && str_eq(op->text, STR("verify")))
			return true;
	return false;
}

static size_t number_bits(struct str big_endian)
{
	size_t bits;
	unsigned char top;

	while (big_endian.n && big_endian.p[0] == 0) {
		big_endian.p++;
		big_endian.n--;
	}
	if (big_endian.n == 0)
		return 0;
	bits = 8 * (big_endian.n - 1);
	for (top = (unsigned char)big_endian.p[0]; top; top >>= 1)
		bits++;
	return bits;
}

static unsigned remainder_of(struct str big_endian, unsigned by)
{
	unsigned rest = 0;

	for (size_t i = 0; i < big_endian.n; i++)
		rest = (rest << 8 | (unsigned char)big_endian.p[i]) % by;
	return rest;
}

static bool is_power_of(unsigned base, unsigned n, unsigned prime)
{
	unsigned power = 1;

	do {
		if (power == n)
			return true;
		power = power * base % prime;
	} while (power != 1);
	return false;
}

/* RSA keys made by some Infineon chips can be factored (CVE-2017-15361, "ROCA"). Their moduli are
 * powers of 65537 modulo every small prime, which is true of one in a hundred million others. */
static bool is_of_weak_chip(struct str modulus)
{
	static const unsigned char primes[] = {3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47,
		53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139,
		149, 151, 157, 163, 167};

	for (size_t i = 0; i < ARRAY_LEN(primes); i++) {
		if (!is_power_of(65537 % primes[i], remainder_of(modulus, primes[i]), primes[i]))
			return false;
	}
	return true;
}

/* The key is long enough, the exponent odd and at least 3: with 1 a text is its own signature. */
MUST_CHECK static enum err rsa_check(
	struct arena *a, struct str n, struct str e, struct jwk *key, const char **why)
{
	struct str modulus = str_base64url_decode(a, n), exponent = str_base64url_decode(a, e);
	size_t bits = modulus.p != NULL ? number_bits(modulus) : 0;

	if (exponent.p == NULL || number_bits(exponent) < 2 || !(exponent.p[exponent.n - 1] & 1)) {
		*why = "RSA exponent not usable";
		return ERR_INVALID;
	}
	if (bits < RSA_BITS_LEAST) {
		*why = "RSA key under 2048 bits";
		return ERR_INVALID;
	}
	if (is_of_weak_chip(modulus)) {
		*why = "RSA key that can be factored (CVE-2017-15361)";
		return ERR_INVALID;
	}
	key->family = FAMILY_RSA;
	key->sig_bytes = (bits + 7) / 8;
	return ERR_OK;
}

/* A coordinate is as long as the field (RFC 7518 section 6.2.1.2), in strict base64url, because
 * cjose's decoder aborts the process at a '=' in the middle. */
static bool is_coordinate(struct arena *a, struct str text, size_t bytes)
{
	struct str number = str_base64url_decode(a, text);

	return number.p != NULL && number.n == bytes;
}

MUST_CHECK static enum err ec_check(
	struct arena *a, const struct str *member, struct jwk *key, const char **why)
{
	for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
		size_t bytes = curves[i].sig_bytes / 2;

		if (!str_eq(str_from(curves[i].name), member[1]))
			continue;
		*why = "coordinates not usable";
		if (!is_coordinate(a, member[2], bytes) || !is_coordinate(a, member[3], bytes))
			return ERR_INVALID;
		key->family = curves[i].family;
		key->sig_bytes = curves[i].sig_bytes;
		return ERR_OK;
	}
	*why = "curve not supported";
	return ERR_INVALID;
}

/* Fills the family and signature length of a key, and its text from its public members only. */
MUST_CHECK static enum err read_public(
	struct arena *a, const struct json *json, bool exposed, struct jwk *out, const char **why)
{
	static const char *const rsa[] = {"kty", "n", "e"};
	static const char *const ec[] = {"kty", "crv", "x", "y"};
	const char *const *names = rsa;
	size_t count = ARRAY_LEN(rsa);
	struct str member[ARRAY_LEN(ec)];
	struct json_writer *w;
	struct buf text;

	*why = "kty not supported";
	if (text_member(json, "kty", &member[0]))
		return ERR_INVALID;
	if (str_eq(member[0], STR("EC"))) {
		names = ec;
		count = ARRAY_LEN(ec);
	} else if (!str_eq(member[0], STR("RSA"))) {
		if (str_eq(member[0], STR("oct")))
			*why = exposed ? "symmetric key in a file that others can read"
				       : "symmetric key in a set of public keys";
		return ERR_INVALID;
	}
	buf_init(&text, a);
	w = json_writer_new(a, &text);
	json_obj(w, NULL);
	for (size_t i = 0; i < count; i++) {
		*why = "members missing or of a wrong type";
		if (text_member(json, names[i], &member[i]) || member[i].p == NULL)
			return ERR_INVALID;
		json_str(w, names[i], member[i]);
	}
	json_end(w);
	if (names == rsa ? rsa_check(a, member[1], member[2], out, why)
			 : ec_check(a, member, out, why))
		return ERR_INVALID;
	*why = "not a valid key";
	if (json_finish(w))
		return ERR_INVALID;
	out->text = buf_view(&text);
	return ERR_OK;
}

enum err jwk_read(
	struct arena *a, const struct json *json, bool exposed, struct jwk *out, const char **why)
{
	struct str alg;

	*out = (struct jwk){0};
	*why = "members missing or of a wrong type";
	if (json->type != JSON_OBJECT || text_member(json, "alg", &alg) ||
		text_member(json, "kid", &out->kid))
		return ERR_INVALID;
	if (!may_verify(json)) {
		*why = "not for verifying signatures";
		return ERR_INVALID;
	}
	if (read_public(a, json, exposed, out, why))
		return ERR_INVALID;
	if (alg.p != NULL) {
		out->only = algorithm_find(alg);
		if (out->only == NULL || out->only->family != out->family) {
			*why = "alg not supported or not of its kty";
			return ERR_INVALID;
		}
	}
	return ERR_OK;
}
