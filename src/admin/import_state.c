/* SPDX-License-Identifier: MIT
 * The state of rollcall-admin import: a line "rollcall-import 2 OFFSET LINE BAD DIGEST", then a
 * line for each row that was left out. Written after each committed batch. The digest covers the
 * file's first bytes, up to the offset, so the file may have grown since. The lock is a separate
 * file, because each batch replaces the file of the state. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/digest.h"
#include "import_parts.h"

#define STATE_WORD "rollcall-import"
#define STATE_VERSION "2"
#define STATE_BYTES ((size_t)1 << 20)

static struct str digest_of(struct arena *a, struct str head, int64_t offset)
{
	unsigned char digest[DIGEST_BYTES];

	if (offset < (int64_t)head.n)
		head.n = (size_t)offset;
	digest_sha256(head, digest);
	return str_hex(a, digest, sizeof(digest));
}

static bool number(struct str *text, int64_t *out)
{
	struct str word;

	return str_split(text, ' ', &word) && str_to_i64(word, out) == STR_INT_OK && *out >= 0;
}

static bool parse(struct str text, struct import_place *place, struct str *digest)
{
	struct str word, version;

	if (!str_split(&text, ' ', &word) || !str_eq(word, STR(STATE_WORD)) ||
		!str_split(&text, ' ', &version) || !str_eq(version, STR(STATE_VERSION)) ||
		!number(&text, &place->offset) || !number(&text, &place->line) ||
		!number(&text, &place->bad) || !str_split(&text, '\n', digest))
		return false;
	place->told = text;
	return true;
}

const char *import_state_read(
	struct arena *a, const char *path, struct str head, struct import_place *place)
{
	struct import_place found = {0};
	char *text = arena_alloc(a, STATE_BYTES);
	struct str digest;
	size_t n = 0;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 && errno == ELOOP)
		return "is a symbolic link";
	if (fd < 0)
		return errno == ENOENT ? NULL : strerror(errno);
	while ((got = read(fd, text + n, STATE_BYTES - n)) > 0)
		n += (size_t)got;
	close(fd);
	if (got < 0)
		return strerror(errno);
	if (!parse((struct str){text, n}, &found, &digest))
		return "is not the state of an import";
	if (!str_eq(digest, digest_of(a, head, found.offset)))
		return "belongs to the import of another file";
	*place = found;
	return NULL;
}

static bool write_whole(int fd, struct str text)
{
	while (text.n > 0) {
		ssize_t put = write(fd, text.p, text.n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		text.p += put;
		text.n -= (size_t)put;
	}
	return fsync(fd) == 0;
}

bool import_state_write(
	struct arena *a, const char *path, struct str head, const struct import_place *place)
{
	const char *draft = arena_printf(a, "%s.new", path);
	struct str text = str_printf(a, STATE_WORD " " STATE_VERSION " %lld %lld %lld %.*s\n%.*s",
		(long long)place->offset, (long long)place->line, (long long)place->bad,
		STR_FMT(digest_of(a, head, place->offset)), STR_FMT(place->told));
	bool done;
	int fd, why;

	/* A file of this name is left from a killed run, or is somebody's link. */
	(void)unlink(draft);
	fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	done = write_whole(fd, text);
	done = close(fd) == 0 && done;
	if (done && rename(draft, path) == 0)
		return true;
	why = errno;
	(void)unlink(draft);
	errno = why;
	return false;
}

static const char *lock_name(struct arena *a, const char *path)
{
	return arena_printf(a, "%s.lock", path);
}

/* Whether the locked file still has its name: its last holder may have removed it. */
static bool is_still_there(int fd, const char *name)
{
	struct stat held, there;

	return fstat(fd, &held) == 0 && stat(name, &there) == 0 && held.st_dev == there.st_dev &&
	       held.st_ino == there.st_ino;
}

int import_state_lock(struct arena *a, const char *path, const char **why)
{
	const char *name = lock_name(a, path);

	for (;;) {
		struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
		int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

		if (fd < 0) {
			*why = strerror(errno);
			return -1;
		}
		if (fcntl(fd, F_SETLK, &whole) == 0) {
			if (is_still_there(fd, name))
				return fd;
			close(fd);
			continue;
		}
		*why = "is in use by another import";
		if (fcntl(fd, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK)
			*why = arena_printf(
				a, "is in use by another import, process %ld", (long)whole.l_pid);
		close(fd);
		return -1;
	}
}

void import_state_unlock(struct arena *a, const char *path, int fd)
{
	if (fd < 0)
		return;
	(void)unlink(lock_name(a, path));
	close(fd);
}
