/* SPDX-License-Identifier: MIT
 * One event a line on standard error, as key=value text or JSON. Bytes that are not printable are
 * escaped, so a client cannot forge a line. Callers pass no secrets.
 *
 * log_event(LOG_WARN, "jwks reload failed", "file", path, "why", why, NULL): pairs of C strings,
 * ended by NULL; a value may be NULL (printed as "-").
 *
 * Warnings and errors are of one kind when they differ in nothing but the value of "request". A
 * process writes LOG_EQUAL_MOST lines of a kind in a second. The next event of any level after that
 * second first writes one line: how many were left out, of which event, and the request of the last
 * one that was written. */
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
