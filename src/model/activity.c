/* SPDX-License-Identifier: MIT
 * Activity. It reads before it writes: in most requests nothing is due, and there is no second
 * statement. The applications are members of a JSON object in the session's row; a member's name
 * may hold anything, so its path is quoted by the server.
 *
 * Where a policy moves the session's end, the row is locked, the new end is computed from the
 * tenant's committed policy, and the counts of sessions by their end are changed with it. */
#include "model/activity.h"

#include <stddef.h>

#include "base/limits.h"
#include "db/compose.h"
#include "model/session.h"
#include "model/tally.h"
#include "statements.h"

const struct stmt activity_touch_session = {"activity.touch", SQL_WRITE, "si", "",
	"SET STATEMENT innodb_lock_wait_timeout = 0 FOR UPDATE session"
	" SET last_activity_at = " NOW_SQL " WHERE id = ? AND expires_at > " NOW_SQL
	" AND last_activity_at <= " NOW_SQL " - INTERVAL ? SECOND"};
#define POLICY_SQL(column)                                                                         \
	"(SELECT t." column " FROM tenant t WHERE t.no = s.tenant_no LOCK IN SHARE MODE)"
const struct stmt activity_lock = {"activity.lock", SQL_READ, "s", "itttttII",
	"SELECT s.tenant_no, s.created_at, s.last_activity_at, s.expires_at, " ABSOLUTE_END_SQL
	", " NOW_SQL ", " POLICY_SQL("idle_seconds") ", " POLICY_SQL(
		"absolute_seconds") ""
				    " FROM session s WHERE s.id = ? AND s.expires_at > " NOW_SQL
				    " FOR UPDATE"};
const struct stmt activity_slide = {"activity.slide", SQL_WRITE, "ttts", "",
	"UPDATE session SET last_activity_at = ?, expires_at = ?, absolute_expires_at = ?"
	" WHERE id = ?"};
const struct stmt activity_touch_application = {"activity.application", SQL_WRITE, "ssss", "",
	"UPDATE session SET apps = JSON_MERGE_PATCH(COALESCE(apps, '{}'), JSON_OBJECT(?,"
	" IF(? IS NULL, JSON_OBJECT('at', TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', " NOW_SQL
	") DIV 1000), JSON_OBJECT('name', ?, 'at', TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', " NOW_SQL
	") DIV 1000)))), app_count = JSON_LENGTH(apps) WHERE id = ? AND expires_at > " NOW_SQL};

int64_t activity_due(const struct activity_rule *rule, const struct activity_state *s)
{
	int64_t from_ms = s->last_activity_ms > s->created_ms ? s->last_activity_ms : s->created_ms;
	int64_t after_ms = rule->interval_s * 1000, quarter_ms = (s->expires_ms - from_ms) / 4;
	bool moves = s->absolute_ms != DB_NULL_I64;

	if (moves && quarter_ms < after_ms)
		after_ms = quarter_ms;
	if (s->now_ms - s->last_activity_ms < after_ms)
		return ACTIVITY_NOTED;
	return moves || rule->policy.idle_s != 0 ? ACTIVITY_DUE_AND_MOVES : ACTIVITY_DUE;
}

struct due {
	struct gate gate;
	int64_t active; /* NULL: no such session */
	struct activity_state state;
	int64_t application, app_count;
	int64_t known; /* the application is among those reached */
};

static enum err find_due(struct db *db, struct arena *a, const struct session_scope *scope,
	const struct activity *activity, struct due *out)
{
	static const struct db_col cols[] = {
		GATE_COLS(struct due, gate),
		{'I', offsetof(struct due, active)},
		{'T', offsetof(struct due, state.created_ms)},
		{'T', offsetof(struct due, state.last_activity_ms)},
		{'T', offsetof(struct due, state.expires_ms)},
		{'T', offsetof(struct due, state.absolute_ms)},
		{'t', offsetof(struct due, state.now_ms)},
		{'I', offsetof(struct due, app_count)},
		{'I', offsetof(struct due, known)},
		{'I', offsetof(struct due, application)},
	};
	struct sql q;
	enum err err;

	sql_begin(&q, a, SQL_READ, "iiITTTTtIII");
	sql_add(&q,
		SQL("SELECT g.alive, g.known, p.active, p.created_at, p.last_activity_at, p.expires_at, p.absolute_expires_at, " NOW_SQL
		    ", p.app_count, p.at IS NOT NULL,"
		    " p.at IS NULL OR p.at <= TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', " NOW_SQL
		    ") DIV 1000 - ? FROM "));
	sql_arg(&q, db_i64(activity->rule.interval_s * 1000));
	scope_put_gate(scope, &q);
	sql_add(&q,
		SQL(" g LEFT JOIN (SELECT s.expires_at > " NOW_SQL " AS active,"
		    " s.created_at, s.last_activity_at, s.expires_at, s.absolute_expires_at, s.app_count,"
		    " CAST(JSON_VALUE(s.apps, CONCAT('$.', JSON_QUOTE(?) COLLATE utf8mb4_nopad_bin, '.at')) AS SIGNED) AS at"
		    " FROM session s WHERE TRUE"));
	sql_arg(&q, db_str(activity->application_id));
	scope_put_conditions(scope, &q);
	sql_add(&q, SQL(" LIMIT 1) p ON TRUE"));
	err = db_one(db, a, &q, DB_SHAPE(cols), out);
	return err == ERR_OK ? scope_gate_error(&out->gate) : err;
}

static enum err touch(struct db *db, struct str session_id, int64_t interval_s)
{
	struct sql q = SQL_FIXED(&activity_touch_session, db_str(session_id), db_i64(interval_s));

	return db_exec(db, &q, NULL);
}

struct slide {
	struct db *db;
	struct arena *arena;
	struct str session_id;
	const struct activity_rule *rule;
};

struct slide_row {
	int64_t tenant_no, created_ms, last_activity_ms, expires_ms, absolute_ms, now_ms;
	int64_t idle_s, absolute_s;
};

static enum err write_slide(
	struct slide *s, const struct slide_row *row, const struct session_end *end)
{
	struct sql q = SQL_FIXED(&activity_slide, db_time(row->now_ms), db_time(end->expires_ms),
		db_time(end->absolute_ms > end->expires_ms ? end->absolute_ms : TIME_NONE),
		db_str(s->session_id));
	struct tally *tally = tally_new(s->arena);
	enum err err = db_exec(s->db, &q, NULL);

	tally_moved(tally, row->tenant_no, row->expires_ms, end->expires_ms);
	return err == ERR_OK ? tally_write(s->db, tally) : err;
}

static enum err run_slide(void *ctx)
{
	static const struct db_col cols[] = {
		{'i', offsetof(struct slide_row, tenant_no)},
		{'t', offsetof(struct slide_row, created_ms)},
		{'t', offsetof(struct slide_row, last_activity_ms)},
		{'t', offsetof(struct slide_row, expires_ms)},
		{'t', offsetof(struct slide_row, absolute_ms)},
		{'t', offsetof(struct slide_row, now_ms)},
		{'I', offsetof(struct slide_row, idle_s)},
		{'I', offsetof(struct slide_row, absolute_s)},
	};
	struct slide *s = ctx;
	struct sql lock = SQL_FIXED(&activity_lock, db_str(s->session_id));
	struct session_policy policy = {0};
	struct session_end end;
	struct slide_row row;
	enum err err = db_one(s->db, s->arena, &lock, DB_SHAPE(cols), &row);

	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	policy.idle_s = row.idle_s != DB_NULL_I64 ? row.idle_s : 0;
	policy.absolute_s = row.absolute_s != DB_NULL_I64 ? row.absolute_s : 0;
	policy = session_policy_strictest(&policy, &s->rule->policy);
	/* Another worker may have been faster. */
	if (row.now_ms - row.last_activity_ms <
		session_policy_interval_s(&policy, s->rule->interval_s) * 1000)
		return ERR_OK;
	end = session_policy_end(&policy, row.created_ms, row.now_ms, row.absolute_ms);
	return write_slide(s, &row, &end);
}

typedef enum err (*tx_fn)(struct db *db, db_tx_fn fn, void *ctx);

static enum err slide(
	struct db *db, struct str session_id, const struct activity_rule *rule, tx_fn tx)
{
	struct slide s = {.db = db, .arena = arena_open(), .session_id = session_id, .rule = rule};
	enum err err = tx(db, run_slide, &s);

	arena_close(s.arena);
	return err;
}

enum err activity_touch(
	struct db *db, struct str session_id, const struct activity_rule *rule, int64_t due)
{
	enum err err = due == ACTIVITY_DUE_AND_MOVES ? slide(db, session_id, rule, db_tx_no_wait)
						     : touch(db, session_id, rule->interval_s);

	return err == ERR_RETRY ? ERR_OK : err;
}

/* The caller is told that the session lives on, so this waits until the end has moved. */
static enum err note(
	struct db *db, struct str session_id, const struct activity_rule *rule, int64_t due)
{
	if (due == ACTIVITY_NOTED)
		return ERR_OK;
	return due == ACTIVITY_DUE_AND_MOVES ? slide(db, session_id, rule, db_tx)
					     : activity_touch(db, session_id, rule, due);
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
	err = note(
		db, scope->session_id, &activity->rule, activity_due(&activity->rule, &due.state));
	if (err != ERR_OK || due.application == 0 || activity->application_id.p == NULL)
		return err;
	if (due.known == 0 && due.app_count >= LIMIT_SESSION_APPS)
		return ERR_CONFLICT;
	return write_application(db, scope->session_id, activity);
}
