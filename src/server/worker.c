/* SPDX-License-Identifier: MIT
 * One worker process: a child of supervisor.c or, with one worker, the only process. Owns the arena
 * and resets it after each request. A worker ends after about max_requests requests; the
 * supervisor, or the web server that started a single worker, starts the next. */
#include "worker.h"

#include <malloc.h>
#include <stdlib.h>

#include "api/authorizer.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "call/dispatch.h"
#include "call/metric.h"
#include "confine.h"
#include "fcgi.h"
#include "http/response.h"
#include "model/sweep.h"
#include "setup.h"

#define SWEEP_US INT64_C(1000000)

/* Lowers the number by up to a tenth at random, so that not all workers end at the same time. */
static int64_t requests_to_serve(const struct config *cfg)
{
	if (cfg->max_requests == 0)
		return INT64_MAX;
	return cfg->max_requests - random_i64() % (cfg->max_requests / 10 + 1);
}

static void serve(struct fcgi *f, const struct app *app, struct arena *a)
{
	struct after after = {.touch_session = STR_NONE};
	struct http_response res;

	http_response_init(&res, a, fcgi_write, f);
	if (fcgi_role(f) == FCGI_ROLE_AUTHORIZER)
		authorizer_answer(app, a, fcgi_env(f), &res, &after);
	else
		dispatch(app, a, fcgi_env(f), &res, &after);
	http_response_finish(&res);
	fcgi_finish(f);
	after_answer(app, &after);
	metric_idle(app->metric);
	arena_reset(a);
}

/* Moves expired sessions, at most once in SWEEP_US. After a full step it goes on at once only if no
 * request waits. */
static void sweep(const struct app *app, enum fcgi_event event, int64_t *next_us)
{
	bool more;

	if (clock_monotonic_us() < *next_us)
		return;
	do {
		if (sweep_step(app->db, &more) != ERR_OK)
			break;
	} while (more && event == FCGI_IDLE && clock_monotonic_us() < *next_us + SWEEP_US);
	*next_us = clock_monotonic_us() + SWEEP_US;
	metric_database(app->metric, app->db);
}

int worker_run(const struct config *cfg, struct jwks *keys, struct counters *all, size_t slot)
{
	struct metric metric = {.all = all, .slot = slot};
	int64_t left = requests_to_serve(cfg);
	int64_t sweep_us = clock_monotonic_us() + random_i64() % SWEEP_US;
	enum fcgi_event event;
	struct fcgi *f;
	struct arena *a;
	struct app app;

	/* The memory of a big answer goes back to the system at once. Without this, glibc would
	 * raise the threshold and keep it. */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	f = fcgi_open();
	if (f == NULL)
		return EXIT_FAILURE;
	confine_files();
	a = arena_open();
	setup_open(&app, cfg, keys);
	metric.routes = app.routes;
	app.metric = &metric;
	do {
		event = fcgi_accept(f);
		/* After each wait, idle or not: a late worker would miss a good file between two
		 * broken ones. */
		(void)jwks_refresh(keys);
		if (event == FCGI_REQUEST) {
			serve(f, &app, a);
			left--;
		}
		if (event == FCGI_REQUEST || event == FCGI_IDLE)
			sweep(&app, event, &sweep_us);
	} while (left > 0 && (event == FCGI_REQUEST || event == FCGI_IDLE));
	log_flush();
	setup_close(&app);
	arena_close(a);
	fcgi_close(f);
	return event == FCGI_FAILED ? EXIT_FAILURE : EXIT_SUCCESS;
}
