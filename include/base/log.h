/* SPDX-License-Identifier: MIT
 * Writes each event as one line to standard error, as key=value text or JSON. Bytes that are not
 * printable are escaped, so a client cannot forge a line. Callers pass no secrets.
 *
 * log_event(LOG_WARN, "jwks reload failed", "file", path, "why", why, NULL): pairs of C strings,
 * ended by NULL; a value may be NULL (printed as "-").
 *
 * Warnings and errors that differ only in the value of "request" are of one kind. A process writes
 * at most LOG_EQUAL_MOST lines of a kind in a second. When that second is over, the next event of
 * any level first writes one line about the kind: how many lines were left out, their event, and
 * the request of the last line that was written. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };
enum log_format { LOG_TEXT, LOG_JSON };

void log_setup(enum log_level least, enum log_format format);
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));

#define LOG_EQUAL_MOST 3

/* Writes now how many lines were left out so far. A process calls this before it ends. */
void log_flush(void);

#endif
