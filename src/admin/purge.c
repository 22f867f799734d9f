/* SPDX-License-Identifier: MIT
 * rollcall-admin purge: retention, for cron. Drops the history of whole months. After a run that
 * was stopped, the next one goes on. */
#include <getopt.h>
#include <stdio.h>

#include "admin.h"
#include "model/purge.h"

struct purge {
	int64_t age_s;
	bool dry_run;
};

static bool read_options(struct purge *p, int argc, char **argv)
{
	static const struct option options[] = {
		{"older-than", required_argument, NULL, 'o'},
		{"dry-run", no_argument, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return false;
		if (c == 'n')
			p->dry_run = true;
		if (c == 'o' && !admin_duration(optarg, &p->age_s)) {
			fputs("rollcall-admin purge: --older-than takes an age such as 90d, 12h, 30m "
			      "or 3600s\n",
				stderr);
			return false;
		}
	}
	if (p->age_s == 0)
		fputs("rollcall-admin purge: --older-than is needed\n", stderr);
	return p->age_s != 0 && optind == argc;
}

int admin_purge(struct admin *adm, int argc, char **argv)
{
	struct purge p = {.age_s = 0};
	int64_t month, count;
	enum err err;

	if (!read_options(&p, argc, argv))
		return 2;
	err = purge_month(adm->db, adm->arena, p.age_s, &month);
	if (err == ERR_OK)
		err = purge_count(adm->db, adm->arena, month, &count);
	if (err == ERR_OK && !p.dry_run)
		err = purge_move(adm->db, month);
	for (int64_t i = 0; i < PURGE_PARTITIONS && err == ERR_OK && !p.dry_run; i++)
		err = purge_partition(adm->db, adm->arena, i);
	if (err != ERR_OK)
		return admin_failed(adm, "purge", err);
	printf("%s %lld sessions that ended before %04lld-%02lld\n",
		p.dry_run ? "would purge" : "purged", (long long)count, (long long)(month / 12),
		(long long)(month % 12 + 1));
	return 0;
}
