/* SPDX-License-Identifier: MIT
 * The parts of rollcall-admin import: reading a row's text for the model, and the place where a
 * later run goes on. For src/admin/import*.c only. */
#ifndef ADMIN_IMPORT_PARTS_H
#define ADMIN_IMPORT_PARTS_H

#include "model/register.h"
#include "records.h"

#define IMPORT_COLUMNS_MAX 32

struct geo;

struct import_rules {
	enum record_form form;
	bool ignore_unknown;             /* ignore unknown columns and members */
	int64_t session_s;               /* lifetime of a row without one */
	const struct geo *geo;           /* NULL: no location is looked up */
	int columns[IMPORT_COLUMNS_MAX]; /* CSV: what each column is; -1: ignored */
	size_t column_count;
};

enum import_outcome { IMPORT_BAD, IMPORT_NEW, IMPORT_PRESENT };

struct import_row {
	int64_t offset, line;
	const char *fault;           /* why its text is bad; NULL: it is good */
	enum import_outcome outcome; /* of the transaction; `why` tells why it is bad */
	const char *why;
	struct session_new session;
	struct user_new user;
};

/* Reads the row of names that a CSV file begins with. NULL, or what is wrong with it. */
const char *import_header(struct import_rules *rules, struct arena *a, struct str text);

/* Fills session, user and fault; all texts are in the arena. Tokens are kept as digests only, and
 * no value of the row is part of a fault. */
void import_row_read(
	const struct import_rules *rules, struct arena *a, struct str text, struct import_row *row);

/* Where an import goes on, and what was bad before. A digest of the file's first bytes detects
 * another file. */
struct import_place {
	int64_t offset, line;
	int64_t bad;     /* rows left out by earlier runs */
	struct str told; /* a line "LINE WHY" for each of the first of them */
};

#define IMPORT_TOLD_MAX 1000 /* bad rows whose reason the state keeps */

/* Without a state file *place stays as it is. NULL, or what is wrong. */
const char *import_state_read(
	struct arena *a, const char *path, struct str head, struct import_place *place);

/* Writes all or nothing: under another name, then renamed. False: see errno; the former state is
 * as it was, and no other file is left. */
bool import_state_write(
	struct arena *a, const char *path, struct str head, const struct import_place *place);

/* Locks the file `path`.lock, which one import at a time can hold; unlocking removes it. Returns
 * the descriptor, or -1 and *why. */
int import_state_lock(struct arena *a, const char *path, const char **why);
void import_state_unlock(struct arena *a, const char *path, int fd);

#endif
