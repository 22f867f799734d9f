/* SPDX-License-Identifier: MIT
 * Compiler attributes and the two fatal checks. Used by every room; depends on none. */
#ifndef BASE_MACROS_H
#define BASE_MACROS_H

#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define NORETURN __attribute__((noreturn))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* For faults of this program, never for faults of a client. Logs file and line and aborts the
 * process; the supervisor replaces a worker. Active in release builds too. */
#define BUG_ON(cond)                                                                               \
	do {                                                                                       \
		if (cond)                                                                          \
			bug(__FILE__, __LINE__, #cond);                                            \
	} while (0)

NORETURN void bug(const char *file, int line, const char *what);

/* Out of memory. Sizes that a client controls were checked against base/limits.h before. */
NORETURN void out_of_memory(size_t wanted);

#endif
