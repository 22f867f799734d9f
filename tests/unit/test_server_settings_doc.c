/* SPDX-License-Identifier: MIT
 * README.md and the man page hold the table of settings that the program has: the block between two
 * markers is compared with what config_print writes. Reads both files from the top of the tree,
 * where `make` runs. A failure prints the block as it has to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/str.h"
#include "server/config.h"

#define README "README.md"
#define MAN "httpd-conf/man/rollcall.fcgi.8"

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

static struct str read_all(struct arena *a, FILE *f)
{
	char part[4096];
	struct buf b;
	size_t n;

	buf_init(&b, a);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(&b, part, n);
	fclose(f);
	return buf_view(&b);
}

static struct str table(struct arena *a)
{
	FILE *f = tmpfile();

	assert_non_null(f);
	config_print(f);
	rewind(f);
	return read_all(a, f);
}

static bool take_line(struct str *rest, struct str *line)
{
	return rest->n > 0 && str_split(rest, '\n', line);
}

/* What stands between the line `from` and the line `to`; p == NULL without both. */
static struct str block(struct str text, const char *from, const char *to)
{
	struct str line, found = STR_NONE;

	while (take_line(&text, &line)) {
		if (found.p != NULL && str_eq(line, str_from(to)))
			return (struct str){found.p, (size_t)(line.p - found.p)};
		if (found.p == NULL && str_eq(line, str_from(from)))
			found = text;
	}
	return STR_NONE;
}

static void compare(const char *file, struct str got, struct str want)
{
	if (got.p == NULL)
		fail_msg("%s has no block of settings between its two markers", file);
	if (!str_eq(got, want)) {
		fwrite(want.p, 1, want.n, stderr);
		fail_msg("the settings in %s are not the program's, which stand above", file);
	}
}

/* Text of a table's cell for roff: no backticks, hyphens that can be copied. */
static void put_roff(struct buf *b, struct str text)
{
	bool bold = false;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '`') {
			bold = !bold;
			buf_str(b, bold ? STR("\\fB") : STR("\\fR"));
		} else if (text.p[i] == '-') {
			buf_str(b, STR("\\-"));
		} else if (text.p[i] == '\\') {
			buf_str(b, STR("\\e"));
		} else {
			buf_char(b, text.p[i]);
		}
	}
}

/* "| `NAME` | `default` | range | meaning |" */
static void put_setting(struct buf *b, struct str row)
{
	struct str cell[5];

	for (size_t i = 0; i < ARRAY_LEN(cell); i++) {
		assert_true(str_split(&row, '|', &cell[i]));
		cell[i] = str_trim(cell[i]);
	}
	buf_str(b, STR(".TP\n"));
	put_roff(b, cell[1]);
	if (cell[2].n > 0) {
		buf_str(b, STR(" (default "));
		put_roff(b, cell[2]);
		buf_char(b, ')');
	}
	buf_char(b, '\n');
	put_roff(b, cell[4]);
	buf_char(b, '\n');
	if (cell[3].n > 0) {
		buf_str(b, STR("Range: "));
		put_roff(b, cell[3]);
		buf_str(b, STR(".\n"));
	}
}

static struct str roff(struct arena *a, struct str rows)
{
	struct str line;
	struct buf b;

	buf_init(&b, a);
	for (size_t i = 0; take_line(&rows, &line); i++)
		if (i >= 2) /* the head of the table and its rule */
			put_setting(&b, line);
	return buf_view(&b);
}

static void man_page__has_the_programs_settings(void **state)
{
	FILE *f = fopen(MAN, "r");

	if (f == NULL)
		fail_msg("cannot read %s; run this from the top of the tree", MAN);
	compare(MAN, block(read_all(*state, f), ".\\\" settings", ".\\\" /settings"),
		roff(*state, table(*state)));
}

static void readme__has_the_programs_settings(void **state)
{
	FILE *f = fopen(README, "r");

	if (f == NULL && access(MAN, R_OK) == 0)
		skip(); /* a tree without a README has nothing that could be wrong */
	assert_non_null(f);
	compare(README, block(read_all(*state, f), "<!-- settings -->", "<!-- /settings -->"),
		table(*state));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(man_page__has_the_programs_settings),
		cmocka_unit_test(readme__has_the_programs_settings),
	};

	return cmocka_run_group_tests(tests, opened, closed);
}
