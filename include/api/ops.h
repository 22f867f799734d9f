/* SPDX-License-Identifier: MIT
 * What operators ask (contract section 6): is the process up, does the database answer, and the
 * numbers of the pool. */
#ifndef API_OPS_H
#define API_OPS_H

#include "api/call.h"

enum err ops_healthz(struct call *c); /* touches nothing but this process */
enum err ops_readyz(struct call *c);

/* Unknown (404) to every address that METRICS_ALLOW does not list. */
enum err ops_metrics(struct call *c);

/* Whether a list of addresses separated by commas has this one. Addresses are compared and not
 * their spellings; an IPv4 address written as IPv6 (::ffff:192.0.2.1) is the IPv4 address. */
bool ops_is_listed(const char *list, struct str address);

#endif
