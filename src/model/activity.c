/* SPDX-License-Identifier: MIT
 * Activity. Looks before it writes: in most requests nothing is due and the one read is all. The
 * applications are members of a JSON object in the session's row; a member's name may hold
 * anything, so its path is quoted by the server. */
#include "model/activity.h"

#include <stddef.h>

#include "base/limits.h"
#include "db/compose.h"
#include "model/session.h"
#include "statements.h"

const struct stmt activity_touch_session = {"activity.touch", SQL_WRITE, "si", "",
	"SET STATEMENT innodb_lock_wait_timeout = 0 FOR UPDATE session"
	" SET last_activity_at = " NOW_SQL " WHERE id = ? AND expires_at > " NOW_SQL
	" AND last_activity_at <= " NOW_SQL " - INTERVAL ? SECOND"};
const struct stmt activity_touch_application = {"activity.application", SQL_WRITE, "ssss", "",
	"UPDATE session SET apps = JSON_MERGE_PATCH(COALESCE(apps, '{}'), JSON_OBJECT(?,"
	" IF(? IS NULL, JSON_OBJECT('at', TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', " NOW_SQL
	") DIV 1000), JSON_OBJECT('name', ?, 'at', TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', " NOW_SQL
	") DIV 1000)))), app_count = JSON_LENGTH(apps) WHERE id = ? AND expires_at > " NOW_SQL};

struct due {
	struct gate gate;
	int64_t active; /* NULL: no such session */
	int64_t session, application, app_count;
	int64_t known; /* the application is among those reached */
};

static enum err find_due(struct db *db, struct arena *a, const struct session_scope *scope,
	const struct activity *activity, struct due *out)
{
	static const struct db_col cols[] = {
		{'i', offsetof(struct due, gate.alive)},
		{'i', offsetof(struct due, gate.known)},
		{'I', offsetof(struct due, active)},
		{'I', offsetof(struct due, session)},
		{'I', offsetof(struct due, app_count)},
		{'I', offsetof(struct due, known)},
		{'I', offsetof(struct due, application)},
	};
	static const struct db_shape shape = {cols, ARRAY_LEN(cols)};
	struct sql q;
	enum err err;

	sql_begin(&q, a, SQL_READ, "iiIIIII");
	sql_add(&q,
		SQL("SELECT g.alive, g.known, p.active, p.due, p.app_count, p.at IS NOT NULL,"
		    " p.at IS NULL OR p.at <= TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', " NOW_SQL
		    ") DIV 1000 - ? FROM "));
	sql_arg(&q, db_i64(activity->interval_s * 1000));
	scope_put_gate(scope, &q);
	sql_add(&q,
		SQL(" g LEFT JOIN (SELECT s.expires_at > " NOW_SQL " AS active,"
		    " s.last_activity_at <= " NOW_SQL " - INTERVAL ? SECOND AS due, s.app_count,"
		    " CAST(JSON_VALUE(s.apps, CONCAT('$.', JSON_QUOTE(?) COLLATE utf8mb4_nopad_bin, '.at')) AS SIGNED) AS at"
		    " FROM session s WHERE TRUE"));
	sql_arg(&q, db_i64(activity->interval_s));
	sql_arg(&q, db_str(activity->application_id));
	scope_put_conditions(scope, &q);
	sql_add(&q, SQL(" LIMIT 1) p ON TRUE"));
	err = db_one(db, a, &q, &shape, out);
	return err == ERR_OK ? scope_gate_error(&out->gate) : err;
}

enum err activity_touch(struct db *db, struct str session_id, int64_t interval_s)
{
	struct sql touch =
		SQL_FIXED(&activity_touch_session, db_str(session_id), db_i64(interval_s));
	enum err err = db_exec(db, &touch, NULL);

	return err == ERR_RETRY ? ERR_OK : err;
}

static enum err write_application(
	struct db *db, struct str session_id, const struct activity *activity)
{
	struct sql q = SQL_FIXED(&activity_touch_application, db_str(activity->application_id),
		db_str(activity->application_name), db_str(activity->application_name),
		db_str(session_id));

	return db_exec(db, &q, NULL);
}

enum err activity_record(struct db *db, struct arena *a, const struct session_scope *scope,
	const struct activity *activity)
{
	struct due due;
	enum err err = find_due(db, a, scope, activity, &due);

	if (err != ERR_OK)
		return err;
	if (due.active == DB_NULL_I64) {
		err = session_exists(db, a, scope);
		return err == ERR_OK ? ERR_CONFLICT : err;
	}
	if (due.active == 0)
		return ERR_CONFLICT;
	if (due.session != 0)
		err = activity_touch(db, scope->session_id, activity->interval_s);
	if (err != ERR_OK || due.application == 0 || activity->application_id.p == NULL)
		return err;
	if (due.known == 0 && due.app_count >= LIMIT_SESSION_APPS)
		return ERR_CONFLICT;
	return write_application(db, scope->session_id, activity);
}
