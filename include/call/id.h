/* SPDX-License-Identifier: MIT
 * Ids that the front doors have words of their own about. What an id is at all: http_is_id. */
#ifndef CALL_ID_H
#define CALL_ID_H

#include <stdbool.h>

#include "base/str.h"

/* A word that stands where a session's id could, in some path, or that no path can name: never the
 * id of a session (schema/api.md 2). */
bool id_is_reserved(struct str id);

/* Whether an application gets that id as it is from the Authorizer. A header loses spaces at its
 * ends, and must not hold what could end it: so told, an application would take one user for
 * another. */
bool id_is_carried(struct str id);

#endif
