/* SPDX-License-Identifier: MIT
 * libFuzzer target: a file of settings, and the settings that it makes. It asserts that what is
 * refused has a line of text that says why, and that numbers are within the table's ranges. */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "lib/fuzz.h"
#include "server/config.h"

static void check(const struct config *c, struct str text)
{
	fuzz_must(c->workers >= 1 && c->workers <= WORKERS_MAX, "workers", text);
	fuzz_must(c->body_limit > 0 && c->retry_after_s > 0, "numbers", text);
	fuzz_must(c->api_prefix != NULL && c->edge_prefix != NULL, "prefixes", text);
	fuzz_must(strcmp(c->api_prefix, c->edge_prefix) != 0, "one prefix for two", text);
	fuzz_must(c->cookie != NULL && c->cookie[0] != '\0', "cookie", text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *said;
	static char words[4096];
	struct str text = fuzz_input(data, size);
	struct config c;

	if (said == NULL)
		said = fmemopen(words, sizeof(words), "w");
	fuzz_arena();
	clearenv();
	words[0] = '\0';
	rewind(said);
	if (config_file(fuzz_file(0, text), said) && config_read(&c, said)) {
		check(&c, text);
	} else {
		fflush(said);
		fuzz_must(words[0] != '\0', "refused without a word", text);
	}
	return 0;
}
