/* SPDX-License-Identifier: MIT
 * Finds faults of a MariaDB option file that the connector does not report. */
#ifndef SERVER_OPTION_FILE_H
#define SERVER_OPTION_FILE_H

#include "base/arena.h"

/* NULL, or a text: the file has no group of that name, or no database in it, and what it has
 * instead. NULL also if the file cannot be read or includes others. `path` may be NULL. */
const char *option_file_fault(struct arena *a, const char *path, const char *group);

/* "GROUP-admin" if the file has a group of that name, for the account that makes the tables
 * (schema/store.md 10); else GROUP. Included files are not read. */
const char *option_file_admin_group(struct arena *a, const char *path, const char *group);

#endif
