/* SPDX-License-Identifier: MIT
 * Registering sessions. The unique id decides between racing repeats: the loser's transaction
 * leaves nothing and reads what the winner wrote. The user's row is locked first, then the session
 * is inserted (put.c), then the user's sessions that are too many end, then the numbers are
 * changed. */
#include "model/register.h"

#include <stddef.h>

#include "db/compose.h"
#include "limit.h"
#include "statements.h"

const struct stmt partner_put = {"register.partner", SQL_WRITE, "ss", "",
	"INSERT INTO partner (id, name) VALUES (?, ?)"
	" ON DUPLICATE KEY UPDATE name = COALESCE(VALUES(name), name)"};
const struct stmt tenant_put = {"register.tenant", SQL_WRITE, "sss", "",
	"INSERT INTO tenant (id, partner_no, name)"
	" VALUES (?, (SELECT p.no FROM partner p WHERE p.id = ?), ?)"
	" ON DUPLICATE KEY UPDATE name = COALESCE(VALUES(name), tenant.name)"};

#define TENANT_SQL                                                                                 \
	"SELECT p.id FROM tenant t LEFT JOIN partner p ON p.no = t.partner_no WHERE t.id = ?"
const struct stmt tenant_find = {"register.tenant_find", SQL_READ, "s", "S", TENANT_SQL};
/* What is committed now, whatever the transaction's snapshot holds. */
const struct stmt tenant_find_now = {
	"register.tenant_find_now", SQL_READ, "s", "S", TENANT_SQL " LOCK IN SHARE MODE"};

const struct stmt id_taken = {"register.taken", SQL_READ, "ss", "i",
	"SELECT 1 FROM DUAL WHERE EXISTS (SELECT 1 FROM session WHERE id = ? LOCK IN SHARE MODE)"
	" OR EXISTS (SELECT 1 FROM ended WHERE id = ? LOCK IN SHARE MODE)"};
const struct stmt id_ended = {"register.id_ended", SQL_READ, "s", "i",
	"SELECT 1 FROM ended s WHERE s.id = ?" HISTORY_SQL " LIMIT 1 LOCK IN SHARE MODE"};
const struct stmt same_request = {"register.same_request", SQL_READ, "sbsb", "i",
	"SELECT 1 FROM DUAL WHERE EXISTS (SELECT 1 FROM session WHERE id = ? AND request_digest = ?)"
	" OR EXISTS (SELECT 1 FROM ended WHERE id = ? AND request_digest = ?)"};

static const struct db_col text_col[] = {{'S', 0}};
static const struct db_shape text_shape = {text_col, 1};
static const struct db_col int_col[] = {{'i', 0}};
static const struct db_shape int_shape = {int_col, 1};

enum err register_partner(struct db *db, struct str id, struct str name)
{
	struct sql q = SQL_FIXED(&partner_put, db_str(id), db_str(name));

	return db_exec(db, &q, NULL);
}

enum err register_tenant(struct db *db, struct str id, struct str partner_id, struct str name)
{
	struct sql q = SQL_FIXED(&tenant_put, db_str(id), db_str(partner_id), db_str(name));

	return db_exec(db, &q, NULL);
}

enum err register_tenant_partner(
	struct db *db, struct arena *a, struct str tenant_id, struct str *partner_id)
{
	struct sql q = SQL_FIXED(&tenant_find, db_str(tenant_id));

	return db_one(db, a, &q, &text_shape, partner_id);
}

enum err register_settle_tenant(struct db *db, struct arena *a, const struct session_new *s,
	bool may_create, const char **why)
{
	struct sql now = SQL_FIXED(&tenant_find_now, db_str(s->tenant_id));
	struct str partner;
	enum err err = register_tenant_partner(db, a, s->tenant_id, &partner);

	if (err == ERR_NOT_FOUND && may_create) {
		err = s->partner_id.p != NULL ? register_partner(db, s->partner_id, STR_NONE)
					      : ERR_OK;
		if (err == ERR_OK)
			err = register_tenant(db, s->tenant_id, s->partner_id, STR_NONE);
		/* Another transaction may have created the tenant first: then its partner counts.
		 */
		if (err == ERR_OK)
			err = db_one(db, a, &now, &text_shape, &partner);
	}
	if (err == ERR_OK && s->partner_id.p != NULL && !str_eq(s->partner_id, partner)) {
		*why = "Tenant belongs to another partner";
		return ERR_CONFLICT;
	}
	return err;
}

enum err register_is_taken(struct db *db, struct arena *a, struct str session_id)
{
	struct sql q = SQL_FIXED(&id_taken, db_str(session_id), db_str(session_id));
	int64_t one;

	return db_one(db, a, &q, &int_shape, &one);
}

struct work {
	struct db *db;
	struct arena *arena;
	struct registration *reg;
	struct session *out;
	const char **why;
	struct put_told told;
};

/* Behind the insert, so that whoever ends a session of this id meanwhile has committed. */
static enum err refuse_ended_id(struct work *w)
{
	struct sql q = SQL_FIXED(&id_ended, db_str(w->reg->session.id));
	int64_t one;
	enum err err = db_one(w->db, w->arena, &q, &int_shape, &one);

	if (err == ERR_OK)
		return ERR_DUPLICATE;
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* The user's row is ours, so the next sign-in of that user waits and finds this session. */
static enum err keep_limit(struct work *w, struct tally *tally)
{
	struct registration *reg = w->reg;
	const struct session_policy *policy = &w->told.policy;
	const struct limit limit = {
		w->told.tenant_no, reg->session.user_id, reg->session.id, policy->max_sessions - 1};
	enum err err;

	reg->beyond_limit.count = 0;
	if (policy->max_sessions == 0 || w->told.living <= policy->max_sessions)
		return ERR_OK;
	if (!policy->refuse)
		return limit_end_oldest(w->db, w->arena, &limit, &reg->beyond_limit, tally,
			&reg->beyond_limit.count);
	err = limit_check(w->db, w->arena, &limit);
	if (err == ERR_CONFLICT)
		*w->why = arena_printf(w->arena,
			"The user has %lld active sessions, the most that "
			"the policy of the tenant allows",
			(long long)policy->max_sessions);
	return err;
}

static enum err put_one(struct work *w, struct tally *tally)
{
	return register_put_told(
		w->db, w->arena, tally, &w->reg->session, &w->reg->user, &w->told, w->out);
}

static enum err run(void *ctx)
{
	struct work *w = ctx;
	const struct registration *reg = w->reg;
	struct tally *tally = tally_new(w->arena);
	enum err err = ERR_OK;

	if (reg->session.partner_id.p != NULL)
		err = register_settle_tenant(
			w->db, w->arena, &reg->session, reg->may_create, w->why);
	if (err == ERR_OK)
		err = put_one(w, tally);
	if (err == ERR_NOT_FOUND && reg->may_create && reg->session.partner_id.p == NULL) {
		err = register_settle_tenant(w->db, w->arena, &reg->session, true, w->why);
		if (err == ERR_OK)
			err = put_one(w, tally);
	}
	if (err == ERR_OK && reg->own_id)
		err = refuse_ended_id(w);
	if (err == ERR_OK)
		err = keep_limit(w, tally);
	return err == ERR_OK ? tally_write(w->db, tally) : err;
}

enum err register_find(struct db *db, struct arena *a, const struct registration *reg)
{
	struct sql q = SQL_FIXED(&same_request, db_str(reg->session.id),
		db_bytes(reg->session.request_digest), db_str(reg->session.id),
		db_bytes(reg->session.request_digest));
	int64_t one;

	return db_one(db, a, &q, &int_shape, &one);
}

enum err register_session(struct db *db, struct arena *a, struct registration *reg,
	enum registered *which, struct session *out, const char **why)
{
	struct work w = {.db = db, .arena = a, .reg = reg, .out = out, .why = why};
	enum err err = db_tx(db, run, &w);

	reg->new_device = w.told.new_device;

	*which = REGISTERED_NEW;
	if (err != ERR_DUPLICATE)
		return err;
	*which = REGISTERED_BEFORE;
	err = register_find(db, a, reg);
	if (err == ERR_NOT_FOUND) {
		*why = "Session id is taken by another request";
		return ERR_CONFLICT;
	}
	return err;
}
