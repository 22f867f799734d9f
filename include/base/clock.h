/* SPDX-License-Identifier: MIT
 * The clock, which alone reads the time, and the calendar. Instants are int64 milliseconds since
 * 1970-01-01 UTC. The database's clock alone decides whether a session is active. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define TIME_NONE INT64_MIN /* no instant: SQL NULL */

/* The years 0 to 9999, which clock_format and SQL's DATETIME can hold. */
#define CLOCK_FIRST_MS INT64_C(-62167219200000) /* 0000-01-01T00:00:00.000Z */
#define CLOCK_LAST_MS INT64_C(253402300799999)  /* 9999-12-31T23:59:59.999Z */

int64_t clock_now_ms(void);       /* wall clock */
int64_t clock_monotonic_us(void); /* for durations */

struct calendar {
	int year, month, day, hour, minute, second, millisecond;
};

/* Proleptic Gregorian, UTC. */
struct calendar clock_calendar(int64_t ms);
int64_t clock_instant_ms(const struct calendar *c); /* fields may be out of range */
int clock_days_in_month(int year, int month);       /* month 1 to 12 */

/* RFC 3339, UTC, milliseconds: "2026-05-17T12:20:46.123Z". `out` holds 25 bytes, NUL included.
 * Years outside 0 to 9999 are clamped. */
#define CLOCK_TEXT_BYTES 25
void clock_format(int64_t ms, char out[CLOCK_TEXT_BYTES]);

/* RFC 3339 date-time with any offset; digits beyond nanoseconds are cut. *ns_rest (may be NULL)
 * receives the nanoseconds beyond the millisecond, 0 to 999999. False if the text is not a real
 * instant (30 February, second 60, year not of four digits, trailing text). */
bool clock_parse(struct str s, int64_t *ms, int32_t *ns_rest);

#endif
