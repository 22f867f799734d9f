/* SPDX-License-Identifier: MIT
 * Writing partners, tenants, users, applications, sessions and what is known of their end; one
 * statement each. Called by registration, rollcall-admin import and rollcall-demo, which own the
 * transaction. */
#include "model/ingest.h"

#include "db/compose.h"

enum err ingest_partner(struct db *db, struct str id, struct str name)
{
	struct sql q = SQL_FIXED(PARTNER_PUT, db_str(id), db_str(name));

	return db_exec(db, &q, NULL);
}

enum err ingest_tenant(struct db *db, struct str id, struct str partner_id, struct str name)
{
	struct sql q = SQL_FIXED(TENANT_PUT, db_str(id), db_str(partner_id), db_str(name));

	return db_exec(db, &q, NULL);
}

static struct db_val opt_i64(int64_t v)
{
	struct db_val val = db_i64(v);

	val.null = v == DB_NULL_I64;
	return val;
}

enum err ingest_user(struct db *db, const struct user_new *u)
{
	struct sql q = SQL_FIXED(USER_PUT, db_str(u->tenant_id), db_str(u->id), db_str(u->email),
		db_str(u->display_name), opt_i64(u->is_admin), opt_i64(u->is_admin),
		opt_i64(u->is_admin));

	return db_exec(db, &q, NULL);
}

enum err ingest_application(struct db *db, struct str tenant_id, struct str id, struct str name)
{
	struct sql q = SQL_FIXED(APPLICATION_PUT, db_str(tenant_id), db_str(id), db_str(name));

	return db_exec(db, &q, NULL);
}

enum err ingest_session(struct db *db, const struct session_new *s)
{
	struct sql q = SQL_FIXED(SESSION_INSERT, db_str(s->id), db_str(s->tenant_id),
		db_str(s->partner_id), db_str(s->user_id), db_bytes(s->token_digest),
		db_bytes(s->request_digest), db_str(s->ip_address), db_str(s->user_agent),
		db_str(s->device_type), db_str(s->location), db_time(s->created_ms),
		db_time(s->created_ms), db_time(s->last_activity_ms), db_time(s->expires_ms),
		db_i64(s->expires_in_s), db_time(s->revoked_ms), db_str(s->revoked_by),
		db_str(s->revoke_reason), db_str(s->authenticator_id), db_i64(s->is_mfa_required),
		db_i64(s->is_mfa_complete), db_str(s->tags), db_str(s->config_types));

	return db_exec(db, &q, NULL);
}

enum err ingest_session_app(
	struct db *db, struct str session_id, struct str application_id, int64_t accessed_ms)
{
	struct sql q = SQL_FIXED(
		SESSION_APP_PUT, db_str(session_id), db_str(application_id), db_time(accessed_ms));

	return db_exec(db, &q, NULL);
}

enum err ingest_revocation(struct db *db, int64_t call_id, const struct audit_entry *e)
{
	struct sql q = SQL_FIXED(REVOCATION_INSERT, db_i64(call_id), db_str(e->session_id),
		db_str(e->tenant_id), db_str(e->user_id), db_time(e->revoked_ms),
		db_str(e->revoked_by), db_str(e->endpoint), db_str(e->request_id),
		db_str(e->reason));

	return db_exec(db, &q, NULL);
}
