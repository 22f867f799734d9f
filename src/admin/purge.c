/* SPDX-License-Identifier: MIT
 * rollcall-admin purge: retention, for cron. Deletes in batches until nothing older is left; a run
 * that is stopped has done what it has done, and the next one goes on. */
#include <getopt.h>
#include <stdio.h>
#include <time.h>

#include "admin.h"
#include "model/purge.h"
#include "progress.h"

#define PAUSE_MAX_MS 60000

struct purge {
	struct admin *adm;
	int64_t session_age_s, audit_age_s;
	int64_t pause_ms;
	bool dry_run;
	int64_t gone[PURGE__COUNT];
	struct progress progress;
};

static bool read_age(const char *option, const char *text, int64_t *seconds)
{
	if (admin_duration(text, seconds))
		return true;
	fprintf(stderr, "rollcall-admin purge: %s takes an age such as 90d, 12h, 30m or 3600s\n",
		option);
	return false;
}

static bool read_pause(const char *text, int64_t *ms)
{
	if (str_to_i64(str_from(text), ms) == STR_INT_OK && *ms >= 0 && *ms <= PAUSE_MAX_MS)
		return true;
	fputs("rollcall-admin purge: --pause-ms takes a number from 0 to 60000\n", stderr);
	return false;
}

static bool read_options(struct purge *p, int argc, char **argv)
{
	static const struct option options[] = {
		{"older-than", required_argument, NULL, 'o'},
		{"audit-older-than", required_argument, NULL, 'a'},
		{"pause-ms", required_argument, NULL, 'p'},
		{"dry-run", no_argument, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'o' && !read_age("--older-than", optarg, &p->session_age_s))
			return false;
		if (c == 'a' && !read_age("--audit-older-than", optarg, &p->audit_age_s))
			return false;
		if (c == 'p' && !read_pause(optarg, &p->pause_ms))
			return false;
		if (c == 'n')
			p->dry_run = true;
		if (c == '?')
			return false;
	}
	if (p->session_age_s == 0)
		fputs("rollcall-admin purge: --older-than is needed\n", stderr);
	if (p->audit_age_s == 0)
		p->audit_age_s = p->session_age_s;
	return p->session_age_s != 0 && optind == argc;
}

static int64_t sessions_gone(const struct purge *p)
{
	return p->gone[PURGE_EXPIRED] + p->gone[PURGE_REVOKED];
}

static void draw(struct purge *p)
{
	int64_t all = sessions_gone(p) + p->gone[PURGE_AUDIT];

	if (progress_due(&p->progress))
		progress_draw(&p->progress, "purge: %lld sessions, %lld audit rows, %.0f/s",
			(long long)sessions_gone(p), (long long)p->gone[PURGE_AUDIT],
			(double)all / progress_seconds(&p->progress));
}

static void pause_between(const struct purge *p)
{
	struct timespec t = {.tv_sec = p->pause_ms / 1000, .tv_nsec = p->pause_ms % 1000 * 1000000};

	if (p->pause_ms > 0)
		nanosleep(&t, NULL);
}

static enum err purge_all(struct purge *p, enum purge_what what, int64_t cutoff_ms)
{
	int64_t deleted;

	if (p->dry_run)
		return purge_count(p->adm->db, p->adm->arena, what, cutoff_ms, &p->gone[what]);
	for (;;) {
		enum err err = purge_batch(p->adm->db, what, cutoff_ms, &deleted);

		if (err != ERR_OK)
			return err;
		p->gone[what] += deleted;
		draw(p);
		if (deleted < PURGE_BATCH)
			return ERR_OK;
		pause_between(p);
	}
}

int admin_purge(struct admin *adm, int argc, char **argv)
{
	struct purge p = {.adm = adm};
	int64_t session_cutoff_ms, audit_cutoff_ms;
	enum err err;

	if (!read_options(&p, argc, argv))
		return 2;
	progress_begin(&p.progress);
	err = purge_cutoff(adm->db, adm->arena, p.session_age_s, &session_cutoff_ms);
	if (err == ERR_OK)
		err = purge_cutoff(adm->db, adm->arena, p.audit_age_s, &audit_cutoff_ms);
	if (err != ERR_OK)
		return admin_failed(adm, "purge", err);
	for (enum purge_what what = 0; what < PURGE__COUNT && err == ERR_OK; what++)
		err = purge_all(
			&p, what, what == PURGE_AUDIT ? audit_cutoff_ms : session_cutoff_ms);
	progress_clear(&p.progress);
	printf("%s %lld sessions and %lld audit rows\n", p.dry_run ? "would purge" : "purged",
		(long long)sessions_gone(&p), (long long)p.gone[PURGE_AUDIT]);
	return err != ERR_OK ? admin_failed(adm, "purge", err) : 0;
}
