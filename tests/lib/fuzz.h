/* SPDX-License-Identifier: MIT
 * What fuzz targets share: an arena that is emptied between inputs, a file that holds the input,
 * and the check that ends the program. */
#ifndef TESTS_LIB_FUZZ_H
#define TESTS_LIB_FUZZ_H

#include <stdint.h>

#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Empty, and the program's only one. The log is off from here on. */
struct arena *fuzz_arena(void);

/* The input as a view: never absent. */
struct str fuzz_input(const uint8_t *data, size_t size);

/* Prints what is wrong and the text, and aborts, unless ok. */
void fuzz_must(bool ok, const char *what, struct str text);

#define FUZZ_FILES 2

/* A regular file of the program's own, mode 0600, with these bytes in it; the same name each time
 * for one of the FUZZ_FILES. It is in memory where the system has a place for that, and gone when
 * the program ends by itself. */
const char *fuzz_file(size_t which, struct str bytes);

#endif
