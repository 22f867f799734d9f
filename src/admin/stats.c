/* SPDX-License-Identifier: MIT
 * rollcall-admin stats: prints what the whole store holds, as text or JSON, from the maintained
 * numbers. Rows of tables are estimates, counts are exact. */
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>

#include "admin.h"
#include "db/compose.h"
#include "json/writer.h"

#define TABLES_MAX 16

struct table {
	struct str name;
	int64_t rows, data_bytes, index_bytes;
};

struct store {
	int64_t total, active, expired, revoked;
	int64_t oldest_ms, newest_ms; /* created_at; TIME_NONE without sessions */
	int64_t longest_dead_ms;      /* when it ended; TIME_NONE: none has ended */
	int64_t now_ms;
	int64_t partners, tenants, users;
	int64_t schema_version;
	struct table tables[TABLES_MAX];
	size_t table_count;
};

/* Instants of the years 9999 and 1 mean "none". */
static const struct stmt store_sessions = {"stats.sessions", SQL_READ, "", "iiiiTTTt",
	"SELECT l.living + e.expired + e.revoked, l.living - x.late, e.expired + x.late, e.revoked,"
	" NULLIF(LEAST(COALESCE((SELECT MIN(created_at) FROM session), TIMESTAMP'9999-12-31 00:00:00'),"
	" COALESCE((SELECT MIN(created_at) FROM ended), TIMESTAMP'9999-12-31 00:00:00')), TIMESTAMP'9999-12-31 00:00:00'),"
	" NULLIF(GREATEST(COALESCE((SELECT MAX(created_at) FROM session), TIMESTAMP'0001-01-01 00:00:00'),"
	" COALESCE((SELECT MAX(created_at) FROM ended), TIMESTAMP'0001-01-01 00:00:00')), TIMESTAMP'0001-01-01 00:00:00'),"
	" NULLIF(LEAST(COALESCE(x.since, TIMESTAMP'9999-12-31 00:00:00'),"
	" COALESCE((SELECT MIN(ended_at) FROM ended WHERE how = 'expired'), TIMESTAMP'9999-12-31 00:00:00'),"
	" COALESCE((SELECT MIN(ended_at) FROM ended WHERE how = 'revoked'), TIMESTAMP'9999-12-31 00:00:00')),"
	" TIMESTAMP'9999-12-31 00:00:00'), UTC_TIMESTAMP(3)"
	" FROM (SELECT CAST(COALESCE(SUM(n), 0) AS SIGNED) AS living FROM tally"
	" WHERE scope = 0 AND no = 0 AND what = 1) l"
	" JOIN (SELECT COUNT(*) AS late, MIN(expires_at) AS since FROM session"
	" WHERE expires_at <= UTC_TIMESTAMP(3)) x"
	" JOIN (SELECT CAST(COALESCE(SUM(IF(what = 1, n, 0)), 0) AS SIGNED) AS expired,"
	" CAST(COALESCE(SUM(IF(what = 2, n, 0)), 0) AS SIGNED) AS revoked FROM ended_tally"
	" WHERE scope = 0 AND no = 0 AND what IN (1, 2)"
	" AND month >= (SELECT history_month FROM store)) e"};
static const struct stmt store_others = {"stats.others", SQL_READ, "", "iiiI",
	"SELECT (SELECT COUNT(*) FROM partner), (SELECT COUNT(*) FROM tenant),"
	" (SELECT COUNT(*) FROM user), (SELECT MAX(version) FROM schema_migration)"};
static const struct stmt store_tables = {"stats.tables", SQL_READ, "", "siii",
	"SELECT table_name, COALESCE(table_rows, 0), COALESCE(data_length, 0),"
	" COALESCE(index_length, 0) FROM information_schema.tables"
	" WHERE table_schema = DATABASE() AND table_name IN ('ended', 'ended_tally', 'ended_user',"
	" 'partner', 'schema_migration', 'session', 'store', 'tally', 'tenant', 'user')"
	" ORDER BY table_name"};

static enum err take_table(void *ctx, const void *row)
{
	struct store *s = ctx;

	if (s->table_count < TABLES_MAX)
		s->tables[s->table_count++] = *(const struct table *)row;
	return ERR_OK;
}

static enum err read_tables(struct admin *adm, struct store *s)
{
	static const struct db_col cols[] = {
		{'s', offsetof(struct table, name)},
		{'i', offsetof(struct table, rows)},
		{'i', offsetof(struct table, data_bytes)},
		{'i', offsetof(struct table, index_bytes)},
	};
	struct sql q = SQL_FIXED0(&store_tables);
	struct table row;

	return db_each(adm->db, adm->arena, &q, DB_SHAPE(cols), &row, take_table, s);
}

static enum err read_store(struct admin *adm, struct store *s)
{
	static const struct db_col session_cols[] = {
		{'i', offsetof(struct store, total)},
		{'i', offsetof(struct store, active)},
		{'i', offsetof(struct store, expired)},
		{'i', offsetof(struct store, revoked)},
		{'T', offsetof(struct store, oldest_ms)},
		{'T', offsetof(struct store, newest_ms)},
		{'T', offsetof(struct store, longest_dead_ms)},
		{'t', offsetof(struct store, now_ms)},
	};
	static const struct db_col other_cols[] = {
		{'i', offsetof(struct store, partners)},
		{'i', offsetof(struct store, tenants)},
		{'i', offsetof(struct store, users)},
		{'I', offsetof(struct store, schema_version)},
	};
	struct sql sessions = SQL_FIXED0(&store_sessions);
	struct sql others = SQL_FIXED0(&store_others);
	enum err err = db_one(adm->db, adm->arena, &sessions, DB_SHAPE(session_cols), s);

	if (err == ERR_OK)
		err = db_one(adm->db, adm->arena, &others, DB_SHAPE(other_cols), s);
	return err == ERR_OK ? read_tables(adm, s) : err;
}

static void print_count(const char *name, int64_t n)
{
	printf("%-20s %12lld\n", name, (long long)n);
}

static void print_time(const struct store *s, const char *name, int64_t ms)
{
	char text[CLOCK_TEXT_BYTES] = "-";

	if (ms != TIME_NONE)
		clock_format(ms, text);
	printf("%-20s %s", name, text);
	if (ms != TIME_NONE)
		printf(" (%.1f days ago)", (double)(s->now_ms - ms) / 86400e3);
	putchar('\n');
}

static void print_text(const struct store *s)
{
	print_count("sessions", s->total);
	print_count("  active", s->active);
	print_count("  expired", s->expired);
	print_count("  revoked", s->revoked);
	print_time(s, "  oldest", s->oldest_ms);
	print_time(s, "  newest", s->newest_ms);
	print_time(s, "  longest dead since", s->longest_dead_ms);
	print_count("partners", s->partners);
	print_count("tenants", s->tenants);
	print_count("users", s->users);
	if (s->schema_version != DB_NULL_I64)
		print_count("schema version", s->schema_version);
	printf("\n%-20s %12s %12s %12s\n", "table", "rows, about", "data, kB", "indexes, kB");
	for (size_t i = 0; i < s->table_count; i++)
		printf("%-20.*s %12lld %12lld %12lld\n", STR_FMT(s->tables[i].name),
			(long long)s->tables[i].rows, (long long)s->tables[i].data_bytes / 1000,
			(long long)s->tables[i].index_bytes / 1000);
}

static void put_tables(struct json_writer *w, const struct store *s)
{
	json_arr(w, "tables");
	for (size_t i = 0; i < s->table_count; i++) {
		json_obj(w, NULL);
		json_str(w, "name", s->tables[i].name);
		json_i64(w, "estimated_rows", s->tables[i].rows);
		json_i64(w, "data_bytes", s->tables[i].data_bytes);
		json_i64(w, "index_bytes", s->tables[i].index_bytes);
		json_end(w);
	}
	json_end(w);
}

static enum err print_json(struct arena *a, const struct store *s)
{
	struct json_writer *w;
	struct buf text;
	enum err err;

	buf_init(&text, a);
	w = json_writer_new(a, &text);
	json_obj(w, NULL);
	json_i64(w, "total_sessions", s->total);
	json_i64(w, "active_sessions", s->active);
	json_i64(w, "expired_sessions", s->expired);
	json_i64(w, "revoked_sessions", s->revoked);
	json_time(w, "oldest_created_at", s->oldest_ms);
	json_time(w, "newest_created_at", s->newest_ms);
	json_time(w, "longest_dead_since", s->longest_dead_ms);
	json_i64(w, "partners", s->partners);
	json_i64(w, "tenants", s->tenants);
	json_i64(w, "users", s->users);
	if (s->schema_version == DB_NULL_I64)
		json_null(w, "schema_version");
	else
		json_i64(w, "schema_version", s->schema_version);
	put_tables(w, s);
	json_end(w);
	err = json_finish(w);
	printf("%.*s\n", STR_FMT(buf_view(&text)));
	return err;
}

int admin_stats(struct admin *adm, int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	struct store s = {0};
	bool json = false;
	enum err err;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return 2;
		json = true;
	}
	if (optind != argc)
		return 2;
	err = read_store(adm, &s);
	if (err != ERR_OK)
		return admin_failed(adm, "stats", err);
	if (json && print_json(adm->arena, &s) != ERR_OK)
		return 1;
	if (!json)
		print_text(&s);
	return 0;
}
