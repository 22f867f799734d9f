/* SPDX-License-Identifier: MIT
 * What a process of ours gives up; see the header. Each step is one that a kernel may lack or
 * refuse without harm, so that it is logged and not fatal. */
#include "server/confine.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"

static void note(const char *what, int status)
{
	if (status != 0)
		log_event(LOG_WARN, "process not confined", "what", what, "why", strerror(errno),
			NULL);
}

void confine_process(void)
{
	const struct rlimit none = {0, 0};

	note("core files", setrlimit(RLIMIT_CORE, &none));
	note("new privileges", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

void confine_worker(void)
{
	note("dumpable", prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}
