/* SPDX-License-Identifier: MIT
 * Getting sessions in (contract section 5): registration at sign-in, activity, introspection. */
#ifndef API_INGEST_H
#define API_INGEST_H

#include "api/call.h"

enum err ingest_register(struct call *c);
enum err ingest_activity(struct call *c);
enum err ingest_introspect(struct call *c);

#endif
