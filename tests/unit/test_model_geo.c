/* SPDX-License-Identifier: MIT
 * Locations from databases that the test writes itself, in a directory of its own under /tmp,
 * removed at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "lib/mmdb_make.h"
#include "model/geo.h"

#define TEN "0123456789"
#define LONG TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345" /* 126 bytes */

struct fixture {
	struct arena *arena;
	char dir[64], file[128];
};

static int group_open(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	log_setup(LOG_OFF, LOG_TEXT);
	f->arena = arena_open();
	snprintf(f->dir, sizeof(f->dir), "/tmp/rollcall-geo-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->file, sizeof(f->file), "%s/city.mmdb", f->dir);
	*state = f;
	return 0;
}

static int group_close(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(rmdir(f->dir), 0);
	arena_close(f->arena);
	free(f);
	return 0;
}

static int remove_file(void **state)
{
	struct fixture *f = *state;

	unlink(f->file);
	arena_reset(f->arena);
	return 0;
}

struct row {
	const char *ip, *want; /* want NULL: none */
};

static void check(struct fixture *f, const struct row *rows, size_t count)
{
	struct geo *g = geo_open(f->file);
	int failed = 0;

	assert_non_null(g);
	for (size_t i = 0; i < count; i++) {
		struct str got = geo_location(g, f->arena, str_from(rows[i].ip));

		if (rows[i].want != NULL ? got.p != NULL && str_eq(got, str_from(rows[i].want))
					 : got.p == NULL)
			continue;
		print_error("[%s]: want %s, got %.*s\n",
			rows[i].ip != NULL ? rows[i].ip : "(absent)",
			rows[i].want != NULL ? rows[i].want : "none", STR_FMT(got));
		failed++;
	}
	geo_close(g);
	assert_int_equal(failed, 0);
}

static void an_address__is_in_its_network(void **state)
{
	static const struct row rows[] = {
		{"203.0.113.7", "Lisbon, Portugal"},
		{"203.0.113.0", "Lisbon, Portugal"},
		{"203.0.113.255", "Lisbon, Portugal"},
		{"203.0.112.255", NULL},
		{"203.0.114.0", NULL},
		{"198.51.100.1", "Norway"},
		{"192.0.2.1", NULL},
		{"10.0.0.1", NULL},
		{"127.0.0.1", NULL},
		{"0.0.0.0", NULL},
		{"2001:db8::1", "Lisbon, Portugal"},
		{"2001:DB8:0:0:0:0:0:1", "Lisbon, Portugal"},
		{"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "Lisbon, Portugal"},
		{"2001:db8:5::9", "São Paulo, Brazil"},
		{"2001:db8:6::9", "Lisbon, Portugal"},
		{"2001:db9::", NULL},
		{"::1", NULL},
		{"::ffff:203.0.113.7", "Lisbon, Portugal"},
		{"::ffff:c633:6401", "Norway"},
		{"::ffff:192.0.2.1", NULL},
	};
	struct fixture *f = *state;

	mmdb_make_sample(f->file);
	check(f, rows, ARRAY_LEN(rows));
}

static void what_is_no_address__has_no_location(void **state)
{
	static const struct row rows[] = {
		{NULL, NULL},
		{"", NULL},
		{" ", NULL},
		{"203.0.113", NULL},
		{"203.0.113.", NULL},
		{"203.0.113.256", NULL},
		{"203.0.113.7 ", NULL},
		{" 203.0.113.7", NULL},
		{"203.0.113.7:80", NULL},
		{"203.0.113.7/24", NULL},
		{"[2001:db8::1]", NULL},
		{"2001:db8::1%eth0", NULL},
		{"3405803783", NULL},
		{"0xcb007107", NULL},
		{"localhost", NULL},
		{"unknown", NULL},
		{LONG, NULL},
		{"-1.0.0.0", NULL},
		{"2001:db8:0000:0000:0000:0000:0000:00001", NULL},
	};
	struct fixture *f = *state;
	struct geo *g;

	mmdb_make_sample(f->file);
	check(f, rows, ARRAY_LEN(rows));
	g = geo_open(f->file);
	assert_null(geo_location(g, f->arena, STR("203.0.113.7\0")).p);
	assert_null(geo_location(g, f->arena, STR("203.0.113.7\0.example")).p);
	assert_non_null(geo_location(g, f->arena, (struct str){"203.0.113.77", 11}).p);
	geo_close(g);
}

static void a_name_that_cannot_be_shown__is_left_out(void **state)
{
	static const struct mmdb_net nets[] = {
		{"203.0.113.0/28", "Lissabon", "Portugal", "de"},
		{"203.0.113.16/28", "Valletta", NULL, NULL},
		{"203.0.113.32/28", NULL, NULL, NULL},
		{"203.0.113.48/28", "", "Malta", NULL},
		{"203.0.113.64/28", "S\xe3o Paulo", "Brazil", NULL},
		{"203.0.113.80/28", LONG, LONG, NULL},
		{"203.0.113.96/28", LONG "x", "Malta", NULL},
		{"203.0.113.112/28", "Valletta", LONG "x", NULL},
	};
	static const struct row rows[] = {
		{"203.0.113.1", NULL},
		{"203.0.113.17", "Valletta"},
		{"203.0.113.33", NULL},
		{"203.0.113.49", "Malta"},
		{"203.0.113.65", "Brazil"},
		{"203.0.113.81", LONG ", " LONG},
		{"203.0.113.97", "Malta"},
		{"203.0.113.113", "Valletta"},
	};
	struct fixture *f = *state;

	mmdb_make(f->file, nets, ARRAY_LEN(nets));
	check(f, rows, ARRAY_LEN(rows));
}

static void a_location__outlives_the_database(void **state)
{
	struct fixture *f = *state;
	struct geo *g;
	struct str both, one;

	mmdb_make_sample(f->file);
	g = geo_open(f->file);
	both = geo_location(g, f->arena, STR("203.0.113.7"));
	one = geo_location(g, f->arena, STR("198.51.100.7"));
	geo_close(g);
	assert_string_equal(both.p, "Lisbon, Portugal");
	assert_string_equal(one.p, "Norway");
}

static void no_file__is_no_database_and_no_locations(void **state)
{
	struct fixture *f = *state;

	assert_null(geo_open(NULL));
	assert_null(geo_location(NULL, f->arena, STR("203.0.113.7")).p);
	geo_close(NULL);
}

static void a_file_that_cannot_be_used__is_logged_once(void **state)
{
	static const char *const contents[] = {NULL, "", "no database", "\xab\xcd\xefMaxMind.com"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
		int ends[2], saved = dup(STDERR_FILENO);
		char line[4096];
		struct geo *g;
		ssize_t n;

		if (contents[i] != NULL) {
			FILE *out = fopen(f->file, "wb");

			fputs(contents[i], out);
			fclose(out);
		}
		assert_int_equal(pipe(ends), 0);
		dup2(ends[1], STDERR_FILENO);
		log_setup(LOG_INFO, LOG_TEXT);
		g = geo_open(f->file);
		log_setup(LOG_OFF, LOG_TEXT);
		dup2(saved, STDERR_FILENO);
		close(saved);
		close(ends[1]);
		n = read(ends[0], line, sizeof(line) - 1);
		close(ends[0]);
		assert_null(g);
		assert_true(n > 0);
		line[n] = '\0';
		assert_non_null(strstr(line, f->file));
		assert_ptr_equal(strchr(line, '\n'), line + n - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(an_address__is_in_its_network, remove_file),
		cmocka_unit_test_teardown(what_is_no_address__has_no_location, remove_file),
		cmocka_unit_test_teardown(a_name_that_cannot_be_shown__is_left_out, remove_file),
		cmocka_unit_test_teardown(a_location__outlives_the_database, remove_file),
		cmocka_unit_test_teardown(no_file__is_no_database_and_no_locations, remove_file),
		cmocka_unit_test_teardown(a_file_that_cannot_be_used__is_logged_once, remove_file),
	};

	return cmocka_run_group_tests(tests, group_open, group_close);
}
