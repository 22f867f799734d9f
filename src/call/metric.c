/* SPDX-License-Identifier: MIT
 * The cells of a slot and their text; see the header.
 *
 * A slot is: the plain numbers, what is being served, then for each route a count per status and
 * the buckets and the sum of its durations. Buckets are stored apart and added up in the text. */
#include "call/metric.h"

#include "call/route.h"

enum {
#define STATUS(code, text) STATUS_##code,
#include "http/status.def"
#undef STATUS
	STATUS_UNLISTED,
	STATUS__COUNT
};

static const char *const status_names[] = {
#define STATUS(code, text) #code,
#include "http/status.def"
#undef STATUS
	"other",
};

/* Upper bounds; the last bucket has none. */
static const struct {
	int64_t us;
	const char *text;
} bounds[] = {
	{250, "0.00025"},
	{500, "0.0005"},
	{1000, "0.001"},
	{2500, "0.0025"},
	{5000, "0.005"},
	{10000, "0.01"},
	{25000, "0.025"},
	{50000, "0.05"},
	{100000, "0.1"},
	{250000, "0.25"},
	{500000, "0.5"},
	{1000000, "1"},
	{2500000, "2.5"},
	{5000000, "5"},
};

#define BUCKETS (ARRAY_LEN(bounds) + 1)
#define COSTLY (SERVING + 1)         /* 1: within a question that no index answers */
#define SERVING METRIC_NUMBER__COUNT /* 0: nothing; else the route and 1 */
#define PER_ROUTE (STATUS__COUNT + BUCKETS + 1)

static size_t status_cell(size_t route, size_t status)
{
	return COSTLY + 1 + route * PER_ROUTE + status;
}

static size_t bucket_cell(size_t route, size_t bucket)
{
	return status_cell(route, STATUS__COUNT) + bucket;
}

static size_t sum_cell(size_t route)
{
	return bucket_cell(route, BUCKETS);
}

/* The two rows behind those of the table: no route, and the Authorizer role. */
static size_t all_routes(const struct route_table *routes)
{
	return routes->count + 2;
}

size_t metric_route(const struct route_table *routes, const struct route *route)
{
	return route != NULL ? (size_t)(route - routes->rows) : routes->count;
}

size_t metric_authorizer(const struct route_table *routes)
{
	return routes->count + 1;
}

const char *metric_route_name(const struct route_table *routes, size_t route)
{
	if (route < routes->count)
		return routes->rows[route].name;
	return route == routes->count ? "none" : "authorizer";
}

struct counters *metric_open(const struct route_table *routes, size_t workers)
{
	return counters_open(workers + 2, status_cell(all_routes(routes), 0));
}

struct metric metric_parent(const struct route_table *routes, struct counters *all)
{
	return (struct metric){.routes = routes, .all = all, .slot = counters_slots(all) - 1};
}

void metric_add(struct metric *m, enum metric_number which, uint64_t n)
{
	if (m != NULL)
		counters_add(m->all, m->slot, which, n);
}

void metric_set(struct metric *m, enum metric_number which, uint64_t value)
{
	if (m != NULL)
		counters_set(m->all, m->slot, which, value);
}

void metric_busy(struct metric *m, size_t route)
{
	if (m != NULL)
		counters_set(m->all, m->slot, SERVING, route + 1);
}

void metric_idle(struct metric *m)
{
	if (m != NULL)
		metric_vacate(m, m->slot);
}

/* Two that come at the same moment may both find the share full: then both are refused. */
bool metric_enter_costly(struct metric *m, uint64_t most)
{
	if (m == NULL)
		return true;
	counters_set(m->all, m->slot, COSTLY, 1);
	if (counters_sum(m->all, COSTLY) <= most)
		return true;
	counters_set(m->all, m->slot, COSTLY, 0);
	return false;
}

static size_t status_of(int code)
{
	switch (code) {
#define STATUS(listed, text)                                                                       \
	case listed:                                                                               \
		return STATUS_##listed;
#include "http/status.def"
#undef STATUS
	default:
		return STATUS_UNLISTED;
	}
}

static size_t bucket_of(int64_t us)
{
	size_t i = 0;

	while (i < ARRAY_LEN(bounds) && us > bounds[i].us)
		i++;
	return i;
}

void metric_request(struct metric *m, size_t route, int status, int64_t us)
{
	if (m == NULL)
		return;
	counters_add(m->all, m->slot, status_cell(route, status_of(status)), 1);
	counters_add(m->all, m->slot, bucket_cell(route, bucket_of(us)), 1);
	counters_add(m->all, m->slot, sum_cell(route), (uint64_t)us);
}

void metric_database(struct metric *m, const struct db *db)
{
	const struct db_stats *now = db_stats(db);

	if (m == NULL)
		return;
	metric_add(m, METRIC_STATEMENTS, now->statements - m->seen.statements);
	metric_add(m, METRIC_DB_ERRORS, now->errors - m->seen.errors);
	metric_add(m, METRIC_CONNECTS, now->connects - m->seen.connects);
	metric_add(m, METRIC_RECONNECTS, now->reconnects - m->seen.reconnects);
	metric_add(m, METRIC_DB_US, now->busy_us - m->seen.busy_us);
	m->seen = *now;
}

const char *metric_serving(const struct metric *m, size_t slot)
{
	uint64_t serving = counters_get(m->all, slot, SERVING);

	return serving == 0 ? NULL : metric_route_name(m->routes, serving - 1);
}

void metric_vacate(struct metric *m, size_t slot)
{
	counters_set(m->all, slot, SERVING, 0);
	counters_set(m->all, slot, COSTLY, 0);
}

/* Text */

static void put_head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_seconds(struct buf *out, uint64_t us)
{
	buf_printf(out, "%llu.%06llu\n", (unsigned long long)(us / 1000000),
		(unsigned long long)(us % 1000000));
}

static void put_requests(struct buf *out, const struct metric *m)
{
	put_head(out, "rollcall_requests_total", "counter", "Requests answered.");
	for (size_t r = 0; r < all_routes(m->routes); r++) {
		for (size_t s = 0; s < STATUS__COUNT; s++) {
			uint64_t n = counters_sum(m->all, status_cell(r, s));

			if (n > 0)
				buf_printf(out,
					"rollcall_requests_total{route=\"%s\",status=\"%s\"} "
					"%llu\n",
					metric_route_name(m->routes, r), status_names[s],
					(unsigned long long)n);
		}
	}
}

static void put_histogram(struct buf *out, const struct metric *m, size_t route)
{
	static const char name[] = "rollcall_request_duration_seconds";
	const char *of = metric_route_name(m->routes, route);
	uint64_t counts[BUCKETS], n = 0;

	for (size_t i = 0; i < BUCKETS; i++)
		n += counts[i] = counters_sum(m->all, bucket_cell(route, i));
	if (n == 0)
		return;
	n = 0;
	for (size_t i = 0; i < BUCKETS; i++) {
		n += counts[i];
		buf_printf(out, "%s_bucket{route=\"%s\",le=\"%s\"} %llu\n", name, of,
			i < ARRAY_LEN(bounds) ? bounds[i].text : "+Inf", (unsigned long long)n);
	}
	buf_printf(out, "%s_sum{route=\"%s\"} ", name, of);
	put_seconds(out, counters_sum(m->all, sum_cell(route)));
	buf_printf(out, "%s_count{route=\"%s\"} %llu\n", name, of, (unsigned long long)n);
}

/* Without a name the row is a further value of the one before it. */
static void put_numbers(struct buf *out, const struct counters *all)
{
	static const struct {
		enum metric_number which;
		const char *name, *type, *labels, *help;
	} rows[] = {
		{METRIC_STATEMENTS, "rollcall_database_statements_total", "counter", "",
			"Statements sent to the database."},
		{METRIC_DB_ERRORS, "rollcall_database_errors_total", "counter", "",
			"Errors of the database, failed connection attempts included."},
		{METRIC_CONNECTS, "rollcall_database_connects_total", "counter", "",
			"Connections made to the database."},
		{METRIC_RECONNECTS, "rollcall_database_reconnects_total", "counter", "",
			"Connections made by a process that had one before."},
		{METRIC_REVOKED, "rollcall_sessions_revoked_total", "counter", "",
			"Sessions turned from active to revoked."},
		{METRIC_ALLOWED, "rollcall_authorizer_decisions_total", "counter",
			"{decision=\"allow\"}", "Decisions about requests to other applications."},
		{METRIC_DENIED, NULL, NULL, "{decision=\"deny\"}", NULL},
		{METRIC_UNDECIDED, NULL, NULL, "{decision=\"error\"}", NULL},
		{METRIC_DIED, "rollcall_worker_restarts_total", "counter", "{cause=\"died\"}",
			"Workers replaced by new ones."},
		{METRIC_RECYCLED, NULL, NULL, "{cause=\"recycled\"}", NULL},
		{METRIC_RENEWED, NULL, NULL, "{cause=\"renewed\"}", NULL},
		{METRIC_WORKERS, "rollcall_workers", "gauge", "", "Processes that answer."},
	};
	const char *name = NULL;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].name != NULL) {
			name = rows[i].name;
			put_head(out, name, rows[i].type, rows[i].help);
		}
		buf_printf(out, "%s%s %llu\n", name, rows[i].labels,
			(unsigned long long)counters_sum(all, rows[i].which));
	}
}

static unsigned busy_workers(const struct counters *all)
{
	unsigned n = 0;

	for (size_t slot = 0; slot < counters_slots(all); slot++)
		n += counters_get(all, slot, SERVING) != 0;
	return n;
}

void metric_print(const struct metric *m, const char *version, struct buf *out)
{
	const struct counters *all = m->all;
	uint64_t start_ms = counters_sum(all, METRIC_START_MS);

	put_requests(out, m);
	put_head(out, "rollcall_request_duration_seconds", "histogram",
		"Time from the request's arrival in a worker to its answer.");
	for (size_t r = 0; r < all_routes(m->routes); r++)
		put_histogram(out, m, r);
	put_head(out, "rollcall_database_seconds_total", "counter",
		"Time spent waiting for the database.");
	buf_str(out, STR("rollcall_database_seconds_total "));
	put_seconds(out, counters_sum(all, METRIC_DB_US));
	put_numbers(out, all);
	put_head(out, "rollcall_workers_busy", "gauge",
		"Processes with a request in hand, this one included.");
	buf_printf(out, "rollcall_workers_busy %u\n", busy_workers(all));
	put_head(out, "process_start_time_seconds", "gauge",
		"When the pool began, in seconds since 1970.");
	buf_printf(out, "process_start_time_seconds %llu.%03llu\n",
		(unsigned long long)(start_ms / 1000), (unsigned long long)(start_ms % 1000));
	put_head(out, "rollcall_build_info", "gauge", "The version, as a label of the value 1.");
	buf_printf(out, "rollcall_build_info{version=\"%s\"} 1\n", version);
}

void metric_print_gauge(struct buf *out, const char *name, const char *help, int64_t value)
{
	put_head(out, name, "gauge", help);
	buf_printf(out, "%s %lld\n", name, (long long)value);
}
