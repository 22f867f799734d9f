/* SPDX-License-Identifier: MIT
 * Writing sessions, with their users, tenants and partners: registration at sign-in, import, and
 * the demonstration's data. Instants are ms UTC; p == NULL and TIME_NONE are SQL NULL. */
#ifndef MODEL_REGISTER_H
#define MODEL_REGISTER_H

#include "base/err.h"
#include "db/db.h"
#include "model/revoke.h"
#include "model/session.h"
#include "model/tally.h"

struct session_new {
	struct str id, tenant_id, user_id;
	struct str partner_id; /* of the tenant; p == NULL: whatever it is */
	struct str role;
	struct str token_digest, request_digest; /* 32 bytes */
	struct str ip_address, user_agent, device_type, location;
	int64_t auth_ms;                                 /* TIME_NONE: unknown, like what follows */
	struct str acr, amr, idp_issuer, idp_session_id; /* amr: JSON text */
	int64_t created_ms;                              /* TIME_NONE: the database's now */
	int64_t last_activity_ms;
	int64_t expires_ms; /* TIME_NONE: expires_in_s from now */
	int64_t expires_in_s;
	struct str authenticator_id; /* p == NULL: empty */
	bool is_mfa_required, is_mfa_complete;
	struct str tags, config_types; /* JSON text */
	struct str apps;               /* JSON text, see schema/0001_store.sql */
	int64_t app_count;
	int64_t revoked_ms; /* TIME_NONE: nobody has ended it */
	struct revoker revoked_by;
	struct str endpoint, request_id, revoke_reason; /* of its end */
};

struct user_new {
	struct str tenant_id, id;
	struct str email, display_name; /* p == NULL: leave what is known */
	int64_t is_admin;               /* 0, 1; DB_NULL_I64: leave what is known */
};

/* No-ops for what is there already (the name is updated where one is given). */
MUST_CHECK enum err register_partner(struct db *db, struct str id, struct str name);
MUST_CHECK enum err register_tenant(
	struct db *db, struct str id, struct str partner_id, struct str name);

/* Makes sure that the session's tenant is there and of the partner that the session names. Within a
 * transaction of the caller's. ERR_NOT_FOUND: it is not there and may not be created. ERR_CONFLICT:
 * it is another partner's; *why says so. */
MUST_CHECK enum err register_settle_tenant(struct db *db, struct arena *a,
	const struct session_new *s, bool may_create, const char **why);

/* The partner of a tenant (p == NULL: none). ERR_NOT_FOUND for an unknown tenant. */
MUST_CHECK enum err register_tenant_partner(
	struct db *db, struct arena *a, struct str tenant_id, struct str *partner_id);

/* Writes one session and its user, and collects the change of numbers for tally_write, within a
 * transaction of the caller's. What was revoked goes to the ended ones; what has expired is moved
 * there later, like every session whose time is over. *out, which may be NULL, is what was written.
 * ERR_NOT_FOUND: no such tenant. ERR_DUPLICATE: the id or the token is taken; the transaction may
 * go on, no session was written, and the user's e-mail and name may be new. */
MUST_CHECK enum err register_put(struct db *db, struct arena *a, struct tally *tally,
	const struct session_new *s, const struct user_new *u, struct session *out);

/* ERR_NOT_FOUND unless a session of that id is there, living or ended. */
MUST_CHECK enum err register_is_taken(struct db *db, struct arena *a, struct str session_id);

enum registered { REGISTERED_NEW, REGISTERED_BEFORE };

struct registration {
	struct session_new session; /* request_digest says what a repeat has to equal */
	struct user_new user;
	bool own_id;     /* the caller chose the id, so that it may be taken */
	bool may_create; /* an unknown tenant; else it is ERR_NOT_FOUND */
};

/* ERR_NOT_FOUND unless the session's id was registered by the very same request. */
MUST_CHECK enum err register_find(struct db *db, struct arena *a, const struct registration *reg);

/* The transaction behind POST /sessions: all or nothing, and safe to repeat under an id of the
 * caller's own. *out is filled for a new one. ERR_CONFLICT: the id is taken by another request, or
 * the tenant is another partner's; *why says which. */
MUST_CHECK enum err register_session(struct db *db, struct arena *a, const struct registration *reg,
	enum registered *which, struct session *out, const char **why);

#endif
