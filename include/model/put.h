/* SPDX-License-Identifier: MIT
 * Writing one session with its user: for registration at sign-in, import, and the demonstration's
 * data. Instants are ms UTC; p == NULL and TIME_NONE are SQL NULL. */
#ifndef MODEL_PUT_H
#define MODEL_PUT_H

#include "base/err.h"
#include "db/db.h"
#include "model/revoke.h"
#include "model/session.h"
#include "model/session_policy.h"
#include "model/tally.h"

#define REGISTERED_MEMBER(name) struct str name;
struct session_new {
	struct str id, tenant_id, user_id;
	struct str partner_id; /* of the tenant; p == NULL: whatever it is */
	struct str role;
	struct str token_digest, request_digest; /* 32 bytes */
	struct str ip_address, user_agent, device_type, location;
	int64_t auth_ms;                    /* TIME_NONE: unknown, like what follows */
	REGISTERED_TEXTS(REGISTERED_MEMBER) /* amr: JSON text */
	int64_t created_ms;                 /* TIME_NONE: the database's now */
	int64_t last_activity_ms;
	int64_t expires_ms; /* TIME_NONE: expires_in_s from now */
	int64_t expires_in_s;
	/* The rules of everybody: they and the tenant's own shorten the session. NULL: no policy
	 * counts, for sessions that began elsewhere. */
	const struct session_policy *policy;
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

/* Writes one session and its user, and collects the change of numbers for tally_write, within a
 * transaction of the caller's. What was revoked goes to the ended ones; what has expired is moved
 * there later, like every session whose time is over. *out, which may be NULL, is what was written.
 * ERR_NOT_FOUND: no such tenant. ERR_DUPLICATE: the id or the token is taken; the transaction may
 * go on, no session was written, and the user's e-mail and name may be new. */
MUST_CHECK enum err register_put(struct db *db, struct arena *a, struct tally *tally,
	const struct session_new *s, const struct user_new *u, struct session *out);

/* "Lately", for a new device: sessions that ended earlier are not looked at. */
#define NEW_DEVICE_DAYS 90

/* What else a registration wants to know of it. */
struct put_told {
	int64_t tenant_no, living; /* of the user, with this session */
	bool new_device;
	struct session_policy policy; /* that holds for it */
};

/* The same as register_put. The user's row is the transaction's until its end. */
MUST_CHECK enum err register_put_told(struct db *db, struct arena *a, struct tally *tally,
	const struct session_new *s, const struct user_new *u, struct put_told *told,
	struct session *out);

#endif
