/* SPDX-License-Identifier: MIT
 * A run of rollcall-admin import, which import.c executes and import_tell.c reports. For these two
 * files only. */
#ifndef ADMIN_IMPORT_TELL_H
#define ADMIN_IMPORT_TELL_H

#include "admin.h"
#include "base/buf.h"
#include "import_parts.h"
#include "model/tally.h"
#include "progress.h"

#define IMPORT_BATCH 500
#define IMPORT_NO_TENANT "tenant_id: no such tenant (--create-tenants makes it)"

struct import_tenant {
	struct str id, partner_id;
	enum err found;
	const char *why;
};

struct import {
	struct admin *adm;
	const char *file, *state_file; /* state_file NULL: none */
	bool create_tenants, strict, dry_run, format_given;
	int64_t max_errors;
	char **words; /* arguments of the command, to print the next one */
	struct import_rules rules;
	struct records in;
	int64_t size;  /* of the file; -1: unknown */
	int64_t began; /* offset at which this run began */
	struct import_row rows[IMPORT_BATCH];
	size_t count;
	size_t used;    /* rows of the batch that are done, committed or left out */
	size_t seen;    /* one more if --strict stops at a bad row */
	bool full;      /* --max-errors is reached */
	bool rehearsed; /* the transaction ends only because of --dry-run */
	struct import_tenant tenants[IMPORT_BATCH]; /* of the rows in the transaction */
	size_t tenant_count;
	struct tally *tally; /* of the transaction */
	int64_t added, present, bad, no_tenant;
	struct import_place place; /* for the state; `bad` and `told` grow with each batch */
	struct arena *kept;        /* memory that outlives a batch */
	struct buf told;
	int64_t told_count;
	struct progress progress;
};

/* "rollcall-admin import: WHAT: WHY". Returns 1. */
int import_complain(struct import *imp, const char *what, const char *why);

/* Prints a line for a row that is left out. */
void import_report(struct import *imp, int64_t line, const char *why);

/* Keeps a bad row for the state, so that a later run reports it. */
void import_keep_bad(struct import *imp, int64_t line, const char *why);

/* Reports what earlier runs have left out. */
void import_tell_earlier(struct import *imp);

void import_say_how_to_go_on(const struct import *imp);
void import_say_full(struct import *imp); /* --max-errors is reached */
void import_say_outcome(const struct import *imp);
void import_draw(struct import *imp); /* the progress line on a terminal */

#endif
