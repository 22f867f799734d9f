/* SPDX-License-Identifier: MIT
 * One worker process. Called by supervisor.c, in a child or, with one worker, in the only process.
 * Owns the arena and resets it after each request, here and nowhere else. The surprise: a worker
 * ends by itself after about max_requests requests; the supervisor, or the web server that started
 * a single worker, starts the next. */
#include "server/worker.h"

#include <malloc.h>
#include <stdlib.h>

#include "api/app.h"
#include "api/authorizer.h"
#include "api/metric.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/random.h"
#include "http/response.h"
#include "server/confine.h"
#include "server/fcgi.h"
#include "server/setup.h"

/* Up to a tenth less for each worker by chance, so that they do not all leave at once. */
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

int worker_run(const struct config *cfg, struct jwks *keys, struct metrics *all, size_t slot)
{
	struct metric metric = {.all = all, .slot = slot};
	int64_t left = requests_to_serve(cfg);
	enum fcgi_event event;
	struct fcgi *f;
	struct arena *a;
	struct app app;

	/* The one big answer is given back to the system at once; left alone, glibc would raise the
	 * threshold and keep the memory for ever. */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	f = fcgi_open();
	if (f == NULL)
		return EXIT_FAILURE;
	confine_files();
	a = arena_open();
	setup_open(&app, cfg, keys);
	app.metric = &metric;
	do {
		event = fcgi_accept(f);
		/* Idle or not: who looked late would miss a good file between two broken ones. */
		(void)jwks_refresh(keys);
		if (event == FCGI_REQUEST) {
			serve(f, &app, a);
			left--;
		}
	} while (left > 0 && (event == FCGI_REQUEST || event == FCGI_IDLE));
	log_flush();
	setup_close(&app);
	arena_close(a);
	fcgi_close(f);
	return event == FCGI_FAILED ? EXIT_FAILURE : EXIT_SUCCESS;
}
