/* SPDX-License-Identifier: MIT
 * A stack (httpd-conf/demo/stack) of a test program's own, in a directory below the test run's: for
 * tests that kill its parts or need other settings than the shared one has; lib/pool.h then looks
 * at this one. Trouble in here ends the program with a message. Run from the root of the tree, as
 * the Makefile does. */
#ifndef TESTS_LIB_STACK_H
#define TESTS_LIB_STACK_H

#include <stdbool.h>
#include <sys/types.h>

struct stack {
	char dir[256];
};

/* Makes the directory, for files that the stack is to find when it starts. */
void stack_make(struct stack *s);

/* Starts it and points ROLLCALL_URL, ROLLCALL_DB_DEFAULTS and ROLLCALL_TEST_RUN of this process at
 * it, so e2e_open comes next. `settings` are NAME=VALUE for the stack and the pool, NULL at the
 * end; an @ at the beginning of a value stands for the stack's directory. */
void stack_up(struct stack *s, const char *const *settings);

/* Stops it and takes its directory away, unless KEEP is set. */
void stack_down(struct stack *s);

/* Begins one of the stack's commands ("db-down"); stack_ended is true once it has ended well. */
pid_t stack_begin(const struct stack *s, const char *command);
bool stack_ended(pid_t child);
void stack_do(const struct stack *s, const char *command);

#endif
