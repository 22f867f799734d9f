/* SPDX-License-Identifier: MIT
 * GET {api prefix}/openapi.json: schema/openapi.yaml as JSON, of this installation. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include "api/call.h"

/* The file, made into C by schema/openapi-to-c. Not NUL-terminated. */
extern const char openapi_json[];
extern const size_t openapi_json_bytes;

/* Where the file has the two APIs. */
#define OPENAPI_V1 "/api/v1"
#define OPENAPI_EDGE "/edge/management/v1"

/* The document with these base paths instead of the default ones, and with `mount` ("" for the
 * root) as its server. */
void openapi_write(struct arena *a, struct str mount, struct str api_prefix, struct str edge_prefix,
	struct buf *out);

enum err openapi_handler(struct call *c);

#endif
