/* SPDX-License-Identifier: MIT
 * libFuzzer target: the bytes of a FastCGI connection through the reader of records. The first byte
 * says how the body is read. It asserts that the parameters of a head that is accepted are texts of
 * it, in order and without an overlap, that no more of a body comes than was sent, and that a
 * reader which has ended stays so. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "lib/fuzz.h"
#include "server/record.h"

static struct record_reader reader;

static void check_head(struct str sent)
{
	const char *begin = (const char *)reader.params, *end = begin + reader.param_bytes;

	fuzz_must(
		reader.role == RECORD_RESPONDER || reader.role == RECORD_AUTHORIZER, "role", sent);
	fuzz_must(reader.id > 0 && reader.param_bytes <= sent.n, "head", sent);
	fuzz_must(reader.list_count <= LIMIT_PARAMS, "too many", sent);
	for (size_t i = 0; i < reader.list_count; i++) {
		const struct record_param *p = &reader.list[i];

		/* One byte of each length at least stands before. */
		fuzz_must(
			p->name >= begin + 2 && p->name + p->name_bytes == p->value, "name", sent);
		begin = p->value + p->value_bytes;
		fuzz_must(begin <= end && *begin == '\0', "value", sent);
	}
	fuzz_must(begin == end, "bytes behind the parameters", sent);
}

static void read_body(struct str sent, size_t most, int64_t until_us)
{
	static char part[512];
	size_t total = 0;
	long got;

	most = most % sizeof(part) + 1;
	while ((got = record_read(&reader, part, most, until_us)) > 0) {
		fuzz_must((size_t)got <= most, "more than asked", sent);
		total += (size_t)got;
	}
	fuzz_must(total <= sent.n, "more than sent", sent);
	fuzz_must(reader.ended == (got == 0) && record_read(&reader, part, 1, until_us) == got,
		"ended and went on", sent);
}

static void check_wiped(struct str sent)
{
	for (size_t i = 0; i < reader.param_bytes; i++)
		fuzz_must(reader.params[i] == 0, "parameters are left", sent);
	for (size_t i = 0; i < sizeof(reader.in); i++)
		fuzz_must(reader.in[i] == 0, "bytes are left", sent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str sent = fuzz_input(data, size);
	int64_t until_us = clock_monotonic_us() + 1000000;
	size_t most = size > 0 ? data[0] : 0;
	int pair[2];

	fuzz_arena();
	if (size < 1 || size > 60000)
		return 0;
	fuzz_must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "no socket", sent);
	fuzz_must(send(pair[1], data + 1, size - 1, MSG_DONTWAIT) == (ssize_t)size - 1, "not sent",
		sent);
	close(pair[1]);
	record_open(&reader, pair[0]);
	if (record_read_head(&reader, until_us) == RECORD_HEAD) {
		check_head(sent);
		read_body(sent, most, until_us);
	}
	record_discard(&reader, 0);
	check_wiped(sent);
	close(pair[0]);
	return 0;
}
