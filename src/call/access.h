/* SPDX-License-Identifier: MIT
 * Who calls, and over which sessions: the step of dispatch before parameters and body. */
#ifndef CALL_ACCESS_H
#define CALL_ACCESS_H

#include "call/call.h"

/* Finds out who calls and whether they may (schema/api.md 3): token, session of the token,
 * matrix, tenant of the path. Fills who, reach, scope. */
MUST_CHECK enum err call_authorise(struct call *c);

#endif
