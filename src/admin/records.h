/* SPDX-License-Identifier: MIT
 * A file of records, read once from front to back: lines (NDJSON) or CSV rows after RFC 4180. Knows
 * at which byte and line each begins, so that an import can go on where it stopped. Memory is
 * fixed: a record has at most RECORD_MAX_BYTES, longer ones are stepped over. */
#ifndef ADMIN_RECORDS_H
#define ADMIN_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define RECORD_MAX_BYTES ((size_t)1 << 20)
#define RECORD_HEAD_BYTES 4096

enum record_form { RECORD_LINE, RECORD_CSV };

enum record_got {
	RECORD_GOT,
	RECORD_END,
	RECORD_TOO_LONG, /* stepped over, to the end of a line */
	RECORD_OPEN,     /* the file ends within a quoted field */
	RECORD_FAILED    /* reading failed: errno */
};

struct record {
	struct str text;      /* without the line end; until the next call */
	int64_t offset, line; /* where it begins; line from 1 */
};

struct records {
	int fd;
	enum record_form form; /* set by the caller before the first record */
	char *p;
	size_t start, end; /* of what is read and not yet handed out */
	bool eof;
	int64_t offset, line; /* of start: where the next record begins */
	struct str head;      /* the file's first bytes, for telling files apart */
};

/* Begins at the descriptor's position; a byte-order mark is stepped over. False: errno. */
bool records_open(struct records *r, struct arena *a, int fd);

/* Goes forward to a place where a record began. False: the file ends before it, or errno. */
bool records_go_to(struct records *r, int64_t offset, int64_t line);

enum record_got records_next(struct records *r, struct record *out);

/* The fields of a CSV row, copied into the arena, a NUL behind each. NULL, or what is wrong. */
const char *records_split_csv(
	struct arena *a, struct str text, struct str *fields, size_t max, size_t *count);

#endif
