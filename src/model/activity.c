/* SPDX-License-Identifier: MIT
 * Activity. Called by api/v1_ingest.c and, behind the answer, by the authorizer. Looks before it
 * writes: in most requests nothing is due and the one read is all. */
#include "model/activity.h"

#include <stddef.h>

#include "db/compose.h"
#include "model/ingest.h"

struct due {
	struct str tenant_id;
	int64_t active, session, application; /* 0 or 1 */
};

struct work {
	struct db *db;
	const struct activity *activity;
	const struct due *due;
};

static enum err find_due(struct db *db, struct arena *a, const struct session_scope *scope,
	const struct activity *activity, struct due *out)
{
	static const struct db_col cols[] = {
		{'s', offsetof(struct due, tenant_id)},
		{'i', offsetof(struct due, active)},
		{'i', offsetof(struct due, session)},
		{'i', offsetof(struct due, application)},
	};
	static const struct db_shape shape = {cols, ARRAY_LEN(cols)};
	struct session_scope one = *scope;
	struct sql q;

	one.session_id = activity->session_id;
	sql_begin(&q, a, SQL_READ, "siii");
	sql_add(&q,
		SQL("SELECT s.tenant_id, s.revoked_at IS NULL AND s.expires_at > UTC_TIMESTAMP(3),"
		    " s.last_activity_at IS NULL OR s.last_activity_at <="
		    " UTC_TIMESTAMP(3) - INTERVAL ? SECOND,"
		    " sa.accessed_at IS NULL OR sa.accessed_at <="
		    " UTC_TIMESTAMP(3) - INTERVAL ? SECOND"
		    " FROM session s LEFT JOIN session_app sa"
		    " ON sa.session_id = s.id AND sa.application_id = ?"));
	sql_arg(&q, db_i64(activity->interval_s));
	sql_arg(&q, db_i64(activity->interval_s));
	sql_arg(&q, db_str(activity->application_id));
	scope_where(&one, &q);
	return db_one(db, a, &q, &shape, out);
}

enum err activity_touch(struct db *db, struct str session_id, int64_t interval_s)
{
	struct sql touch = SQL_FIXED(SESSION_TOUCH, db_str(session_id), db_i64(interval_s));
	enum err err = db_exec(db, &touch, NULL);

	return err == ERR_RETRY ? ERR_OK : err;
}

static enum err write_application(void *ctx)
{
	struct work *w = ctx;
	const struct activity *act = w->activity;
	enum err err = ERR_OK;

	if (act->application_name.p != NULL)
		err = ingest_application(
			w->db, w->due->tenant_id, act->application_id, act->application_name);
	if (err == ERR_OK)
		err = ingest_session_app(w->db, act->session_id, act->application_id, TIME_NONE);
	return err;
}

enum err activity_record(struct db *db, struct arena *a, const struct session_scope *scope,
	const struct activity *activity)
{
	struct due due;
	struct work w = {db, activity, &due};
	enum err err = find_due(db, a, scope, activity, &due);

	if (err != ERR_OK)
		return err;
	if (due.active == 0)
		return ERR_CONFLICT;
	/* Not in the transaction: a row that somebody holds would doom it. */
	if (due.session != 0)
		err = activity_touch(db, activity->session_id, activity->interval_s);
	if (err != ERR_OK || due.application == 0 || activity->application_id.p == NULL)
		return err;
	return db_tx(db, write_application, &w);
}
