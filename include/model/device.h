/* SPDX-License-Identifier: MIT
 * What a user agent tells of the device it speaks for. Called by registration and import; touches
 * nothing.
 *
 * device_type, when the caller did not say:
 * "desktop", "mobile", "tablet", "tv", "bot", "api", in static storage; p == NULL when the agent is
 * absent, empty or tells nothing. Only its first LIMIT_TEXT_BYTES are looked at. A game console
 * counts as what it is looked at on: tv, and mobile if it has a screen of its own to carry about.
 *
 * The surprise: Safari on an iPad asks for desktop pages in the very words of a Mac and so is
 * "desktop"; nothing in the user agent tells them apart. */
#ifndef MODEL_DEVICE_H
#define MODEL_DEVICE_H

#include "base/str.h"

struct str device_type(struct str user_agent);

/* For people to recognise it by: "Firefox on Windows", one of both where the other is unknown, else
 * the first word of the agent. At most LIMIT_DEVICE_LABEL_BYTES; p == NULL without an agent. */
struct str device_label(struct arena *a, struct str user_agent);

/* What a device is told from a new one by: its label and the network it is in (IPv4 /24, IPv6 /48;
 * an unknown address is a network too). The store keeps a digest of it. p == NULL without a label.
 */
struct str device_trace(struct arena *a, struct str label, struct str ip_address);

#endif
