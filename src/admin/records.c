/* SPDX-License-Identifier: MIT
 * Reads records for rollcall-admin import, only from the descriptor that it is given.
 *
 * CSV is read with a few states instead of a library. libcsv gives no positions at which to go on,
 * reads the rest of the file into memory after a forgotten quote, and trims blanks, which RFC 4180
 * counts as part of a field. A quote inside a field that does not begin with one has no meaning, so
 * that a bad row ends with its line. */
#include "records.h"

#include <errno.h>
#include <unistd.h>

#define READ_BYTES ((size_t)64 * 1024)
#define BUFFER_BYTES (RECORD_MAX_BYTES + 2 * READ_BYTES)

enum csv_state {
	CSV_START, /* at the start of a field */
	CSV_PLAIN, /* in a field without quotes, or in a malformed one */
	CSV_QUOTED,
	CSV_CLOSED, /* after the closing quote, or after the first of a doubled one */
	CSV_END     /* at the end of the row */
};

static enum csv_state csv_step(enum csv_state s, char c)
{
	if (s == CSV_QUOTED)
		return c == '"' ? CSV_CLOSED : CSV_QUOTED;
	if (c == '"' && (s == CSV_START || s == CSV_CLOSED))
		return CSV_QUOTED;
	if (c == ',')
		return CSV_START;
	return c == '\n' ? CSV_END : CSV_PLAIN;
}

/* Reads more bytes; sets eof at the end of the file. */
static bool fill(struct records *r)
{
	ssize_t got;

	if (BUFFER_BYTES - r->end < READ_BYTES) {
		memmove(r->p, r->p + r->start, r->end - r->start);
		r->end -= r->start;
		r->start = 0;
	}
	do
		got = read(r->fd, r->p + r->end, BUFFER_BYTES - r->end);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return false;
	r->eof = got == 0;
	r->end += (size_t)got;
	return true;
}

static void step_over(struct records *r, size_t n)
{
	r->start += n;
	r->offset += (int64_t)n;
}

bool records_open(struct records *r, struct arena *a, int fd)
{
	static const struct str mark = {"\xEF\xBB\xBF", 3};

	*r = (struct records){.fd = fd, .line = 1};
	r->p = arena_alloc(a, BUFFER_BYTES);
	while (!r->eof && r->end < RECORD_HEAD_BYTES)
		if (!fill(r))
			return false;
	r->head.n = r->end < RECORD_HEAD_BYTES ? r->end : RECORD_HEAD_BYTES;
	r->head.p = arena_dup(a, r->p, r->head.n);
	if (str_starts(r->head, mark))
		step_over(r, mark.n);
	return true;
}

bool records_go_to(struct records *r, int64_t offset, int64_t line)
{
	errno = 0;
	while (offset > r->offset) {
		int64_t have = (int64_t)(r->end - r->start);
		int64_t skip = offset - r->offset;

		if (have > 0) {
			step_over(r, (size_t)(skip < have ? skip : have));
			continue;
		}
		if (r->eof || !fill(r))
			return false;
	}
	r->line = line;
	return offset == r->offset;
}

/* Drops the first `n` bytes of a record that is too long. */
static void drop(struct records *r, size_t *n)
{
	step_over(r, *n);
	*n = 0;
}

static enum record_got finish(
	struct records *r, struct record *out, size_t n, enum csv_state state, bool too_long)
{
	const char *p = r->p + r->start;

	if (n == 0 && !too_long)
		return RECORD_END;
	step_over(r, n);
	if (too_long)
		return RECORD_TOO_LONG;
	if (state == CSV_QUOTED)
		return RECORD_OPEN;
	if (p[n - 1] == '\n')
		n--;
	if (n > 0 && p[n - 1] == '\r')
		n--;
	out->text = (struct str){p, n};
	return RECORD_GOT;
}

enum record_got records_next(struct records *r, struct record *out)
{
	enum csv_state state = CSV_START;
	bool too_long = false;
	size_t n = 0;

	*out = (struct record){.offset = r->offset, .line = r->line};
	while (state != CSV_END) {
		char c;

		if (r->start + n == r->end) {
			if (r->eof)
				break;
			if (!fill(r))
				return RECORD_FAILED;
			continue;
		}
		c = r->p[r->start + n++];
		r->line += c == '\n';
		if (r->form == RECORD_CSV && !too_long)
			state = csv_step(state, c);
		else
			state = c == '\n' ? CSV_END : CSV_PLAIN;
		if (n >= RECORD_MAX_BYTES && state != CSV_END) {
			too_long = true;
			drop(r, &n);
		}
	}
	return finish(r, out, n, state, too_long);
}

const char *records_split_csv(
	struct arena *a, struct str text, struct str *fields, size_t max, size_t *count)
{
	char *out = arena_alloc(a, text.n + 1), *field = out;
	enum csv_state state = CSV_START;

	*count = 0;
	for (size_t i = 0; i <= text.n; i++) {
		char c = i < text.n ? text.p[i] : '\n';
		enum csv_state next = csv_step(state, c);

		if (next == CSV_START || next == CSV_END) {
			if (*count == max)
				return "has more fields than the header";
			fields[(*count)++] = (struct str){field, (size_t)(out - field)};
			*out++ = '\0';
			field = out;
		} else if (next == CSV_PLAIN && state == CSV_CLOSED) {
			return "has text behind a closing quote";
		} else if (next == CSV_PLAIN && c == '"') {
			return "has a quote within a field that does not begin with one";
		} else if (next == CSV_PLAIN || (next == CSV_QUOTED && state != CSV_START)) {
			*out++ = c;
		}
		state = next;
	}
	return NULL;
}
