/* SPDX-License-Identifier: MIT
 * libFuzzer target: a file of an import. An input that begins with '{' or '[' is NDJSON, everything
 * else CSV with its row of names. It asserts that records follow each other without a gap, that
 * each row is a session within its limits or has a fault, and that no fault quotes a token. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/import_parts.h"
#include "auth/digest.h"
#include "http/router.h"
#include "lib/fuzz.h"

static void check_row(const struct import_rules *rules, struct arena *a, const struct record *rec)
{
	struct import_row row = {0};

	import_row_read(rules, a, rec->text, &row);
	if (row.fault != NULL)
		return;
	fuzz_must(http_is_id(row.session.id) && http_is_id(row.session.tenant_id) &&
			  http_is_id(row.session.user_id),
		"ids", rec->text);
	fuzz_must(row.session.token_digest.p == NULL || row.session.token_digest.n == DIGEST_BYTES,
		"digest", rec->text);
	fuzz_must(row.session.tags.n <= LIMIT_TAGS_BYTES, "tags", rec->text);
}

static bool has_header(struct import_rules *rules, struct arena *a, struct records *in)
{
	struct record rec;

	return rules->form == RECORD_LINE ||
	       (records_next(in, &rec) == RECORD_GOT && import_header(rules, a, rec.text) == NULL);
}

static void run(struct arena *a, int fd, bool lines, bool ignore)
{
	struct import_rules rules = {.form = lines ? RECORD_LINE : RECORD_CSV,
		.ignore_unknown = ignore,
		.session_s = 60};
	struct records in;
	struct record rec;
	int64_t end = 0;
	enum record_got got;

	fuzz_must(lseek(fd, 0, SEEK_SET) == 0 && records_open(&in, a, fd), "not opened", STR(""));
	in.form = rules.form;
	if (!has_header(&rules, a, &in))
		return;
	end = in.offset;
	while ((got = records_next(&in, &rec)) != RECORD_END) {
		fuzz_must(got != RECORD_FAILED && rec.offset == end, "a gap", rec.text);
		end = in.offset;
		if (got == RECORD_GOT)
			check_row(&rules, a, &rec);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct arena *a = fuzz_arena();
	struct str text = fuzz_input(data, size);
	const char *file = fuzz_file(0, text);

	if (fd < 0)
		fd = open(file, O_RDONLY | O_CLOEXEC);
	run(a, fd, text.n > 0 && (text.p[0] == '{' || text.p[0] == '['), size % 2 == 0);
	return 0;
}
