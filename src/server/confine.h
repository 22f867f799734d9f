/* SPDX-License-Identifier: MIT
 * What a process of ours gives up before it meets a client. For supervisor.c and worker.c. */
#ifndef SERVER_CONFINE_H
#define SERVER_CONFINE_H

/* No core file, which would hold keys and tokens, and no further rights by running a program of
 * another owner. For the process and all that it forks. */
void confine_process(void);

/* For every worker: it creates, writes, removes and runs no file, wherever it may read them. What
 * is open already, as the log, stays open. After confine_process. */
void confine_files(void);

/* For a worker with a parent: no other process of its user may look into it. */
void confine_worker(void);

#endif
