/* SPDX-License-Identifier: MIT
 * Checks who else may write to a file or to its directory; see the header. Called each time a file
 * is read. Only the nearest directory is checked; those above it are the administrator's. */
#include "base/trusted.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

static bool directory_is_open(const char *path)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - path);
	struct stat st;

	if (n >= sizeof(directory))
		return true;
	memcpy(directory, path, n);
	directory[n] = '\0';
	if (n == 0)
		memcpy(directory, slash == NULL ? "." : "/", 2);
	return stat(directory, &st) == 0 && (st.st_mode & OTHERS_WRITE) != 0 &&
	       (st.st_mode & S_ISVTX) == 0;
}

const char *trusted_fault(const char *path, mode_t mode)
{
	char real[PATH_MAX];

	if ((mode & OTHERS_WRITE) != 0)
		return "its group or others may write to it";
	if (directory_is_open(path) || (realpath(path, real) != NULL && directory_is_open(real)))
		return "its group or others may write to its directory";
	return NULL;
}
