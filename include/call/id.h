/* SPDX-License-Identifier: MIT
 * Rules for ids beyond http_is_id. */
#ifndef CALL_ID_H
#define CALL_ID_H

#include <stdbool.h>

#include "base/str.h"

/* Whether the id is a word that stands in the place of a session's id in some path, or one that no
 * path can name. No session gets such an id (schema/api.md 2). */
bool id_is_reserved(struct str id);

/* Whether the Authorizer can tell an application this id unchanged. A header loses spaces at its
 * ends and holds no control characters, so an application would take one user for another. */
bool id_is_carried(struct str id);

#endif
