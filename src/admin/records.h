/* SPDX-License-Identifier: MIT
 * Reads a file of records once from beginning to end: lines (NDJSON) or CSV rows (RFC 4180). It
 * knows the byte and line at which each begins, so that an import can go on where it stopped.
 * Memory is fixed: records longer than RECORD_MAX_BYTES are skipped. */
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
	RECORD_TOO_LONG, /* skipped, up to the end of a line */
	RECORD_OPEN,     /* the file ends inside a quoted field */
	RECORD_FAILED    /* reading failed; see errno */
};

struct record {
	struct str text;      /* without the line end; valid until the next call */
	int64_t offset, line; /* where it begins; lines count from 1 */
};

struct records {
	int fd;
	enum record_form form; /* set by the caller before the first record */
	char *p;
	size_t start, end; /* the bytes that are read but not yet returned */
	bool eof;
	int64_t offset, line; /* of `start`, where the next record begins */
	struct str head;      /* the file's first bytes, which identify the file */
};

/* Begins at the descriptor's position and skips a byte-order mark. False: see errno. */
bool records_open(struct records *r, struct arena *a, int fd);

/* Goes forward to the beginning of a record. False: the file ends before it, or see errno. */
bool records_go_to(struct records *r, int64_t offset, int64_t line);

enum record_got records_next(struct records *r, struct record *out);

/* Copies the fields of a CSV row into the arena, each with a NUL. NULL, or what is wrong. */
const char *records_split_csv(
	struct arena *a, struct str text, struct str *fields, size_t max, size_t *count);

#endif
