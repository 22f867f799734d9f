/* SPDX-License-Identifier: MIT
 * rollcall-admin restore-guard: after a restore, ends the sessions that the backup has as active,
 * because nobody knows which of them were ended since. Uses transactions of REVOKE_BATCH while the
 * service runs; the next run finishes one that was stopped. */
#include <getopt.h>
#include <stdio.h>

#include "admin.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/random.h"
#include "model/api_session.h"
#include "model/revoke.h"
#include "model/session.h"
#include "progress.h"
#include "query/query.h"

#define REASON "restored from a backup"

struct guard {
	const char *before; /* NULL: all */
	const char *reason;
	bool all, dry_run;
	struct progress progress;
	int64_t count;
};

static bool read_options(struct guard *g, int argc, char **argv)
{
	static const struct option options[] = {
		{"before", required_argument, NULL, 'b'},
		{"all", no_argument, NULL, 'a'},
		{"reason", required_argument, NULL, 'r'},
		{"dry-run", no_argument, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return false;
		if (c == 'b')
			g->before = optarg;
		if (c == 'r')
			g->reason = optarg;
		g->all |= c == 'a';
		g->dry_run |= c == 'n';
	}
	if (optind != argc || strlen(g->reason) > LIMIT_REASON_BYTES)
		return false;
	if (g->all == (g->before != NULL))
		fputs("rollcall-admin restore-guard: one of --all and --before INSTANT is needed\n",
			stderr);
	return g->all != (g->before != NULL);
}

/* Builds the filter that a client would write: createdAt < datetime(…). */
static bool read_before(struct admin *adm, const char *before, const struct query **out)
{
	char instant[CLOCK_TEXT_BYTES];
	struct query_error error = {0};
	struct query *q;
	int64_t ms;

	*out = NULL;
	if (before == NULL)
		return true;
	if (!clock_parse(str_from(before), &ms, NULL)) {
		fputs("rollcall-admin restore-guard: --before takes an instant such as "
		      "2026-05-17T12:20:46Z or 2026-05-17T14:20:46+02:00\n",
			stderr);
		return false;
	}
	clock_format(ms, instant);
	if (query_parse(adm->arena, str_printf(adm->arena, "createdAt < datetime(%s)", instant), &q,
		    &error) != ERR_OK ||
		query_check(q, &api_session_fields, STR_NONE, &error) != ERR_OK)
		return false;
	*out = q;
	return true;
}

static void ended(void *ctx, struct str session_id)
{
	struct guard *g = ctx;

	(void)session_id;
	g->count++;
	if (progress_due(&g->progress))
		progress_draw(&g->progress, "%lld sessions ended", (long long)g->count);
}

static enum err count(struct admin *adm, const struct session_scope *scope, int64_t *out)
{
	static const struct session_range none = {.limit = 1};
	struct session_scope active = *scope;
	struct session_page page = {0};
	enum err err;

	active.active = true;
	err = session_list(adm->db, adm->arena, &active, &none, &page);
	*out = page.total;
	return err;
}

static enum err end(struct admin *adm, const struct session_scope *scope, struct guard *g,
	const char *request_id)
{
	struct revoke_call call = {
		.scope = *scope,
		.by = {STR("rollcall-admin"), STR_NONE, STR("operator")},
		.endpoint = STR("admin.restore_guard"),
		.request_id = str_from(request_id),
		.reason = str_from(g->reason),
		.if_count = -1,
		.ended = ended,
		.ctx = g,
	};
	enum err err;

	progress_begin(&g->progress);
	err = revoke_sessions(adm->db, &call);
	progress_clear(&g->progress);
	return err;
}

int admin_restore_guard(struct admin *adm, int argc, char **argv)
{
	struct guard g = {.reason = REASON};
	struct session_scope scope = {0};
	char id[UUID_BYTES];
	enum err err;

	if (!read_options(&g, argc, argv) || !read_before(adm, g.before, &scope.filter))
		return 2;
	if (g.dry_run) {
		err = count(adm, &scope, &g.count);
		if (err != ERR_OK)
			return admin_failed(adm, "restore-guard", err);
		printf("would end %lld sessions\n", (long long)g.count);
		return 0;
	}
	random_uuid(id);
	err = end(adm, &scope, &g, id);
	printf("ended %lld sessions (request id %s)\n", (long long)g.count, id);
	return err != ERR_OK ? admin_failed(adm, "restore-guard", err) : 0;
}
