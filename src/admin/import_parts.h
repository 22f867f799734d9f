/* SPDX-License-Identifier: MIT
 * The parts of rollcall-admin import: a row's text into what the model writes, and the place where
 * a later run goes on. For src/admin/import*.c only. */
#ifndef ADMIN_IMPORT_PARTS_H
#define ADMIN_IMPORT_PARTS_H

#include "model/register.h"
#include "records.h"

#define IMPORT_COLUMNS_MAX 32

struct geo;

struct import_rules {
	enum record_form form;
	bool ignore_unknown;             /* columns and members that nobody here knows */
	int64_t session_s;               /* lifetime where a row names none */
	const struct geo *geo;           /* NULL: no location is looked up */
	int columns[IMPORT_COLUMNS_MAX]; /* CSV: which is where, -1 for one to be ignored */
	size_t column_count;
};

enum import_outcome { IMPORT_BAD, IMPORT_NEW, IMPORT_PRESENT };

struct import_row {
	int64_t offset, line;
	const char *fault;           /* why its text is bad; NULL: it is not */
	enum import_outcome outcome; /* of the transaction, with why for a bad one */
	const char *why;
	struct session_new session;
	struct user_new user;
};

/* Reads the row of names that a CSV file begins with. NULL, or what is wrong with it. */
const char *import_header(struct import_rules *rules, struct arena *a, struct str text);

/* Fills in session, user and fault; all texts are in the arena. Tokens leave as digests only, and
 * no value of the row is part of a fault. */
void import_row_read(
	const struct import_rules *rules, struct arena *a, struct str text, struct import_row *row);

/* Where an import goes on, and what was bad before. The digest of the file's first bytes guards
 * against another file. */
struct import_place {
	int64_t offset, line;
	int64_t bad;     /* rows left out in the parts before */
	struct str told; /* "LINE WHY" of the first of them, a line each */
};

#define IMPORT_TOLD_MAX 1000 /* bad rows of which a state keeps the reason */

/* Without a state file *place stays as it is. NULL, or what is wrong. */
const char *import_state_read(
	struct arena *a, const char *path, struct str head, struct import_place *place);

/* All or nothing: written aside, then renamed. False: errno. */
bool import_state_write(
	struct arena *a, const char *path, struct str head, const struct import_place *place);

/* A file beside the state, `path`.lock, which only one import holds at a time; it is gone when that
 * ends. The descriptor, or -1 and *why. */
int import_state_lock(struct arena *a, const char *path, const char **why);
void import_state_unlock(struct arena *a, const char *path, int fd);

#endif
