/* SPDX-License-Identifier: MIT
 * Faults of a MariaDB option file that the connector passes over in silence. */
#ifndef SERVER_OPTION_FILE_H
#define SERVER_OPTION_FILE_H

#include "base/arena.h"

/* NULL, or that the file has no group of that name, or no database in it, and what it has in their
 * place. A file that cannot be read, or that includes others, is not judged. `path` may be NULL. */
const char *option_file_fault(struct arena *a, const char *path, const char *group);

/* "GROUP-admin" where the file has a group of that name, for the account that makes the tables
 * (schema/store.md 10); else GROUP. Looks at no file that is included. */
const char *option_file_admin_group(struct arena *a, const char *path, const char *group);

#endif
