/* SPDX-License-Identifier: MIT
 * The route table of all front doors. */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include "call/route.h"

extern const struct route_table api_routes;

#endif
