/* SPDX-License-Identifier: MIT
 * A mix of all kinds of requests for lib/load.h, with fixtures of its own: lists, figures and
 * single sessions of both dialects, registering, checking, ending, and what is refused. Every
 * answer is checked as it comes: a good one holds what it has to, never an empty list, and one that
 * is neither good nor 503 with Retry-After nor the web server's own word about a lost worker fails
 * the test. */
#ifndef TESTS_LIB_MIX_H
#define TESTS_LIB_MIX_H

#include "lib/e2e.h"
#include "lib/load.h"

#define MIX_FIXED 50  /* sessions that the mix does not end */
#define MIX_CHURN 256 /* sessions that come and go */
#define MIX_KINDS 14

struct mix {
	struct e2e *t;
	struct str root, service, own, tenant, churn, ids[MIX_FIXED], form, cookie;
	struct load_job jobs[MIX_KINDS];
	char churned[MIX_CHURN][40]; /* ids of sessions to be revoked */
	size_t churn_count;
	uint64_t given;
	/* Since mix_reset. unavailable: 503 with Retry-After; failed: by the web server. */
	uint64_t answered, good, unavailable, failed;
	uint64_t good_in_row; /* since the last answer that was not */
	char trouble[192];    /* the latest answer that was not good: kind, status, body */
};

void mix_open(struct mix *m, struct e2e *t);
void mix_reset(struct mix *m);

/* For load_open; ctx is the struct mix. */
bool mix_next(void *ctx, struct load_job *job);
void mix_done(void *ctx, const struct load_job *job, const struct load_answer *a);

#endif
