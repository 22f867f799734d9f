/* SPDX-License-Identifier: MIT
 * Literals of the filter language: escapes, integers and doubles, instants, the text of a number,
 * networks. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../src/query/tree.h"

static bool read_value(struct arena *a, const char *text, struct query_value *v)
{
	struct query_lexer lex;
	struct query_token t;

	query_lex_begin(&lex, str_dup(a, str_from(text)));
	t = query_lex_next(&lex);
	return query_value_read(a, &t, v);
}

static void escapes__are_undone_in_one_scan(void **state)
{
	(void)state;

	static const struct {
		const char *in, *want;
	} rows[] = {
		{"\"\"", ""},
		{"\"a b\"", "a b"},
		{"\"\\\"\\\\\\f\\n\\r\\t\"", "\"\\\f\n\r\t"},
		{"\"\\\\n\"", "\\n"},
		{"\"\\\\\\\\\"", "\\\\"},
		{"\"\\\\\\n\"", "\\\n"},
		{"\"%_'\xc3\xa9\"", "%_'\xc3\xa9"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_open();
		struct query_value v;

		assert_true(read_value(a, rows[i].in, &v));
		assert_int_equal(v.kind, VALUE_STRING);
		if (!str_eq(v.s, str_from(rows[i].want)))
			fail_msg("%s gives %.*s", rows[i].in, STR_FMT(v.s));
		arena_close(a);
	}
}

static void numbers__are_integers_when_they_look_it_and_fit(void **state)
{
	(void)state;

	static const struct {
		const char *in;
		bool integer;
		const char *text;
	} rows[] = {
		{"0", true, "0"},
		{"-0", true, "0"},
		{"12", true, "12"},
		{"-9223372036854775808", true, "-9223372036854775808"},
		{"9223372036854775807", true, "9223372036854775807"},
		{"9223372036854775808", false, "9223372036854776000"},
		{"-9223372036854775809", false, "-9223372036854776000"},
		{"1e3", false, "1000"},
		{"2.50", false, "2.5"},
		{"5.0", false, "5"},
		{"0.0", false, "0"},
		{"-0.0", false, "-0"},
		{"0.1", false, "0.1"},
		{"100000000000000000000", false, "100000000000000000000"},
		{"1e22", false, "10000000000000000000000"},
		{"1e23", false, "100000000000000000000000"},
		{"1.5e-7", false, "0.00000015"},
		{"-12.75e1", false, "-127.5"},
		{"1.25e1", false, "12.5"},
		{"123456789012345680.0", false, "123456789012345680"},
		{"0.30000000000000004", false, "0.30000000000000004"},
		{"1e-999", false, "0"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_open();
		struct query_value v;

		assert_true(read_value(a, rows[i].in, &v));
		if ((v.kind == VALUE_INT) != rows[i].integer ||
			!str_eq(query_number_text(a, &v), str_from(rows[i].text)))
			fail_msg("%s: kind %d, %.*s", rows[i].in, (int)v.kind,
				STR_FMT(query_number_text(a, &v)));
		arena_close(a);
	}
}

static void the_text_of_a_double__round_trips_without_exponent(void **state)
{
	(void)state;

	static const double some[] = {5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, M_PI,
		-M_E * 1e100, 1.0 / 3, 9007199254740993.0, 4503599627370497.5, 1e15, 1e-5,
		0.1 + 0.2};

	for (size_t i = 0; i < ARRAY_LEN(some); i++) {
		struct arena *a = arena_open();
		struct query_value v = {.kind = VALUE_DOUBLE, .d = some[i]};
		struct str text = str_dup(a, query_number_text(a, &v));

		assert_null(strchr(text.p, 'e'));
		if (strtod(text.p, NULL) != some[i])
			fail_msg("%.17g gives %s", some[i], text.p);
		arena_close(a);
	}
}

static void instants__keep_nanoseconds(void **state)
{
	(void)state;

	static const struct {
		const char *in;
		int64_t ms;
		int32_t ns;
	} rows[] = {
		{"datetime(1970-01-01T00:00:00Z)", 0, 0},
		{"datetime( 1970-01-01T01:00:00.0015+01:00 )", 1, 500000},
		{"datetime(\r\n1970-01-01t00:00:00.1234567899z\t)", 123, 456789},
		{"datetime(1969-12-31T23:59:59.9995Z)", -1, 500000},
		{"datetime(0001-01-01T00:00:00Z)", INT64_C(-62135596800000), 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_open();
		struct query_value v;

		assert_true(read_value(a, rows[i].in, &v));
		assert_int_equal(v.kind, VALUE_TIME);
		if (v.ms != rows[i].ms || v.ns != rows[i].ns)
			fail_msg("%s: %lld ms %d ns", rows[i].in, (long long)v.ms, (int)v.ns);
		arena_close(a);
	}
}

static void networks__have_a_first_and_a_last_address(void **state)
{
	(void)state;

	static const struct {
		const char *in, *want; /* first-last in hex; NULL: no network */
	} rows[] = {
		{"10.0.0.1", "0a000001-0a000001"},
		{"10.1.2.3/8", "0a000000-0affffff"},
		{"203.0.113.64/27", "cb007140-cb00715f"},
		{"1.2.3.4/0", "00000000-ffffffff"},
		{"1.2.3.4/32", "01020304-01020304"},
		{"2001:db8::/33",
			"20010db8000000000000000000000000-20010db87fffffffffffffffffffffff"},
		{"::1", "00000000000000000000000000000001-00000000000000000000000000000001"},
		{"::/0", "00000000000000000000000000000000-ffffffffffffffffffffffffffffffff"},
		/* IPv4 written as IPv6; a wider network than theirs is IPv6. */
		{"::ffff:10.1.2.3", "0a010203-0a010203"},
		{"::ffff:a01:203", "0a010203-0a010203"},
		{"::ffff:10.0.0.0/104", "0a000000-0affffff"},
		{"::FFFF:203.0.113.77/123", "cb007140-cb00715f"},
		{"::ffff:0:0/96", "00000000-ffffffff"},
		{"::ffff:10.0.0.0/95",
			"00000000000000000000fffe00000000-00000000000000000000ffffffffffff"},
		{"::fffe:10.1.2.3",
			"00000000000000000000fffe0a010203-00000000000000000000fffe0a010203"},
		{"::10.1.2.3", "0000000000000000000000000a010203-0000000000000000000000000a010203"},
		{"64:ff9b::10.1.2.3",
			"0064ff9b00000000000000000a010203-0064ff9b00000000000000000a010203"},
		{"::ffff:10.1.2.3/129", NULL},
		{"1.2.3.4/33", NULL},
		{"::/129", NULL},
		{"1.2.3.4/", NULL},
		{"1.2.3.4/08", NULL},
		{"1.2.3.4/+8", NULL},
		{"1.2.3.4/-1", NULL},
		{"1.2.3.4/8/8", NULL},
		{"1.2.3.4/99999999999999999999", NULL},
		{"/8", NULL},
		{"", NULL},
		{"1.2.3", NULL},
		{"10.9.8.7:443", NULL},
		{"fe80::1%eth0", NULL},
		{"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_open();
		struct query_network net;
		struct str got = STR_NONE;

		if (query_network_read(str_from(rows[i].in), &net)) {
			struct str first = str_hex(a, net.first, net.bytes);
			struct str last = str_hex(a, net.last, net.bytes);

			got = str_printf(a, "%.*s-%.*s", STR_FMT(first), STR_FMT(last));
		}
		if (!str_eq(got, str_from(rows[i].want)))
			fail_msg("%s gives %.*s", rows[i].in, STR_FMT(got));
		arena_close(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes__are_undone_in_one_scan),
		cmocka_unit_test(numbers__are_integers_when_they_look_it_and_fit),
		cmocka_unit_test(the_text_of_a_double__round_trips_without_exponent),
		cmocka_unit_test(instants__keep_nanoseconds),
		cmocka_unit_test(networks__have_a_first_and_a_last_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
