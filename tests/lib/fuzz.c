/* SPDX-License-Identifier: MIT
 * Helpers of tests/fuzz; see the header. */
#include "lib/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

static struct arena *arena;
static struct fuzz_file {
	char name[64];
	int fd;
} files[FUZZ_FILES];

struct arena *fuzz_arena(void)
{
	if (arena == NULL) {
		log_setup(LOG_OFF, LOG_TEXT);
		arena = arena_open();
	}
	arena_reset(arena);
	return arena;
}

struct str fuzz_input(const uint8_t *data, size_t size)
{
	return (struct str){size > 0 ? (const char *)data : "", size};
}

void fuzz_must(bool ok, const char *what, struct str text)
{
	if (ok)
		return;
	fprintf(stderr, "%s: %.*s\n", what, STR_FMT(text));
	abort();
}

static void remove_files(void)
{
	for (size_t i = 0; i < FUZZ_FILES; i++)
		if (files[i].name[0] != '\0')
			unlink(files[i].name);
}

static void make_file(struct fuzz_file *f)
{
	static bool removes;

	snprintf(f->name, sizeof(f->name), "%s/rollcall-fuzz-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	f->fd = mkstemp(f->name);
	fuzz_must(f->fd >= 0, "no file", str_from(f->name));
	if (!removes)
		atexit(remove_files);
	removes = true;
}

const char *fuzz_file(size_t which, struct str bytes)
{
	struct fuzz_file *f = &files[which];

	if (f->name[0] == '\0')
		make_file(f);
	fuzz_must(
		ftruncate(f->fd, 0) == 0 && pwrite(f->fd, bytes.p, bytes.n, 0) == (ssize_t)bytes.n,
		"file not written", str_from(f->name));
	return f->name;
}
