/* SPDX-License-Identifier: MIT
 * Many connections at once that say what a generator gives them and listen to what comes. One
 * thread, raw sockets: no client library would send most of it. */
#ifndef TESTS_HOSTILE_TALK_H
#define TESTS_HOSTILE_TALK_H

#include "make.h"

enum talk_outcome { TALK_CLOSED, TALK_SILENT, TALK_REFUSED };

struct talk_plan {
	const char *port; /* of 127.0.0.1 */
	size_t connections;
	/* The next case, in the arena, which is that connection's; false: there is no more. */
	bool (*next)(void *ctx, struct arena *a, struct make_case *c, uint64_t *number);
	/* `heard` is all that came. */
	void (*done)(void *ctx, const struct make_case *c, uint64_t number, struct str heard,
		enum talk_outcome outcome);
	void *ctx;
};

void talk_run(const struct talk_plan *plan);

#endif
