/* SPDX-License-Identifier: MIT
 * The log, and the two fatal checks of base/macros.h which end in it. Called by every room; writes
 * to standard error and keeps the one mutable static that is allowed here.
 *
 * A line is built on the stack and goes out in one write(2) of at most PIPE_BUF bytes, so lines of
 * several workers on one pipe never mix. What does not fit is cut, and the line says so. The text
 * is pure ASCII: other bytes are escaped, in JSON as code points. */
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

static struct {
	enum log_level least;
	enum log_format format;
} setup = {LOG_INFO, LOG_TEXT};

struct line {
	size_t n;
	bool cut;
	char p[LINE_BYTES];
};

void log_setup(enum log_level least, enum log_format format)
{
	setup.least = least;
	setup.format = format;
}

/* All or nothing, so that no escape is cut in two. After the first that does not fit, no more. */
static void put(struct line *l, const char *p, size_t n)
{
	if (l->cut || n > LINE_BYTES - TAIL_BYTES - l->n) {
		l->cut = true;
		return;
	}
	memcpy(l->p + l->n, p, n);
	l->n += n;
}

static void put_tail(struct line *l, const char *c)
{
	size_t n = strlen(c);

	BUG_ON(n > LINE_BYTES - l->n);
	memcpy(l->p + l->n, c, n);
	l->n += n;
}

/* A byte or code point that needs an escape; `wide` as JSON writes it. */
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

/* One key and its value; a pair whose value cannot even begin is left out. */
static void put_pair(struct line *l, const char *key, const char *value)
{
	bool json = setup.format == LOG_JSON;
	struct str v = str_from(value ? value : "-");
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

/* The log is the last resort: a line that cannot be written is lost, and nobody is told. */
static void emit(const struct line *l)
{
	ssize_t done;

	do
		done = write(STDERR_FILENO, l->p, l->n);
	while (done < 0 && errno == EINTR);
}

void log_event(enum log_level level, const char *event, ...)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	bool json = setup.format == LOG_JSON;
	char now[CLOCK_TEXT_BYTES];
	struct line l;
	va_list ap;

	if (level < setup.least || level >= LOG_OFF)
		return;
	l.n = 0;
	l.cut = false;
	clock_format(clock_now_ms(), now);
	put_pair(&l, "time", now);
	put_pair(&l, "level", names[level]);
	put_pair(&l, "event", event);

	va_start(ap, event);
	for (const char *key; (key = va_arg(ap, const char *)) != NULL;)
		put_pair(&l, key, va_arg(ap, const char *));
	va_end(ap);

	if (l.cut)
		put_tail(&l, json ? ",\"cut\":\"yes\"" : " cut=yes");
	put_tail(&l, json ? "}\n" : "\n");
	emit(&l);
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
