/* SPDX-License-Identifier: MIT
 * What operators ask (contract section 6): is the process up, does the database answer. */
#ifndef API_OPS_H
#define API_OPS_H

#include "api/call.h"

enum err ops_healthz(struct call *c);
enum err ops_readyz(struct call *c);

#endif
