/* SPDX-License-Identifier: MIT
 * Reads MariaDB option files; see the header. The list of hosts is read here because the connector
 * goes to the next host only if the first one refuses the connection, not if it hangs or cannot
 * serve. */
#include "db/options.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/trusted.h"

#define FILE_BYTES 65536
#define NESTED_MOST 8

struct reading {
	struct options *o;
	const char *group;
	struct arena *arena;
	bool ours; /* the current section is [client] or the group */
	bool password;
	struct str hosts;
};

MUST_CHECK static enum err read_file(struct reading *r, const char *file, int depth);

MUST_CHECK static enum err refuse(struct reading *r, const char *file, const char *why)
{
	snprintf(r->o->why, sizeof(r->o->why), "option file %s: %s", file, why);
	return ERR_FORBIDDEN;
}

MUST_CHECK static enum err unreadable(struct reading *r, const char *file)
{
	snprintf(r->o->why, sizeof(r->o->why), "cannot read the option file %s", file);
	return ERR_UNAVAILABLE;
}

static struct str unquoted(struct str s)
{
	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
		return (struct str){s.p + 1, s.n - 2};
	return s;
}

static int is_option_file(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot != NULL && strcmp(dot, ".cnf") == 0;
}

MUST_CHECK static enum err read_directory(struct reading *r, const char *directory, int depth)
{
	struct dirent **list;
	int n = scandir(directory, &list, is_option_file, alphasort);
	enum err err = ERR_OK;

	/* A directory that does not exist is no error, as for the connector. */
	for (int i = 0; i < n; i++) {
		if (err == ERR_OK)
			err = read_file(r,
				arena_printf(r->arena, "%s/%s", directory, list[i]->d_name), depth);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return err;
}

/* Reads what follows an exclamation mark. */
MUST_CHECK static enum err include(struct reading *r, struct str line, int depth)
{
	bool directory = str_starts(line, STR("includedir"));
	struct str path;

	if (!directory && !str_starts(line, STR("include")))
		return ERR_OK;
	line.p += directory ? strlen("includedir") : strlen("include");
	line.n -= directory ? strlen("includedir") : strlen("include");
	path = str_dup(r->arena, str_trim(line));
	if (depth == NESTED_MOST)
		return refuse(r, path.p, "included too deep");
	return directory ? read_directory(r, path.p, depth + 1) : read_file(r, path.p, depth + 1);
}

static bool is_ours(const struct reading *r, struct str section)
{
	return str_eq(section, STR("client")) || str_eq(section, STR("client-server")) ||
	       str_eq(section, STR("client-mariadb")) || str_eq(section, str_from(r->group));
}

MUST_CHECK static enum err read_line(struct reading *r, struct str line, int depth)
{
	struct str name, value;

	line = str_trim(line);
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line = str_trim((struct str){line.p, line.n - 1});
	if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
		return ERR_OK;
	if (line.p[0] == '!')
		return include(r, (struct str){line.p + 1, line.n - 1}, depth);
	if (line.p[0] == '[') {
		const char *end = memchr(line.p, ']', line.n);

		r->ours =
			end != NULL &&
			is_ours(r, str_trim((struct str){line.p + 1, (size_t)(end - line.p) - 1}));
		return ERR_OK;
	}
	if (!r->ours || !str_split(&line, '=', &name))
		return ERR_OK;
	name = str_trim(name);
	value = unquoted(str_trim(line));
	r->password |= str_eq(name, STR("password"));
	if (str_eq(name, STR("host")) && line.p != NULL)
		r->hosts = str_dup(r->arena, value);
	return ERR_OK;
}

/* *text becomes the whole file; *mode is that of the opened file. */
MUST_CHECK static enum err load(struct reading *r, const char *file, struct str *text, mode_t *mode)
{
	char *bytes = arena_alloc(r->arena, FILE_BYTES + 1);
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t got = -1;
	size_t n = 0;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		do {
			got = read(fd, bytes + n, FILE_BYTES + 1 - n);
			n += got > 0 ? (size_t)got : 0;
		} while ((got > 0 && n <= FILE_BYTES) || (got < 0 && errno == EINTR));
	}
	if (fd >= 0)
		close(fd);
	if (got < 0)
		return unreadable(r, file);
	if (n > FILE_BYTES)
		return refuse(r, file, "larger than 64 KiB");
	*text = (struct str){bytes, n};
	*mode = st.st_mode;
	return ERR_OK;
}

MUST_CHECK static enum err read_file(struct reading *r, const char *file, int depth)
{
	bool ours = r->ours, password = r->password;
	const char *fault;
	struct str text, line;
	mode_t mode;
	enum err err = load(r, file, &text, &mode);

	if (err)
		return err;
	fault = trusted_fault(file, mode);
	if (fault != NULL)
		return refuse(r, file, fault);
	r->ours = r->password = false;
	while (err == ERR_OK && str_split(&text, '\n', &line))
		err = read_line(r, line, depth);
	if (err == ERR_OK && r->password && (mode & S_IROTH) != 0)
		err = refuse(r, file, "it has a password, and others can read it");
	r->ours = ours;
	r->password = password;
	return err;
}

/* The colon before the port: the only colon, or one after a bracket. NULL: no port. */
static const char *port_of(struct str name)
{
	const char *last = NULL;
	size_t colons = 0;

	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == ':') {
			last = name.p + i;
			colons++;
		}
	}
	return colons == 1 || (colons > 1 && last[-1] == ']') ? last : NULL;
}

/* name, name:3306, 192.0.2.1, ::1, [::1]:3306 */
static void add_host(struct options *o, struct str text)
{
	struct str name = str_trim(text);
	const char *colon = port_of(name);
	struct options_host *h;
	int64_t port = 0;

	if (colon != NULL) {
		struct str digits = {colon + 1, (size_t)(name.p + name.n - colon) - 1};

		if (str_to_i64(digits, &port) != STR_INT_OK || port < 1 || port > 65535)
			port = 0;
		name.n = (size_t)(colon - name.p);
	}
	if (name.n >= 2 && name.p[0] == '[' && name.p[name.n - 1] == ']')
		name = (struct str){name.p + 1, name.n - 2};
	if (name.n == 0 || name.n >= sizeof(h->name) || o->host_count == OPTIONS_HOSTS ||
		memchr(name.p, '\0', name.n) != NULL)
		return;
	h = &o->hosts[o->host_count++];
	memcpy(h->name, name.p, name.n);
	h->name[name.n] = '\0';
	h->port = (unsigned)port;
}

enum err options_read(struct options *o, const char *file, const char *group)
{
	struct reading r = {.o = o, .group = group, .arena = arena_open(), .hosts = STR_NONE};
	enum err err = read_file(&r, file, 0);
	struct str one;

	o->host_count = 0;
	while (err == ERR_OK && r.hosts.p != NULL && str_split(&r.hosts, ',', &one))
		add_host(o, one);
	if (o->host_count == 1 && o->hosts[0].port == 0)
		o->host_count = 0;
	arena_close(r.arena);
	return err;
}
