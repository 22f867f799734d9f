/* SPDX-License-Identifier: MIT
 * One line on standard error that shows the progress of a long command, drawn again a few times a
 * second if standard error is a terminal. Call progress_clear before other output. */
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

/* Whether it is time to draw again. */
bool progress_due(const struct progress *p);
void progress_draw(struct progress *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
void progress_clear(struct progress *p);

double progress_seconds(const struct progress *p); /* since progress_begin, above 0 */

#endif
