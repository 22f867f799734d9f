/* SPDX-License-Identifier: MIT
 * The processes behind the web server, for end-to-end tests that look at them or take them away:
 * the pool and the database that httpd-conf/demo/stack started in ROLLCALL_TEST_RUN, and the pool's
 * own numbers. Everything lives in the arena of the struct e2e. */
#ifndef TESTS_LIB_POOL_H
#define TESTS_LIB_POOL_H

#include <sys/types.h>

#include "lib/e2e.h"

#define POOL_WORKERS_MAX 64
#define POOL_WAIT_SECONDS 20

void pool_pause_ms(long ms);
int64_t pool_deadline(void); /* of the monotonic clock, for loops that wait */

/* A file of the run directory. */
const char *pool_file(struct e2e *t, const char *name);

/* The whole file from `from` on, NUL-terminated; p == NULL if there is none. */
struct str pool_read(struct e2e *t, const char *path, long from);
long pool_file_size(const char *path);

/* A living process by its pid file in the run directory; 0: none. */
pid_t pool_process(struct e2e *t, const char *name);

/* The workers of the pool; 0 where there is none and the web server runs the program. */
size_t pool_workers(struct e2e *t, pid_t out[POOL_WORKERS_MAX]);
void pool_kill(const pid_t *pids, size_t n);

/* Runs a program with further environment, standard input from a file (NULL: nothing), and what it
 * says on both outputs into *said. Returns the exit status, 127 if there is no such program. */
int pool_run(struct e2e *t, const char *const argv[], char *const env[], const char *input,
	struct str *said);

/* httpd-conf/demo/stack with that command, for this run directory. */
void pool_stack(struct e2e *t, const char *command);

/* GET /metrics, again while a killed worker's successor is not there yet. */
struct str pool_metrics(struct e2e *t);

/* The value of a line "series value"; 0 when it is not there yet. */
double pool_value(struct str metrics, struct str series);
double pool_metric(struct e2e *t, const char *series);
void pool_wait_for(struct e2e *t, const char *series, double at_least);

#endif
