/* SPDX-License-Identifier: MIT
 * libFuzzer target: a file of keys, as the service reads it at its start and whenever it changed.
 * What is tried and what is opened have to agree. */
#include <stdlib.h>

#include "auth/jwks.h"
#include "lib/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = fuzz_arena();
	struct str text = fuzz_input(data, size), payload;
	const struct jwks_config cfg = {.jwks_file = fuzz_file(0, text)};
	const char *why = NULL;
	struct jwks *keys = jwks_open(&cfg);
	enum err err = jwks_try(&cfg, &why);

	fuzz_must((err == ERR_OK) == (jwks_count(keys) > 0), "tried and opened differ", text);
	fuzz_must(err == ERR_OK || why != NULL, "no reason", text);
	fuzz_must(jwks_verify(keys, a, STR("e30.e30.AAAA"), STR("ES256"), STR_NONE, &payload,
			  &why) == ERR_UNAUTHORIZED,
		"verified nothing", text);
	jwks_close(keys);
	return 0;
}
