/* SPDX-License-Identifier: MIT
 * Looks at and reads the files that hold keys. Called by jwks.c, at most once a second,
 * and by sign.c. Keeps nothing. The time of the last status change counts as well, else a chmod
 * that makes a file usable would not be noticed. */
#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/trusted.h"

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool keyfile_changed(struct keyfile_look *look, const char *path)
{
	struct keyfile_look old = *look;
	struct stat st;

	*look = (struct keyfile_look){.looked = true};
	if (stat(path, &st) == 0) {
		look->there = true;
		look->dev = st.st_dev;
		look->ino = st.st_ino;
		look->size = st.st_size;
		look->mtim = st.st_mtim;
		look->ctim = st.st_ctim;
	}
	return !old.looked || old.there != look->there || old.dev != look->dev ||
	       old.ino != look->ino || old.size != look->size || !same_time(old.mtim, look->mtim) ||
	       !same_time(old.ctim, look->ctim);
}

enum err keyfile_read(
	struct arena *a, const char *path, struct str *out, mode_t *mode, const char **why)
{
	enum err err = ERR_INVALID;
	char *bytes = arena_alloc(a, KEYFILE_BYTES + 1);
	struct stat st;
	size_t n = 0;
	ssize_t got;
	int fd;

	/* O_NONBLOCK: a FIFO with that name would block the worker. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0) {
		*why = strerror(errno);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		*why = "not a regular file";
		goto out;
	}
	*why = trusted_fault(path, st.st_mode);
	if (*why != NULL) {
		err = ERR_FORBIDDEN;
		goto out;
	}
	do {
		got = read(fd, bytes + n, KEYFILE_BYTES + 1 - n);
		if (got > 0)
			n += (size_t)got;
	} while ((got > 0 && n <= KEYFILE_BYTES) || (got < 0 && errno == EINTR));
	if (got < 0) {
		*why = strerror(errno);
		goto out;
	}
	if (n > KEYFILE_BYTES) {
		*why = "larger than 256 KiB";
		goto out;
	}
	*out = (struct str){bytes, n};
	*mode = st.st_mode;
	err = ERR_OK;
out:
	if (fd >= 0)
		close(fd);
	return err;
}

struct str keyfile_secret(struct str bytes)
{
	while (bytes.n > 0 && strchr(" \t\r\n", bytes.p[bytes.n - 1]) != NULL &&
		bytes.p[bytes.n - 1] != '\0')
		bytes.n--;
	return bytes;
}
