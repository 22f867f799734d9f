/* SPDX-License-Identifier: MIT
 * Views of bytes, and what is done to text everywhere: compare, parse numbers, hex, base64url,
 * UTF-8, percent-decoding. A view owns nothing; p == NULL means absent (SQL NULL, no header), which
 * is different from empty. Rely on a NUL at the end only for views from str_dup and str_printf. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

struct str {
	const char *p;
	size_t n;
};

#define STR(lit) ((struct str){"" lit "", sizeof(lit) - 1})
#define STR_NONE ((struct str){NULL, 0})
#define STR_FMT(s) (int)(s).n, (s).p != NULL ? (s).p : "" /* for %.*s */

static inline struct str str_from(const char *c)
{
	return (struct str){c, c != NULL ? strlen(c) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* The order of bytes, in UTF-8 of code points; a prefix comes first. Neither may be absent. */
static inline int str_cmp(struct str a, struct str b)
{
	int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

bool str_eq_nocase(struct str a, struct str b); /* ASCII case folded */
bool str_starts(struct str s, struct str prefix);
struct str str_trim(struct str s); /* spaces and tabs at both ends */

/* For secrets: the time it takes does not depend on the content. Lengths are not secret. */
bool str_eq_secret(struct str a, struct str b);

/* Copies into the arena, NUL-terminated; str_dup keeps NULL as NULL. */
struct str str_dup(struct arena *a, struct str s);
struct str str_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Takes the part before the first `sep` (all when absent) off the front of *rest.
 * False when *rest is exhausted (p == NULL). "a,,b" gives "a", "", "b". */
bool str_split(struct str *rest, char sep, struct str *part);

enum str_int { STR_INT_OK, STR_INT_SYNTAX, STR_INT_RANGE };

/* Decimal integer, optional sign, nothing else but digits. */
enum str_int str_to_i64(struct str s, int64_t *out);

/* Offset of the first byte that is not well-formed UTF-8; s.n if there is none. */
size_t str_utf8_fault(struct str s);

static inline bool str_is_utf8(struct str s)
{
	return str_utf8_fault(s) == s.n;
}

/* Replaces every maximal ill-formed part by U+FFFD. Returns `s` itself if it has none. */
struct str str_to_utf8(struct arena *a, struct str s);
/* Decodes the code point at *at (< s.n) and advances *at. An ill-formed part reads as U+FFFD. */
uint32_t str_code_point(struct str s, size_t *at);

/* Decodes %XX, and '+' to a space if `plus`. A '%' without two hex digits stays as it is. */
struct str str_percent_decode(struct arena *a, struct str s, bool plus);

/* Encodes all but RFC 3986's unreserved bytes as %XX. The result can be one path segment. */
struct str str_percent_encode(struct arena *a, struct str s);

/* Lower-case hex, and base64url (RFC 4648 section 5) without padding. Decoding is strict: STR_NONE
 * if a character, the length or an unused bit is not canonical. */
struct str str_hex(struct arena *a, const void *bytes, size_t n);
int str_hex_value(char c); /* -1: not a hex digit; both cases are read */
struct str str_base64url(struct arena *a, const void *bytes, size_t n);
struct str str_base64url_decode(struct arena *a, struct str s);

#endif
