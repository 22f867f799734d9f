/* SPDX-License-Identifier: MIT
 * Splits a request target into mount, prefix and segments; the rule is in target.h. Allocates in
 * the request's arena. Without REQUEST_URI the path is SCRIPT_NAME + PATH_INFO, which the web
 * server has decoded, so it is not decoded again. */
#include "target.h"

#include "base/buf.h"

struct segment {
	struct str text; /* decoded */
	size_t end;      /* offset of its end in the path */
};

struct target {
	struct str path, query;
	bool decoded;
	struct segment list[LIMIT_TARGET_SEGMENTS];
	size_t count;
};

static const char *env_text(const struct http_request *r, const char *name)
{
	const char *v = r->env->get(r->env->ctx, name);

	return v != NULL ? v : "";
}

/* Cuts off the "http://host" that Apache leaves in a target (RFC 9112 section 3.2.2). */
static struct str skip_authority(struct str uri)
{
	const char *colon = memchr(uri.p, ':', uri.n);
	size_t at;

	if (colon == NULL)
		return uri;
	at = (size_t)(colon - uri.p);
	if (!str_starts((struct str){colon, uri.n - at}, STR("://")))
		return uri;
	if (!str_eq_nocase((struct str){uri.p, at}, STR("http")) &&
		!str_eq_nocase((struct str){uri.p, at}, STR("https")))
		return uri;
	at += 3;
	while (at < uri.n && uri.p[at] != '/' && uri.p[at] != '?' && uri.p[at] != '#')
		at++;
	return (struct str){uri.p + at, uri.n - at};
}

/* Fills path, query and decoded. A fragment is dropped, as web servers do. */
static void read_target(const struct http_request *r, struct target *t)
{
	struct str uri = str_from(env_text(r, "REQUEST_URI"));
	const char *end;

	if (uri.n == 0) {
		t->path = str_printf(
			r->arena, "%s%s", env_text(r, "SCRIPT_NAME"), env_text(r, "PATH_INFO"));
		t->decoded = true;
		return;
	}
	t->path = uri = skip_authority(uri);
	end = memchr(uri.p, '#', uri.n);
	if (end != NULL)
		t->path.n = (size_t)(end - uri.p);
	end = memchr(t->path.p, '?', t->path.n);
	if (end != NULL) {
		t->query.p = end + 1;
		t->query.n = (size_t)(t->path.p + t->path.n - t->query.p);
		t->path.n = (size_t)(end - t->path.p);
	}
	if (t->path.n == 0) /* "http://host?query" */
		t->path = STR("/");
}

static struct str without_last_slashes(struct str s)
{
	while (s.n > 0 && s.p[s.n - 1] == '/')
		s.n--;
	return s;
}

/* False if the path is not allowed; `list` then holds the segments before the fault. Empty segments
 * at the end are left out, because OpenZiti's console asks for "/api-sessions/{id}//". */
static bool split_path(struct arena *a, struct target *t)
{
	struct str rest = without_last_slashes(t->path), part;

	if (t->path.n == 0 || t->path.p[0] != '/' || t->path.n > LIMIT_PATH_BYTES)
		return false;
	(void)str_split(&rest, '/', &part);
	while (str_split(&rest, '/', &part)) {
		struct segment *s = &t->list[t->count];

		if (part.n == 0 || t->count == LIMIT_TARGET_SEGMENTS)
			return false;
		s->end = (size_t)(part.p + part.n - t->path.p);
		s->text = t->decoded ? part : str_percent_decode(a, part, false);
		if (str_eq(s->text, STR(".")) || str_eq(s->text, STR("..")))
			return false;
		t->count++;
	}
	return true;
}

/* Whether the segments from *at on begin with those of `path`; if so, *at is moved after them.
 * Doubled slashes in `path`, and slashes at its end, are ignored. */
static bool begins_with(const struct target *t, size_t *at, struct str path)
{
	size_t i = *at;
	struct str part;

	while (str_split(&path, '/', &part)) {
		if (part.n == 0)
			continue;
		if (i == t->count || !str_eq(t->list[i].text, part))
			return false;
		i++;
	}
	*at = i;
	return true;
}

/* The longest prefix at segment `at`, or NULL; *behind becomes the first segment after it. The
 * prefix "" matches only at the end of the path. */
static const struct str *prefix_at(
	const struct target *t, size_t at, const struct str *prefixes, size_t count, size_t *behind)
{
	const struct str *best = NULL;

	for (size_t i = 0; i < count; i++) {
		size_t end = at;

		if (prefixes[i].n == 0 && at < t->count)
			continue;
		if (begins_with(t, &end, prefixes[i]) && (best == NULL || end > *behind)) {
			best = &prefixes[i];
			*behind = end;
		}
	}
	return best;
}

/* Whether SCRIPT_NAME + PATH_INFO begins with the first `n` segments. */
static bool script_begins_with(const struct target *t, size_t n, struct str script)
{
	struct str part;

	for (size_t i = 0; i < n;) {
		if (!str_split(&script, '/', &part))
			return false;
		if (part.n == 0)
			continue;
		if (!str_eq(t->list[i].text, part))
			return false;
		i++;
	}
	return true;
}

/* Whether PATH_INFO is exactly the segments from `from` on. Both sides are decoded once more,
 * because PATH_INFO may have a %2F (AllowEncodedSlashes NoDecode) or a slash instead. */
static bool info_is(struct arena *a, const struct target *t, size_t from, struct str info)
{
	struct buf rest;

	buf_init(&rest, a);
	for (size_t i = from; i < t->count; i++) {
		buf_char(&rest, '/');
		buf_str(&rest, t->list[i].text);
	}
	if (info.n > 0 && info.p[info.n - 1] == '/')
		info.n--;
	return str_eq(
		str_percent_decode(a, buf_view(&rest), false), str_percent_decode(a, info, false));
}

static bool mount_is_served(const struct http_request *r, const struct target *t, size_t n)
{
	const char *script = env_text(r, "SCRIPT_NAME"), *info = env_text(r, "PATH_INFO");

	if (t->decoded || n == 0 || (!*script && !*info))
		return true;
	return script_begins_with(t, n, str_printf(r->arena, "%s%s", script, info)) ||
	       (*info && info_is(r->arena, t, n, str_from(info)));
}

/* *from becomes the first segment of the prefix, *behind the first after it. */
static const struct str *find_prefix(const struct http_request *r, const struct target *t,
	const struct str *prefixes, size_t count, struct str fixed_mount, size_t *from,
	size_t *behind)
{
	const struct str *found = NULL;

	*from = 0;
	if (fixed_mount.p != NULL)
		return begins_with(t, from, fixed_mount)
			       ? prefix_at(t, *from, prefixes, count, behind)
			       : NULL;
	/* "" fits the end of every path, so without a fixed mount it fits only the root. */
	for (size_t i = 0; (i == 0 || i < t->count) && found == NULL; i++) {
		found = prefix_at(t, i, prefixes, count, behind);
		*from = i;
	}
	/* If the shortest mount does not agree with the web server, a longer one does not either,
	 * because it begins with the shortest. */
	return found != NULL && mount_is_served(r, t, *from) ? found : NULL;
}

struct str target_parse(
	struct http_request *r, const struct str *prefixes, size_t count, struct str fixed_mount)
{
	struct target t = {.path = STR("")};
	const struct str *prefix = NULL;
	size_t from = 0, behind = 0, end;
	bool whole;

	read_target(r, &t);
	r->path_ok = false;
	r->mount = r->prefix = STR("");
	r->path = t.path;
	r->segment_count = 0;
	whole = split_path(r->arena, &t);
	prefix = find_prefix(r, &t, prefixes, count, fixed_mount, &from, &behind);
	if (prefix == NULL)
		return t.query;
	r->prefix = *prefix; /* it decides the form of a 404 too */
	if (!whole || t.count - behind > LIMIT_PATH_SEGMENTS)
		return t.query;
	r->path_ok = true;
	if (fixed_mount.p != NULL)
		r->mount = without_last_slashes(fixed_mount);
	else if (from > 0)
		r->mount = (struct str){t.path.p, t.list[from - 1].end};
	end = behind > 0 ? t.list[behind - 1].end : 0;
	r->path = (struct str){t.path.p + end, t.path.n - end};
	for (size_t i = behind; i < t.count; i++)
		r->segments[r->segment_count++] = t.list[i].text;
	return t.query;
}
