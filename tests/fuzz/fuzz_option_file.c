/* SPDX-License-Identifier: MIT
 * libFuzzer target: a MariaDB option file, read for its hosts and for what the connector would pass
 * over in silence. */
#include "db/options.h"
#include "lib/fuzz.h"
#include "server/option_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct options o;
	struct arena *a = fuzz_arena();
	struct str text = fuzz_input(data, size);
	const char *file = fuzz_file(0, text), *fault = option_file_fault(a, file, "rollcall");
	enum err err = options_read(&o, file, "rollcall");

	fuzz_must(fault == NULL || fault[0] != '\0', "no reason", text);
	fuzz_must(err == ERR_OK || err == ERR_UNAVAILABLE || err == ERR_FORBIDDEN, "outcome", text);
	fuzz_must(err == ERR_OK || o.why[0] != '\0', "no reason", text);
	fuzz_must(o.host_count <= OPTIONS_HOSTS, "hosts", text);
	for (size_t i = 0; i < o.host_count; i++)
		fuzz_must(o.hosts[i].name[0] != '\0' && o.hosts[i].port <= 65535, "host", text);
	return 0;
}
