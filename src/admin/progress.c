/* SPDX-License-Identifier: MIT
 * The progress line of rollcall-admin. Writes to standard error. */
#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define REDRAW_US 200000

void progress_begin(struct progress *p)
{
	*p = (struct progress){.on = isatty(STDERR_FILENO), .start_us = clock_monotonic_us()};
}

bool progress_due(const struct progress *p)
{
	return p->on && (!p->drawn || clock_monotonic_us() - p->drawn_us >= REDRAW_US);
}

void progress_draw(struct progress *p, const char *fmt, ...)
{
	va_list ap;

	fputs("\r\033[K", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fflush(stderr);
	p->drawn = true;
	p->drawn_us = clock_monotonic_us();
}

void progress_clear(struct progress *p)
{
	if (p->drawn)
		fputs("\r\033[K", stderr);
	p->drawn = false;
}

double progress_seconds(const struct progress *p)
{
	return (double)(clock_monotonic_us() - p->start_us + 1) / 1e6;
}
