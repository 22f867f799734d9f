/* SPDX-License-Identifier: MIT
 * A fault of an input: its place (loc), and what is wrong as a sentence (msg) and as one word
 * (type). Every room may add faults; src/api formats them (schema/api.md 2.2, for filters
 * schema/filter.md 8). */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include "base/limits.h"
#include "base/str.h"

#define FAULT_LOC_MAX 4

struct fault_loc {
	struct str name; /* p == NULL: an index or offset */
	int64_t index;
};

struct fault {
	struct fault_loc loc[FAULT_LOC_MAX];
	size_t depth;
	const char *type;
	const char *msg;
	struct str value; /* the wrong text if the answer shows it, else p == NULL */
};

/* Lives in the request's arena. Faults beyond LIMIT_FAULTS are dropped. */
struct faults {
	struct arena *arena;
	struct fault list[LIMIT_FAULTS + 1]; /* the last place is for dropped faults */
	size_t count;                        /* at most LIMIT_FAULTS */
};

/* Adds a fault at loc a / b / index (b may be NULL; index < 0: no index). msg and type have to live
 * as long as the request. Returns the fault, never NULL, and the caller may add to it. */
struct fault *fault_add(struct faults *f, const char *a, const char *b, int64_t index,
	const char *type, const char *msg);

#endif
