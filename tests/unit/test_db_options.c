/* SPDX-License-Identifier: MIT
 * What is read of an option file: who else may write to it, and its list of hosts. Works in a
 * directory of its own under /tmp, removed at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "db/options.h"

struct fixture {
	char dir[64], file[128], other[128], sub[128], in_sub[192];
	struct options o;
};

static int open_dir(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/rollcall-options-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->file, sizeof(f->file), "%s/my.cnf", f->dir);
	snprintf(f->other, sizeof(f->other), "%s/other.cnf", f->dir);
	snprintf(f->sub, sizeof(f->sub), "%s/conf.d", f->dir);
	snprintf(f->in_sub, sizeof(f->in_sub), "%s/z.cnf", f->sub);
	assert_int_equal(mkdir(f->sub, 0700), 0);
	*state = f;
	return 0;
}

static int remove_dir(void **state)
{
	struct fixture *f = *state;

	(void)unlink(f->file);
	(void)unlink(f->other);
	(void)unlink(f->in_sub);
	assert_int_equal(rmdir(f->sub), 0);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static void put(const char *file, mode_t mode, const char *text)
{
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(file, mode), 0);
}

static enum err read_options(struct fixture *f)
{
	return options_read(&f->o, f->file, "rollcall");
}

static void list_of_hosts__is_of_client_or_group_and_the_last_counts(void **state)
{
	static const struct {
		const char *text;
		const char *want; /* name/port of each */
	} rows[] = {
		{"", ""},
		{"[client]\nhost = db\n", ""},
		{"[client]\nhost = db:3307\n", "db/3307 "},
		{"[client]\nhost=a,b\n", "a/0 b/0 "},
		{"[mysqld]\nhost=a,b\n", ""},
		{"[other]\nhost=a,b\n[rollcall]\nuser=x\n", ""},
		{"host=a,b\n", ""},
		{"[client]\nhost=a,b\n[rollcall]\n host = \"c:1, d:65535\"\r\n# host=e,f\n;\n",
			"c/1 d/65535 "},
		{"[ client-mariadb ]\nhost='192.0.2.1:3306,[2001:db8::1]:3307,2001:db8::2'\n",
			"192.0.2.1/3306 2001:db8::1/3307 2001:db8::2/0 "},
		{"[client]\nhost=a:0,b:65536,c:x,,:,[]\n", "a/0 b/0 c/0 "},
		{"[client]\nhost=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r\n",
			"a/0 b/0 c/0 d/0 e/0 f/0 g/0 h/0 i/0 j/0 k/0 l/0 m/0 n/0 o/0 p/0 "},
		{"[client\nhost=a,b\n[client]\nhost\n", ""},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char got[256] = "";
		size_t n = 0;

		put(f->file, 0600, rows[i].text);
		assert_int_equal(read_options(f), ERR_OK);
		for (size_t h = 0; h < f->o.host_count; h++)
			n += (size_t)snprintf(got + n, sizeof(got) - n, "%s/%u ",
				f->o.hosts[h].name, f->o.hosts[h].port);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].text, got);
	}
}

static void included_files__are_read_where_they_stand(void **state)
{
	struct fixture *f = *state;
	char text[512];

	snprintf(text, sizeof(text), "[client]\nuser=u\n!include %s\nhost=e,f\n!includedir %s\n",
		f->other, f->sub);
	put(f->file, 0600, text);
	put(f->other, 0644, "[client]\nhost=a,b\n[mysqld]\n");
	put(f->in_sub, 0644, "[rollcall]\nuser=v\n");
	assert_int_equal(read_options(f), ERR_OK);
	assert_int_equal(f->o.host_count, 2);
	assert_string_equal(f->o.hosts[0].name, "e");
	put(f->in_sub, 0644, "[rollcall]\nhost=g,h\n");
	assert_int_equal(read_options(f), ERR_OK);
	assert_string_equal(f->o.hosts[1].name, "h");
}

static void file_that_others_may_write__is_refused_behind_include_too(void **state)
{
	struct fixture *f = *state;
	const char *files[] = {f->file, f->other, f->in_sub};
	char text[512];

	snprintf(text, sizeof(text), "!include %s\n!includedir %s\n", f->other, f->sub);
	put(f->file, 0600, text);
	put(f->other, 0600, "");
	put(f->in_sub, 0600, "");
	assert_int_equal(read_options(f), ERR_OK);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		for (mode_t mode = 0602; mode <= 0620; mode += 016) {
			assert_int_equal(chmod(files[i], mode), 0);
			assert_int_equal(read_options(f), ERR_FORBIDDEN);
			assert_non_null(strstr(f->o.why, files[i]));
			assert_non_null(strstr(f->o.why, "may write to it"));
		}
		assert_int_equal(chmod(files[i], 0600), 0);
	}
	assert_int_equal(chmod(f->sub, 0777), 0);
	assert_int_equal(read_options(f), ERR_FORBIDDEN);
	assert_non_null(strstr(f->o.why, "its directory"));
	assert_int_equal(chmod(f->sub, 0700), 0);
	assert_int_equal(read_options(f), ERR_OK);
}

static void passwords_that_others_can_read__are_refused(void **state)
{
	struct fixture *f = *state;
	char text[512];

	snprintf(text, sizeof(text), "[client]\npassword=p\n!include %s\n", f->other);
	put(f->file, 0600, text);
	put(f->other, 0644, "[mysqld]\npassword=q\n");
	assert_int_equal(read_options(f), ERR_OK);
	put(f->other, 0644, "[client]\npassword=q\n");
	assert_int_equal(read_options(f), ERR_FORBIDDEN);
	assert_non_null(strstr(f->o.why, "others can read it"));
}

static void file_that_is_none__is_named(void **state)
{
	struct fixture *f = *state;
	char text[512];

	assert_int_equal(read_options(f), ERR_UNAVAILABLE);
	assert_non_null(strstr(f->o.why, f->file));
	snprintf(text, sizeof(text), "!include %s\n", f->other);
	put(f->file, 0600, text);
	assert_int_equal(read_options(f), ERR_UNAVAILABLE);
	assert_non_null(strstr(f->o.why, f->other));
	/* Itself, for ever. */
	snprintf(text, sizeof(text), "!include %s\n", f->file);
	put(f->file, 0600, text);
	assert_int_equal(read_options(f), ERR_FORBIDDEN);
	assert_non_null(strstr(f->o.why, "too deep"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, open_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		T(list_of_hosts__is_of_client_or_group_and_the_last_counts),
		T(included_files__are_read_where_they_stand),
		T(file_that_others_may_write__is_refused_behind_include_too),
		T(passwords_that_others_can_read__are_refused),
		T(file_that_is_none__is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
