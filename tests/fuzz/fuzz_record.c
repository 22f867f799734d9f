/* SPDX-License-Identifier: MIT
 * libFuzzer target: the bytes of a FastCGI connection through the reader of records. The first byte
 * says how the body is read. It asserts that a head which is accepted is one that the parameters
 * fill to the last byte, that no more of a body comes than was sent, and that a reader which has
 * ended stays so. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "lib/fuzz.h"
#include "server/record.h"

static struct record_reader reader;

static size_t length(const unsigned char **p)
{
	size_t n = **p;

	if (n < 0x80) {
		*p += 1;
		return n;
	}
	n = (n & 0x7f) << 24 | (size_t)(*p)[1] << 16 | (size_t)(*p)[2] << 8 | (*p)[3];
	*p += 4;
	return n;
}

/* As libfcgi walks through them. */
static void check_head(struct str sent)
{
	const unsigned char *p = reader.params, *end = p + reader.param_bytes;
	size_t count = 0;

	fuzz_must(
		reader.role == RECORD_RESPONDER || reader.role == RECORD_AUTHORIZER, "role", sent);
	fuzz_must(reader.id > 0 && reader.param_bytes <= sent.n, "head", sent);
	while (p < end) {
		size_t name = length(&p), value = length(&p);

		fuzz_must(p <= end && name + value <= (size_t)(end - p), "a pair too long", sent);
		p += name + value;
		count++;
	}
	fuzz_must(p == end && count <= LIMIT_PARAMS, "parameters", sent);
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
