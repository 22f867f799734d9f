/* SPDX-License-Identifier: MIT
 * Writing what sessions are made of: partners, tenants, users, applications, sessions. Used by
 * registration, import and the demonstration data, inside a transaction of theirs. Instants are ms
 * UTC; p == NULL and TIME_NONE are SQL NULL. */
#ifndef MODEL_INGEST_H
#define MODEL_INGEST_H

#include "base/err.h"
#include "db/db.h"
#include "model/audit.h"

struct session_new {
	struct str id, tenant_id, partner_id, user_id;
	struct str token_digest, request_digest; /* 32 bytes */
	struct str ip_address, user_agent, device_type, location;
	int64_t created_ms; /* TIME_NONE: the database's now */
	int64_t last_activity_ms;
	int64_t expires_ms; /* TIME_NONE: expires_in_s from now */
	int64_t expires_in_s;
	int64_t revoked_ms;
	struct str revoked_by, revoke_reason;
	struct str authenticator_id; /* p == NULL: empty */
	bool is_mfa_required, is_mfa_complete;
	struct str tags, config_types; /* JSON text */
};

struct user_new {
	struct str tenant_id, id;
	struct str email, display_name; /* p == NULL: leave what is known */
	int64_t is_admin;               /* 0, 1; DB_NULL_I64: leave what is known */
};

/* Each is a no-op for what is there already (the name is updated where one is given). */
MUST_CHECK enum err ingest_partner(struct db *db, struct str id, struct str name);
MUST_CHECK enum err ingest_tenant(
	struct db *db, struct str id, struct str partner_id, struct str name);
MUST_CHECK enum err ingest_user(struct db *db, const struct user_new *u);
MUST_CHECK enum err ingest_application(
	struct db *db, struct str tenant_id, struct str id, struct str name);

/* ERR_DUPLICATE when the id is taken. */
MUST_CHECK enum err ingest_session(struct db *db, const struct session_new *s);

/* The latest access counts. TIME_NONE: now. */
MUST_CHECK enum err ingest_session_app(
	struct db *db, struct str session_id, struct str application_id, int64_t accessed_ms);

/* The audit row of a session that is put in as revoked; call_id is of the call that ended it. */
MUST_CHECK enum err ingest_revocation(struct db *db, int64_t call_id, const struct audit_entry *e);

#endif
