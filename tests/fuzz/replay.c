/* SPDX-License-Identifier: MIT
 * The main of a fuzz target that is not being fuzzed: runs the named files through it once. Linked
 * by the Makefile where libFuzzer's own main is not (`make test` replays every corpus). */
#include <stdio.h>
#include <stdlib.h>

#include "lib/fuzz.h"

#define INPUT_BYTES (1 << 20)

int main(int argc, char **argv)
{
	uint8_t *bytes = malloc(INPUT_BYTES);

	if (bytes == NULL)
		return 1;
	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");

		if (f == NULL) {
			perror(argv[i]);
			return 1;
		}
		LLVMFuzzerTestOneInput(bytes, fread(bytes, 1, INPUT_BYTES, f));
		fclose(f);
	}
	free(bytes);
	printf("%d inputs\n", argc - 1);
	return 0;
}
