/* SPDX-License-Identifier: MIT
 * The transaction behind POST /sessions. Called by api/v1_ingest.c; register_tenant by
 * rollcall-admin import too. The unique id decides between racing repeats: the loser's transaction
 * leaves nothing and reads what the winner wrote. */
#include "model/register.h"

#include "db/compose.h"
#include "model/session.h"

struct work {
	struct db *db;
	struct arena *arena;
	struct registration *reg;
	const char **why;
};

enum err register_tenant(struct db *db, struct arena *a, const struct session_new *s,
	bool may_create, struct str *partner, const char **why)
{
	struct str wanted = s->partner_id;
	enum err err = tenant_partner(db, a, s->tenant_id, partner);

	if (err == ERR_NOT_FOUND && may_create) {
		err = wanted.p != NULL ? ingest_partner(db, wanted, STR_NONE) : ERR_OK;
		if (err == ERR_OK)
			err = ingest_tenant(db, s->tenant_id, wanted, STR_NONE);
		/* Another one may have been faster: its partner counts. */
		if (err == ERR_OK)
			err = tenant_partner_locked(db, a, s->tenant_id, partner);
	}
	if (err == ERR_OK && wanted.p != NULL && !str_eq(wanted, *partner)) {
		*why = "Tenant belongs to another partner";
		return ERR_CONFLICT;
	}
	return err;
}

/* Whether the store knows the user for a platform administrator; from here on until the commit
 * nobody makes it one. Behind ingest_user, so that the row is there. */
static enum err user_is_admin(struct db *db, struct arena *a, const struct user_new *u, bool *out)
{
	static const struct db_col cols[] = {{'i', 0}};
	static const struct db_shape shape = {cols, 1};
	struct sql q = SQL_FIXED(USER_IS_ADMIN, db_str(u->tenant_id), db_str(u->id));
	int64_t is_admin = 0;
	enum err err = db_one(db, a, &q, &shape, &is_admin);

	*out = is_admin != 0;
	return err;
}

static enum err run(void *ctx)
{
	struct work *w = ctx;
	struct session_new session = w->reg->session;
	bool is_admin = false;
	enum err err = register_tenant(w->db, w->arena, &w->reg->session, w->reg->of_platform,
		&session.partner_id, w->why);

	if (err == ERR_OK)
		err = ingest_user(w->db, &w->reg->user);
	if (err == ERR_OK && !w->reg->of_platform)
		err = user_is_admin(w->db, w->arena, &w->reg->user, &is_admin);
	if (err == ERR_OK && is_admin)
		err = ERR_FORBIDDEN;
	if (err == ERR_OK)
		err = ingest_session(w->db, &session);
	return err;
}

enum err register_find(struct db *db, struct arena *a, const struct registration *reg)
{
	static const struct db_col cols[] = {{'i', 0}};
	static const struct db_shape shape = {cols, 1};
	struct sql same = SQL_FIXED(SESSION_SAME_REQUEST, db_str(reg->session.id),
		db_bytes(reg->session.request_digest));
	int64_t equal;

	return db_one(db, a, &same, &shape, &equal);
}

enum err register_session(struct db *db, struct arena *a, struct registration *reg,
	enum registered *out, const char **why)
{
	struct work w = {db, a, reg, why};
	enum err err = db_tx(db, run, &w);

	*out = REGISTERED_NEW;
	if (err != ERR_DUPLICATE)
		return err;
	*out = REGISTERED_BEFORE;
	err = register_find(db, a, reg);
	if (err == ERR_NOT_FOUND) {
		*why = "Session id is taken by another request";
		return ERR_CONFLICT;
	}
	return err;
}
