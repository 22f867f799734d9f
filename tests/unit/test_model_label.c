/* SPDX-License-Identifier: MIT
 * The words for a device, and what a device is told from a new one by.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "model/device.h"

#define WEBKIT "AppleWebKit/537.36 (KHTML, like Gecko) "

static const struct {
	const char *agent, *label;
} rows[] = {
	{"Mozilla/5.0 (Windows NT 10.0; rv:142.0) Gecko/20100101 Firefox/142.0",
		"Firefox on Windows"},
	{"Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
		"Firefox on Linux"},
	{"Mozilla/5.0 (Windows NT 10.0) " WEBKIT "Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
		"Edge on Windows"},
	{"Mozilla/5.0 (Windows NT 10.0) " WEBKIT "Chrome/140.0.0.0 Safari/537.36 OPR/120.0",
		"Opera on Windows"},
	{"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) " WEBKIT "Chrome/140.0.0.0 Safari/537.36",
		"Chrome on ChromeOS"},
	{"Mozilla/5.0 (Linux; Android 15; Pixel 9) " WEBKIT "Chrome/140.0.0.0 Mobile Safari/537.36",
		"Chrome on Android"},
	{"Mozilla/5.0 (Linux; Android 14) " WEBKIT "SamsungBrowser/25.0 Chrome/121.0 Safari/537.36",
		"Samsung Internet on Android"},
	{"Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) " WEBKIT "Version/18.1 Safari/605.1.15",
		"Safari on macOS"},
	{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) " WEBKIT
	 "Version/18.2 Mobile/15E148 Safari/604.1",
		"Safari on iPhone"},
	{"Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) " WEBKIT "CriOS/140.0 Mobile Safari/604.1",
		"Chrome on iPad"},
	{"Mozilla/5.0 (SMART-TV; Linux; Tizen 8.0) " WEBKIT "Version/8.0 TV Safari/537.36",
		"Safari on TV"},
	{"Something on Windows", "Windows"},
	{"Firefox/1", "Firefox"},
	{"curl/8.11.0", "curl"},
	{"okhttp/4.12.0", "okhttp"},
	{" padded 1", "padded"},
	{"a\tb", "a"},
};

static void label__is_what_a_person_would_call_it(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str label = device_label(*state, str_from(rows[i].agent));

		if (!str_eq(label, str_from(rows[i].label)))
			fail_msg("%s: %.*s", rows[i].agent, STR_FMT(label));
	}
}

static void agent_without_a_word__has_no_label(void **state)
{
	assert_null(device_label(*state, STR_NONE).p);
	assert_null(device_label(*state, STR("  ")).p);
	assert_null(device_label(*state, STR("/8.0")).p);
}

static void label__is_short_and_utf8(void **state)
{
	struct buf agent;
	struct str label;

	buf_init(&agent, *state);
	buf_char(&agent, 'x');
	for (int i = 0; i < LIMIT_DEVICE_LABEL_BYTES; i++)
		buf_str(&agent, STR("\u00e9"));
	label = device_label(*state, buf_view(&agent));
	assert_in_range(label.n, LIMIT_DEVICE_LABEL_BYTES - 2, LIMIT_DEVICE_LABEL_BYTES);
	assert_true(str_is_utf8(label));
}

static bool same(struct arena *a, const char *x, const char *y)
{
	return str_eq(device_trace(a, STR("Firefox on Linux"), str_from(x)),
		device_trace(a, STR("Firefox on Linux"), str_from(y)));
}

static void trace__is_of_the_network(void **state)
{
	assert_true(same(*state, "192.0.2.1", "192.0.2.254"));
	assert_false(same(*state, "192.0.2.1", "192.0.3.1"));
	assert_true(same(*state, "2001:db8:1::1", "2001:db8:1:ffff::2"));
	assert_false(same(*state, "2001:db8:1::1", "2001:db8:2::1"));
	assert_false(same(*state, "192.0.2.1", ""));
	assert_false(str_eq(device_trace(*state, STR("curl"), STR("192.0.2.1")),
		device_trace(*state, STR("wget"), STR("192.0.2.1"))));
	assert_null(device_trace(*state, STR_NONE, STR("192.0.2.1")).p);
}

static int open_arena(void **state)
{
	*state = arena_open();
	return 0;
}

static int close_arena(void **state)
{
	arena_close(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(label__is_what_a_person_would_call_it),
		cmocka_unit_test(agent_without_a_word__has_no_label),
		cmocka_unit_test(label__is_short_and_utf8),
		cmocka_unit_test(trace__is_of_the_network),
	};

	return cmocka_run_group_tests_name("device labels", tests, open_arena, close_arena);
}
