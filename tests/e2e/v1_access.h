/* SPDX-License-Identifier: MIT
 * Four tenants (the caller's own, one of the same partner, one of another, one that is not there)
 * and their callers. */
#ifndef TESTS_E2E_V1_ACCESS_H
#define TESTS_E2E_V1_ACCESS_H

#include <stdio.h>

#include "lib/e2e.h"

/* The tenant that a call is about. */
enum target { OWN, SIBLING, FOREIGN, NOWHERE, TARGET__COUNT };

struct world {
	struct str partner;
	struct e2e_tenant tenants[TARGET__COUNT];
};

static inline struct world world(struct e2e *t)
{
	struct world w = {.partner = e2e_partner(t)};

	w.tenants[OWN] = e2e_tenant(t, w.partner);
	w.tenants[SIBLING] = e2e_tenant(t, w.partner);
	w.tenants[FOREIGN] = e2e_tenant(t, e2e_partner(t));
	w.tenants[NOWHERE] = (struct e2e_tenant){e2e_name(t, "tnt"), STR_NONE};
	return w;
}

static inline bool is_revoked(struct e2e *t, struct str id)
{
	return e2e_count(t, SQL("SELECT COUNT(*) FROM ended WHERE id = ? AND how = 'revoked'"), 1,
		       db_str(id)) == 1;
}

#endif
