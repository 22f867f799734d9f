/* SPDX-License-Identifier: MIT
 * What Rollcall itself reads of a MariaDB option file, with what is behind !include and !includedir
 * in it: whether others may write to one of the files, and the list of hosts. Everything else is
 * the connector's to read. */
#ifndef DB_OPTIONS_H
#define DB_OPTIONS_H

#include <stddef.h>

#include "base/err.h"
#include "base/macros.h"

#define OPTIONS_HOSTS 16

struct options_host {
	char name[256];
	unsigned port; /* 0: not said */
};

struct options {
	/* host=one:3306,two of [client] or the group; one host without a port is left to the
	 * connector, and then there is none here. */
	struct options_host hosts[OPTIONS_HOSTS];
	size_t host_count;
	char why[512]; /* when it failed: a phrase for people */
};

/* ERR_UNAVAILABLE: a file cannot be read, or is too large; ERR_FORBIDDEN: others may write to one,
 * or may read one with a password. */
MUST_CHECK enum err options_read(struct options *o, const char *file, const char *group);

#endif
