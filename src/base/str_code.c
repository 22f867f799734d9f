/* SPDX-License-Identifier: MIT
 * The encodings of base/str.h: UTF-8, hex, base64url. Allocates only from the arena it is given. An
 * ill-formed sequence ends before the first byte that cannot continue it (Unicode: "substitution of
 * maximal subparts"), so that the well-formed character after it is kept. */
#include "base/str.h"

#define REPLACEMENT 0xFFFD

/* Decodes one sequence of s[0..n), n > 0, and returns how many bytes it takes; *cp is -1 when the
 * bytes are ill-formed. The bounds of the second byte exclude overlong forms, surrogates and code
 * points above U+10FFFF (Unicode, table 3-7). */
static size_t decode(const unsigned char *s, size_t n, int32_t *cp)
{
	unsigned char lead = s[0], low = 0x80, high = 0xBF;
	size_t need;
	int32_t v;

	*cp = -1;
	if (lead < 0x80) {
		*cp = lead;
		return 1;
	} else if (lead >= 0xC2 && lead <= 0xDF) {
		need = 2;
		v = lead & 0x1F;
	} else if ((lead & 0xF0) == 0xE0) {
		need = 3;
		v = lead & 0x0F;
		low = lead == 0xE0 ? 0xA0 : 0x80;
		high = lead == 0xED ? 0x9F : 0xBF;
	} else if (lead >= 0xF0 && lead <= 0xF4) {
		need = 4;
		v = lead & 0x07;
		low = lead == 0xF0 ? 0x90 : 0x80;
		high = lead == 0xF4 ? 0x8F : 0xBF;
	} else {
		return 1;
	}
	for (size_t i = 1; i < need; i++, low = 0x80, high = 0xBF) {
		if (i == n || s[i] < low || s[i] > high)
			return i;
		v = v << 6 | (s[i] & 0x3F);
	}
	*cp = v;
	return need;
}

/* The end of the ASCII that begins at `at`. Looks at eight bytes at a time, because most text is
 * ASCII. */
static size_t skip_ascii(struct str s, size_t at)
{
	uint64_t word;

	for (; s.n - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, s.p + at, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (at < s.n && (unsigned char)s.p[at] < 0x80)
		at++;
	return at;
}

size_t str_utf8_fault(struct str s)
{
	size_t at = skip_ascii(s, 0);
	int32_t cp;

	while (at < s.n) {
		size_t took = decode((const unsigned char *)s.p + at, s.n - at, &cp);

		if (cp < 0)
			return at;
		at = skip_ascii(s, at + took);
	}
	return at;
}

struct str str_to_utf8(struct arena *a, struct str s)
{
	static const char mark[] = "\xEF\xBF\xBD";
	size_t at = str_utf8_fault(s), n = at;
	int32_t cp;

	if (at == s.n)
		return s;

	/* At worst each remaining byte becomes a replacement character of three bytes. */
	char *out = arena_alloc(a, at + (s.n - at) * 3 + 1);

	memcpy(out, s.p, at);
	while (at < s.n) {
		size_t took = decode((const unsigned char *)s.p + at, s.n - at, &cp);
		size_t put = cp < 0 ? sizeof(mark) - 1 : took;

		memcpy(out + n, cp < 0 ? mark : s.p + at, put);
		n += put;
		at += took;
	}
	out[n] = '\0';
	return (struct str){out, n};
}

uint32_t str_code_point(struct str s, size_t *at)
{
	int32_t cp;

	BUG_ON(*at >= s.n);
	*at += decode((const unsigned char *)s.p + *at, s.n - *at, &cp);
	return cp < 0 ? REPLACEMENT : (uint32_t)cp;
}

struct str str_hex(struct arena *a, const void *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *in = bytes;
	char *out = arena_alloc(a, n * 2 + 1);

	for (size_t i = 0; i < n; i++) {
		out[i * 2] = digits[in[i] >> 4];
		out[i * 2 + 1] = digits[in[i] & 15];
	}
	out[n * 2] = '\0';
	return (struct str){out, n * 2};
}

int str_hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct str str_base64url(struct arena *a, const void *bytes, size_t n)
{
	const unsigned char *in = bytes;
	char *out = arena_alloc(a, n / 3 * 4 + 5);
	size_t len = 0;
	uint32_t bits = 0;
	int have = 0;

	for (size_t i = 0; i < n; i++) {
		bits = (bits << 8 | in[i]) & 0xFFFF;
		for (have += 8; have >= 6; have -= 6)
			out[len++] = alphabet[bits >> (have - 6) & 63];
	}
	if (have)
		out[len++] = alphabet[bits << (6 - have) & 63];
	out[len] = '\0';
	return (struct str){out, len};
}

static int sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

struct str str_base64url_decode(struct arena *a, struct str s)
{
	if (s.p == NULL || s.n % 4 == 1)
		return STR_NONE;

	char *out = arena_alloc(a, s.n / 4 * 3 + 4);
	size_t len = 0;
	uint32_t bits = 0;
	int have = 0;

	for (size_t i = 0; i < s.n; i++) {
		int v = sextet(s.p[i]);

		if (v < 0)
			return STR_NONE;
		bits = (bits << 6 | (uint32_t)v) & 0xFFFF;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[len++] = (char)(bits >> have & 0xFF);
		}
	}
	/* The unused bits have to be zero, else two texts would decode to the same bytes. */
	if (bits & ((1U << have) - 1))
		return STR_NONE;
	out[len] = '\0';
	return (struct str){out, len};
}

static bool is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~", c) != NULL);
}

struct str str_percent_encode(struct arena *a, struct str s)
{
	static const char digits[] = "0123456789ABCDEF";
	char *out = arena_alloc(a, s.n * 3 + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (is_unreserved(c)) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '%';
		out[n++] = digits[c >> 4];
		out[n++] = digits[c & 15];
	}
	out[n] = '\0';
	return (struct str){out, n};
}
