/* SPDX-License-Identifier: MIT
 * The clock and the calendar. A year begins on the first of March here: the leap day is then its
 * last day, and one formula gives the first day of each month. 400 such years always have 146097
 * days. Uses no time zone data and no locale. */
#include "base/clock.h"

#include <time.h>

#define DAY_MS INT64_C(86400000)
#define DAYS_400_YEARS 146097
#define EPOCH_DAYS 719468 /* from 0000-03-01 to 1970-01-01 */

int64_t clock_now_ms(void)
{
	struct timespec t;

	BUG_ON(clock_gettime(CLOCK_REALTIME, &t) != 0);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_monotonic_us(void)
{
	struct timespec t;

	BUG_ON(clock_gettime(CLOCK_MONOTONIC, &t) != 0);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

struct calendar clock_calendar(int64_t ms)
{
	int64_t days = floor_div(ms, DAY_MS);
	int64_t rest = ms % DAY_MS < 0 ? ms % DAY_MS + DAY_MS : ms % DAY_MS;
	int64_t z = days + EPOCH_DAYS;
	int64_t era = floor_div(z, DAYS_400_YEARS);
	int64_t doe = z - era * DAYS_400_YEARS; /* day of the 400 years */
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100); /* from the first of March */
	int64_t mp = (5 * doy + 2) / 153;                      /* 0 is March */
	int month = (int)(mp < 10 ? mp + 3 : mp - 9);

	return (struct calendar){
		.year = (int)(era * 400 + yoe + (month <= 2)),
		.month = month,
		.day = (int)(doy - (153 * mp + 2) / 5 + 1),
		.hour = (int)(rest / 3600000),
		.minute = (int)(rest / 60000 % 60),
		.second = (int)(rest / 1000 % 60),
		.millisecond = (int)(rest % 1000),
	};
}

int64_t clock_instant_ms(const struct calendar *c)
{
	/* A month after December is a month of a later year, as in mktime(3). */
	int64_t carry = floor_div((int64_t)c->month - 1, 12);
	int64_t month = c->month - carry * 12;
	int64_t year = c->year + carry - (month <= 2);
	int64_t era = floor_div(year, 400);
	int64_t yoe = year - era * 400;
	int64_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + c->day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	int64_t days = era * DAYS_400_YEARS + doe - EPOCH_DAYS;

	return days * DAY_MS + c->hour * INT64_C(3600000) + c->minute * INT64_C(60000) +
	       c->second * INT64_C(1000) + c->millisecond;
}

int clock_days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	BUG_ON(month < 1 || month > 12);
	return days[month - 1] + (month == 2 && leap);
}

static void put_two(char *p, int v)
{
	p[0] = (char)('0' + v / 10);
	p[1] = (char)('0' + v % 10);
}

void clock_format(int64_t ms, char out[CLOCK_TEXT_BYTES])
{
	struct calendar c;

	if (ms < CLOCK_FIRST_MS)
		ms = CLOCK_FIRST_MS;
	if (ms > CLOCK_LAST_MS)
		ms = CLOCK_LAST_MS;
	c = clock_calendar(ms);
	memcpy(out, "YYYY-MM-DDThh:mm:ss.mmmZ", CLOCK_TEXT_BYTES);
	put_two(out, c.year / 100);
	put_two(out + 2, c.year % 100);
	put_two(out + 5, c.month);
	put_two(out + 8, c.day);
	put_two(out + 11, c.hour);
	put_two(out + 14, c.minute);
	put_two(out + 17, c.second);
	put_two(out + 20, c.millisecond / 10);
	out[22] = (char)('0' + c.millisecond % 10);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool take_char(struct str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

/* Exactly `width` digits whose value is from least to most. */
static bool take_number(struct str *s, size_t width, int least, int most, int *out)
{
	int v = 0;

	if (s->n < width)
		return false;
	for (size_t i = 0; i < width; i++) {
		if (!is_digit(s->p[i]))
			return false;
		v = v * 10 + (s->p[i] - '0');
	}
	s->p += width;
	s->n -= width;
	*out = v;
	return v >= least && v <= most;
}

/* The digits after a dot, at least one, in nanoseconds. */
static bool take_fraction(struct str *s, int32_t *ns)
{
	int32_t unit = 100000000;

	*ns = 0;
	if (!take_char(s, '.'))
		return true;
	if (s->n == 0 || !is_digit(s->p[0]))
		return false;
	for (; s->n > 0 && is_digit(s->p[0]); s->p++, s->n--, unit /= 10)
		*ns += (s->p[0] - '0') * unit;
	return true;
}

static bool take_offset(struct str *s, int *minutes)
{
	int sign, hour, minute;

	*minutes = 0;
	if (take_char(s, 'Z') || take_char(s, 'z'))
		return true;
	if (take_char(s, '+'))
		sign = 1;
	else if (take_char(s, '-'))
		sign = -1;
	else
		return false;
	if (!take_number(s, 2, 0, 23, &hour) || !take_char(s, ':') ||
		!take_number(s, 2, 0, 59, &minute))
		return false;
	*minutes = sign * (hour * 60 + minute);
	return true;
}

bool clock_parse(struct str s, int64_t *ms, int32_t *ns_rest)
{
	struct calendar c = {0};
	int32_t ns;
	int offset;

	if (!take_number(&s, 4, 0, 9999, &c.year) || !take_char(&s, '-') ||
		!take_number(&s, 2, 1, 12, &c.month) || !take_char(&s, '-') ||
		!take_number(&s, 2, 1, clock_days_in_month(c.year, c.month), &c.day))
		return false;
	if (!take_char(&s, 'T') && !take_char(&s, 't'))
		return false;
	if (!take_number(&s, 2, 0, 23, &c.hour) || !take_char(&s, ':') ||
		!take_number(&s, 2, 0, 59, &c.minute) || !take_char(&s, ':') ||
		!take_number(&s, 2, 0, 59, &c.second))
		return false;
	if (!take_fraction(&s, &ns) || !take_offset(&s, &offset) || s.n != 0)
		return false;

	c.millisecond = ns / 1000000;
	*ms = clock_instant_ms(&c) - offset * INT64_C(60000);
	if (ns_rest != NULL)
		*ns_rest = ns % 1000000;
	return true;
}
