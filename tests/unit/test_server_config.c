/* SPDX-License-Identifier: MIT
 * Settings: what each type takes and refuses, what the complaint says, what the table prints.
 * Touches this process's environment and one temporary file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/macros.h"
#include "server/config.h"

static char said[4096]; /* what the latest read printed */

static bool read_config(struct config *c)
{
	FILE *err = tmpfile();
	bool ok;
	size_t n;

	assert_non_null(err);
	ok = config_read(c, err);
	rewind(err);
	n = fread(said, 1, sizeof(said) - 1, err);
	said[n] = '\0';
	fclose(err);
	return ok;
}

static int empty_environment(void **state)
{
	(void)state;
	return clearenv();
}

static void nothing_set__gives_the_defaults(void **state)
{
	struct config c;

	(void)state;
	assert_true(read_config(&c));
	assert_string_equal(said, "");
	assert_int_equal(c.workers, 4);
	assert_int_equal(c.max_requests, 0);
	assert_int_equal(c.body_limit, 1048576);
	assert_int_equal(c.jwt_leeway_s, 30);
	assert_int_equal(c.log_level, LOG_INFO);
	assert_int_equal(c.log_format, LOG_TEXT);
	assert_string_equal(c.api_prefix, "/api/v1");
	assert_string_equal(c.edge_prefix, "/edge/management/v1");
	assert_string_equal(c.db_group, "rollcall");
	assert_string_equal(c.cookie, "rollcall_session");
	assert_null(c.mount);
	assert_null(c.jwks_file);
	assert_null(c.db_defaults);
	assert_null(c.jwt_issuer);
}

static void empty_value__counts_as_not_set(void **state)
{
	struct config c;

	(void)state;
	setenv("ROLLCALL_WORKERS", "", 1);
	setenv("ROLLCALL_JWT_ISSUER", "", 1);
	assert_true(read_config(&c));
	assert_int_equal(c.workers, 4);
	assert_null(c.jwt_issuer);
}

static void each_type__takes_what_fits_and_refuses_the_rest(void **state)
{
	static const struct {
		const char *name, *value;
		bool ok;
	} rows[] = {
		{"WORKERS", "1", true},
		{"WORKERS", "64", true},
		{"WORKERS", "0", false},
		{"WORKERS", "65", false},
		{"WORKERS", "four", false},
		{"WORKERS", "4 ", false},
		{"WORKERS", "99999999999999999999", false},
		{"MAX_REQUESTS", "9223372036854775807", true},
		{"MAX_REQUESTS", "-1", false},
		{"JWT_LEEWAY", "300", true},
		{"JWT_LEEWAY", "301", false},
		{"API_PREFIX", "/v2/api", true},
		{"API_PREFIX", "api/v1", false},
		{"API_PREFIX", "/api/v1/", false},
		{"API_PREFIX", "/", false},
		{"API_PREFIX", "/api//v1", false},
		{"API_PREFIX", "/api?x", false},
		{"API_PREFIX", "/edge/management/v1", false}, /* the other API's */
		{"MOUNT", "/apps/sessions", true},
		{"MOUNT", "/", true},
		{"MOUNT", "apps", false},
		{"COOKIE", "sid", true},
		{"COOKIE", "s id", false},
		{"COOKIE", "sid=1", false},
		{"LOGIN_URL", "/", true},
		{"LOGIN_URL", "/sign-in?next=%2F&from=rollcall#top", true},
		{"LOGIN_URL", "http://127.0.0.1:8080/browser", true},
		{"LOGIN_URL", "https://id.example.org/sign-in", true},
		{"LOGIN_URL", "sign-in", false},
		{"LOGIN_URL", "id.example.org/sign-in", false},
		{"LOGIN_URL", "javascript:alert(1)", false},
		{"LOGIN_URL", "ftp://id.example.org/", false},
		{"LOGIN_URL", "HTTPS//id.example.org/", false},
		{"LOGIN_URL", " /sign-in", false},
		{"LOGIN_URL", "/sign in", false},
		{"LOGIN_URL", "/sign-in\r\nSet-Cookie: a=b", false},
		{"LOGIN_URL", "/sign-in\t", false},
		{"LOGIN_URL", "/sign-in\x7f", false},
		{"LOGIN_URL", "/\xc3\xa9", false},
		{"METRICS_ALLOW", "10.0.0.1, ::1", true},
		{"METRICS_ALLOW", "10.0.0.1,", false},
		{"METRICS_ALLOW", "localhost", false},
		{"LOG_LEVEL", "debug", true},
		{"LOG_LEVEL", "DEBUG", false},
		{"LOG_FORMAT", "json", true},
		{"LOG_FORMAT", "xml", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config c;
		char name[64];
		bool ok;

		snprintf(name, sizeof(name), "ROLLCALL_%s", rows[i].name);
		setenv(name, rows[i].value, 1);
		ok = read_config(&c);
		if (ok != rows[i].ok || (!ok && strstr(said, name) == NULL) ||
			(!ok && strchr(said, '\n') != said + strlen(said) - 1))
			fail_msg("%s=\"%s\": ok %d, said: %s", name, rows[i].value, ok, said);
		unsetenv(name);
	}
}

static void wrong_value__is_one_line_with_name_value_and_range(void **state)
{
	struct config c;

	(void)state;
	setenv("ROLLCALL_WORKERS", "many", 1);
	assert_false(read_config(&c));
	assert_string_equal(said, "rollcall: ROLLCALL_WORKERS is \"many\"; it has to be a whole "
				  "number from 1 to 64\n");
	clearenv();
	setenv("ROLLCALL_LOG_FORMAT", "xml", 1);
	assert_false(read_config(&c));
	assert_string_equal(
		said, "rollcall: ROLLCALL_LOG_FORMAT is \"xml\"; it has to be one of text, json\n");
}

static void choice__is_the_enum_of_the_log(void **state)
{
	static const struct {
		const char *text;
		enum log_level level;
	} rows[] = {{"debug", LOG_DEBUG}, {"info", LOG_INFO}, {"warn", LOG_WARN},
		{"error", LOG_ERROR}, {"off", LOG_OFF}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config c;

		setenv("ROLLCALL_LOG_LEVEL", rows[i].text, 1);
		if (!read_config(&c) || c.log_level != (int64_t)rows[i].level)
			fail_msg("%s", rows[i].text);
	}
}

static void mount_of_a_slash__is_the_root_and_not_unset(void **state)
{
	struct config c;

	(void)state;
	setenv("ROLLCALL_MOUNT", "/", 1);
	assert_true(read_config(&c));
	assert_non_null(c.mount);
	assert_string_equal(c.mount, "");
}

static void secret_that_others_can_read__is_refused(void **state)
{
	static const char *const names[] = {"ROLLCALL_JWT_HS256_FILE", "ROLLCALL_DB_DEFAULTS"};
	char file[] = "/tmp/test_server_config.XXXXXX";
	int fd = mkstemp(file);
	struct config c;

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		setenv(names[i], file, 1);
		assert_int_equal(fchmod(fd, 0640), 0);
		assert_true(read_config(&c));
		assert_int_equal(fchmod(fd, 0644), 0);
		assert_false(read_config(&c));
		assert_non_null(strstr(said, names[i]));
		unsetenv(names[i]);
	}
	close(fd);
	unlink(file);
	setenv("ROLLCALL_JWT_HS256_FILE", file, 1); /* missing: may come later */
	assert_true(read_config(&c));
}

static bool read_file(const char *path)
{
	FILE *err = tmpfile();
	bool ok;
	size_t n;

	assert_non_null(err);
	ok = config_file(path, err);
	rewind(err);
	n = fread(said, 1, sizeof(said) - 1, err);
	said[n] = '\0';
	fclose(err);
	return ok;
}

static void put_text(const char *file, const char *text)
{
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void file_of_settings__adds_to_the_environment(void **state)
{
	char file[] = "/tmp/test_server_config.XXXXXX";
	int fd = mkstemp(file);
	struct config c;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	put_text(file, "# ROLLCALL_WORKERS=1\n; ROLLCALL_WORKERS=1\n\nPATH=/nowhere\n"
		       "ROLLCALL_WORKERS=7 \r\n ROLLCALL_COOKIE=\"sid\"\n"
		       "ROLLCALL_RETRY_AFTER=9\nROLLCALL_JWT_ISSUER='a=b'");
	setenv("ROLLCALL_RETRY_AFTER", "11", 1);
	assert_true(read_file(file));
	assert_string_equal(said, "");
	assert_null(getenv("PATH"));
	assert_true(read_config(&c));
	assert_int_equal(c.workers, 7);
	assert_int_equal(c.retry_after_s, 11);
	assert_string_equal(c.cookie, "sid");
	assert_string_equal(c.jwt_issuer, "a=b");

	put_text(file, "ROLLCALL_WORKERS=7\nROLLCALL_WORKERS 7\n");
	assert_false(read_file(file));
	assert_non_null(strstr(said, "line 2: is not NAME=value"));
	unlink(file);
	assert_false(read_file(file));
	assert_non_null(strstr(said, file));
}

static void option_file_that_others_may_write__is_refused(void **state)
{
	char file[] = "/tmp/test_server_config.XXXXXX";
	int fd = mkstemp(file);
	struct config c;

	(void)state;
	assert_true(fd >= 0);
	setenv("ROLLCALL_DB_DEFAULTS", file, 1);
	assert_true(read_config(&c));
	assert_int_equal(fchmod(fd, 0660), 0);
	assert_false(read_config(&c));
	assert_non_null(strstr(said, "ROLLCALL_DB_DEFAULTS: option file /tmp/"));
	assert_non_null(strstr(said, "may write to it"));
	close(fd);
	unlink(file);
}

static void unknown_name__is_warned_of_and_does_not_stop(void **state)
{
	static const struct {
		const char *name;
		bool warned;
	} rows[] = {
		{"ROLLCALL_WORKER", true},
		{"ROLLCALL_URLS", true},
		{"ROLLCALL_", true},
		{"ROLLCALL_URL", false},
		{"ROLLCALL_TEST_SEED", false},
		{"ROLLCALL_PROPERTY_RUNS", false},
		{"ROLLCALLER", false},
		{"PATH", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config c;

		setenv(rows[i].name, "x", 1);
		if (!read_config(&c) || (strstr(said, rows[i].name) != NULL) != rows[i].warned)
			fail_msg("%s: %s", rows[i].name, said);
		unsetenv(rows[i].name);
	}
}

/* A row has four cells, and a default that is printed is accepted. */
static void table__is_markdown_and_its_defaults_are_accepted(void **state)
{
	FILE *out = tmpfile();
	char line[512];
	size_t rows = 0;
	struct config c;

	(void)state;
	assert_non_null(out);
	config_print(out);
	rewind(out);
	while (fgets(line, sizeof(line), out) != NULL) {
		char name[64], value[64];
		size_t cells = 0;

		for (const char *p = line; *p != '\0'; p++)
			cells += *p == '|';
		if (cells != 5)
			fail_msg("not four cells: %s", line);
		if (sscanf(line, "| `%63[A-Z0-9_]` | `%63[^`]` |", name, value) == 2)
			setenv(name, value, 1);
		rows++;
	}
	fclose(out);
	assert_true(rows > 2 + 20);
	assert_true(read_config(&c));
	assert_string_equal(said, "");
	assert_int_equal(c.drain_s, 10);
}

#define TEST(name) cmocka_unit_test_setup(name, empty_environment)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_set__gives_the_defaults),
		TEST(empty_value__counts_as_not_set),
		TEST(each_type__takes_what_fits_and_refuses_the_rest),
		TEST(wrong_value__is_one_line_with_name_value_and_range),
		TEST(choice__is_the_enum_of_the_log),
		TEST(mount_of_a_slash__is_the_root_and_not_unset),
		TEST(secret_that_others_can_read__is_refused),
		TEST(file_of_settings__adds_to_the_environment),
		TEST(option_file_that_others_may_write__is_refused),
		TEST(unknown_name__is_warned_of_and_does_not_stop),
		TEST(table__is_markdown_and_its_defaults_are_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
