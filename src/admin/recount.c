/* SPDX-License-Identifier: MIT
 * rollcall-admin recount: compares the maintained numbers with the sessions and repairs them, while
 * the service runs. Reads every session once, which takes long on a large store. */
#include "model/recount.h"

#include <getopt.h>
#include <stdio.h>

#include "admin.h"

struct report {
	int64_t wrong;
};

static void tell(void *ctx, const struct recount_fault *f)
{
	struct report *r = ctx;

	r->wrong++;
	printf("%s: scope %lld, no %lld, what %lld, bucket %lld, month %lld%s%.*s: off by %lld\n",
		f->table, (long long)f->scope, (long long)f->no, (long long)f->what,
		(long long)f->bucket, (long long)f->month, f->user_id.p != NULL ? ", user " : "",
		STR_FMT(f->user_id), (long long)-f->n);
}

int admin_recount(struct admin *adm, int argc, char **argv)
{
	static const struct option options[] = {
		{"dry-run", no_argument, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	struct report report = {0};
	bool repair = true;
	enum err err;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return 2;
		repair = false;
	}
	if (optind != argc)
		return 2;
	err = recount(adm->db, repair, tell, &report);
	if (err != ERR_OK)
		return admin_failed(adm, "recount", err);
	printf("%lld numbers are wrong%s\n", (long long)report.wrong,
		report.wrong == 0 ? ""
		: repair          ? "; they were repaired"
				  : "");
	return report.wrong > 0 && !repair;
}
