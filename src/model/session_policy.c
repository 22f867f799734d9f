/* SPDX-License-Identifier: MIT
 * Policies as numbers: which rule is stricter, what a rule makes of a session's end, and the
 * tenant's row that holds them. */
#include "model/session_policy.h"

#include <stddef.h>

#include "db/compose.h"
#include "statements.h"

const struct stmt policy_put = {"policy.put", SQL_WRITE, "iiiis", "",
	"UPDATE tenant SET idle_seconds = NULLIF(?, 0), absolute_seconds = NULLIF(?, 0),"
	" max_sessions = NULLIF(?, 0), on_limit = IF(?, 'refuse', 'end_oldest') WHERE id = ?"};

/* 0 is no rule, and so the least strict. */
static int64_t stricter(int64_t a, int64_t b)
{
	if (a == 0 || b == 0)
		return a + b;
	return a < b ? a : b;
}

struct session_policy session_policy_strictest(
	const struct session_policy *tenant, const struct session_policy *everybody)
{
	return (struct session_policy){
		.idle_s = stricter(tenant->idle_s, everybody->idle_s),
		.absolute_s = stricter(tenant->absolute_s, everybody->absolute_s),
		.max_sessions = stricter(tenant->max_sessions, everybody->max_sessions),
		.refuse = tenant->refuse,
	};
}

static int64_t sooner(int64_t ms, int64_t from_ms, int64_t seconds)
{
	return seconds != 0 && from_ms + seconds * 1000 < ms ? from_ms + seconds * 1000 : ms;
}

struct session_end session_policy_end(const struct session_policy *policy, int64_t created_ms,
	int64_t last_activity_ms, int64_t absolute_ms)
{
	int64_t active_ms = last_activity_ms > created_ms ? last_activity_ms : created_ms;
	struct session_end end = {
		.absolute_ms = sooner(absolute_ms, created_ms, policy->absolute_s)};

	end.expires_ms = sooner(end.absolute_ms, active_ms, policy->idle_s);
	return end;
}

int64_t session_policy_interval_s(const struct session_policy *policy, int64_t interval_s)
{
	return policy->idle_s != 0 && policy->idle_s / 4 < interval_s ? policy->idle_s / 4
								      : interval_s;
}

struct policy_row {
	struct gate gate;
	int64_t idle_s, absolute_s, max_sessions, refuse;
};

enum err session_policy_get(struct db *db, struct arena *a, const struct session_scope *scope,
	struct session_policy *out)
{
	static const struct db_col cols[] = {
		GATE_COLS(struct policy_row, gate),
		{'i', offsetof(struct policy_row, idle_s)},
		{'i', offsetof(struct policy_row, absolute_s)},
		{'i', offsetof(struct policy_row, max_sessions)},
		{'i', offsetof(struct policy_row, refuse)},
	};
	struct policy_row row;
	struct sql q;
	enum err err;

	sql_begin(&q, a, SQL_READ, "iiiiii");
	sql_add(&q, SQL("SELECT g.alive, g.known, COALESCE(t.idle_seconds, 0),"
			" COALESCE(t.absolute_seconds, 0), COALESCE(t.max_sessions, 0),"
			" COALESCE(t.on_limit = 'refuse', 0) FROM "));
	scope_put_gate(scope, &q);
	sql_add(&q, SQL(" g LEFT JOIN tenant t ON t.id = ?"));
	sql_arg(&q, db_str(scope->tenant_id));
	err = db_one(db, a, &q, DB_SHAPE(cols), &row);
	if (err == ERR_OK)
		err = scope_gate_error(&row.gate);
	if (err == ERR_OK)
		*out = (struct session_policy){
			row.idle_s, row.absolute_s, row.max_sessions, row.refuse != 0};
	return err;
}

enum err session_policy_put(
	struct db *db, struct str tenant_id, const struct session_policy *policy)
{
	struct sql q = SQL_FIXED(&policy_put, db_i64(policy->idle_s), db_i64(policy->absolute_s),
		db_i64(policy->max_sessions), db_i64(policy->refuse), db_str(tenant_id));

	return db_exec(db, &q, NULL);
}
