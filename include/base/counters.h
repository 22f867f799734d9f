/* SPDX-License-Identifier: MIT
 * Counters of several processes in one anonymous shared mapping, made before they are forked: a
 * table of 64-bit cells with a row (a slot) for each process. The process that forks makes sure
 * that a slot has one writer at a time. When a writer ends, the slot keeps its numbers, and the
 * next writer adds to them.
 *
 * The caller decides what the cells mean. Reading and writing a cell takes no lock and no memory,
 * and a reader never sees half a number. */
#ifndef BASE_COUNTERS_H
#define BASE_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

struct counters;

/* All cells are 0. Both numbers are at least 1. */
struct counters *counters_open(size_t slots, size_t cells);
void counters_close(struct counters *m);

size_t counters_slots(const struct counters *m);

/* The writer of the slot calls this. */
void counters_add(struct counters *m, size_t slot, size_t cell, uint64_t n);
void counters_set(struct counters *m, size_t slot, size_t cell, uint64_t value);

/* Every process may call this. */
uint64_t counters_get(const struct counters *m, size_t slot, size_t cell);
uint64_t counters_sum(const struct counters *m, size_t cell); /* over all slots */

#endif
