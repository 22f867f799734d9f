/* SPDX-License-Identifier: MIT
 * rollcall-admin import: sessions from CSV or NDJSON, with a transaction for each batch of rows.
 * After each batch the place in the file is saved, if there is a state file. A row that was
 * committed but not saved is found by its id in the next run, so that every row is in the store
 * exactly once, even if the command is killed. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/compose.h"
#include "import_tell.h"
#include "model/geo.h"
#include "model/register.h"
#include "server/config.h"

#define IMPORT_BATCH_BYTES ((int64_t)4 << 20) /* a batch ends at this size */
#define MAX_ERRORS 1000

static volatile sig_atomic_t interrupted;

static void interrupt(int signo)
{
	(void)signo;
	interrupted = 1;
}

/* After the first signal the current batch is finished; the second one ends the program at once. */
static void watch_signals(void)
{
	struct sigaction sa = {
		.sa_handler = interrupt, .sa_flags = (int)(SA_RESTART | SA_RESETHAND)};

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

/* Each tenant is looked up, or created, once in a transaction. */
static const struct import_tenant *settle_tenant(struct import *imp, const struct session_new *s)
{
	struct import_tenant *t;

	for (size_t i = 0; i < imp->tenant_count; i++) {
		t = &imp->tenants[i];
		if (str_eq(t->id, s->tenant_id) &&
			(s->partner_id.p == NULL ||
				(t->partner_id.p != NULL && str_eq(t->partner_id, s->partner_id))))
			return t;
	}
	t = &imp->tenants[imp->tenant_count];
	*t = (struct import_tenant){.id = s->tenant_id};
	t->partner_id = s->partner_id;
	t->found = register_settle_tenant(
		imp->adm->db, imp->adm->arena, s, imp->create_tenants, &t->why);
	if (t->found == ERR_NOT_FOUND)
		t->why = IMPORT_NO_TENANT;
	if (t->found == ERR_OK)
		imp->tenant_count++;
	return t;
}

/* The id was free before: it was taken since, or the token's digest is taken. */
static enum err settle_duplicate(struct import *imp, struct import_row *row)
{
	enum err err = register_is_taken(imp->adm->db, imp->adm->arena, row->session.id);

	row->outcome = err == ERR_OK ? IMPORT_PRESENT : IMPORT_BAD;
	if (err == ERR_NOT_FOUND)
		row->why = "token: belongs to another session";
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Changes nothing that exists, so that a repeat does not restore a user's old name. */
static enum err put_row(struct import *imp, struct import_row *row)
{
	const struct import_tenant *t;
	enum err err;

	row->outcome = IMPORT_BAD;
	row->why = row->fault;
	if (row->fault != NULL)
		return ERR_OK;
	t = settle_tenant(imp, &row->session);
	row->why = t->why;
	if (t->found == ERR_NOT_FOUND || t->found == ERR_CONFLICT)
		return ERR_OK;
	if (t->found != ERR_OK)
		return t->found;
	err = register_is_taken(imp->adm->db, imp->adm->arena, row->session.id);
	if (err != ERR_NOT_FOUND) {
		row->outcome = IMPORT_PRESENT;
		return err;
	}
	err = register_put(
		imp->adm->db, imp->adm->arena, imp->tally, &row->session, &row->user, NULL);
	if (err == ERR_DUPLICATE)
		return settle_duplicate(imp, row);
	row->outcome = IMPORT_NEW;
	return err;
}

static enum err run_batch(void *ctx)
{
	struct import *imp = ctx;
	int64_t bad = imp->bad;

	imp->tenant_count = 0;
	imp->tally = tally_new(imp->adm->arena);
	imp->full = imp->rehearsed = false;
	imp->seen = 0;
	for (imp->used = 0; imp->used < imp->count && !imp->full; imp->used++) {
		struct import_row *row = &imp->rows[imp->used];
		enum err err = put_row(imp, row);

		if (err != ERR_OK)
			return err;
		imp->seen++;
		if (row->outcome == IMPORT_BAD && imp->strict)
			break;
		bad += row->outcome == IMPORT_BAD;
		imp->full = bad >= imp->max_errors;
	}
	imp->rehearsed = imp->dry_run;
	/* A dry run ends with a failure, so that it is rolled back. */
	return imp->dry_run ? ERR_CONFLICT : tally_write(imp->adm->db, imp->tally);
}

static struct import_place place_of(const struct import *imp)
{
	const struct import_row *row = &imp->rows[imp->used];
	struct import_place place = imp->place;

	place.offset = imp->used < imp->count ? row->offset : imp->in.offset;
	place.line = imp->used < imp->count ? row->line : imp->in.line;
	place.told = buf_view(&imp->told);
	return place;
}

static bool keep_place(struct import *imp)
{
	struct import_place place = place_of(imp);

	if (imp->state_file == NULL || imp->dry_run ||
		import_state_write(imp->adm->arena, imp->state_file, imp->in.head, &place))
		return true;
	import_complain(imp, imp->state_file, strerror(errno));
	return false;
}

/* Writes the batch, then reports it. False: the import stops here. */
static bool commit_batch(struct import *imp)
{
	enum err err = db_tx(imp->adm->db, run_batch, imp);
	bool stopped = imp->used < imp->count || imp->full;

	if (err != ERR_OK && !imp->rehearsed) {
		progress_clear(&imp->progress);
		admin_failed(imp->adm, "import", err);
		fprintf(stderr, "rollcall-admin import: stopped at lines %lld to %lld\n",
			(long long)imp->rows[0].line, (long long)imp->rows[imp->count - 1].line);
		return false;
	}
	for (size_t i = 0; i < imp->seen; i++) {
		const struct import_row *row = &imp->rows[i];

		imp->added += row->outcome == IMPORT_NEW;
		imp->present += row->outcome == IMPORT_PRESENT;
		if (row->outcome != IMPORT_BAD)
			continue;
		import_report(imp, row->line, row->why);
		if (i < imp->used)
			import_keep_bad(imp, row->line, row->why);
	}
	if (!keep_place(imp))
		return false;
	import_draw(imp);
	if (imp->full)
		import_say_full(imp);
	imp->count = imp->used = 0;
	return !stopped;
}

/* Reads the next record as a row of the batch and skips blank lines. False at the end, or if
 * reading failed (*failed). */
static bool read_row(struct import *imp, bool *failed)
{
	struct import_row *row = &imp->rows[imp->count];
	struct record rec;
	enum record_got got;

	do
		got = records_next(&imp->in, &rec);
	while (got == RECORD_GOT && rec.text.n == 0);
	*failed = got == RECORD_FAILED;
	if (got == RECORD_END || got == RECORD_FAILED)
		return false;
	*row = (struct import_row){.offset = rec.offset, .line = rec.line};
	if (got == RECORD_GOT)
		import_row_read(&imp->rules, imp->adm->arena, rec.text, row);
	else
		row->fault =
			got == RECORD_OPEN
				? "a quote is left open until the end of the file"
				: arena_printf(imp->adm->arena,
					  "longer than 1 MiB (a quote left open?), left out up to line %lld",
					  (long long)imp->in.line - 1);
	imp->count++;
	return true;
}

static int import_rows(struct import *imp)
{
	struct arena_mark mark = arena_mark(imp->adm->arena);
	bool more = true, failed = false;

	while (more) {
		int64_t from = imp->in.offset;

		arena_rewind(imp->adm->arena, mark);
		while (more && imp->count < IMPORT_BATCH &&
			imp->in.offset - from < IMPORT_BATCH_BYTES)
			more = read_row(imp, &failed);
		if (imp->count > 0 && !commit_batch(imp))
			return 1;
		if (interrupted && more) {
			import_complain(imp, imp->file, "interrupted");
			import_say_how_to_go_on(imp);
			return 1;
		}
	}
	if (failed)
		return import_complain(imp, imp->file, strerror(errno));
	return imp->place.bad > 0;
}

/* CSV, unless the file begins with a brace. */
static void settle_format(struct import *imp)
{
	if (!imp->format_given) {
		size_t i = imp->in.start;

		while (i < imp->in.end && strchr(" \t\r\n", imp->in.p[i]) != NULL)
			i++;
		imp->rules.form = i < imp->in.end && imp->in.p[i] == '{' ? RECORD_LINE : RECORD_CSV;
	}
	imp->in.form = imp->rules.form;
}

static const char *read_header(struct import *imp)
{
	struct record rec;

	if (imp->rules.form != RECORD_CSV)
		return NULL;
	if (records_next(&imp->in, &rec) != RECORD_GOT)
		return "has no header";
	return import_header(&imp->rules, imp->adm->arena, rec.text);
}

/* Reads the header and the state, goes to the place, and checks that the state file is writable. */
static bool prepare(struct import *imp)
{
	const char *why;
	struct stat st;

	if (!records_open(&imp->in, imp->adm->arena, imp->in.fd)) {
		import_complain(imp, imp->file, strerror(errno));
		return false;
	}
	imp->size = fstat(imp->in.fd, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : -1;
	settle_format(imp);
	why = read_header(imp);
	if (why != NULL) {
		import_report(imp, 1, why);
		return false;
	}
	imp->place = place_of(imp);
	if (imp->state_file != NULL)
		why = import_state_read(imp->kept, imp->state_file, imp->in.head, &imp->place);
	if (why == NULL && !records_go_to(&imp->in, imp->place.offset, imp->place.line))
		why = errno != 0 ? strerror(errno) : "points behind the end of the file";
	if (why != NULL) {
		import_complain(imp, imp->state_file, why);
		return false;
	}
	imp->began = imp->in.offset;
	import_tell_earlier(imp);
	return keep_place(imp);
}

static bool read_format(struct import *imp, const char *word)
{
	imp->format_given = true;
	imp->rules.form = strcmp(word, "csv") == 0 ? RECORD_CSV : RECORD_LINE;
	if (strcmp(word, "csv") == 0 || strcmp(word, "ndjson") == 0)
		return true;
	fputs("rollcall-admin import: --format takes csv or ndjson\n", stderr);
	return false;
}

static bool read_max_errors(struct import *imp, const char *word)
{
	if (str_to_i64(str_from(word), &imp->max_errors) == STR_INT_OK && imp->max_errors > 0)
		return true;
	fputs("rollcall-admin import: --max-errors takes a number from 1\n", stderr);
	return false;
}

static bool read_options(struct import *imp, int argc, char **argv)
{
	static const struct option options[] = {
		{"format", required_argument, NULL, 'f'},
		{"state", required_argument, NULL, 's'},
		{"create-tenants", no_argument, NULL, 'c'},
		{"strict", no_argument, NULL, 'x'},
		{"ignore-unknown", no_argument, NULL, 'u'},
		{"dry-run", no_argument, NULL, 'd'},
		{"max-errors", required_argument, NULL, 'm'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?' || (c == 'f' && !read_format(imp, optarg)) ||
			(c == 'm' && !read_max_errors(imp, optarg)))
			return false;
		if (c == 's')
			imp->state_file = optarg;
		imp->create_tenants |= c == 'c';
		imp->strict |= c == 'x';
		imp->dry_run |= c == 'd';
		imp->rules.ignore_unknown |= c == 'u';
	}
	if (optind + 1 == argc)
		imp->file = argv[optind];
	return imp->file != NULL;
}

static int run(struct import *imp)
{
	const struct config *cfg = imp->adm->cfg;
	struct geo *geo = geo_open(cfg->geo_file);
	int status = 1;

	imp->rules.session_s = cfg->session_s;
	imp->rules.geo = geo;
	progress_begin(&imp->progress);
	if (prepare(imp)) {
		watch_signals();
		status = import_rows(imp);
		progress_clear(&imp->progress);
		import_say_outcome(imp);
	}
	geo_close(geo);
	return status;
}

/* Runs the import while it holds the lock of the state, if there is one. */
static int run_locked(struct import *imp)
{
	const char *why;
	int lock, status;

	if (imp->state_file == NULL || imp->dry_run)
		return run(imp);
	lock = import_state_lock(imp->kept, imp->state_file, &why);
	if (lock < 0)
		return import_complain(imp, imp->state_file, why);
	status = run(imp);
	import_state_unlock(imp->kept, imp->state_file, lock);
	return status;
}

int admin_import(struct admin *adm, int argc, char **argv)
{
	struct import *imp = arena_zalloc(adm->arena, sizeof(*imp));
	bool is_input;
	int status;

	imp->adm = adm;
	imp->max_errors = MAX_ERRORS;
	imp->words = argv;
	if (!read_options(imp, argc, argv))
		return 2;
	is_input = strcmp(imp->file, "-") == 0;
	imp->in.fd = is_input ? STDIN_FILENO : open(imp->file, O_RDONLY | O_CLOEXEC);
	if (imp->in.fd < 0)
		return import_complain(imp, imp->file, strerror(errno));
	imp->kept = arena_open();
	buf_init(&imp->told, imp->kept);
	status = run_locked(imp);
	arena_close(imp->kept);
	if (!is_input)
		close(imp->in.fd);
	return status;
}
