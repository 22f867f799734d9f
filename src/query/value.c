/* SPDX-License-Identifier: MIT
 * Literals of a filter: their values, the text of a number, addresses and networks. Writes only to
 * the arena.
 *
 * A number that does not fit 64 bits is a double, even without fraction and exponent. Integers
 * never equal the numbers of tags, which are doubles. strtod and printf use the C locale, because
 * no program here calls setlocale. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "tree.h"

/* Decodes the escapes; the lexer has refused wrong ones. */
static struct str unescape(struct arena *a, struct str s)
{
	static const char letters[] = "\"\\fnrt", bytes[] = "\"\\\f\n\r\t";
	char *out = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n) {
			const char *at = strchr(letters, s.p[++i]);

			BUG_ON(at == NULL);
			out[n++] = bytes[at - letters];
		} else {
			out[n++] = s.p[i];
		}
	}
	out[n] = '\0';
	return (struct str){out, n};
}

static bool read_number(struct arena *a, struct str s, struct query_value *out)
{
	bool plain = memchr(s.p, '.', s.n) == NULL && memchr(s.p, 'e', s.n) == NULL &&
		     memchr(s.p, 'E', s.n) == NULL;

	out->kind = VALUE_INT;
	if (plain && str_to_i64(s, &out->i) == STR_INT_OK)
		return true;
	out->kind = VALUE_DOUBLE;
	out->d = strtod(str_dup(a, s).p, NULL);
	return isfinite(out->d);
}

static bool read_datetime(struct str s, struct query_value *out)
{
	size_t at = sizeof("datetime(") - 1;

	while (strchr(" \t\r\n", s.p[at]) != NULL)
		at++;

	struct str rest = {s.p + at, s.n - at};

	out->kind = VALUE_TIME;
	return clock_parse((struct str){rest.p, query_timestamp_length(rest)}, &out->ms, &out->ns);
}

bool query_value_read(struct arena *a, const struct query_token *token, struct query_value *out)
{
	*out = (struct query_value){
		.kind = VALUE_NULL, .place = token->place, .source = token->text};
	if (token->kind == TOK_STRING) {
		out->kind = VALUE_STRING;
		out->s = unescape(a, (struct str){token->text.p + 1, token->text.n - 2});
	} else if (token->kind == TOK_BOOL) {
		out->kind = VALUE_BOOL;
		out->b = token->text.n == 4;
	} else if (token->kind == TOK_NUMBER) {
		return read_number(a, token->text, out);
	} else if (token->kind == TOK_DATETIME) {
		return read_datetime(token->text, out);
	}
	return true;
}

/* The fewest digits that read back as d, and the power of ten of the first one. */
static size_t shortest(double d, char digits[32], int *power)
{
	char text[40] = "";
	size_t n = 0;

	for (int precision = 0; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, d);
		if (strtod(text, NULL) == d)
			break;
	}
	for (const char *p = text; *p != '\0' && *p != 'e'; p++)
		if (*p >= '0' && *p <= '9')
			digits[n++] = *p;
	*power = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
	return n;
}

static void zeros(struct buf *b, int n)
{
	for (; n > 0; n--)
		buf_char(b, '0');
}

struct str query_number_text(struct arena *a, const struct query_value *v)
{
	char digits[32];
	int power = 0;
	struct buf b;

	if (v->kind == VALUE_INT)
		return str_printf(a, "%" PRId64, v->i);
	buf_init(&b, a);
	if (signbit(v->d))
		buf_char(&b, '-');

	int n = (int)shortest(v->d, digits, &power);

	if (power < 0) {
		buf_add(&b, "0.", 2);
		zeros(&b, -power - 1);
		buf_add(&b, digits, (size_t)n);
	} else if (n <= power + 1) {
		buf_add(&b, digits, (size_t)n);
		zeros(&b, power + 1 - n);
	} else {
		buf_add(&b, digits, (size_t)power + 1);
		buf_char(&b, '.');
		buf_add(&b, digits + power + 1, (size_t)(n - power - 1));
	}
	return buf_view(&b);
}

/* Reads the length of a prefix: digits without a sign and without a leading zero. */
static bool read_width(struct str s, int64_t most, int64_t *bits)
{
	bool plain = s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9' && (s.n == 1 || s.p[0] != '0');

	return plain && str_to_i64(s, bits) == STR_INT_OK && *bits <= most;
}

bool query_network_read(struct str s, struct query_network *out)
{
	struct str rest = s, part;
	struct address address;
	int64_t bits;

	if (!str_split(&rest, '/', &part) || !address_read(part, &address))
		return false;
	bits = (int64_t)address.bytes * 8;
	if (rest.p != NULL && !read_width(rest, bits, &bits))
		return false;
	/* Registration stores an IPv4 address that is written as IPv6 as IPv4. */
	if (bits >= ADDRESS_MAPPED_BYTES * 8 && address_unmap(&address))
		bits -= ADDRESS_MAPPED_BYTES * 8;
	out->bytes = address.bytes;
	for (size_t i = 0; i < address.bytes; i++) {
		int64_t kept = bits - (int64_t)i * 8;
		unsigned host = kept >= 8 ? 0 : kept <= 0 ? 0xff : 0xffu >> kept;

		out->last[i] = (unsigned char)(address.p[i] | host);
		out->first[i] = (unsigned char)(address.p[i] & ~host);
	}
	return true;
}
