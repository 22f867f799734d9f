/* SPDX-License-Identifier: MIT
 * Examines, reads and writes files of keys. Keeps no state. A new time of the last status change
 * means a change too, else a chmod that makes a file usable would not be noticed. */
#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
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

int64_t keyfile_modified_ms(const struct keyfile_look *look)
{
	return (int64_t)look->mtim.tv_sec * 1000 + look->mtim.tv_nsec / 1000000;
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

MUST_CHECK static enum err write_all(int fd, struct str text)
{
	while (text.n > 0) {
		ssize_t put = write(fd, text.p, text.n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return ERR_INTERNAL;
		text.p += put;
		text.n -= (size_t)put;
	}
	return ERR_OK;
}

/* Makes the rename survive a crash. Some file systems cannot do it, so failures are ignored. */
static void sync_directory(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *dir = slash == NULL ? "." : arena_dup(a, path, (size_t)(slash - path) + 1);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

enum err keyfile_write(
	struct arena *a, const char *path, mode_t mode, struct str text, const char **why)
{
	const char *draft = arena_printf(a, "%s.%ld.new", path, (long)getpid());
	enum err err = ERR_INTERNAL;
	int fd;

	(void)unlink(draft);
	fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 && fchmod(fd, mode) == 0 && write_all(fd, text) == ERR_OK && fsync(fd) == 0 &&
		rename(draft, path) == 0)
		err = ERR_OK;
	if (err != ERR_OK) {
		*why = arena_printf(a, "cannot be written: %s", strerror(errno));
		(void)unlink(draft);
	}
	if (fd >= 0)
		close(fd);
	if (err == ERR_OK)
		sync_directory(a, path);
	return err;
}

struct str keyfile_secret(struct str bytes)
{
	while (bytes.n > 0 && strchr(" \t\r\n", bytes.p[bytes.n - 1]) != NULL &&
		bytes.p[bytes.n - 1] != '\0')
		bytes.n--;
	return bytes;
}
