/* SPDX-License-Identifier: MIT
 * The man page holds every setting that the program has: the block between two markers is compared
 * with what config_print writes. README.md holds some rows of that table, and no document names a
 * setting that does not exist. Reads the files from the top of the tree, where `make` runs. A
 * failure prints the block or the row as it has to be. */
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
#define HTTPD_README "httpd-conf/README.md"
#define API "schema/api.md"
#define FILTER "schema/filter.md"
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

static struct str read_file(struct arena *a, const char *name)
{
	FILE *f = fopen(name, "r");

	if (f == NULL)
		fail_msg("cannot read %s; run this from the top of the tree", name);
	return read_all(a, f);
}

static void man_page__has_the_programs_settings(void **state)
{
	compare(MAN, block(read_file(*state, MAN), ".\\\" settings", ".\\\" /settings"),
		roff(*state, table(*state)));
}

static bool has_line(struct str text, struct str wanted)
{
	struct str line;

	while (take_line(&text, &line))
		if (str_eq(line, wanted))
			return true;
	return false;
}

static void readme__has_rows_of_the_programs_table(void **state)
{
	struct str rows =
		block(read_file(*state, README), "<!-- settings -->", "<!-- /settings -->");
	struct str all = table(*state), line;
	size_t count = 0;

	assert_non_null(rows.p);
	while (take_line(&rows, &line)) {
		if (!has_line(all, line)) {
			fwrite(all.p, 1, all.n, stderr);
			fail_msg("no row of the program's table, which stands above: %.*s",
				STR_FMT(line));
		}
		count++;
	}
	assert_in_range(count, 2 + 1, 2 + 10);
}

/* What the Authorizer tells applications. */
static bool is_no_setting(struct str name)
{
	static const char *const others[] = {
		"ROLLCALL_SESSION", "ROLLCALL_USER", "ROLLCALL_TENANT"};

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (str_eq(name, str_from(others[i])))
			return true;
	return false;
}

static bool is_setting(struct arena *a, struct str all, struct str name)
{
	struct str start = str_printf(a, "| `%.*s` |", STR_FMT(name)), line;

	while (take_line(&all, &line))
		if (str_starts(line, start))
			return true;
	return false;
}

static void check_names(struct arena *a, const char *file)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	struct str text = read_file(a, file), all = table(a), prefix = STR("ROLLCALL_");

	for (size_t i = 0; i + prefix.n < text.n; i++) {
		struct str rest = {text.p + i, text.n - i}, name = {rest.p, prefix.n};

		if (!str_starts(rest, prefix))
			continue;
		while (name.n < rest.n && memchr(letters, rest.p[name.n], sizeof(letters) - 1))
			name.n++;
		if (!is_setting(a, all, name) && !is_no_setting(name))
			fail_msg("%s names %.*s, which is no setting", file, STR_FMT(name));
	}
}

static void documents__name_existing_settings(void **state)
{
	static const char *const files[] = {README, HTTPD_README, API, FILTER};

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		check_names(*state, files[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(man_page__has_the_programs_settings),
		cmocka_unit_test(readme__has_rows_of_the_programs_table),
		cmocka_unit_test(documents__name_existing_settings),
	};

	return cmocka_run_group_tests(tests, opened, closed);
}
