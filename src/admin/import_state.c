/* SPDX-License-Identifier: MIT
 * The state of rollcall-admin import, a file of one line: "rollcall-import 1 OFFSET LINE DIGEST".
 * Called by import.c after each batch that was committed. The digest is of the file's first bytes,
 * as far as the offset reaches, so a file may have grown since. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "admin/import.h"
#include "auth/digest.h"

#define STATE_WORD "rollcall-import"
#define STATE_VERSION "1"
#define STATE_BYTES 256

static struct str digest_of(struct arena *a, struct str head, int64_t offset)
{
	unsigned char digest[DIGEST_BYTES];

	if (offset < (int64_t)head.n)
		head.n = (size_t)offset;
	digest_sha256(head, digest);
	return str_hex(a, digest, sizeof(digest));
}

static bool parse(struct str text, struct import_place *place, struct str *digest)
{
	struct str word, version, offset, line;

	return str_split(&text, ' ', &word) && str_eq(word, STR(STATE_WORD)) &&
	       str_split(&text, ' ', &version) && str_eq(version, STR(STATE_VERSION)) &&
	       str_split(&text, ' ', &offset) && str_to_i64(offset, &place->offset) == STR_INT_OK &&
	       place->offset >= 0 && str_split(&text, ' ', &line) &&
	       str_to_i64(line, &place->line) == STR_INT_OK && str_split(&text, '\n', digest);
}

const char *import_state_read(const char *path, struct str head, struct import_place *place)
{
	struct arena *a;
	char text[STATE_BYTES];
	struct import_place found;
	struct str digest;
	const char *why = NULL;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 && errno == ELOOP)
		return "is a symbolic link";
	if (fd < 0)
		return errno == ENOENT ? NULL : strerror(errno);
	n = read(fd, text, sizeof(text));
	close(fd);
	if (n < 0)
		return strerror(errno);
	if (!parse((struct str){text, (size_t)n}, &found, &digest))
		return "is not the state of an import";
	a = arena_open();
	if (str_eq(digest, digest_of(a, head, found.offset)))
		*place = found;
	else
		why = "belongs to the import of another file";
	arena_close(a);
	return why;
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
	struct arena *a, const char *path, struct str head, struct import_place place)
{
	const char *draft = arena_printf(a, "%s.new", path);
	struct str text = str_printf(a, STATE_WORD " " STATE_VERSION " %lld %lld %.*s\n",
		(long long)place.offset, (long long)place.line,
		STR_FMT(digest_of(a, head, place.offset)));
	bool done;
	int fd;

	/* What stands there is of a run that was killed, or a link that somebody put in the way. */
	(void)unlink(draft);
	fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	done = write_whole(fd, text);
	done = close(fd) == 0 && done;
	return done && rename(draft, path) == 0;
}
