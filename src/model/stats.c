/* SPDX-License-Identifier: MIT
 * Figures of one tenant, in one statement and so of one moment. They are sums of maintained counts;
 * only what these do not tell is counted in the tables, by an index: sessions that have expired and
 * were not moved yet (EXPIRED_SQL), and the part of an hour (or of ten minutes) at either end of a
 * day. */
#include "model/stats.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/limits.h"
#include "db/compose.h"
#include "model/tally.h"

/* clang-format off */
#define NO SQL_HOLE /* the tenant's number */
#define HISTORY "(SELECT history_month FROM store)"
#define EXPIRED_SQL                                                                                \
	"FROM session s FORCE INDEX (session_expires) WHERE s.expires_at <= UTC_TIMESTAMP(3)"      \
	" AND s.tenant_no = " NO
#define SECOND_SQL(t) "TIMESTAMPDIFF(SECOND, TIMESTAMP'1970-01-01 00:00:00', " t ")"
#define DAY_AGO_SQL "(UTC_TIMESTAMP(3) - INTERVAL 1 DAY)"
#define DAY_AHEAD_SQL "(UTC_TIMESTAMP(3) + INTERVAL 1 DAY)"
/* The hour in which the last 24 hours began; the ten minutes of now and of 24 hours from now. */
#define HOUR0_SQL "(" SECOND_SQL(DAY_AGO_SQL) " DIV 3600)"
#define SLOT0_SQL "(" SECOND_SQL("UTC_TIMESTAMP(3)") " DIV 600)"
#define SLOT1_SQL "(" SECOND_SQL(DAY_AHEAD_SQL) " DIV 600)"
#define AT_SQL(n, unit) "(TIMESTAMP'1970-01-01 00:00:00' + INTERVAL " n " " unit ")"
#define HOUR0_END_SQL AT_SQL("(" HOUR0_SQL " + 1) * 3600", "SECOND")
#define SLOT0_END_SQL AT_SQL("(" SLOT0_SQL " + 1) * 600", "SECOND")
#define SLOT1_BEGIN_SQL AT_SQL(SLOT1_SQL " * 600", "SECOND")
#define PART_SQL(table, more)                                                                      \
	"(SELECT COUNT(*) FROM " table " WHERE s.tenant_no = " NO more ")"
#define EXPIRY_PART_SQL(from, to)                                                                  \
	"(SELECT COUNT(*) FROM session s FORCE INDEX (session_expires) WHERE s.tenant_no = " NO   \
	" AND " from " AND " to ")"

#define CREATED_24H_SQL                                                                            \
	"(SELECT COALESCE(SUM(n), 0) FROM tally WHERE scope = 2 AND no = " NO " AND what = 4"        \
	" AND bucket > " HOUR0_SQL ") + e.created + "                                                \
	PART_SQL("session s", " AND s.created_at > " DAY_AGO_SQL " AND s.created_at < " HOUR0_END_SQL) " + " \
	PART_SQL("ended s FORCE INDEX (ended_created)", " AND s.created_at > " DAY_AGO_SQL         \
		" AND s.created_at < " HOUR0_END_SQL " AND s.month >= " HISTORY "")
#define REVOKED_24H_SQL                                                                            \
	"e.revoked_24h + "                                                                         \
	PART_SQL("ended s FORCE INDEX (PRIMARY)", " AND s.how = 'revoked' AND s.ended_at > " DAY_AGO_SQL \
		" AND s.ended_at < " HOUR0_END_SQL " AND s.month >= " HISTORY "")
/* The two ends of the day are never within the same ten minutes. */
#define EXPIRING_24H_SQL                                                                           \
	"(SELECT COALESCE(SUM(n), 0) FROM tally WHERE scope = 2 AND no = " NO " AND what = 5"        \
	" AND bucket > " SLOT0_SQL " AND bucket < " SLOT1_SQL ") + "                               \
	EXPIRY_PART_SQL("s.expires_at > UTC_TIMESTAMP(3)", "s.expires_at < " SLOT0_END_SQL) " + "  \
	EXPIRY_PART_SQL("s.expires_at >= " SLOT1_BEGIN_SQL, "s.expires_at <= " DAY_AHEAD_SQL)
#define LATEST_SQL \
	"NULLIF(GREATEST(COALESCE((SELECT MAX(s.last_activity_at) FROM session s WHERE s.tenant_no = " NO ")," \
	" TIMESTAMP'0001-01-01 00:00:00'), TIMESTAMP'1970-01-01 00:00:00' + INTERVAL e.latest_ms * 1000 MICROSECOND)," \
	" TIMESTAMP'0001-01-01 00:00:00')"
/* Users all of whose living sessions have expired. */
#define USERS_GONE_SQL                                                                             \
	"(SELECT COUNT(*) FROM (SELECT s.tenant_no, s.user_id, COUNT(*) AS n FROM session s"       \
	" FORCE INDEX (session_expires) WHERE s.expires_at <= UTC_TIMESTAMP(3)"                    \
	" AND s.tenant_no = " NO " GROUP BY s.tenant_no, s.user_id) w JOIN user u"                 \
	" ON u.tenant_no = w.tenant_no AND u.id = w.user_id AND u.living = w.n)"

static const struct sql_frag figures = SQL_INIT(
	"l.sessions + e.expired + e.revoked, l.sessions - x.n, e.expired + x.n, e.revoked,"
	" l.users - " USERS_GONE_SQL ", " CREATED_24H_SQL ", " REVOKED_24H_SQL ", " EXPIRING_24H_SQL ","
	" (e.lived_ms + x.lived_ms) / 1e3 / NULLIF(e.expired + e.revoked + x.n, 0),"
	" " LATEST_SQL ", d.device_type, d.n FROM ");
/* Each table of numbers is read once: ended_tally has 24 partitions, which are opened for each reading. */
static const struct sql_frag numbers = SQL_INIT(
	" g JOIN (SELECT COALESCE(SUM(IF(what = 1, n, 0)), 0) AS sessions, COALESCE(SUM(IF(what = 2, n, 0)), 0) AS users"
	" FROM tally WHERE scope = 2 AND no = " NO " AND what IN (1, 2)) l"
	" JOIN (SELECT COALESCE(SUM(IF(what = 1, n, 0)), 0) AS expired, COALESCE(SUM(IF(what = 2, n, 0)), 0) AS revoked,"
	" COALESCE(SUM(IF(what = 3, n, 0)), 0) AS revoked_24h, COALESCE(SUM(IF(what = 4, n, 0)), 0) AS created,"
	" COALESCE(SUM(IF(what IN (1, 2), lived_ms, 0)), 0) AS lived_ms,"
	" COALESCE(MAX(IF(what IN (1, 2), latest_ms, NULL)), -62135596800000) AS latest_ms"
	" FROM ended_tally WHERE scope = 2 AND no = " NO " AND month >= " HISTORY
	" AND (what IN (1, 2) OR what IN (3, 4) AND bucket > " HOUR0_SQL ")) e"
	" JOIN (SELECT COUNT(*) AS n, COALESCE(SUM(TIMESTAMPDIFF(MICROSECOND, s.created_at, s.expires_at)) DIV 1000, 0)"
	" AS lived_ms " EXPIRED_SQL ") x");
static const struct sql_frag devices = SQL_INIT(
	" LEFT JOIN (SELECT y.device_type, SUM(y.n) AS n FROM ("
	"SELECT device_type, n FROM tally WHERE scope = 2 AND no = " NO " AND what = 3"
	" UNION ALL SELECT COALESCE(s.device_type, 'unknown'), -1 " EXPIRED_SQL ") y"
	" GROUP BY y.device_type HAVING n > 0) d ON TRUE");
/* clang-format on */

struct row {
	struct gate gate;
	struct stats stats;
	struct stats_device device; /* type.p == NULL: none is active */
};

static const struct db_col cols[] = {
	GATE_COLS(struct row, gate),
	{'i', offsetof(struct row, stats.total)},
	{'i', offsetof(struct row, stats.active)},
	{'i', offsetof(struct row, stats.expired)},
	{'i', offsetof(struct row, stats.revoked)},
	{'i', offsetof(struct row, stats.unique_users)},
	{'i', offsetof(struct row, stats.created_24h)},
	{'i', offsetof(struct row, stats.revoked_24h)},
	{'i', offsetof(struct row, stats.expiring_24h)},
	{'D', offsetof(struct row, stats.average_duration_s)},
	{'T', offsetof(struct row, stats.last_activity_ms)},
	{'S', offsetof(struct row, device.type)},
	{'I', offsetof(struct row, device.active)},
};

struct row_ctx {
	struct stats *stats;
	struct gate gate;
};

static void take_device(struct stats *s, const struct stats_device *device)
{
	size_t i = s->device_count;

	if (i < LIMIT_DEVICE_TYPES) {
		s->devices[s->device_count++] = *device;
		return;
	}
	/* Types beyond the limit count as "other", together with sessions whose type is "other". */
	for (i = 0; i < s->device_count; i++)
		if (str_eq(s->devices[i].type, STR("other")))
			break;
	if (i == s->device_count) {
		s->devices[i] = (struct stats_device){.type = STR("other")};
		s->device_count++;
	}
	s->devices[i].active += device->active;
}

static enum err take_row(void *ctx, const void *row)
{
	const struct row *r = row;
	struct row_ctx *c = ctx;
	struct stats_device *list = c->stats->devices;
	size_t count = c->stats->device_count;

	c->gate = r->gate;
	*c->stats = r->stats;
	c->stats->devices = list;
	c->stats->device_count = count;
	if (r->device.type.p != NULL)
		take_device(c->stats, &r->device);
	return ERR_OK;
}

static void put_no(const void *scope, struct sql *q)
{
	scope_put_tenant_no(scope, q);
}

enum err stats_tenant(
	struct db *db, struct arena *a, const struct session_scope *scope, struct stats *out)
{
	struct row_ctx ctx = {.stats = out};
	struct row row = {.device.active = 0};
	struct sql q;
	enum err err;

	*out = (struct stats){
		.devices = arena_array(a, LIMIT_DEVICE_TYPES + 1, sizeof(*out->devices))};
	sql_begin(&q, a, SQL_READ, "iiiiiiiiiiDTSI");
	sql_add(&q, SQL("SELECT g.alive, g.known, "));
	sql_fill(&q, figures, put_no, scope);
	scope_put_gate(scope, &q);
	sql_fill(&q, numbers, put_no, scope);
	sql_fill(&q, devices, put_no, scope);
	sql_add(&q, SQL(" ORDER BY d.n DESC, d.device_type"));
	err = db_each(db, a, &q, DB_SHAPE(cols), &row, take_row, &ctx);
	return err == ERR_OK ? scope_gate_error(&ctx.gate) : err;
}

enum err stats_active(struct db *db, struct arena *a, int64_t *out)
{
	const struct session_scope all = {.active = true};
	struct sql q;

	sql_begin(&q, a, SQL_READ, "i");
	sql_add(&q, SQL("SELECT "));
	tally_put_total(&all, &q);
	return db_one(db, a, &q, DB_COLUMN('i'), out);
}
