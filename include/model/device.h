/* SPDX-License-Identifier: MIT
 * What kind of device a user agent speaks for. Called by registration and import, when the caller
 * did not say; touches nothing.
 *
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

#endif
