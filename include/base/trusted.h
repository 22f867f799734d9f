/* SPDX-License-Identifier: MIT
 * Whether somebody else could put another file in the place of one that is to be trusted: keys, and
 * the option file that says where the database is. For auth/keyfile.c and db/options.c. */
#ifndef BASE_TRUSTED_H
#define BASE_TRUSTED_H

#include <sys/stat.h>

/* NULL, or what is wrong, as a phrase for the log: the file's group or others may write to it, or
 * to its directory, where no sticky bit keeps them from replacing it. Links are followed, and both
 * directories looked at. `mode` is of the file that was opened. A directory that cannot be looked
 * at is no fault: the file could not have been opened through it. */
const char *trusted_fault(const char *path, mode_t mode);

#endif
