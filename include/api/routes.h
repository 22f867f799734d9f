/* SPDX-License-Identifier: MIT
 * The route table of all front doors. */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include "api/call.h"

/* Names of the base paths that rows live under: of the two APIs, whose place is configurable, and
 * the paths of operators, which are their own names. */
#define PREFIX_V1 "v1"
#define PREFIX_EDGE "edge"
#define PREFIX_HEALTHZ "/healthz"
#define PREFIX_READYZ "/readyz"
#define PREFIX_METRICS "/metrics"
#define PREFIX_AUTHORIZE "/authorize"

extern const struct route routes[];
extern const size_t route_count;

#endif
