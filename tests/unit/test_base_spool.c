/* SPDX-License-Identifier: MIT
 * Bytes that wait in memory and in a file: they come back in order, and a failure shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/spool.h"

static int opened(void **state)
{
	*state = arena_open();
	return 0;
}

static int closed(void **state)
{
	arena_close(*state);
	return 0;
}

/* Byte i of what is written. */
static char byte_at(size_t i)
{
	return (char)(i * 31 + i / 256);
}

/* Writes bytes `from` to `to` in parts of that size. */
static void write_bytes(struct spool *s, size_t from, size_t to, size_t part)
{
	char text[7000];

	assert_true(part <= sizeof(text));
	while (from < to) {
		size_t n = to - from < part ? to - from : part;

		for (size_t i = 0; i < n; i++)
			text[i] = byte_at(from + i);
		spool_write(s, text, n);
		from += n;
	}
}

struct seen {
	size_t n, wrong;
};

static void look(void *ctx, const char *p, size_t n)
{
	struct seen *seen = ctx;

	assert_true(n > 0);
	for (size_t i = 0; i < n; i++)
		seen->wrong += p[i] != byte_at(seen->n + i);
	seen->n += n;
}

static void expect(struct spool *s, size_t bytes)
{
	struct seen seen = {0, 0};

	assert_int_equal(s->bytes, bytes);
	assert_true(spool_read(s, look, &seen));
	assert_int_equal(seen.n, bytes);
	assert_int_equal(seen.wrong, 0);
}

static void bytes__come_back_in_order(void **state)
{
	static const size_t sizes[] = {0, 1, 6999, SPOOL_MEMORY - 1, SPOOL_MEMORY, SPOOL_MEMORY + 1,
		SPOOL_MEMORY + 65536, 5 * SPOOL_MEMORY + 17};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct spool s;

		spool_init(&s, *state);
		write_bytes(&s, 0, sizes[i], 7000);
		assert_int_equal(s.file != NULL, sizes[i] > SPOOL_MEMORY);
		expect(&s, sizes[i]);
		spool_close(&s);
	}
}

static void closed_spool__is_empty_and_can_be_used_again(void **state)
{
	struct spool s;

	spool_init(&s, *state);
	for (int i = 0; i < 3; i++) {
		write_bytes(&s, 0, 2 * SPOOL_MEMORY, 5000);
		expect(&s, 2 * SPOOL_MEMORY);
		spool_close(&s);
		assert_null(s.file);
		expect(&s, 0);
	}
	write_bytes(&s, 0, 10, 3);
	expect(&s, 10);
	spool_close(&s);
}

static void memory__does_not_grow_with_the_bytes(void **state)
{
	struct spool s;
	size_t held;

	spool_init(&s, *state);
	write_bytes(&s, 0, SPOOL_MEMORY, 7000);
	held = arena_held(*state);
	write_bytes(&s, SPOOL_MEMORY, 20 * SPOOL_MEMORY, 7000);
	assert_int_equal(arena_held(*state), held);
	expect(&s, 20 * SPOOL_MEMORY);
	spool_close(&s);
}

/* The file takes nothing. */
static void file_that_cannot_be_written__fails(void **state)
{
	struct seen seen = {0, 0};
	struct spool s;

	spool_init(&s, *state);
	write_bytes(&s, 0, SPOOL_MEMORY, 7000);
	assert_false(s.failed);
	s.file = fopen("/dev/full", "w+");
	assert_non_null(s.file);
	write_bytes(&s, SPOOL_MEMORY, 2 * SPOOL_MEMORY, 7000);
	assert_true(s.failed);
	assert_false(spool_read(&s, look, &seen));
	assert_int_equal(seen.n, 0);
	spool_close(&s);
	write_bytes(&s, 0, 2 * SPOOL_MEMORY, 7000);
	expect(&s, 2 * SPOOL_MEMORY);
	spool_close(&s);
}

/* What was written is not there any more. */
static void file_that_is_short__fails(void **state)
{
	struct seen seen = {0, 0};
	struct spool s;

	spool_init(&s, *state);
	write_bytes(&s, 0, 3 * SPOOL_MEMORY, 7000);
	assert_int_equal(fflush(s.file), 0);
	assert_int_equal(ftruncate(fileno(s.file), 100000), 0);
	assert_false(spool_read(&s, look, &seen));
	assert_true(seen.n < 3 * SPOOL_MEMORY);
	assert_int_equal(seen.wrong, 0);
	spool_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, opened, closed)
		T(bytes__come_back_in_order),
		T(closed_spool__is_empty_and_can_be_used_again),
		T(memory__does_not_grow_with_the_bytes),
		T(file_that_cannot_be_written__fails),
		T(file_that_is_short__fails),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
