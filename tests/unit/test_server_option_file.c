/* SPDX-License-Identifier: MIT
 * What an option file is told to lack. Works in one temporary file, removed at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "server/option_file.h"

static void what_the_connector_steps_over__is_said(void **state)
{
	static const struct {
		const char *text, *want; /* behind the file's name; NULL: nothing is wrong */
	} rows[] = {
		{"[rollcall]\nsocket = /s\ndatabase = rollcall\n", NULL},
		{"# x\n[client]\nsocket=/s\n[rollcall]\r\n database=rollcall\r\n", NULL},
		{"[client]\ndatabase=rollcall\n", NULL},
		{"[rollcall]\ndatabse=rollcall\nuser=r\npassword=secret\n",
			" names no database in [client] or [rollcall] (it has: databse, user, password)"},
		{"[rolcall]\ndatabase=rollcall\n", " has no group [rollcall] (it has: rolcall)"},
		{"", " has no group [rollcall] (it has: none)"},
		{"[rollcall]\n", " names no database in [client] or [rollcall] (it has: nothing)"},
		{"[mysqld]\ndatabase=a\n[rollcall]\nuser=r\n",
			" names no database in [client] or [rollcall] (it has: user)"},
		{"[rollcall]\nuser=r\n!includedir /etc/mysql/conf.d/\n", NULL},
	};
	struct arena *a = arena_open();
	char file[] = "/tmp/test_option_file.XXXXXX";
	int fd = mkstemp(file);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		FILE *out = fopen(file, "w");
		const char *got;

		fputs(rows[i].text, out);
		fclose(out);
		got = option_file_fault(a, file, "rollcall");
		assert_true((got == NULL) == (rows[i].want == NULL));
		if (got != NULL)
			assert_string_equal(got, arena_printf(a, "%s%s", file, rows[i].want));
	}
	unlink(file);
	assert_null(option_file_fault(a, file, "rollcall"));
	assert_null(option_file_fault(a, NULL, "rollcall"));
	arena_close(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_connector_steps_over__is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
