/* SPDX-License-Identifier: MIT
 * Mount, prefix and segments, as each web server sends them; rows are named by the server and the
 * way it is set up. Own program; needs no web server. */
#include "unit/test_http_env.h"

struct row {
	const char *name;
	const char *script, *info, *uri; /* NULL: not sent */
	const char *want;                /* mount|prefix|segment|…; NULL: path_ok is false */
};

static const struct str prefixes[] = {
	{"/api/v1", 7},
	{"/edge/management/v1", 19},
	{"/healthz", 8},
	{"/api/v1/deep", 12},
};

/* "mount|prefix|a|b", for comparing at one glance. */
static struct str shown(struct arena *a, const struct http_request *r)
{
	struct str s;

	if (!r->path_ok)
		return STR_NONE;
	s = str_printf(a, "%.*s|%.*s", STR_FMT(r->mount), STR_FMT(r->prefix));
	for (size_t i = 0; i < r->segment_count; i++)
		s = str_printf(a, "%.*s|%.*s", STR_FMT(s), STR_FMT(r->segments[i]));
	return s;
}

static void run_rows_among(const struct str *list, size_t prefix_count, const struct row *rows,
	size_t count, struct str fixed_mount)
{
	int failed = 0;

	for (size_t i = 0; i < count; i++) {
		struct arena *a = arena_open();
		struct fake_env f = {
			.vars = {{"SCRIPT_NAME", rows[i].script}, {"PATH_INFO", rows[i].info},
				{"REQUEST_URI", rows[i].uri}}};
		struct http_env env = fake_http_env(&f);
		struct http_request r;

		http_request_parse(&r, a, &env, list, prefix_count, fixed_mount);
		failed += differs(rows[i].name, "target", shown(a, &r), rows[i].want);
		arena_close(a);
	}
	assert_int_equal(failed, 0);
}

static void run_rows(const struct row *rows, size_t count, struct str fixed_mount)
{
	run_rows_among(prefixes, ARRAY_LEN(prefixes), rows, count, fixed_mount);
}

static void every_web_server__gives_the_same_mount_and_segments(void **state)
{
	static const struct row rows[] = {
		{"lighttpd /api/v1", "/api/v1", "/me/sessions", "/api/v1/me/sessions",
			"|/api/v1|me|sessions"},
		{"lighttpd /api/v1 itself", "/api/v1", NULL, "/api/v1", "|/api/v1"},
		{"lighttpd /apps/sessions/", "/apps/sessions/api", "/v1/me/sessions",
			"/apps/sessions/api/v1/me/sessions", "/apps/sessions|/api/v1|me|sessions"},
		{"lighttpd /apps/sessions/ one segment", "/apps/sessions/healthz", "",
			"/apps/sessions/healthz", "/apps/sessions|/healthz"},
		{"lighttpd / without fix-root", "/apps", "/sessions/api/v1/me",
			"/apps/sessions/api/v1/me", "/apps/sessions|/api/v1|me"},
		{"lighttpd / with fix-root", "", "/api/v1/me", "/api/v1/me", "|/api/v1|me"},
		{"lighttpd / with fix-root, below", "", "/apps/sessions/api/v1/me",
			"/apps/sessions/api/v1/me", "/apps/sessions|/api/v1|me"},
		{"mod_fcgid ScriptAlias", "/apps/sessions", "/api/v1/me",
			"/apps/sessions/api/v1/me", "/apps/sessions|/api/v1|me"},
		{"mod_fcgid ScriptAlias of the root", "", "/api/v1/me", "/api/v1/me",
			"|/api/v1|me"},
		{"mod_fcgid script in the URI", "/apps/sessions/rollcall.fcgi", "/api/v1/me",
			"/apps/sessions/rollcall.fcgi/api/v1/me",
			"/apps/sessions/rollcall.fcgi|/api/v1|me"},
		{"mod_fcgid .htaccess rewrite with path", "/apps/sessions/rollcall.fcgi",
			"/api/v1/me", "/apps/sessions/api/v1/me", "/apps/sessions|/api/v1|me"},
		{"mod_fcgid .htaccess rewrite without path", "/apps/sessions/rollcall.fcgi", NULL,
			"/apps/sessions/api/v1/me", "/apps/sessions|/api/v1|me"},
		{"mod_fcgid rewrite to cgi-bin", "/cgi-bin/rollcall.fcgi", "/api/v1/me",
			"/apps/sessions/api/v1/me", "/apps/sessions|/api/v1|me"},
		{"mod_fcgid rewrite to cgi-bin, slashes", "/cgi-bin/rollcall.fcgi", "/api/v1/a/b/",
			"/apps/sessions/api/v1/a%2Fb/", "/apps/sessions|/api/v1|a/b"},
		{"mod_fcgid rewrite to cgi-bin, NoDecode", "/cgi-bin/rollcall.fcgi",
			"/api/v1/a%2Fb", "/apps/sessions/api/v1/a%2Fb",
			"/apps/sessions|/api/v1|a/b"},
		{"mod_fcgid wrapper", "/apps/sessions/api", "/v1/me", "/apps/sessions/api/v1/me",
			"/apps/sessions|/api/v1|me"},
		{"mod_proxy_fcgi ProxyPass", "/apps/sessions/api/v1/me", NULL,
			"/apps/sessions/api/v1/me", "/apps/sessions|/api/v1|me"},
		{"mod_proxy_fcgi SetHandler", "/apps", "/sessions/api/v1/me",
			"/apps/sessions/api/v1/me", "/apps/sessions|/api/v1|me"},
		{"nginx fastcgi_params", "/apps/sessions/api/v1/me", NULL,
			"/apps/sessions/api/v1/me?page=2", "/apps/sessions|/api/v1|me"},
		{"nginx split", "/apps/sessions", "/api/v1/me", "/apps/sessions/api/v1/me",
			"/apps/sessions|/api/v1|me"},
		{"nginx with fastcgi_index", "/apps/sessions/healthz/index.php", NULL,
			"/apps/sessions/healthz/", "/apps/sessions|/healthz"},
		{"SCRIPT_NAME ending in a slash", "/apps/sessions/", "/api/v1/me",
			"/apps/sessions/api/v1/me", "/apps/sessions|/api/v1|me"},
		{"only REQUEST_URI", NULL, NULL, "/apps/sessions/api/v1/me",
			"/apps/sessions|/api/v1|me"},
		{"only SCRIPT_NAME and PATH_INFO", "/apps/sessions", "/api/v1/me", NULL,
			"/apps/sessions|/api/v1|me"},
		{"empty REQUEST_URI", "/apps/sessions", "/api/v1/me", "",
			"/apps/sessions|/api/v1|me"},
		{"nothing", NULL, NULL, NULL, NULL},
	};

	(void)state;
	run_rows(rows, ARRAY_LEN(rows), STR_NONE);
}

static void mount__has_to_be_borne_out_by_the_web_server(void **state)
{
	static const struct row rows[] = {
		{"below a script", "/apps/sessions/rollcall.fcgi", "/x/api/v1/me",
			"/apps/sessions/x/api/v1/me", NULL},
		{"elsewhere", "/apps/sessions", "/api/v1/me", "/other/api/v1/me/x", NULL},
		{"half a segment", "/apps/sessions", "/api/v1/me", "/apps/sess/api/v1/me/x", NULL},
		{"rewritten to another path", "/cgi-bin/rollcall.fcgi", "/healthz",
			"/public/api/v1/admin", NULL},
		{"rewritten to a path with the prefix twice", "/cgi-bin/rollcall.fcgi",
			"/api/v1/me/api/v1/admin", "/public/api/v1/admin", NULL},
		{"encoded slash in the mount", "/apps/sessions/api", "/v1/me",
			"/apps%2Fsessions/api/v1/me", NULL},
		{"mount escaped in the URI", "/~a b/s.fcgi", "/api/v1/me", "/%7Ea%20b/api/v1/me",
			"/%7Ea%20b|/api/v1|me"},
	};

	(void)state;
	run_rows(rows, ARRAY_LEN(rows), STR_NONE);
}

static void first_prefix__wins_and_the_longest_at_its_place(void **state)
{
	static const struct row rows[] = {
		{"prefix in an id", "", "/api/v1/tenants/healthz", "/api/v1/tenants/healthz",
			"|/api/v1|tenants|healthz"},
		{"prefix twice", "", "/api/v1/api/v1", "/api/v1/api/v1", "|/api/v1|api|v1"},
		{"longest", "", "/api/v1/deep/x", "/api/v1/deep/x", "|/api/v1/deep|x"},
		{"not a boundary", "", "/api/v10/me", "/api/v10/me", NULL},
		{"not a boundary, single", "", "/healthzz", "/healthzz", NULL},
		{"half a prefix", "", "/api", "/api", NULL},
		{"other dialect", "", "/edge/management/v1/api-sessions",
			"/edge/management/v1/api-sessions", "|/edge/management/v1|api-sessions"},
		{"no prefix", "", "/favicon.ico", "/favicon.ico", NULL},
		{"the root", "", "/", "/", NULL},
		{"case counts", "", "/API/v1/me", "/API/v1/me", NULL},
	};

	(void)state;
	run_rows(rows, ARRAY_LEN(rows), STR_NONE);
}

static void request_target__is_read_in_every_form(void **state)
{
	static const struct row rows[] = {
		{"absolute", "", "/api/v1/me", "http://h.example:81/api/v1/me?x=/a", "|/api/v1|me"},
		{"absolute https", "", "/api/v1/me", "HTTPS://h/api/v1/me", "|/api/v1|me"},
		{"absolute without path", "", "/", "http://h.example?x=/api/v1/me", NULL},
		{"absolute, host alone", "", "/", "http://h.example", NULL},
		{"absolute, other scheme", "", "/", "ftp://h/api/v1/me", NULL},
		{"a URL as a segment", "", "/api/v1/http:/x", "/api/v1/http:%2F%2Fx",
			"|/api/v1|http://x"},
		{"asterisk", "", "", "*", NULL},
		{"authority", "", "", "h.example:443", NULL},
		{"query", "", "/api/v1/me", "/api/v1/me?a=b?c/../d", "|/api/v1|me"},
		{"fragment", "", "/api/v1/me", "/api/v1/me#/x?y", "|/api/v1|me"},
		{"query of nothing", "", "/api/v1/", "/api/v1/?", "|/api/v1"},
	};

	(void)state;
	run_rows(rows, ARRAY_LEN(rows), STR_NONE);
}

static void segments__are_decoded_once_and_nothing_is_normalised(void **state)
{
	static const struct row rows[] = {
		{"%2F", "", "/api/v1/me/a/b", "/api/v1/me/a%2Fb", "|/api/v1|me|a/b"},
		{"%2f", "", "/api/v1/me/a/b", "/api/v1/me/a%2fb", "|/api/v1|me|a/b"},
		{"prefix escaped", "/api", "/v1/me", "/%61pi/v%31/me", "|/api/v1|me"},
		{"prefix with %2F", "/api", "/v1/me", "/api%2Fv1/me", NULL},
		{"twice escaped", "", "/api/v1/%41", "/api/v1/%2541", "|/api/v1|%41"},
		{"bad escape", "", "/api/v1/%zz%4", "/api/v1/%zz%4", "|/api/v1|%zz%4"},
		{"plus is a plus", "", "/api/v1/a+b", "/api/v1/a+b", "|/api/v1|a+b"},
		{"parameter", "", "/api/v1/me;v=1", "/api/v1/me;v=1", "|/api/v1|me;v=1"},
		{"decoded by the server: not again", "", "/api/v1/%41", NULL, "|/api/v1|%41"},
		{"decoded by the server: ? and #", "", "/api/v1/a?b#c", NULL, "|/api/v1|a?b#c"},
		{"trailing slash", "", "/api/v1/me/", "/api/v1/me/", "|/api/v1|me"},
		{"trailing slash behind the prefix", "", "/api/v1/", "/api/v1/", "|/api/v1"},
		{"two trailing slashes", "", "/api/v1/me/", "/api/v1/me//", "|/api/v1|me"},
		{"many trailing slashes", "", "/api/v1/", "/api/v1////", "|/api/v1"},
		{"empty inner segment", "", "/api/v1/me", "/api/v1//me", NULL},
		{"empty first segment", "", "/api/v1/me", "//api/v1/me", NULL},
		{"empty segment in the prefix", "", "/api/v1/me", "/api//v1/me", NULL},
		{"empty segment in the mount", "/a/b", "/api/v1/me", "/a//b/api/v1/me", NULL},
		{"dot", "", "/api/v1/me", "/api/v1/./me", NULL},
		{"dot dot", "", "/api/v1/me", "/api/v1/x/../me", NULL},
		{"dot dot in front", "", "/api/v1/me", "/x/../api/v1/me", NULL},
		{"dot dot at the end", "", "/api/v1/", "/api/v1/me/..", NULL},
		{"dot dot escaped", "", "/api/v1/me", "/api/v1/x/%2e%2E/me", NULL},
		{"dot escaped", "", "/api/v1/me", "/api/v1/%2E/me", NULL},
		{"dots and more", "", "/api/v1/...", "/api/v1/...", "|/api/v1|..."},
		{"dot dot within a segment", "", "/api/v1/..", "/api/v1/..%2Fx", "|/api/v1|../x"},
	};

	(void)state;
	run_rows(rows, ARRAY_LEN(rows), STR_NONE);
}

static void fixed_mount__pins_it(void **state)
{
	static const struct row rows[] = {
		{"there", "/x", "/y", "/apps/s/api/v1/me", "/apps/s|/api/v1|me"},
		{"there, escaped", "/x", "/y", "/app%73/s/api/v1/me", "/apps/s|/api/v1|me"},
		{"not there", "", "/api/v1/me", "/api/v1/me", NULL},
		{"deeper", "", "/apps/s/x/api/v1/me", "/apps/s/x/api/v1/me", NULL},
		{"half a segment", "", "/apps/ss/api/v1/me", "/apps/ss/api/v1/me", NULL},
		{"itself", "", "/apps/s", "/apps/s", NULL},
	};
	static const struct row root[] = {
		{"there", "", "/api/v1/me", "/api/v1/me", "|/api/v1|me"},
		{"deeper", "", "/apps/api/v1/me", "/apps/api/v1/me", NULL},
	};

	(void)state;
	run_rows(rows, ARRAY_LEN(rows), STR("/apps/s"));
	run_rows(rows, ARRAY_LEN(rows), STR("/apps/s/"));
	run_rows(root, ARRAY_LEN(root), STR(""));
	run_rows(root, ARRAY_LEN(root), STR("/"));
}

static void empty_prefix__is_the_mount_with_nothing_behind_it(void **state)
{
	static const struct str list[] = {{"/api/v1", 7}, {"", 0}};
	static const struct row unknown[] = {
		{"the root", "", "/", "/", "|"},
		{"the root, absolute", "", "/", "http://h.example", "|"},
		{"somewhere", "/apps/s", "/", "/apps/s/", NULL},
		{"no prefix", "", "/favicon.ico", "/favicon.ico", NULL},
		{"another prefix", "", "/api/v1/me", "/api/v1/me", "|/api/v1|me"},
	};
	static const struct row below[] = {
		{"the mount", "/apps/s", "", "/apps/s", "/apps/s|"},
		{"with a slash", "/apps/s", "/", "/apps/s/", "/apps/s|"},
		{"beside it", "", "/apps/st", "/apps/st", NULL},
		{"below it", "/apps/s", "/x", "/apps/s/x", NULL},
		{"above it", "", "/apps", "/apps", NULL},
		{"another prefix", "/apps/s", "/api/v1/me", "/apps/s/api/v1/me",
			"/apps/s|/api/v1|me"},
	};

	(void)state;
	run_rows_among(list, ARRAY_LEN(list), unknown, ARRAY_LEN(unknown), STR_NONE);
	run_rows_among(list, ARRAY_LEN(list), below, ARRAY_LEN(below), STR("/apps/s"));
}

static void web_servers_word_for_the_mount__counts_first(void **state)
{
	static const struct {
		const char *told;
		struct str setting;
		const char *want;
	} rows[] = {
		{NULL, {NULL, 0}, "/a/b|/api/v1|me"},
		{"", {NULL, 0}, "/a/b|/api/v1|me"},
		{"/", {NULL, 0}, NULL},
		{"/a", {NULL, 0}, NULL},
		{"/a/b", {NULL, 0}, "/a/b|/api/v1|me"},
		{"/a/b/", {"/x", 2}, "/a/b|/api/v1|me"},
		{NULL, {"/x", 2}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_open();
		struct fake_env f = {.vars = {{"ROLLCALL_MOUNT", rows[i].told},
					     {"REQUEST_URI", "/a/b/api/v1/me"}}};
		struct http_env env = fake_http_env(&f);
		struct http_request r;

		http_request_parse(&r, a, &env, prefixes, ARRAY_LEN(prefixes), rows[i].setting);
		assert_int_equal(differs("mount", rows[i].told != NULL ? rows[i].told : "-",
					 shown(a, &r), rows[i].want),
			0);
		arena_close(a);
	}
}

/* head, then `n` times `piece`. */
static bool path_ok_of(
	const char *head, size_t n, const char *piece, struct str prefix, size_t *segments)
{
	struct arena *a = arena_open();
	struct str uri = str_from(head);
	struct fake_env f = {.vars = {{"SCRIPT_NAME", ""}}};
	struct http_env env = fake_http_env(&f);
	struct http_request r;
	bool ok;

	for (size_t i = 0; i < n; i++)
		uri = str_printf(a, "%.*s%s", STR_FMT(uri), piece);
	f.vars[1] = (struct fake_var){"REQUEST_URI", uri.p};
	http_request_parse(&r, a, &env, &prefix, 1, STR_NONE);
	assert_true(r.path_ok || str_eq(r.path, uri));
	ok = r.path_ok;
	*segments = r.segment_count;
	arena_close(a);
	return ok;
}

static void limits__are_exact(void **state)
{
	const struct str prefix = STR("/p");
	size_t n;

	(void)state;
	assert_true(path_ok_of("/p", LIMIT_PATH_SEGMENTS, "/a", prefix, &n));
	assert_int_equal(n, LIMIT_PATH_SEGMENTS);
	assert_false(path_ok_of("/p", LIMIT_PATH_SEGMENTS + 1, "/a", prefix, &n));
	assert_false(path_ok_of("/p", 1000, "/a", prefix, &n));
	assert_true(path_ok_of("/p/", LIMIT_PATH_BYTES - 3, "a", prefix, &n));
	assert_false(path_ok_of("/p/", LIMIT_PATH_BYTES - 2, "a", prefix, &n));
}

static void path__is_raw_and_begins_behind_the_prefix(void **state)
{
	static const struct {
		const char *uri, *path;
	} rows[] = {
		{"/m/api/v1/me/a%2Fb?x", "/me/a%2Fb"},
		{"/m/api/v1", ""},
		{"/m/api/v1/", "/"},
		{"/m/api/v2/me?x", "/m/api/v2/me"},
		{"/m/%61pi/v1/x/", "/x/"},
	};
	int failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_open();
		struct fake_env f = {.vars = {{"REQUEST_URI", rows[i].uri}}};
		struct http_env env = fake_http_env(&f);
		struct http_request r;

		http_request_parse(&r, a, &env, prefixes, ARRAY_LEN(prefixes), STR_NONE);
		failed += differs(rows[i].uri, "path", r.path, rows[i].path);
		arena_close(a);
	}
	assert_int_equal(failed, 0);
}

static void prefix_of_a_slash__takes_everything_at_the_root(void **state)
{
	size_t n;

	(void)state;
	assert_true(path_ok_of("/a", 2, "/b", STR("/"), &n));
	assert_int_equal(n, 3);
	assert_true(path_ok_of("/", 0, "", STR("/"), &n));
	assert_int_equal(n, 0);
	assert_true(path_ok_of("http://h.example", 0, "", STR("/"), &n));
	assert_int_equal(n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_web_server__gives_the_same_mount_and_segments),
		cmocka_unit_test(mount__has_to_be_borne_out_by_the_web_server),
		cmocka_unit_test(first_prefix__wins_and_the_longest_at_its_place),
		cmocka_unit_test(request_target__is_read_in_every_form),
		cmocka_unit_test(segments__are_decoded_once_and_nothing_is_normalised),
		cmocka_unit_test(fixed_mount__pins_it),
		cmocka_unit_test(empty_prefix__is_the_mount_with_nothing_behind_it),
		cmocka_unit_test(web_servers_word_for_the_mount__counts_first),
		cmocka_unit_test(limits__are_exact),
		cmocka_unit_test(path__is_raw_and_begins_behind_the_prefix),
		cmocka_unit_test(prefix_of_a_slash__takes_everything_at_the_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
