/* SPDX-License-Identifier: MIT
 * Counters of several processes in one anonymous shared mapping, made before they are forked: a
 * table of 64-bit cells with a row, a slot, for each process. Whoever forks sees to it that a slot
 * has one writer at a time; the slot outlives it, and the next writer counts on from there.
 *
 * What the cells mean is the caller's business (call/metric.h). Reading and writing a cell takes no
 * lock and no memory, and a reader never sees half a number. */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stddef.h>
#include <stdint.h>

struct metrics;

/* All cells are 0. Both numbers are at least 1. */
struct metrics *metrics_open(size_t slots, size_t cells);
void metrics_close(struct metrics *m);

size_t metrics_slots(const struct metrics *m);

/* For the one writer of the slot. */
void metrics_add(struct metrics *m, size_t slot, size_t cell, uint64_t n);
void metrics_set(struct metrics *m, size_t slot, size_t cell, uint64_t value);

/* For everybody. */
uint64_t metrics_get(const struct metrics *m, size_t slot, size_t cell);
uint64_t metrics_sum(const struct metrics *m, size_t cell); /* over all slots */

#endif
