/* SPDX-License-Identifier: MIT
 * The parent of the pool. Forks workers and waits for signals. It opens no database and parses no
 * request, so that nothing from a client reaches it. Owns the mapping of all counters and assigns
 * its slots; keeps the last good keys. There are no signal handlers: the signals are blocked and
 * taken one by one with sigtimedwait, whose time limit is the next deadline. */
#include "supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "api/routes.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/macros.h"
#include "call/metric.h"
#include "confine.h"
#include "worker.h"

#define SECOND 1000000LL /* times here are microseconds of the monotonic clock */
#define NEVER INT64_MAX
#define QUICK_DEATH SECOND
#define BACKOFF_FIRST (SECOND / 10)
#define BACKOFF_MOST (5 * SECOND)

struct place {
	pid_t pid;   /* 0: no process */
	size_t slot; /* its slot of the counters; no other place has it */
	int64_t born;
	int64_t due;           /* time to fill an empty place */
	unsigned quick_deaths; /* one after another */
};

struct pool {
	const struct config *cfg;
	struct jwks *keys;
	sigset_t signals;
	struct place places[WORKERS_MAX];
	int count;
	int renew_next; /* place whose worker is replaced next; `count`: none */
	pid_t leaving;  /* replaced but still running; 0: no process */
	size_t spare;   /* slot of `leaving`; free if there is none */
	struct counters *all;
	struct metric self;
	int64_t kill_at; /* when `leaving` is killed, or, when stopping, all workers */
	bool stopping;
};

static const char *number(char out[24], long long n)
{
	snprintf(out, 24, "%lld", n);
	return out;
}

/* The delay before the next fork: a worker that dies at once must not be forked again at once. */
static int64_t backoff(const struct place *w)
{
	int64_t delay = BACKOFF_FIRST;

	for (unsigned i = 1; i < w->quick_deaths && delay < BACKOFF_MOST; i++)
		delay *= 2;
	return delay < BACKOFF_MOST ? delay : BACKOFF_MOST;
}

static NORETURN void be_worker(const struct pool *p, size_t slot, pid_t parent)
{
	/* If the parent is killed, it cannot stop its workers, so the kernel does. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	confine_worker();
	if (getppid() != parent)
		exit(EXIT_SUCCESS);
	exit(worker_run(p->cfg, p->keys, p->all, slot));
}

static void start(struct pool *p, struct place *w)
{
	char pid[24];
	pid_t parent = getpid(), child = fork();

	if (child == 0)
		be_worker(p, w->slot, parent);
	w->born = clock_monotonic_us();
	if (child < 0) {
		w->quick_deaths++;
		w->due = w->born + backoff(w);
		log_event(LOG_ERROR, "worker not started", "why", strerror(errno), NULL);
		return;
	}
	w->pid = child;
	log_event(LOG_INFO, "worker started", "pid", number(pid, child), NULL);
}

static void log_end(pid_t child, int status, const char *route, const char *delay_ms)
{
	char pid[24], how[24];
	bool signalled = WIFSIGNALED(status);
	bool orderly = !signalled && WEXITSTATUS(status) == EXIT_SUCCESS;

	number(how, signalled ? WTERMSIG(status) : WEXITSTATUS(status));
	log_event(orderly ? LOG_INFO : LOG_ERROR, orderly ? "worker ended" : "worker died", "pid",
		number(pid, child), signalled ? "signal" : "status", how, "route", route,
		"restart_in_ms", delay_ms, NULL);
}

/* Empties the place, and counts an end that is not orderly and comes soon after the start. */
static void vacate(struct pool *p, struct place *w, int status)
{
	int64_t now = clock_monotonic_us();
	bool orderly = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;

	w->pid = 0;
	w->due = now;
	if (!p->stopping)
		metric_add(&p->self, orderly ? METRIC_RECYCLED : METRIC_DIED, 1);
	if (orderly || now - w->born >= QUICK_DEATH) {
		w->quick_deaths = 0;
		return;
	}
	w->quick_deaths++;
	w->due += backoff(w);
}

static void bury(struct pool *p, pid_t child, int status)
{
	const char *delay = NULL, *route = NULL;
	char ms[24];

	if (child == p->leaving) {
		p->leaving = 0;
		route = metric_serving(&p->self, p->spare);
		metric_vacate(&p->self, p->spare);
		metric_add(&p->self, METRIC_RENEWED, 1);
	}
	for (int i = 0; i < p->count; i++) {
		struct place *w = &p->places[i];

		if (w->pid != child)
			continue;
		route = metric_serving(&p->self, w->slot);
		metric_vacate(&p->self, w->slot);
		vacate(p, w, status);
		if (!p->stopping)
			delay = number(ms, (w->due - clock_monotonic_us() + 999) / 1000);
	}
	log_end(child, status, route, delay);
}

static void reap(struct pool *p)
{
	pid_t child;
	int status;

	while ((child = waitpid(-1, &status, WNOHANG)) > 0)
		bury(p, child, status);
}

static void signal_all(const struct pool *p, int signo)
{
	for (int i = 0; i < p->count; i++) {
		if (p->places[i].pid != 0)
			kill(p->places[i].pid, signo);
	}
	if (p->leaving != 0)
		kill(p->leaving, signo);
}

static int living(const struct pool *p)
{
	int n = p->leaving != 0;

	for (int i = 0; i < p->count; i++)
		n += p->places[i].pid != 0;
	return n;
}

static void stop(struct pool *p)
{
	if (p->stopping)
		return;
	log_event(LOG_INFO, "pool stops", NULL);
	p->stopping = true;
	p->kill_at = clock_monotonic_us() + p->cfg->drain_s * SECOND;
	signal_all(p, SIGTERM);
}

/* One step of SIGHUP: the new worker is started before the old one is told to stop. The next place
 * waits until the old one is gone. */
static void renew(struct pool *p)
{
	struct place *w = &p->places[p->renew_next++];
	size_t slot = w->slot;

	if (w->pid == 0)
		return; /* the empty place gets a new worker anyway */
	p->leaving = w->pid;
	p->kill_at = clock_monotonic_us() + p->cfg->drain_s * SECOND;
	w->pid = 0;
	w->slot = p->spare;
	start(p, w);
	if (w->pid == 0) { /* the fork failed: the old worker stays */
		w->pid = p->leaving;
		w->slot = slot;
		p->leaving = 0;
		return;
	}
	p->spare = slot;
	kill(p->leaving, SIGTERM);
}

static void work(struct pool *p)
{
	int64_t now = clock_monotonic_us();

	if ((p->stopping || p->leaving != 0) && now >= p->kill_at) {
		log_event(LOG_WARN, "drain time is over", NULL);
		if (p->stopping)
			signal_all(p, SIGKILL);
		else
			kill(p->leaving, SIGKILL);
		p->kill_at = NEVER;
	}
	if (p->stopping)
		return;
	for (int i = 0; i < p->count; i++) {
		if (p->places[i].pid == 0 && now >= p->places[i].due)
			start(p, &p->places[i]);
	}
	while (p->leaving == 0 && p->renew_next < p->count)
		renew(p);
}

/* The time of the next step, at most a second from now, when the key files are examined again. */
static int64_t next_deadline(const struct pool *p)
{
	int64_t next = clock_monotonic_us() + SECOND;

	if ((p->stopping || p->leaving != 0) && p->kill_at < next)
		next = p->kill_at;

	for (int i = 0; i < p->count && !p->stopping; i++) {
		if (p->places[i].pid == 0 && p->places[i].due < next)
			next = p->places[i].due;
	}
	return next;
}

static void wait_for_signal(struct pool *p)
{
	int64_t left = next_deadline(p) - clock_monotonic_us();
	struct timespec ts = {0};
	int signo;

	if (left > 0) {
		ts.tv_sec = left / SECOND;
		ts.tv_nsec = left % SECOND * 1000;
	}
	signo = sigtimedwait(&p->signals, NULL, &ts);
	if (signo == SIGTERM || signo == SIGINT || signo == SIGUSR1)
		stop(p);
	if (signo == SIGHUP && !p->stopping) {
		log_event(LOG_INFO, "pool renews its workers", NULL);
		p->renew_next = 0;
	}
}

static void open_pool(struct pool *p)
{
	BUG_ON(p->count > WORKERS_MAX);
	for (int i = 0; i < p->count; i++)
		p->places[i].slot = (size_t)i;
	p->spare = (size_t)p->count;
	sigemptyset(&p->signals);
	sigaddset(&p->signals, SIGTERM);
	sigaddset(&p->signals, SIGINT);
	sigaddset(&p->signals, SIGUSR1);
	sigaddset(&p->signals, SIGHUP);
	sigaddset(&p->signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &p->signals, NULL);
	/* If a parent left SIGCHLD ignored, waitpid would not find ended children. */
	signal(SIGCHLD, SIG_DFL);
}

static void run_pool(struct pool *p)
{
	char count[24];

	open_pool(p);
	log_event(LOG_INFO, "pool starts", "workers", number(count, p->count), NULL);
	for (;;) {
		reap(p);
		if (p->stopping && living(p) == 0)
			break;
		(void)jwks_refresh(p->keys);
		work(p);
		metric_set(&p->self, METRIC_WORKERS, (uint64_t)living(p));
		wait_for_signal(p);
	}
	log_event(LOG_INFO, "pool stopped", NULL);
}

int supervisor_run(const struct config *cfg, struct jwks *keys)
{
	struct pool p = {.cfg = cfg,
		.keys = keys,
		.count = (int)cfg->workers,
		.renew_next = (int)cfg->workers};
	int status = EXIT_SUCCESS;

	confine_process();
	p.all = metric_open(&api_routes, (size_t)p.count);
	p.self = metric_parent(&api_routes, p.all);
	metric_set(&p.self, METRIC_START_MS, (uint64_t)clock_now_ms());
	metric_set(&p.self, METRIC_WORKERS, 1);
	if (p.count == 1)
		status = worker_run(cfg, keys, p.all, 0);
	else
		run_pool(&p);
	counters_close(p.all);
	return status;
}
