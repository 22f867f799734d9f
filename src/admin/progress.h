/* SPDX-License-Identifier: MIT
 * One line on standard error that tells how far a long command is, drawn over itself a few times
 * a second; nothing at all unless standard error is a terminal. Other output is preceded by
 * progress_clear. */
#ifndef ADMIN_PROGRESS_H
#define ADMIN_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"

struct progress {
	bool on; /* standard error is a terminal */
	bool drawn;
	int64_t start_us, drawn_us;
};

void progress_begin(struct progress *p);

/* True when it is time to draw again. */
bool progress_due(const struct progress *p);
void progress_draw(struct progress *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
void progress_clear(struct progress *p);

double progress_seconds(const struct progress *p); /* since progress_begin, above 0 */

#endif
