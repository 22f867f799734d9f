/* SPDX-License-Identifier: MIT
 * OpenZiti's Edge Management API, ApiSession (contract section 4): handlers and dialect. */
#ifndef API_EDGE_H
#define API_EDGE_H

#include "api/call.h"

extern const struct dialect dialect_edge;

/* Type of a fault that is INVALID_PAGINATION and not COULD_NOT_VALIDATE (zitiql 8). */
#define EDGE_FAULT_PAGE "pagination"

/* An answer {"data":…, "meta":{…}}. edge_close writes meta's versions and ends; what else meta
 * holds goes between edge_meta and edge_close. */
struct json_writer *edge_open(struct call *c);
void edge_meta(struct json_writer *w);
MUST_CHECK enum err edge_close(struct json_writer *w);

enum err edge_list(struct call *c);
enum err edge_detail(struct call *c);
enum err edge_delete(struct call *c);

#endif
