/* SPDX-License-Identifier: MIT
 * Who ended what, when, through which call: the rows of `revocation`, newest first. */
#ifndef MODEL_AUDIT_H
#define MODEL_AUDIT_H

#include "base/err.h"
#include "db/db.h"

struct audit_scope {
	struct str tenant_id, partner_id, user_id; /* p == NULL: any */
	bool nothing;                              /* the conditions contradict each other */
};

struct audit_entry {
	struct str session_id, tenant_id, user_id;
	int64_t revoked_ms;
	struct str revoked_by;
	struct str endpoint; /* name of the route */
	struct str request_id;
	struct str reason; /* p == NULL: none given */
};

struct audit_page {
	struct audit_entry *rows;
	size_t count;
	int64_t total; /* exact */
};

MUST_CHECK enum err audit_list(struct db *db, struct arena *a, const struct audit_scope *scope,
	int64_t limit, int64_t offset, struct audit_page *out);

#endif
