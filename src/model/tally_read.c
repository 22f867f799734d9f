/* SPDX-License-Identifier: MIT
 * Reads the store's numbers: totals of a scope, and the hours that hold a page of a list. Declared
 * in model/tally.h; tally.c writes them. */
#include "model/tally.h"

#include <stddef.h>

#include "db/compose.h"
#include "query/query.h"

static enum tally_scope level_of(const struct session_scope *scope)
{
	if (scope->tenant_id.p != NULL)
		return TALLY_TENANT;
	return scope->partner_id.p != NULL ? TALLY_PARTNER : TALLY_ALL;
}

/* " scope = … AND no = …" */
static void put_level(const struct session_scope *scope, struct sql *q)
{
	switch (level_of(scope)) {
	case TALLY_TENANT:
		sql_add(q, SQL(" scope = 2 AND no = "));
		scope_put_tenant_no(scope, q);
		break;
	case TALLY_PARTNER:
		sql_add(q, SQL(" scope = 1 AND no = "));
		scope_put_partner_no(scope, q);
		break;
	case TALLY_ALL:
		sql_add(q, SQL(" scope = 0 AND no = 0"));
		break;
	}
}

#define MONTHS_SQL " AND month >= (SELECT history_month FROM store)"

static void put_user_rows(const struct session_scope *scope, struct sql *q)
{
	if (scope->tenant_id.p != NULL) {
		sql_add(q, SQL(" tenant_no = "));
		scope_put_tenant_no(scope, q);
		sql_add(q, SQL(" AND"));
	} else if (scope->partner_id.p != NULL) {
		sql_add(q, SQL(" tenant_no IN (SELECT t.no FROM tenant t WHERE t.partner_no = "));
		scope_put_partner_no(scope, q);
		sql_add(q, SQL(") AND"));
	}
}

/* Counts the rows of a scope that has no maintained number. */
static void put_count(const struct session_scope *scope, struct sql *q)
{
	sql_add(q, SQL("(SELECT COUNT(*) FROM session s WHERE TRUE"));
	scope_put_conditions(scope, q);
	sql_add(q, SQL(")"));
	if (scope->active)
		return;
	sql_add(q, SQL(" + (SELECT COUNT(*) FROM ended s WHERE TRUE" HISTORY_SQL));
	scope_put_conditions(scope, q);
	sql_add(q, SQL(")"));
}

static bool has_number(const struct session_scope *scope)
{
	return scope->session_id.p == NULL && scope->except_id.p == NULL &&
	       scope->also_except_id.p == NULL && scope->ids_json.p == NULL &&
	       (scope->filter == NULL || query_is_all(scope->filter)) && !scope->nothing;
}

static void put_numbers(const struct session_scope *scope, struct sql *q)
{
	if (scope->user_id.p != NULL) {
		sql_add(q, SQL("(SELECT COALESCE(SUM(living), 0) FROM user WHERE"));
		put_user_rows(scope, q);
		sql_add(q, SQL(" id = ?)"));
		sql_arg(q, db_str(scope->user_id));
	} else {
		sql_add(q, SQL("(SELECT COALESCE(SUM(n), 0) FROM tally WHERE"));
		put_level(scope, q);
		sql_add(q, SQL(" AND what = 1)"));
	}
	if (scope->active)
		return;
	if (scope->user_id.p != NULL) {
		sql_add(q,
			SQL(" + (SELECT COALESCE(SUM(expired + revoked), 0) FROM ended_user WHERE"));
		put_user_rows(scope, q);
		sql_add(q, SQL(" user_id = ?" MONTHS_SQL ")"));
		sql_arg(q, db_str(scope->user_id));
	} else {
		sql_add(q, SQL(" + (SELECT COALESCE(SUM(n), 0) FROM ended_tally WHERE"));
		put_level(scope, q);
		sql_add(q, SQL(" AND what IN (1, 2)" MONTHS_SQL ")"));
	}
}

/* Subtracts the sessions that have expired and were not moved yet. An index finds them, and they
 * are few.
 */
void tally_put_total(const struct session_scope *scope, struct sql *q)
{
	sql_add(q, SQL("("));
	if (has_number(scope))
		put_numbers(scope, q);
	else
		put_count(scope, q);
	if (scope->active) {
		sql_add(q,
			SQL(" - (SELECT COUNT(*) FROM session s WHERE s.expires_at <= " NOW_SQL));
		scope_put_conditions(scope, q);
		sql_add(q, SQL(")"));
	}
	sql_add(q, SQL(")"));
}

void tally_put_revoked(const struct session_scope *scope, struct sql *q)
{
	if (scope->nothing) {
		sql_add(q, SQL("0"));
	} else if (scope->user_id.p != NULL) {
		sql_add(q, SQL("(SELECT COALESCE(SUM(revoked), 0) FROM ended_user WHERE"));
		put_user_rows(scope, q);
		sql_add(q, SQL(" user_id = ?" MONTHS_SQL ")"));
		sql_arg(q, db_str(scope->user_id));
	} else {
		sql_add(q, SQL("(SELECT COALESCE(SUM(n), 0) FROM ended_tally WHERE"));
		put_level(scope, q);
		sql_add(q, SQL(" AND what = 2" MONTHS_SQL ")"));
	}
}

bool tally_has_hours(const struct session_scope *scope, enum tally_order order)
{
	if (!has_number(scope) || scope->user_id.p != NULL || scope->filter != NULL)
		return false;
	/* Ended sessions are counted by creation for tenants only. */
	return order == ORDER_REVOKED || scope->active || level_of(scope) == TALLY_TENANT;
}

#define HOUR_OF_SQL(column)                                                                        \
	"FLOOR(TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', " column ") / 3600000000)"

/* (SELECT bucket, n …) of every row that counts; `newer`: only buckets above the bound argument. */
static void put_hours(const struct session_scope *scope, enum tally_order order,
	const int64_t *newer, struct sql *q)
{
	struct sql_frag above = newer != NULL ? SQL(" AND bucket > ?") : SQL("");

	if (order == ORDER_CREATED) {
		sql_add(q, SQL("SELECT bucket, n FROM tally WHERE"));
		put_level(scope, q);
		sql_add(q, SQL(" AND what = 4"));
		sql_add(q, above);
		if (newer != NULL)
			sql_arg(q, db_i64(*newer));
	}
	if (order == ORDER_CREATED && scope->active) {
		sql_add(q, SQL(" UNION ALL SELECT " HOUR_OF_SQL(
				   "s.created_at") ", -1 FROM session s"
						   " WHERE s.expires_at <= " NOW_SQL));
		scope_put_conditions(scope, q);
		if (newer != NULL) {
			sql_add(q, SQL(" AND s.created_at >= ?"));
			sql_arg(q, db_time((*newer + 1) * HOUR_MS));
		}
		return;
	}
	sql_add(q, order == ORDER_CREATED
			   ? SQL(" UNION ALL SELECT bucket, n FROM ended_tally WHERE")
			   : SQL("SELECT bucket, n FROM ended_tally WHERE"));
	put_level(scope, q);
	sql_add(q, order == ORDER_CREATED ? SQL(" AND what = 4") : SQL(" AND what = 3"));
	sql_add(q, above);
	if (newer != NULL)
		sql_arg(q, db_i64(*newer));
	sql_add(q, SQL(MONTHS_SQL));
}

void tally_put_newer(
	const struct session_scope *scope, enum tally_order order, int64_t hour, struct sql *q)
{
	sql_add(q, SQL("(SELECT COALESCE(SUM(n), 0) FROM ("));
	put_hours(scope, order, &hour, q);
	sql_add(q, SQL(") h)"));
}

enum err tally_find_hours(struct db *db, struct arena *a, const struct session_scope *scope,
	enum tally_order order, int64_t offset, int64_t limit, struct tally_hours *out, bool *found)
{
	static const struct db_col cols[] = {
		{'I', offsetof(struct tally_hours, first)},
		{'I', offsetof(struct tally_hours, last)},
	};
	struct sql q;
	enum err err;

	sql_begin(&q, a, SQL_READ, "II");
	sql_add(&q,
		SQL("SELECT MAX(IF(c.upto > ?, c.bucket, NULL)), MAX(IF(c.upto >= ?, c.bucket, NULL))"
		    " FROM (SELECT b.bucket, SUM(b.n) OVER (ORDER BY b.bucket DESC) AS upto"
		    " FROM (SELECT bucket, SUM(n) AS n FROM ("));
	sql_arg(&q, db_i64(offset));
	sql_arg(&q, db_i64(offset + limit));
	put_hours(scope, order, NULL, &q);
	sql_add(&q, SQL(") h GROUP BY bucket) b) c"));
	err = db_one(db, a, &q, DB_SHAPE(cols), out);
	*found = err == ERR_OK && out->first != DB_NULL_I64;
	return err;
}
