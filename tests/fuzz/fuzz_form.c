/* SPDX-License-Identifier: MIT
 * libFuzzer target: a query string or the body of a form (introspection, revocation, logout). It
 * asserts that a value which was encoded reads as it was, and that a value is never longer than the
 * text that it is from. */
#include "http/request.h"
#include "lib/fuzz.h"

static void read_names(struct arena *a, struct str text)
{
	static const char *const names[] = {"token", ""};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct str first = http_form_first(a, text, names[i]),
			   last = http_form_last(a, text, names[i]);

		fuzz_must((first.p == NULL) == (last.p == NULL), "one of two is absent", text);
		fuzz_must(first.n <= text.n && last.n <= text.n, "longer than its text", text);
	}
}

static void go_round(struct arena *a, struct str value)
{
	struct str encoded = str_percent_encode(a, value);
	struct str form = str_printf(a, "a=1&token=%.*s&b=%%zz&=", STR_FMT(encoded));

	fuzz_must(str_eq(http_form_first(a, form, "token"), value), "not the first", form);
	fuzz_must(str_eq(http_form_last(a, form, "token"), value), "not the last", form);
	fuzz_must(str_eq(str_percent_decode(a, encoded, false), value), "not decoded", form);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = fuzz_arena();
	struct str text = fuzz_input(data, size);

	read_names(a, text);
	go_round(a, text);
	fuzz_must(str_is_utf8(str_to_utf8(a, text)), "not UTF-8", text);
	return 0;
}
