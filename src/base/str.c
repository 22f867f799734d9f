/* SPDX-License-Identifier: MIT
 * Views of bytes: comparing, splitting, numbers, percent-decoding. Allocates only from the arena it
 * is given. Encodings (UTF-8, hex, base64url) are in str_code.c. */
#include "base/str.h"

#include <stdarg.h>

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool str_eq_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct str str_trim(struct str s)
{
	for (; s.n > 0 && is_blank(s.p[0]); s.p++)
		s.n--;
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool str_eq_secret(struct str a, struct str b)
{
	/* volatile: the compiler may not leave the loop at the first difference. */
	volatile unsigned char differs = 0;

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		differs = (unsigned char)(differs | (a.p[i] ^ b.p[i]));
	return differs == 0;
}

struct str str_dup(struct arena *a, struct str s)
{
	if (s.p == NULL)
		return STR_NONE;
	return (struct str){arena_dup(a, s.p, s.n), s.n};
}

struct str str_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *text = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return str_from(text);
}

bool str_split(struct str *rest, char sep, struct str *part)
{
	if (rest->p == NULL)
		return false;

	const char *at = rest->n ? memchr(rest->p, sep, rest->n) : NULL;

	*part = *rest;
	if (at == NULL) {
		*rest = STR_NONE;
		return true;
	}
	part->n = (size_t)(at - rest->p);
	rest->p = at + 1;
	rest->n -= part->n + 1;
	return true;
}

enum str_int str_to_i64(struct str s, int64_t *out)
{
	size_t i = 0;
	bool negative = false, over = false;
	int64_t v = 0;

	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+')) {
		negative = s.p[0] == '-';
		i = 1;
	}
	if (i == s.n)
		return STR_INT_SYNTAX;
	/* Counts down from zero, because INT64_MIN has no positive counterpart. */
	for (; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return STR_INT_SYNTAX;
		over = over || __builtin_mul_overflow(v, 10, &v) ||
		       __builtin_sub_overflow(v, s.p[i] - '0', &v);
	}
	if (over || (!negative && v == INT64_MIN))
		return STR_INT_RANGE;
	*out = negative ? v : -v;
	return STR_INT_OK;
}

struct str str_percent_decode(struct arena *a, struct str s, bool plus)
{
	if (s.n == 0 || (memchr(s.p, '%', s.n) == NULL && !(plus && memchr(s.p, '+', s.n) != NULL)))
		return s;

	char *out = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		int high = c == '%' && s.n - i > 2 ? str_hex_value(s.p[i + 1]) : -1;
		int low = high >= 0 ? str_hex_value(s.p[i + 2]) : -1;

		if (low >= 0) {
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		out[n++] = c;
	}
	out[n] = '\0';
	return (struct str){out, n};
}
