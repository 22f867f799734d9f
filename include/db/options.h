/* SPDX-License-Identifier: MIT
 * Reads a MariaDB option file, with the files of !include and !includedir, for two things: whether
 * others may write to one of the files, and the list of hosts. The connector reads everything
 * else. */
#ifndef DB_OPTIONS_H
#define DB_OPTIONS_H

#include <stddef.h>

#include "base/err.h"
#include "base/macros.h"

#define OPTIONS_HOSTS 16

struct options_host {
	char name[256];
	unsigned port; /* 0: none given */
};

struct options {
	/* host=one:3306,two in [client] or the group. Empty for one host without a port, which the
	 * connector reads itself. */
	struct options_host hosts[OPTIONS_HOSTS];
	size_t host_count;
	char why[512]; /* after a failure: a phrase for people */
};

/* ERR_UNAVAILABLE: a file cannot be read. ERR_FORBIDDEN: others may write to a file, or may read
 * one with a password; or a file is too large, or included too deep. */
MUST_CHECK enum err options_read(struct options *o, const char *file, const char *group);

#endif
