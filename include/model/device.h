/* SPDX-License-Identifier: MIT
 * What a user agent tells about the device.
 *
 * device_type: "desktop", "mobile", "tablet", "tv", "bot", "api", in static storage; p == NULL when
 * the agent is absent, empty or tells nothing. Only its first LIMIT_TEXT_BYTES are looked at. A
 * game console is a tv, or mobile if it has a screen of its own.
 *
 * The surprise: Safari on an iPad sends the user agent of a Mac, so it is "desktop". */
#ifndef MODEL_DEVICE_H
#define MODEL_DEVICE_H

#include "base/str.h"

struct str device_type(struct str user_agent);

/* The device's name for people: "Firefox on Windows", only one of both where the other is unknown,
 * else the first word of the agent. At most LIMIT_DEVICE_LABEL_BYTES; p == NULL without an agent.
 */
struct str device_label(struct arena *a, struct str user_agent);

/* What makes a device known: its label and its network (IPv4 /24, IPv6 /48). All unknown addresses
 * are one network. The store keeps a digest of it. p == NULL without a label.
 */
struct str device_trace(struct arena *a, struct str label, struct str ip_address);

#endif
