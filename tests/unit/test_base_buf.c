/* SPDX-License-Identifier: MIT
 * Growable bytes, with and without a sink. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"

struct sunk {
	char p[4096];
	size_t n;
	size_t calls, largest;
};

static void sink(void *ctx, const char *p, size_t n)
{
	struct sunk *s = ctx;

	assert_true(n > 0 && s->n + n <= sizeof(s->p));
	memcpy(s->p + s->n, p, n);
	s->n += n;
	s->calls++;
	s->largest = n > s->largest ? n : s->largest;
}

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

static void an_empty_buffer__is_an_empty_text_not_none(void **state)
{
	struct buf b;

	buf_init(&b, *state);
	assert_non_null(buf_view(&b).p);
	assert_int_equal(buf_view(&b).n, 0);
	buf_str(&b, STR_NONE);
	buf_flush(&b);
	assert_int_equal(buf_view(&b).n, 0);
}

static void everything_added__is_there_in_order(void **state)
{
	struct buf b;

	buf_init(&b, *state);
	for (int i = 0; i < 20000; i++) {
		buf_str(&b, STR("ab"));
		buf_char(&b, 'c');
		buf_printf(&b, "%d", i % 10);
		arena_alloc(*state, 1); /* so that growth has to move */
	}
	assert_int_equal(b.n, 80000);
	for (int i = 0; i < 20000; i++) {
		assert_memory_equal(b.p + i * 4, "abc", 3);
		assert_int_equal(b.p[i * 4 + 3], '0' + i % 10);
	}
}

static void long_printf__is_not_cut(void **state)
{
	struct buf b;

	buf_init(&b, *state);
	for (int n = 508; n < 516; n++) {
		b.n = 0;
		buf_printf(&b, "%0*d", n, 7);
		assert_int_equal(b.n, n);
		assert_int_equal(b.p[n - 1], '7');
	}
}

static void a_sink__gets_everything_in_order_and_memory_stays(void **state)
{
	struct sunk s = {.n = 0};
	struct buf b;

	buf_init(&b, *state);
	b.sink = sink;
	b.sink_ctx = &s;
	b.flush_at = 64;
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%d", i % 10);
	buf_flush(&b);
	buf_flush(&b);
	assert_int_equal(s.n, 1000);
	assert_int_equal(b.flushed, 1000);
	assert_int_equal(b.n, 0);
	assert_true(b.cap <= 256);
	assert_int_equal(s.largest, 64);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(s.p[i], '0' + i % 10);
}

static void nothing_leaves__before_the_limit(void **state)
{
	struct sunk s = {.n = 0};
	struct buf b;

	buf_init(&b, *state);
	b.sink = sink;
	b.sink_ctx = &s;
	b.flush_at = 8;
	buf_str(&b, STR("12345678"));
	assert_int_equal(s.n, 0);
	buf_char(&b, '9');
	assert_int_equal(s.n, 8);
	buf_str(&b, STR("a piece larger than the buffer"));
	buf_flush(&b);
	assert_int_equal(s.n, 39);
	assert_memory_equal(s.p, "123456789a piece larger", 23);

	char *large = arena_zalloc(*state, 3000);

	buf_add(&b, large, 3000);
	assert_int_equal(s.n, 3039);
	assert_true(b.cap <= 256);
}

static void a_sink_set_late__takes_what_is_already_there(void **state)
{
	struct sunk s = {.n = 0};
	struct buf b;

	buf_init(&b, *state);
	buf_str(&b, STR("0123456789"));
	b.sink = sink;
	b.sink_ctx = &s;
	b.flush_at = 4;
	buf_char(&b, 'x');
	buf_flush(&b);
	assert_int_equal(s.n, 11);
	assert_memory_equal(s.p, "0123456789x", 11);
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_arena, close_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_empty_buffer__is_an_empty_text_not_none),
		T(everything_added__is_there_in_order),
		T(long_printf__is_not_cut),
		T(a_sink__gets_everything_in_order_and_memory_stays),
		T(nothing_leaves__before_the_limit),
		T(a_sink_set_late__takes_what_is_already_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
