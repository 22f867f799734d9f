/* SPDX-License-Identifier: MIT
 * Checks that nobody else can change or replace a file that the program trusts: a file of keys, or
 * the option file that names the database. For auth/keyfile.c and db/options.c. */
#ifndef BASE_TRUSTED_H
#define BASE_TRUSTED_H

#include <sys/stat.h>

/* NULL, or what is wrong, as a phrase for the log: the file's group or others may write to the
 * file, or to its directory if that has no sticky bit. For a link, both the link's directory and
 * the file's are checked. `mode` is that of the opened file. A directory that cannot be examined is
 * no fault, because the file could not have been opened through it. */
const char *trusted_fault(const char *path, mode_t mode);

#endif
