/* SPDX-License-Identifier: MIT
 * The pages for people: the console at /console/, and the page at the mount itself that leads to
 * it. Their bytes are in the program. */
#ifndef API_CONSOLE_H
#define API_CONSOLE_H

#include "call/call.h"

struct console_file {
	const char *name; /* "app.js" */
	const char *type; /* Content-Type */
	struct str bytes;
};

/* The files of src/console, made into C by src/console/to-c. Pages hold "@api@" where the base path
 * of the Sessions API belongs. console_digest is of all console_files together. */
extern const struct console_file console_index, console_root;
extern const struct console_file console_files[];
extern const size_t console_file_count;
extern const char console_digest[];

enum err console_page(struct call *c);    /* GET /console/ */
enum err console_asset(struct call *c);   /* GET /console/{digest}/{file} */
enum err console_at_root(struct call *c); /* GET / */

#endif
