/* SPDX-License-Identifier: MIT
 * Finds faults of a MariaDB option file that the connector does not report: it skips groups of
 * other names and unknown options. Called by --check, by rollcall-admin and once at the start of
 * the service. Reports names of groups and options, never a value. */
#include "server/option_file.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

struct look {
	struct str group;
	bool in_group; /* the lines belong to [client] or the group */
	bool has_own, has_group, has_database, includes; /* own: that group itself */
	struct buf groups, options;                      /* the names, separated by commas */
};

static void list(struct buf *b, struct str name)
{
	if (b->n > 0)
		buf_str(b, STR(", "));
	buf_str(b, name);
}

/* A name may have - or _, and the value may be missing. */
static struct str option_name(struct arena *a, struct str line)
{
	struct str name;
	char *p;

	if (!str_split(&line, '=', &name))
		return STR_NONE;
	name = str_dup(a, str_trim(name));
	p = (char *)name.p;
	for (size_t i = 0; i < name.n; i++)
		p[i] = p[i] == '_' ? '-' : p[i];
	return name;
}

static void take_group(struct look *l, struct str line)
{
	struct str name = {line.p + 1, 0};

	while (name.n + 1 < line.n && name.p[name.n] != ']')
		name.n++;
	list(&l->groups, name);
	l->has_own |= str_eq(name, l->group);
	l->in_group = str_eq(name, l->group) || str_eq(name, STR("client"));
	l->has_group |= l->in_group;
}

static void take_line(struct look *l, struct arena *a, struct str line)
{
	line = str_trim(line);
	while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line = str_trim((struct str){line.p, line.n - 1});
	if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
		return;
	l->includes |= line.p[0] == '!';
	if (line.p[0] == '[') {
		take_group(l, line);
	} else if (l->in_group) {
		struct str name = option_name(a, line);

		l->has_database |= str_eq(name, STR("database"));
		list(&l->options, name);
	}
}

/* False: there is no file, and the code that connects reports it. */
static bool look_at(struct look *l, struct arena *a, const char *path)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	FILE *in = path != NULL ? fopen(path, "re") : NULL;

	if (in == NULL)
		return false;
	buf_init(&l->groups, a);
	buf_init(&l->options, a);
	while ((n = getline(&line, &size, in)) >= 0)
		take_line(l, a, (struct str){line, (size_t)n});
	if (line != NULL)
		explicit_bzero(line, size);
	free(line);
	fclose(in);
	return true;
}

const char *option_file_admin_group(struct arena *a, const char *path, const char *group)
{
	const char *own = arena_printf(a, "%s-admin", group);
	struct look l = {.group = str_from(own)};

	return look_at(&l, a, path) && l.has_own ? own : group;
}

const char *option_file_fault(struct arena *a, const char *path, const char *group)
{
	struct look l = {.group = str_from(group)};

	if (!look_at(&l, a, path))
		return NULL;
	if (l.includes || l.has_database)
		return NULL;
	if (!l.has_group)
		return arena_printf(a, "%s has no group [%s] (it has: %.*s)", path, group,
			STR_FMT(l.groups.n > 0 ? buf_view(&l.groups) : STR("none")));
	return arena_printf(a, "%s names no database in [client] or [%s] (it has: %.*s)", path,
		group, STR_FMT(l.options.n > 0 ? buf_view(&l.options) : STR("nothing")));
}
