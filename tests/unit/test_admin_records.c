/* SPDX-License-Identifier: MIT
 * Records out of a file: the same ones whatever the pieces in which a pipe hands them over, with
 * the places at which they begin, from which reading can go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/records.h"

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

/* An unlinked file of that text, to be read from its beginning. */
static int file_of(struct str text)
{
	char path[] = "/tmp/records-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(write(fd, text.p, text.n), text.n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void csv_record__ends_where_the_row_ends(void **state)
{
	static const struct {
		const char *name, *text;
		size_t count;
		const char *first;
		int64_t second_offset, second_line;
	} rows[] = {
		{"plain", "a,b\nc\n", 2, "a,b", 4, 2},
		{"CRLF", "a,b\r\nc", 2, "a,b", 5, 2},
		{"line end within quotes", "a,\"b\nb\"\nc", 2, "a,\"b\nb\"", 8, 3},
		{"doubled quotes", "\"a\"\"\n\"\"\"\nc", 2, "\"a\"\"\n\"\"\"", 9, 3},
		{"stray quote opens nothing", "a\"\nc\n", 2, "a\"", 3, 2},
		{"quote behind a blank opens nothing", " \"a\nc\n", 2, " \"a", 4, 2},
		{"text behind a closed quote", "\"a\"b\"\nc", 2, "\"a\"b\"", 6, 2},
		{"blank line is a record", "\nc", 2, "", 1, 2},
		{"byte-order mark", "\xEF\xBB\xBFx\ny", 2, "x", 5, 2},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int fd = file_of(str_from(rows[i].text));
		struct records r;
		struct record rec;
		size_t count = 0;

		assert_true(records_open(&r, *state, fd));
		r.form = RECORD_CSV;
		for (; records_next(&r, &rec) == RECORD_GOT; count++) {
			if (count == 0 && !str_eq(rec.text, str_from(rows[i].first)))
				fail_msg("%s: \"%.*s\"", rows[i].name, STR_FMT(rec.text));
			if (count == 1 && (rec.offset != rows[i].second_offset ||
						  rec.line != rows[i].second_line))
				fail_msg("%s: second at byte %lld, line %lld", rows[i].name,
					(long long)rec.offset, (long long)rec.line);
		}
		if (count != rows[i].count)
			fail_msg("%s: %zu records", rows[i].name, count);
		close(fd);
	}
}

/* Rows of many lengths, up to the longest, so that one begins at every place of the buffer. */
static struct str varied_rows(struct arena *a, size_t *count)
{
	struct str text = {NULL, 0};
	char *p = arena_alloc(a, 12 << 20);

	for (*count = 0; text.n < (11 << 20); (*count)++) {
		size_t n = *count * 7919 % 5000;

		if (*count % 500 == 499)
			n = RECORD_MAX_BYTES - 10;
		memset(p + text.n, 'x', n);
		text.n += n;
		p[text.n++] = '\n';
	}
	text.p = p;
	return text;
}

static void every_record__is_read_wherever_the_buffer_ends(void **state)
{
	size_t count;
	struct str text = varied_rows(*state, &count);
	int fd = file_of(text);
	struct records r;
	struct record rec;
	int64_t at = 0;

	assert_true(records_open(&r, *state, fd));
	r.form = RECORD_CSV;
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(records_next(&r, &rec), RECORD_GOT);
		assert_int_equal(rec.offset, at);
		assert_int_equal(rec.line, i + 1);
		at += (int64_t)rec.text.n + 1;
		assert_int_equal(text.p[at - 1], '\n');
	}
	assert_int_equal(records_next(&r, &rec), RECORD_END);
	assert_int_equal(at, text.n);
	close(fd);
}

static void reading__goes_on_at_any_record(void **state)
{
	size_t count;
	struct str text = varied_rows(*state, &count);
	int fd = file_of(text);
	struct records all, r;
	struct record rec, again;

	assert_true(records_open(&all, *state, fd));
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(records_next(&all, &rec), RECORD_GOT);
		if (i % 611 != 0)
			continue;
		struct arena_mark mark = arena_mark(*state);
		off_t was = lseek(fd, 0, SEEK_CUR);

		lseek(fd, 0, SEEK_SET);
		assert_true(records_open(&r, *state, fd));
		assert_true(records_go_to(&r, rec.offset, rec.line));
		assert_int_equal(records_next(&r, &again), RECORD_GOT);
		assert_int_equal(again.offset, rec.offset);
		assert_int_equal(again.line, rec.line);
		assert_true(str_eq(again.text, rec.text));
		lseek(fd, was, SEEK_SET);
		arena_rewind(*state, mark);
	}
	assert_true(records_go_to(&all, (int64_t)text.n, 1));
	assert_false(records_go_to(&all, (int64_t)text.n + 1, 1));
	close(fd);
}

static void record_over_the_limit__is_stepped_over(void **state)
{
	size_t n = 5 * RECORD_MAX_BYTES;
	char *p = arena_alloc(*state, n + 8);
	struct records r;
	struct record rec;
	int fd;

	memset(p, 'x', n);
	p[0] = '"';
	memcpy(p + n, "\nnext\n", 6);
	fd = file_of((struct str){p, n + 6});
	assert_true(records_open(&r, *state, fd));
	r.form = RECORD_CSV;
	assert_int_equal(records_next(&r, &rec), RECORD_TOO_LONG);
	assert_int_equal(rec.line, 1);
	assert_int_equal(records_next(&r, &rec), RECORD_GOT);
	assert_true(str_eq(rec.text, STR("next")));
	assert_int_equal(rec.line, 2);
	assert_int_equal(rec.offset, n + 1);
	close(fd);
}

static void open_quote__is_told_apart(void **state)
{
	int fd = file_of(STR("a\n\"b\nc\n"));
	struct records r;
	struct record rec;

	assert_true(records_open(&r, *state, fd));
	r.form = RECORD_CSV;
	assert_int_equal(records_next(&r, &rec), RECORD_GOT);
	assert_int_equal(records_next(&r, &rec), RECORD_OPEN);
	assert_int_equal(rec.line, 2);
	assert_int_equal(records_next(&r, &rec), RECORD_END);
	close(fd);
}

static void fields__are_those_of_rfc_4180(void **state)
{
	static const struct {
		const char *text;
		const char *fields; /* joined by |; NULL: malformed */
	} rows[] = {
		{"", ""},
		{",", "|"},
		{"a", "a"},
		{"a,b,c", "a|b|c"},
		{" a , b ", " a | b "},
		{"\"a,b\",c", "a,b|c"},
		{"\"\"", ""},
		{"\"\"\"\"", "\""},
		{"\"a\"\"b\"", "a\"b"},
		{"\"a\nb\",", "a\nb|"},
		{"\"a\"b", NULL},
		{"a\"b", NULL},
		{"\"a\" ,b", NULL},
		{"a,b,c,d", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str fields[3], joined = STR("");
		size_t count;
		const char *why =
			records_split_csv(*state, str_from(rows[i].text), fields, 3, &count);

		if (why != NULL || rows[i].fields == NULL) {
			if ((why == NULL) != (rows[i].fields != NULL))
				fail_msg("%s: %s", rows[i].text, why != NULL ? why : "taken");
			continue;
		}
		for (size_t k = 0; k < count; k++)
			joined = str_printf(
				*state, "%s%s%s", joined.p, k > 0 ? "|" : "", fields[k].p);
		if (!str_eq(joined, str_from(rows[i].fields)))
			fail_msg("%s: %s", rows[i].text, joined.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, opened, closed)
		T(csv_record__ends_where_the_row_ends),
		T(every_record__is_read_wherever_the_buffer_ends),
		T(reading__goes_on_at_any_record),
		T(record_over_the_limit__is_stepped_over),
		T(open_quote__is_told_apart),
		T(fields__are_those_of_rfc_4180),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
