/* SPDX-License-Identifier: MIT
 * The log, and the two fatal checks of base/macros.h, which log a line before they abort. Keeps
 * static state: the format, and the kinds of lines written in the last second, because an outage
 * can cause thousands of equal lines in a second.
 *
 * A line is built on the stack and written by one write(2) of at most PIPE_BUF bytes, so lines of
 * several workers on one pipe never mix. A line that is too long is cut and marked as cut. The text
 * is ASCII: other bytes are escaped, in JSON as code points. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/str.h"

#define LINE_BYTES 4096 /* PIPE_BUF of Linux */
#define TAIL_BYTES 32   /* kept for the closing quote, the note of the cut and the end of line */

#define SECOND_US 1000000
#define KINDS 32 /* kinds of warnings and errors that are counted at the same time */
#define LIKE_BYTES 40

/* Lines that differ only in their request. */
struct kind {
	uint64_t hash;
	int64_t from_us; /* when its second began; 0: never */
	unsigned written, left_out;
	enum log_level level;
	const char *event;
	char like[LIKE_BYTES]; /* request of the last one written */
};

static struct {
	enum log_level least;
	enum log_format format;
	unsigned left_out; /* of all kinds */
	struct kind kinds[KINDS];
} sink = {.least = LOG_INFO, .format = LOG_TEXT};

struct line {
	size_t n;
	bool cut;
	char p[LINE_BYTES];
};

void log_setup(enum log_level least, enum log_format format)
{
	sink.least = least;
	sink.format = format;
}

/* Adds all the bytes or none, so that no escape is cut in two. Once a part did not fit, nothing
 * more is added. */
static void put(struct line *l, const char *p, size_t n)
{
	if (l->cut || l->n + n > LINE_BYTES - TAIL_BYTES) {
		l->cut = true;
		return;
	}
	memcpy(l->p + l->n, p, n);
	l->n += n;
}

static void put_tail(struct line *l, const char *c)
{
	size_t n = strlen(c);

	BUG_ON(l->n + n > LINE_BYTES);
	memcpy(l->p + l->n, c, n);
	l->n += n;
}

/* Adds the escape of a byte or code point; `wide`: in the form of JSON. */
static void put_escape(struct line *l, uint32_t c, bool wide)
{
	char e[16];
	int n;

	if (c == '"' || c == '\\')
		n = snprintf(e, sizeof(e), "\\%c", (int)c);
	else if (c == '\n' || c == '\r' || c == '\t')
		n = snprintf(e, sizeof(e), "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
	else if (!wide)
		n = snprintf(e, sizeof(e), "\\x%02x", (unsigned)c);
	else if (c < 0x10000)
		n = snprintf(e, sizeof(e), "\\u%04x", (unsigned)c);
	else
		n = snprintf(e, sizeof(e), "\\u%04x\\u%04x",
			(unsigned)(0xD800 + ((c - 0x10000) >> 10)),
			(unsigned)(0xDC00 + (c & 0x3FF)));
	put(l, e, (size_t)n);
}

static bool is_plain(char c)
{
	return c >= ' ' && c < 0x7F && c != '"' && c != '\\';
}

static void put_escaped(struct line *l, struct str v, bool wide)
{
	for (size_t i = 0; i < v.n && !l->cut;) {
		if (is_plain(v.p[i]))
			put(l, &v.p[i++], 1);
		else if (wide)
			put_escape(l, str_code_point(v, &i), true);
		else
			put_escape(l, (unsigned char)v.p[i++], false);
	}
}

static bool needs_quotes(struct str v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!is_plain(v.p[i]) || v.p[i] == ' ' || v.p[i] == '=')
			return true;
	return v.n == 0;
}

/* One key and its value. The pair is left out if there is no room for the key. */
static void put_pair(struct line *l, const char *key, const char *value)
{
	bool json = sink.format == LOG_JSON;
	struct str v = str_from(value != NULL ? value : "-");
	bool quotes = json || needs_quotes(v);
	size_t start = l->n;

	put(l, json ? (start ? ",\"" : "{\"") : " ", json ? 2 : start != 0);
	put(l, key, strlen(key));
	put(l, json ? "\":\"" : "=\"", json ? 3 : 1 + (size_t)quotes);
	if (l->cut) {
		l->n = start;
		return;
	}
	put_escaped(l, v, json);
	if (quotes)
		put_tail(l, "\"");
}

/* A line that cannot be written is lost, because there is no other place to report it. */
static void emit(const struct line *l)
{
	ssize_t done;

	do
		done = write(STDERR_FILENO, l->p, l->n);
	while (done < 0 && errno == EINTR);
}

static void write_line(enum log_level level, const char *event, va_list pairs)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	bool json = sink.format == LOG_JSON;
	char now[CLOCK_TEXT_BYTES];
	struct line l;

	l.n = 0;
	l.cut = false;
	clock_format(clock_now_ms(), now);
	put_pair(&l, "time", now);
	put_pair(&l, "level", names[level]);
	put_pair(&l, "event", event);
	for (const char *key; (key = va_arg(pairs, const char *)) != NULL;)
		put_pair(&l, key, va_arg(pairs, const char *));
	if (l.cut)
		put_tail(&l, json ? ",\"cut\":\"yes\"" : " cut=yes");
	put_tail(&l, json ? "}\n" : "\n");
	emit(&l);
}

static __attribute__((sentinel)) void write_pairs(enum log_level level, const char *event, ...)
{
	va_list ap;

	va_start(ap, event);
	write_line(level, event, ap);
	va_end(ap);
}

static void tell_left_out(struct kind *k)
{
	char n[16];

	if (k->left_out == 0)
		return;
	snprintf(n, sizeof(n), "%u", k->left_out);
	sink.left_out -= k->left_out;
	k->left_out = 0;
	write_pairs(k->level, "left out", "lines", n, "of", k->event, "like",
		k->like[0] != '\0' ? k->like : NULL, NULL);
}

static void tell_what_is_over(int64_t now_us)
{
	for (size_t i = 0; i < KINDS && sink.left_out > 0; i++)
		if (now_us - sink.kinds[i].from_us >= SECOND_US)
			tell_left_out(&sink.kinds[i]);
}

void log_flush(void)
{
	tell_what_is_over(INT64_MAX);
}

/* FNV-1a, the terminating NUL included. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	const char *p = text != NULL ? text : "-";

	do
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3;
	while (*p++ != '\0');
	return hash;
}

/* *request becomes the value of "request", which is not part of the kind. */
static uint64_t hash_pairs(const char *event, va_list pairs, const char **request)
{
	uint64_t hash = hash_text(0xcbf29ce484222325, event);

	*request = NULL;
	for (const char *key; (key = va_arg(pairs, const char *)) != NULL;) {
		const char *value = va_arg(pairs, const char *);

		if (strcmp(key, "request") == 0)
			*request = value;
		else
			hash = hash_text(hash_text(hash, key), value);
	}
	return hash;
}

/* Finds the kind with this hash, or gives it the place of the oldest one. A kind whose second is
 * over starts again from zero. */
static struct kind *find_kind(uint64_t hash, int64_t now_us)
{
	struct kind *k = &sink.kinds[0];

	for (size_t i = 0; i < KINDS; i++) {
		if (sink.kinds[i].hash == hash) {
			k = &sink.kinds[i];
			break;
		}
		if (sink.kinds[i].from_us < k->from_us)
			k = &sink.kinds[i];
	}
	if (k->hash != hash || now_us - k->from_us >= SECOND_US) {
		tell_left_out(k);
		*k = (struct kind){.hash = hash, .from_us = now_us};
	}
	return k;
}

static bool admit(enum log_level level, const char *event, va_list pairs, int64_t now_us)
{
	const char *request;
	uint64_t hash = hash_pairs(event, pairs, &request);
	struct kind *k = find_kind(hash, now_us);

	if (k->written == LOG_EQUAL_MOST) {
		k->left_out++;
		sink.left_out++;
		return false;
	}
	k->written++;
	k->level = level;
	k->event = event;
	snprintf(k->like, sizeof(k->like), "%s", request != NULL ? request : "");
	return true;
}

void log_event(enum log_level level, const char *event, ...)
{
	bool limited = level >= LOG_WARN && level < LOG_OFF && level >= sink.least;
	int64_t now_us = limited || sink.left_out > 0 ? clock_monotonic_us() : 0;
	va_list ap;

	if (sink.left_out > 0)
		tell_what_is_over(now_us);
	if (level < sink.least || level >= LOG_OFF)
		return;
	va_start(ap, event);
	if (limited) {
		va_list copy;
		bool admitted;

		va_copy(copy, ap);
		admitted = admit(level, event, copy, now_us);
		va_end(copy);
		if (!admitted) {
			va_end(ap);
			return;
		}
	}
	write_line(level, event, ap);
	va_end(ap);
}

void bug(const char *file, int line, const char *what)
{
	char where[16];

	snprintf(where, sizeof(where), "%d", line);
	log_event(LOG_ERROR, "bug", "file", file, "line", where, "what", what, NULL);
	abort();
}

void out_of_memory(size_t wanted)
{
	char bytes[24];

	snprintf(bytes, sizeof(bytes), "%zu", wanted);
	log_event(LOG_ERROR, "out of memory", "wanted", bytes, NULL);
	abort();
}
