/* SPDX-License-Identifier: MIT
 * Lines of text as LOAD DATA reads them, and the calendar. Part of bench-data. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"

_Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "bench-data: %s: %s\n", what, why);
	exit(1);
}

void *zeroed(size_t n, size_t size)
{
	void *p = calloc(n == 0 ? 1 : n, size);

	if (p == NULL)
		die("memory", strerror(errno));
	return p;
}
static void grow(struct out *o, size_t more)
{
	if (o->n + more <= o->room)
		return;
	o->room = (o->n + more) * 2;
	o->p = realloc(o->p, o->room);
	if (o->p == NULL)
		die("memory", strerror(errno));
}

static void put(struct out *o, const char *s, size_t n)
{
	grow(o, n + 1);
	memcpy(o->p + o->n, s, n);
	o->n += n;
}

void col(struct out *o, const char *s)
{
	if (s == NULL)
		s = "\\N";
	put(o, s, strlen(s));
	o->p[o->n++] = '\t';
}

void col_i64(struct out *o, int64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)n);
	col(o, text);
}

void col_bytes(struct out *o, const unsigned char *b, size_t n)
{
	grow(o, 2 * n + 1);
	for (size_t i = 0; i < n; i++) {
		bool special = b[i] == '\t' || b[i] == '\n' || b[i] == '\\' || b[i] == 0;

		if (special)
			o->p[o->n++] = '\\';
		o->p[o->n++] = b[i] == 0 ? '0' : (char)b[i];
	}
	o->p[o->n++] = '\t';
}

void line_end(struct out *o)
{
	o->p[o->n - 1] = '\n';
}
struct date {
	int64_t year;
	unsigned month, day;
};

/* Days since 1970 to a date of the Gregorian calendar, years from March on. */
static struct date date_of(int64_t days)
{
	int64_t z = days + 719468, era = z / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	struct date d = {.day = (unsigned)(doy - (153 * mp + 2) / 5 + 1),
		.month = (unsigned)(mp < 10 ? mp + 3 : mp - 9)};

	d.year = yoe + era * 400 + (d.month <= 2);
	return d;
}

uint32_t month_of(int64_t ms)
{
	struct date d = date_of(ms / DAY_MS);

	return (uint32_t)(12 * d.year + d.month - 1);
}

static char *digits(char *p, unsigned n, int width)
{
	for (int i = width - 1; i >= 0; i--, n /= 10)
		p[i] = (char)('0' + n % 10);
	return p + width;
}

void col_time(struct out *o, int64_t ms)
{
	struct date d = date_of(ms / DAY_MS);
	unsigned in_day = (unsigned)(ms % DAY_MS);
	char text[32], *p = digits(text, (unsigned)d.year, 4);

	*p++ = '-';
	p = digits(p, d.month, 2);
	*p++ = '-';
	p = digits(p, d.day, 2);
	*p++ = ' ';
	p = digits(p, in_day / 3600000, 2);
	*p++ = ':';
	p = digits(p, in_day / 60000 % 60, 2);
	*p++ = ':';
	p = digits(p, in_day / 1000 % 60, 2);
	*p++ = '.';
	p = digits(p, in_day % 1000, 3);
	*p = '\0';
	col(o, text);
}
