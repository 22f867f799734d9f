/* SPDX-License-Identifier: MIT
 * The search for a page far from the first row of a list; see the header. */
#include "range.h"

/* Beyond this offset the hours are looked up first. */
#define DEEP_OFFSET 500
#define DEEP_TRIES 3

/* Whether the page has all rows that it must have. */
static bool is_whole(const struct range_size *size, const struct session_range *range)
{
	int64_t left = size->total - range->offset;

	return size->count >= (left < range->limit ? left : range->limit);
}

enum err range_read(struct db *db, struct arena *a, const struct session_scope *scope,
	enum tally_order order, const struct session_range *range, range_read_fn read, void *ctx)
{
	static const struct session_range nowhere = {.limit = 0};
	struct range_size size;
	struct tally_hours hours;
	bool found;
	enum err err;

	if (range->offset < DEEP_OFFSET || range->offset > INT64_MAX - range->limit ||
		!tally_has_hours(scope, order))
		return read(ctx, range, NULL, &size);
	/* Rows that come and go between the two statements may move the page to another hour. */
	for (int i = 0; i < DEEP_TRIES; i++) {
		err = tally_find_hours(
			db, a, scope, order, range->offset, range->limit, &hours, &found);
		if (err != ERR_OK)
			return err;
		err = read(ctx, found ? range : &nowhere, found ? &hours : NULL, &size);
		if (err != ERR_OK || is_whole(&size, range))
			return err;
	}
	return read(ctx, range, NULL, &size);
}

static void put_bound(struct sql_frag instant, struct sql_frag condition, int64_t ms, struct sql *q)
{
	sql_add(q, SQL(" AND "));
	sql_add(q, instant);
	sql_add(q, condition);
	sql_arg(q, db_time(ms));
}

void range_put(const struct session_range *range, const struct tally_hours *hours,
	struct sql_frag instant, struct sql *q)
{
	if (range->after.id.p != NULL) {
		put_bound(instant, SQL(" <= ?"), range->after.created_ms, q);
		sql_add(q, SQL(" AND ("));
		sql_add(q, instant);
		sql_add(q, SQL(" < ? OR s.id < ?)"));
		sql_arg(q, db_time(range->after.created_ms));
		sql_arg(q, db_str(range->after.id));
	}
	if (hours != NULL)
		put_bound(instant, SQL(" < ?"), (hours->first + 1) * HOUR_MS, q);
	if (hours != NULL && hours->last != DB_NULL_I64)
		put_bound(instant, SQL(" >= ?"), hours->last * HOUR_MS, q);
}
