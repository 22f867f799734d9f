/* SPDX-License-Identifier: MIT
 * The shared table of counters; see the header. Owns the mapping. A slot has one writer, so adding
 * is a read and a write and needs no atomic addition. The cells are atomic for the readers in other
 * processes. */
#include "base/counters.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/heap.h"
#include "base/macros.h"

#define LINE_BYTES 64 /* of the processor's cache; no two slots share a line */

static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a lock in shared memory would die with its holder");

struct counters {
	size_t slots, cells;
	size_t stride; /* cells from one slot to the next */
	size_t bytes;
	_Atomic uint64_t *table;
};

struct counters *counters_open(size_t slots, size_t cells)
{
	const size_t per_line = LINE_BYTES / sizeof(uint64_t);
	struct counters *m = heap_zalloc(1, sizeof(*m));
	void *map;

	BUG_ON(slots == 0 || cells == 0);
	m->slots = slots;
	m->cells = cells;
	m->stride = (cells + per_line - 1) / per_line * per_line;
	m->bytes = slots * m->stride * sizeof(uint64_t);
	map = mmap(NULL, m->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		out_of_memory(m->bytes);
	m->table = map;
	return m;
}

void counters_close(struct counters *m)
{
	if (m == NULL)
		return;
	munmap((void *)m->table, m->bytes);
	free(m);
}

size_t counters_slots(const struct counters *m)
{
	return m->slots;
}

static _Atomic uint64_t *at(const struct counters *m, size_t slot, size_t cell)
{
	BUG_ON(slot >= m->slots || cell >= m->cells);
	return &m->table[slot * m->stride + cell];
}

void counters_add(struct counters *m, size_t slot, size_t cell, uint64_t n)
{
	counters_set(m, slot, cell, counters_get(m, slot, cell) + n);
}

void counters_set(struct counters *m, size_t slot, size_t cell, uint64_t value)
{
	atomic_store_explicit(at(m, slot, cell), value, memory_order_relaxed);
}

uint64_t counters_get(const struct counters *m, size_t slot, size_t cell)
{
	return atomic_load_explicit(at(m, slot, cell), memory_order_relaxed);
}

uint64_t counters_sum(const struct counters *m, size_t cell)
{
	uint64_t sum = 0;

	for (size_t slot = 0; slot < m->slots; slot++)
		sum += counters_get(m, slot, cell);
	return sum;
}
