/* SPDX-License-Identifier: MIT
 * Addresses: what is one, and which spellings are the same one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/address.h"

static void texts__are_addresses_or_not(void **state)
{
	const struct {
		struct str text;
		size_t bytes; /* 0: no address */
	} rows[] = {
		{STR("192.0.2.1"), 4},
		{STR("255.255.255.255"), 4},
		{STR("::"), 16},
		{STR("2001:DB8:0::1"), 16},
		{STR("::ffff:192.0.2.1"), 16},
		{STR("0000:0000:0000:0000:0000:ffff:255.255.255.255"), 16},
		{STR(""), 0},
		{STR_NONE, 0},
		{STR("127.1"), 0},
		{STR("192.0.2.1."), 0},
		{STR("192.0.2.256"), 0},
		{STR("192.0.2.01"), 0},
		{STR(" 192.0.2.1"), 0},
		{STR("192.0.2.1\0"), 0},
		{STR("fe80::1%eth0"), 0},
		{STR("[::1]"), 0},
		{STR("localhost"), 0},
		{STR("0000:0000:0000:0000:0000:ffff:255.255.255.2555"), 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct address out;
		bool read = address_read(rows[i].text, &out);

		if (read != (rows[i].bytes > 0) || out.bytes != rows[i].bytes)
			fail_msg("%.*s: %zu bytes", STR_FMT(rows[i].text), out.bytes);
	}
}

static void ipv4_written_as_ipv6__is_the_ipv4_address(void **state)
{
	static const struct {
		const char *text, *plain; /* NULL: not mapped */
	} rows[] = {
		{"::ffff:192.0.2.1", "192.0.2.1"},
		{"::FFFF:c000:0201", "192.0.2.1"},
		{"192.0.2.1", NULL},
		{"::192.0.2.1", NULL},
		{"::fffe:192.0.2.1", NULL},
		{"1::ffff:192.0.2.1", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct address out, before, plain;

		assert_true(address_read(str_from(rows[i].text), &out));
		before = out;
		assert_int_equal(address_unmap(&out), rows[i].plain != NULL);
		assert_true(
			address_read(str_from(rows[i].plain), &plain) == (rows[i].plain != NULL));
		if (!address_eq(&out, rows[i].plain != NULL ? &plain : &before))
			fail_msg("%s", rows[i].text);
	}
}

static void equality__is_of_addresses_and_not_of_their_kinds(void **state)
{
	struct address v4, v6, other;

	assert_true(address_read(STR("0.0.0.0"), &v4));
	assert_true(address_read(STR("::"), &v6));
	assert_true(address_read(STR("0.0.0.1"), &other));
	assert_false(address_eq(&v4, &v6));
	assert_false(address_eq(&v4, &other));
	assert_true(address_eq(&v4, &v4));
}

static void text__is_the_short_spelling(void **state)
{
	struct arena *a = arena_open();
	struct address out;

	assert_true(address_read(STR("2001:0DB8:0:0::1"), &out));
	assert_true(str_eq(address_text(a, &out), STR("2001:db8::1")));
	assert_true(address_read(STR("192.0.2.1"), &out));
	assert_true(str_eq(address_text(a, &out), STR("192.0.2.1")));
	arena_close(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts__are_addresses_or_not),
		cmocka_unit_test(ipv4_written_as_ipv6__is_the_ipv4_address),
		cmocka_unit_test(equality__is_of_addresses_and_not_of_their_kinds),
		cmocka_unit_test(text__is_the_short_spelling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
