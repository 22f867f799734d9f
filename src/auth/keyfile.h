/* SPDX-License-Identifier: MIT
 * A small file with keys: has it changed, what is in it, and how it is written. For jwks.c, sign.c
 * and keyset.c. */
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

/* What stat said at the last look; begins zeroed. */
struct keyfile_look {
	bool looked, there;
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtim, ctim;
};

/* True when the file is another one than at the last look. A file that disappeared counts as
 * changed once. */
bool keyfile_changed(struct keyfile_look *look, const char *path);

/* When the file of that look was written, by the wall clock. */
int64_t keyfile_modified_ms(const struct keyfile_look *look);

/* The whole file, at most KEYFILE_BYTES, in the arena; *mode as of stat. On failure *why is a
 * phrase for the log. ERR_FORBIDDEN: others may write to it. */
MUST_CHECK enum err keyfile_read(
	struct arena *a, const char *path, struct str *out, mode_t *mode, const char **why);

/* The file with that text and mode, all or nothing: it is written aside under a name of this
 * process and then renamed, so under its own name there is never half a file. On failure *why is a
 * phrase with the reason. */
MUST_CHECK enum err keyfile_write(
	struct arena *a, const char *path, mode_t mode, struct str text, const char **why);

/* The symmetric key in the bytes of its file: white space at the end (blank, tab, CR, LF) is no
 * part of it, whatever editor or system wrote the file. */
struct str keyfile_secret(struct str bytes);

#endif
