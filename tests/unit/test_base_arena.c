/* SPDX-License-Identifier: MIT
 * The arena: alignment, growth in place, marks, memory going back to the system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif
#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
#endif

static int open_arena(void **state)
{
	*state = arena_open();
	return 0;
}

static int close_arena(void **state)
{
	arena_close(*state);
	return 0;
}

static void allocations__are_aligned_and_apart(void **state)
{
	char *before = NULL;

	for (size_t n = 0; n < 200; n++) {
		char *p = arena_alloc(*state, n);

		assert_int_equal((uintptr_t)p % 16, 0);
		assert_ptr_not_equal(p, before);
		if (before != NULL)
			assert_true(p >= before + n - 1);
		memset(p, 0xAA, n);
		before = p;
	}
}

static void zeroed_memory__is_zero_even_where_old_data_was(void **state)
{
	memset(arena_alloc(*state, 4096), 0xAA, 4096);
	arena_reset(*state);

	const char *p = arena_zalloc(*state, 4096);

	for (size_t i = 0; i < 4096; i++)
		assert_int_equal(p[i], 0);
	arena_reset(*state);
	p = arena_array(*state, 512, 8);
	for (size_t i = 0; i < 4096; i++)
		assert_int_equal(p[i], 0);
}

static void the_latest_allocation__grows_in_place(void **state)
{
	char *p = arena_alloc(*state, 10);

	memcpy(p, "abc", 4);
	assert_ptr_equal(arena_grow(*state, p, 10, 1000), p);
	assert_string_equal(p, "abc");
	memset(p, 'x', 1000);
	assert_true((char *)arena_alloc(*state, 1) >= p + 1000);
}

static void an_older_allocation__moves_with_its_content(void **state)
{
	char *p = arena_dup(*state, "abcdef", 6);
	char *next = arena_alloc(*state, 1);
	char *q = arena_grow(*state, p, 7, 64);

	assert_true(q > next);
	assert_string_equal(q, "abcdef");
}

static void growing_past_the_chunk__keeps_the_content(void **state)
{
	size_t n = 16;
	unsigned char *p = arena_grow(*state, NULL, 0, n);

	memset(p, 7, n);
	for (; n < 4 << 20; n *= 2) {
		p = arena_grow(*state, p, n, n * 2);
		memset(p + n, 7, n);
	}
	for (size_t i = 0; i < n; i++)
		if (p[i] != 7)
			fail_msg("byte %zu is %d", i, p[i]);
}

static void rewind__gives_the_same_memory_again(void **state)
{
	char *kept = arena_dup(*state, "kept", 4);
	struct arena_mark mark = arena_mark(*state);
	char *p = arena_alloc(*state, 100);

	arena_alloc(*state, 3 << 20);
	arena_rewind(*state, mark);
	assert_ptr_equal(arena_alloc(*state, 100), p);
	assert_string_equal(kept, "kept");
}

static void growing_after_a_rewind__does_not_disturb_what_came_after(void **state)
{
	char *old = arena_dup(*state, "old", 3);
	struct arena_mark mark = arena_mark(*state);

	arena_alloc(*state, 100);
	arena_rewind(*state, mark);

	char *after = arena_dup(*state, "after", 5);

	old = arena_grow(*state, old, 4, 4096);
	memset(old + 4, 'x', 4092);
	assert_memory_equal(old, "old", 4);
	assert_string_equal(after, "after");
}

/* The same place again, which arena_alloc does not clear. */
static void what_was_there__is_wiped(void **state)
{
	enum { BYTES = 1000 };
	struct arena *a = *state;

	for (int by_mark = 0; by_mark < 2; by_mark++) {
		struct arena_mark mark = arena_mark(a);
		char *secret = memset(arena_alloc(a, BYTES), 's', BYTES), *again;

		if (by_mark)
			arena_rewind(a, mark);
		else
			arena_reset(a);
		again = arena_alloc(a, BYTES);
		assert_ptr_equal(again, secret);
		for (size_t i = 0; i < BYTES; i++)
			assert_int_equal(again[i], 0);
		arena_reset(a);
	}
}

static void big_chunks__go_back_at_rewind_and_reset(void **state)
{
	size_t small = arena_held(*state);
	struct arena_mark mark = arena_mark(*state);

	arena_alloc(*state, 10 << 20);
	assert_true(arena_held(*state) >= small + (10 << 20));
	arena_rewind(*state, mark);
	assert_int_equal(arena_held(*state), small);

	for (int i = 0; i < 100; i++)
		arena_alloc(*state, 100000);
	assert_true(arena_held(*state) >= 100 * 100000);
	arena_reset(*state);
	assert_int_equal(arena_held(*state), small);
	assert_true(small <= 1 << 20);
}

static void printed_text__is_whole_at_any_length(void **state)
{
	char *s = arena_printf(*state, "%d-%s", 42, "x");

	assert_string_equal(s, "42-x");
	s = arena_printf(*state, "%0*d", 300000, 1);
	assert_int_equal(strlen(s), 300000);
	assert_int_equal(s[299999], '1');
}

static void unused_space__is_poisoned(void **state)
{
#ifdef HAVE_ASAN
	struct arena_mark mark = arena_mark(*state);
	char *p = arena_alloc(*state, 13);

	assert_false(__asan_address_is_poisoned(p + 12));
	assert_true(__asan_address_is_poisoned(p + 13));
	assert_true(__asan_address_is_poisoned(p + 16));

	char *q = arena_alloc(*state, 16);

	assert_true(__asan_address_is_poisoned(q - 1));
	p = arena_grow(*state, p, 13, 64);
	assert_false(__asan_address_is_poisoned(p + 63));
	arena_rewind(*state, mark);
	assert_true(__asan_address_is_poisoned(q));
	p = arena_alloc(*state, 16);
	arena_reset(*state);
	assert_true(__asan_address_is_poisoned(p));
#else
	(void)state;
	skip();
#endif
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_arena, close_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(allocations__are_aligned_and_apart),
		T(zeroed_memory__is_zero_even_where_old_data_was),
		T(the_latest_allocation__grows_in_place),
		T(an_older_allocation__moves_with_its_content),
		T(growing_past_the_chunk__keeps_the_content),
		T(rewind__gives_the_same_memory_again),
		T(growing_after_a_rewind__does_not_disturb_what_came_after),
		T(what_was_there__is_wiped),
		T(big_chunks__go_back_at_rewind_and_reset),
		T(printed_text__is_whole_at_any_length),
		T(unused_space__is_poisoned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
