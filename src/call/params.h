/* SPDX-License-Identifier: MIT
 * Query parameters of a call. */
#ifndef CALL_PARAMS_H
#define CALL_PARAMS_H

#include "call/call.h"

/* Reads the query parameters that the route names; faults for the bad ones. */
MUST_CHECK enum err call_read_params(struct call *c);

#endif
