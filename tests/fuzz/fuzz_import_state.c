/* SPDX-License-Identifier: MIT
 * libFuzzer target: the state of an interrupted import. It asserts that a state which is accepted
 * is a place, and that a refused one leaves the place as it was. The digest of an empty head is the
 * same for every state, so a seed's digest lets the fuzzer reach what is behind it. */
#include "admin/import_parts.h"
#include "lib/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = fuzz_arena();
	struct str text = fuzz_input(data, size);
	struct import_place place = {.offset = -7};
	const char *why = import_state_read(a, fuzz_file(0, text), STR(""), &place);

	if (why != NULL) {
		fuzz_must(place.offset == -7, "refused and taken", text);
		return 0;
	}
	fuzz_must(place.offset >= 0 && place.line >= 0 && place.bad >= 0, "no place", text);
	fuzz_must(place.told.n <= text.n, "told", text);
	return 0;
}
