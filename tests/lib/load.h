/* SPDX-License-Identifier: MIT
 * Sustained load on the running stack, beside which a test kills, restarts and revokes. Used by
 * tests/e2e/test_pool.c and test_enforce.c, turn by turn, in one thread: what `next` gives after
 * `done` was called was sent after that answer had been received, and no clock is needed to say so.
 */
#ifndef TESTS_LIB_LOAD_H
#define TESTS_LIB_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct load_job {
	const char *method; /* NULL: GET */
	struct str path;    /* behind the URL; all texts have to live until the job is done */
	struct str token;   /* Authorization: Bearer; p == NULL: none */
	struct str body;    /* p == NULL: none */
	const char *type;   /* of the body; NULL: application/json */
	struct str header;  /* one further, "Name: value" */
	int kind;           /* the caller's, here and below */
	size_t item;
	uint64_t stamp;
};

struct load_answer {
	int status; /* 0: none, or not a whole one; then body says why */
	struct str head, body;
};

/* False when there is nothing to send just now. */
typedef bool (*load_next_fn)(void *ctx, struct load_job *job);
typedef void (*load_done_fn)(void *ctx, const struct load_job *job, const struct load_answer *a);

struct load *load_open(
	const char *url, size_t connections, load_next_fn next, load_done_fn done, void *ctx);
void load_close(struct load *l); /* drops what is under way */

/* Gives every idle connection a job, waits up to `ms` for something to happen and hands out what is
 * done. Returns how many were under way meanwhile: 0 is the end, `next` had nothing. */
size_t load_turn(struct load *l, int ms);

/* Turns until nothing is under way; `next` is not asked. */
void load_settle(struct load *l);

/* The value of a header, p == NULL if it is not there. */
struct str load_header(const struct load_answer *a, const char *name);

#endif
