/* SPDX-License-Identifier: MIT
 * Reads the file of settings that systemd reads for the service, for programs that run without
 * systemd: rollcall-admin and rollcall.fcgi with --check or --config. Called by their main.c before
 * config_read; puts the settings into the environment. A variable that is already set there wins,
 * even an empty one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "server/config.h"

#define PREFIX "ROLLCALL_"
#define NAME_MAX_BYTES 64

static struct str unquote(struct str s)
{
	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
		return (struct str){s.p + 1, s.n - 2};
	return s;
}

static bool take(struct str line, const char *path, int number, FILE *err)
{
	char name[NAME_MAX_BYTES];
	struct str rest = str_trim(line), word;
	char *value;

	if (rest.n > 0 && rest.p[rest.n - 1] == '\r')
		rest = str_trim((struct str){rest.p, rest.n - 1});
	if (rest.n == 0 || rest.p[0] == '#' || rest.p[0] == ';')
		return true;
	if (memchr(rest.p, '=', rest.n) == NULL || !str_split(&rest, '=', &word)) {
		fprintf(err, "rollcall: %s, line %d: is not NAME=value\n", path, number);
		return false;
	}
	word = str_trim(word);
	if (!str_starts(word, STR(PREFIX)) || word.n >= sizeof(name))
		return true; /* it is for another program */
	rest = unquote(str_trim(rest));
	memcpy(name, word.p, word.n);
	name[word.n] = '\0';
	value = strndup(rest.p, rest.n);
	if (value == NULL || setenv(name, value, 0) != 0)
		out_of_memory(rest.n);
	free(value);
	return true;
}

bool config_file(const char *path, FILE *err)
{
	const char *file = path != NULL ? path : CONFIG_FILE;
	FILE *in = fopen(file, "re");
	char *line = NULL;
	size_t size = 0;
	int number = 0;
	bool good = true;
	ssize_t n;

	if (in == NULL) {
		if (path == NULL && (errno == ENOENT || getenv(PREFIX "DB_DEFAULTS") != NULL))
			return true;
		fprintf(err, "rollcall: %s: %s%s\n", file, strerror(errno),
			path == NULL && errno == EACCES
				? " (only root and the service's user may read it: sudo -u rollcall …)"
				: "");
		return false;
	}
	while (good && (n = getline(&line, &size, in)) >= 0) {
		if (n > 0 && line[n - 1] == '\n')
			n--;
		good = take((struct str){line, (size_t)n}, file, ++number, err);
	}
	if (good && ferror(in)) {
		fprintf(err, "rollcall: %s: %s\n", file, strerror(errno));
		good = false;
	}
	free(line);
	fclose(in);
	return good;
}
