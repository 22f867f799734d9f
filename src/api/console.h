/* SPDX-License-Identifier: MIT
 * The pages for people: the console at /console/, the reference of the API, and the page at the
 * mount itself that leads to both. Their bytes are in the program. */
#ifndef API_CONSOLE_H
#define API_CONSOLE_H

#include "call/call.h"

struct console_file {
	const char *name; /* "app.js" */
	const char *type; /* Content-Type */
	struct str bytes;
};

/* The files of src/console, made into C by src/console/to-c. Pages hold "@api@" and "@edge@" where
 * the base paths of the two APIs belong. console_reference is made of schema/openapi.yaml by
 * to-reference. console_digest is of all console_files together. */
extern const struct console_file console_index, console_root, console_reference;
extern const struct console_file console_files[];
extern const size_t console_file_count;
extern const char console_digest[];

enum err console_page(struct call *c);    /* GET /console/ */
enum err console_api(struct call *c);     /* GET /console/reference */
enum err console_asset(struct call *c);   /* GET /console/{digest}/{file} */
enum err console_at_root(struct call *c); /* GET / */

#endif
