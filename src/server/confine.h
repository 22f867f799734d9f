/* SPDX-License-Identifier: MIT
 * Rights that a process gives up before it serves a client. For supervisor.c and worker.c. */
#ifndef SERVER_CONFINE_H
#define SERVER_CONFINE_H

/* The process writes no core file, which would hold keys and tokens, gets no rights from
 * set-user-ID programs, and overwrites memory that it frees. This holds for its children too. */
void confine_process(void);

/* For every worker: it can create, write, remove and run no file, except in the directory of
 * temporary files. Open files, such as the log, stay open. Called after confine_process. */
void confine_files(void);

/* For a worker with a parent: no other process of its user may read its memory. */
void confine_worker(void);

#endif
