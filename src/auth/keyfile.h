/* SPDX-License-Identifier: MIT
 * Watches, reads and writes a small file of keys. For jwks.c, sign.c and keyset.c. */
#ifndef AUTH_KEYFILE_H
#define AUTH_KEYFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "base/err.h"
#include "base/str.h"

#define KEYFILE_BYTES (256 * 1024)
#define KEYFILE_SECRET_LEAST 32 /* bytes of a key for HS256 (RFC 7518, 3.2) */

/* The result of the last stat(2); zeroed at the beginning. */
struct keyfile_look {
	bool looked, there;
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtim, ctim;
};

/* True if the file has changed since the last call. A file that disappeared counts as changed
 * once. */
bool keyfile_changed(struct keyfile_look *look, const char *path);

/* The time when that file was written, by the wall clock. */
int64_t keyfile_modified_ms(const struct keyfile_look *look);

/* Reads the whole file, at most KEYFILE_BYTES, into the arena; *mode is that of stat(2). On failure
 * *why is a phrase for the log. ERR_FORBIDDEN: others may write to it. */
MUST_CHECK enum err keyfile_read(
	struct arena *a, const char *path, struct str *out, mode_t *mode, const char **why);

/* Writes a file with that text and mode, all or nothing: under another name first, which is then
 * renamed, so that nobody sees half a file. On failure *why is a phrase with the reason. */
MUST_CHECK enum err keyfile_write(
	struct arena *a, const char *path, mode_t mode, struct str text, const char **why);

/* The symmetric key in the bytes of its file, without white space (blank, tab, CR, LF) at the end,
 * which editors may add. */
struct str keyfile_secret(struct str bytes);

#endif
