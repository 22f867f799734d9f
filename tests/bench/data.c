/* SPDX-License-Identifier: MIT
 * bench-data: fills an empty store with made-up sessions, for tests/bench/run. The numbers that the
 * store keeps (tally, ended_tally, ended_user, user.living) are written from the same rows, so they
 * are exact.
 *
 *   bench-data OPTION_FILE GROUP new|before ROWS END_ROWS DIRECTORY
 *
 * `new` is schema/0001_store.sql of this tree, `before` the one of the commit that the bench
 * compares with. END_ROWS > 0 adds a tenant of that many living sessions and one of a fifth, which one case ends.
 * Leaves in DIRECTORY: tenants.tsv (id, active sessions) and sessions.tsv (a sample of active ones:
 * id, tenant, user, token).
 *
 * The surprise: there are no files of data. The server loads from a pipe in the directory of its
 * database, which this program fills meanwhile; so both run as one user on one host, and the
 * account of OPTION_FILE needs the FILE privilege. With unique_checks and foreign_key_checks off
 * the server loads an empty table and its indexes in bulk. Two connections work at once. */
#include <errno.h>
#include <fcntl.h>
#include <mysql.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define TEN_MINUTES_MS INT64_C(600000)
#define PARTNERS 10
#define OTHER_ROWS 13000
#define USER_SESSIONS 10 /* rows of a user, on the average */
#define SHARDS 4         /* a pool of four workers writes to as many */
#define MONTHS 4         /* that 60 days can touch */
#define SAMPLE 20000

enum { EXPIRED, REVOKED };

struct tenant {
	char id[32], suffix[24];
	uint32_t no, partner; /* partner 0: none */
	int64_t living, expired, revoked, users;
	int64_t first_user; /* in the arrays over all users */
};

struct plan {
	struct tenant *tenants;
	size_t count;
	int64_t users, living, ended;
	int64_t now_ms;
	uint32_t first_month;
};

/* What the processes have done, for the bar. */
struct progress {
	int64_t done, total;
	bool ended[2];
};

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "bench-data: %s: %s\n", what, why);
	exit(1);
}

static void *zeroed(size_t n, size_t size)
{
	void *p = calloc(n == 0 ? 1 : n, size);

	if (p == NULL)
		die("memory", strerror(errno));
	return p;
}

/* Numbers that look random and depend on nothing but what they are asked for (splitmix64). */
static uint64_t mix(uint64_t a, uint64_t b, uint64_t salt)
{
	uint64_t z = (a << 40) + b * 16 + salt + UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* In [0, n). */
static int64_t part(uint64_t random, int64_t n)
{
	return (int64_t)(((random >> 32) * (uint64_t)n) >> 32);
}

/* The plan */

static void add_tenant(struct plan *p, const char *suffix, int64_t active, int64_t ended)
{
	struct tenant *t = &p->tenants[p->count++];

	snprintf(t->suffix, sizeof(t->suffix), "%s", suffix);
	snprintf(t->id, sizeof(t->id), "tnt_%s", suffix);
	t->no = (uint32_t)p->count;
	t->partner = t->no % (PARTNERS + 1);
	t->living = active;
	t->expired = ended / 2;
	t->revoked = ended - ended / 2;
	t->users = (active + ended + USER_SESSIONS - 1) / USER_SESSIONS;
	t->first_user = p->users;
	p->users += t->users;
	p->living += active;
	p->ended += ended;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static uint32_t month_of(int64_t ms);

static void make_plan(struct plan *p, int64_t rows, int64_t end_rows, bool before)
{
	int64_t sizes[4] = {rows >= 5000000 ? 1000000 : 0, least(300000, rows * 3 / 10),
		least(20000, rows / 50), 50};
	static const char *const names[] = {"million", "large", "medium", "small"};
	char name[24];
	int64_t left = rows, n = 0;

	p->tenants = zeroed((size_t)(rows / OTHER_ROWS) + 8, sizeof(*p->tenants));
	p->now_ms = (int64_t)time(NULL) * 1000;
	p->first_month = month_of(p->now_ms - 61 * DAY_MS);
	for (size_t i = 0; i < 4; i++) {
		int64_t ended = sizes[i] * 15 / 85;

		if (sizes[i] == 0)
			continue;
		add_tenant(p, names[i], sizes[i], ended);
		left -= sizes[i] + ended;
	}
	while (left > 0) {
		int64_t take = left < OTHER_ROWS * 3 / 2 ? left : OTHER_ROWS;

		snprintf(name, sizeof(name), "%04lld", (long long)++n);
		add_tenant(p, name, take * 85 / 100, take - take * 85 / 100);
		left -= take;
	}
	if (end_rows > 0 && !before)
		add_tenant(p, "end", end_rows, 0);
	if (end_rows > 0 && !before)
		add_tenant(p, "busy", end_rows / 5, 0);
}

/* Text */

struct out {
	char *p;
	size_t n, room;
};

static void grow(struct out *o, size_t more)
{
	if (o->n + more <= o->room)
		return;
	o->room = (o->n + more) * 2;
	o->p = realloc(o->p, o->room);
	if (o->p == NULL)
		die("memory", strerror(errno));
}

static void put(struct out *o, const char *s, size_t n)
{
	grow(o, n + 1);
	memcpy(o->p + o->n, s, n);
	o->n += n;
}

/* One column; NULL is a NULL. */
static void col(struct out *o, const char *s)
{
	if (s == NULL)
		s = "\\N";
	put(o, s, strlen(s));
	o->p[o->n++] = '\t';
}

static void col_i64(struct out *o, int64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)n);
	col(o, text);
}

static void col_bytes(struct out *o, const unsigned char *b, size_t n)
{
	grow(o, 2 * n + 1);
	for (size_t i = 0; i < n; i++) {
		bool special = b[i] == '\t' || b[i] == '\n' || b[i] == '\\' || b[i] == 0;

		if (special)
			o->p[o->n++] = '\\';
		o->p[o->n++] = b[i] == 0 ? '0' : (char)b[i];
	}
	o->p[o->n++] = '\t';
}

static void line_end(struct out *o)
{
	o->p[o->n - 1] = '\n';
}

struct date {
	int64_t year;
	unsigned month, day;
};

/* Days since 1970 to a date of the Gregorian calendar, years from March on. */
static struct date date_of(int64_t days)
{
	int64_t z = days + 719468, era = z / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	struct date d = {.day = (unsigned)(doy - (153 * mp + 2) / 5 + 1),
		.month = (unsigned)(mp < 10 ? mp + 3 : mp - 9)};

	d.year = yoe + era * 400 + (d.month <= 2);
	return d;
}

static uint32_t month_of(int64_t ms)
{
	struct date d = date_of(ms / DAY_MS);

	return (uint32_t)(12 * d.year + d.month - 1);
}

static char *digits(char *p, unsigned n, int width)
{
	for (int i = width - 1; i >= 0; i--, n /= 10)
		p[i] = (char)('0' + n % 10);
	return p + width;
}

static void col_time(struct out *o, int64_t ms)
{
	struct date d = date_of(ms / DAY_MS);
	unsigned in_day = (unsigned)(ms % DAY_MS);
	char text[32], *p = digits(text, (unsigned)d.year, 4);

	*p++ = '-';
	p = digits(p, d.month, 2);
	*p++ = '-';
	p = digits(p, d.day, 2);
	*p++ = ' ';
	p = digits(p, in_day / 3600000, 2);
	*p++ = ':';
	p = digits(p, in_day / 60000 % 60, 2);
	*p++ = ':';
	p = digits(p, in_day / 1000 % 60, 2);
	*p++ = '.';
	p = digits(p, in_day % 1000, 3);
	*p = '\0';
	col(o, text);
}

/* A session, made of its tenant and its number alone */

static const struct {
	const char *device, *agent;
} browsers[] = {
	{"desktop",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
		"Chrome/140.0.0.0 Safari/537.36"},
	{"desktop", "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"},
	{"mobile",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
		"like Gecko) Version/18.2 Mobile/15E148 Safari/604.1"},
	{"mobile",
		"Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
		"Chrome/140.0.0.0 Mobile Safari/537.36"},
	{"tablet",
		"Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
		"Gecko) Version/17.7 Mobile/15E148 Safari/604.1"},
	{"api", "curl/8.11.0"},
	{NULL, NULL},
};
#define BROWSERS (sizeof(browsers) / sizeof(browsers[0]))

/* As tally names them; the last one stands for NULL. */
static const char *const devices[] = {"desktop", "mobile", "tablet", "api", "unknown"};
#define DEVICES 5
static const unsigned char device_no[BROWSERS] = {0, 0, 1, 1, 2, 3, 4};

static const char *const places[] = {
	"Lisbon, Portugal", "Oslo, Norway", "Toronto, Canada", "Nairobi, Kenya", NULL};
static const char *const first_names[] = {
	"Ada", "Bruno", "Chiara", "Dmitri", "Elif", "Farah", "Goran", "Hana", "Kofi", "Lars"};
static const char *const last_names[] = {
	"Andersen", "Botha", "Castro", "Dubois", "Eriksen", "Fischer", "Horvath"};
static const char *const apps[][2] = {{"app_mail", "Mail"}, {"app_files", "Files"},
	{"app_wiki", "Wiki"}, {"app_crm", "Customer Desk"}, {"app_payroll", "Payroll"}};
#define APPS 5

struct made {
	int64_t user; /* within the tenant */
	int64_t created_ms, activity_ms, expires_ms, ended_ms;
	int how; /* of an ended one */
	size_t browser;
	int64_t app_count; /* apps 0 to app_count - 1 */
	uint64_t random;
	char id[40], token[48];
	unsigned char token_digest[32], request_digest[32];
};

static void user_id(const struct tenant *t, int64_t user, char out[40])
{
	snprintf(out, 40, "usr_%s_%06lld", t->suffix, (long long)user);
}

static void user_email(const struct tenant *t, int64_t user, char out[64])
{
	snprintf(out, 64, "user%06lld@%s.example", (long long)user, t->suffix);
}

static void user_name(const struct tenant *t, int64_t user, char out[64])
{
	uint64_t random = mix(t->no, (uint64_t)user, 9);

	snprintf(out, 64, "%s %s", first_names[random % 10], last_names[random / 16 % 7]);
}

static void hex(char *out, uint64_t n)
{
	for (int i = 15; i >= 0; i--, n >>= 4)
		out[i] = "0123456789abcdef"[n & 15];
}

/* Session n of those of its kind; kinds 0 living, 1 expired, 2 revoked. */
static void make_common(const struct tenant *t, int kind, int64_t n, struct made *s)
{
	uint64_t key = (uint64_t)n * 4 + (uint64_t)kind;

	s->random = mix(t->no, key, 0);
	memcpy(s->id, "sess_", 5);
	hex(s->id + 5, mix(t->no, key, 1));
	hex(s->id + 21, mix(t->no, key, 2));
	s->id[37] = '\0';
	/* Neighbours in time are different users. */
	s->user = part(mix(t->no, key, 3), t->users);
	s->browser = (size_t)(s->random % BROWSERS);
	s->app_count = (int64_t)((s->random >> 8) % (APPS + 1));
	memcpy(s->token, "tok", 3);
	hex(s->token + 3, mix(t->no, key, 4));
	hex(s->token + 19, mix(t->no, key, 5));
	hex(s->token + 27, mix(t->no, key, 6));
	s->token[43] = '\0';
}

/* Rows of a kind come in the order of their time: one in each of `count` equal stretches. */
static int64_t spread(int64_t span, int64_t n, int64_t count, uint64_t random)
{
	return (int64_t)(((double)n + (double)(random >> 40) / (1 << 24)) / (double)count *
			 (double)span);
}

static void make_living(const struct plan *p, const struct tenant *t, int64_t n, struct made *s)
{
	int64_t span = 30 * DAY_MS - 60000;

	make_common(t, 0, n, s);
	s->created_ms = p->now_ms - 30 * DAY_MS + spread(span, n, t->living, s->random);
	s->activity_ms =
		s->created_ms + part(mix(t->no, (uint64_t)n, 7), p->now_ms - s->created_ms);
	s->expires_ms = p->now_ms + DAY_MS + part(mix(t->no, (uint64_t)n, 8), 29 * DAY_MS);
	SHA256((const unsigned char *)s->token, 43, s->token_digest);
	SHA256((const unsigned char *)s->id, 37, s->request_digest);
}

static void make_ended(
	const struct plan *p, const struct tenant *t, int how, int64_t n, struct made *s)
{
	int64_t count = how == EXPIRED ? t->expired : t->revoked, life;

	make_common(t, 1 + how, n, s);
	s->how = how;
	s->ended_ms = p->now_ms - 60 * DAY_MS + spread(60 * DAY_MS - 60000, n, count, s->random);
	life = 60000 + part(mix(t->no, (uint64_t)n, 10 + (uint64_t)how), 10 * DAY_MS);
	s->created_ms = s->ended_ms - life;
	s->activity_ms = s->created_ms + life / 2;
	s->expires_ms = how == EXPIRED ? s->ended_ms : s->created_ms + 30 * DAY_MS;
	SHA256((const unsigned char *)s->id, 37, s->request_digest);
}

static void col_apps(struct out *o, const struct made *s)
{
	char text[512] = "{";
	size_t n = 1;

	for (int64_t i = 0; i < s->app_count; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
			"%s\"%s\":{\"name\":\"%s\",\"at\":%lld}", i == 0 ? "" : ",", apps[i][0],
			apps[i][1], (long long)(s->created_ms + i * 60000));
	strcpy(text + n, "}");
	col(o, s->app_count == 0 ? NULL : text);
}

static void col_partner(struct out *o, const struct tenant *t)
{
	if (t->partner == 0)
		col(o, NULL);
	else
		col_i64(o, t->partner);
}

static void col_partner_id(struct out *o, const struct tenant *t)
{
	char id[24];

	snprintf(id, sizeof(id), "prt_%02u", t->partner);
	col(o, t->partner == 0 ? NULL : id);
}

static void cols_user(struct out *o, const struct tenant *t, int64_t user, bool with_facts)
{
	char id[40], email[64], name[64];

	user_id(t, user, id);
	col(o, id);
	if (!with_facts)
		return;
	user_email(t, user, email);
	user_name(t, user, name);
	col(o, email);
	col(o, user % 10 == 9 ? NULL : name);
}

static void cols_from(struct out *o, const struct tenant *t, const struct made *s)
{
	char address[64];
	int64_t host = part(mix(t->no, (uint64_t)s->user, 12), 65536);

	snprintf(address, sizeof(address), "10.%u.%lld.%lld", t->no % 256, (long long)host / 256,
		(long long)host % 256);
	col(o, address);
	col(o, browsers[s->browser].agent);
	col(o, browsers[s->browser].device);
	col(o, places[s->user % 5]);
}

/* Numbers */

enum { ALL, PARTNER, TENANT, SCOPES };

#define LIVING_HOURS (31 * 24 + 2)
#define EXPIRY_TENS (30 * 144 + 2)
#define ENDED_HOURS (72 * 24 + 2)

struct ended_n {
	int64_t n, lived_ms, latest_ms;
};

/* Of one tenant, one partner, or everything. */
struct living_numbers {
	int64_t living, users, devices[DEVICES];
	int32_t hours[LIVING_HOURS], tens[EXPIRY_TENS];
};

struct ended_numbers {
	struct ended_n how[2][MONTHS], revoked_hours[ENDED_HOURS][MONTHS],
		created_hours[ENDED_HOURS][MONTHS];
};

struct numbers {
	const struct plan *plan;
	struct living_numbers *living[SCOPES];
	struct ended_numbers *ended_all[2]; /* of everything, of the partners */
	int64_t first_hour, first_ten, first_ended_hour;
	int32_t *user_living;
	int32_t (*user_ended)[MONTHS][2];
};

static size_t scope_count(const struct plan *p, int scope)
{
	return scope == ALL ? 1 : scope == PARTNER ? PARTNERS + 1 : p->count + 1;
}

static void numbers_init(struct numbers *n, const struct plan *p)
{
	n->plan = p;
	n->first_hour = (p->now_ms - 30 * DAY_MS) / HOUR_MS;
	n->first_ten = (p->now_ms + DAY_MS) / TEN_MINUTES_MS;
	n->first_ended_hour = (p->now_ms - 71 * DAY_MS) / HOUR_MS;
}

static void count_living_in(
	struct numbers *n, struct living_numbers *l, const struct made *s, bool new_user)
{
	l->living++;
	l->users += new_user;
	l->devices[device_no[s->browser]]++;
	l->hours[s->created_ms / HOUR_MS - n->first_hour]++;
	l->tens[s->expires_ms / TEN_MINUTES_MS - n->first_ten]++;
}

static void count_living(struct numbers *n, const struct tenant *t, const struct made *s)
{
	bool new_user = n->user_living[t->first_user + s->user]++ == 0;

	count_living_in(n, n->living[ALL], s, new_user);
	if (t->partner != 0)
		count_living_in(n, &n->living[PARTNER][t->partner], s, new_user);
	count_living_in(n, &n->living[TENANT][t->no], s, new_user);
}

static void count_ended(struct numbers *n, struct ended_numbers *e, const struct made *s)
{
	uint32_t month = month_of(s->ended_ms) - n->plan->first_month;
	int64_t lived = s->ended_ms - s->created_ms;
	struct ended_n *cells[3] = {&e->how[s->how][month],
		&e->created_hours[s->created_ms / HOUR_MS - n->first_ended_hour][month],
		s->how == REVOKED
			? &e->revoked_hours[s->ended_ms / HOUR_MS - n->first_ended_hour][month]
			: NULL};

	for (size_t i = 0; i < 3; i++)
		if (cells[i] != NULL) {
			cells[i]->n++;
			cells[i]->lived_ms += i == 0 ? lived : 0;
			if (s->activity_ms > cells[i]->latest_ms)
				cells[i]->latest_ms = s->activity_ms;
		}
}

/* Sources of rows. Each call of `next` appends at least one line or says that there is none. */

struct source {
	const struct plan *plan;
	struct numbers *numbers;
	struct progress *progress;
	bool (*next)(struct source *s, struct out *o);
	size_t tenant, scope;
	int64_t row, entity;
	int how;
	struct out out;
	struct ended_numbers ended; /* of the tenant at work */
	FILE *sample;
	struct made made;
};

static void step(struct source *s, int64_t rows)
{
	__atomic_add_fetch(&s->progress->done, rows, __ATOMIC_RELAXED);
}

/* The tenant and row that are due: false at the end. `rows` tells how many a tenant has. */
static const struct tenant *due(struct source *s, int64_t (*rows)(const struct tenant *))
{
	while (s->tenant < s->plan->count) {
		const struct tenant *t = &s->plan->tenants[s->tenant];

		if (s->row < rows(t))
			return t;
		s->tenant++;
		s->row = 0;
	}
	return NULL;
}

static int64_t rows_living(const struct tenant *t)
{
	return t->living;
}

static int64_t rows_users(const struct tenant *t)
{
	return t->users;
}

static int64_t rows_ended(const struct tenant *t)
{
	return t->expired + t->revoked;
}

static int64_t rows_all(const struct tenant *t)
{
	return rows_living(t) + rows_ended(t);
}

static bool next_partner(struct source *s, struct out *o)
{
	char text[32];

	if (s->row == PARTNERS)
		return false;
	s->row++;
	col_i64(o, s->row);
	snprintf(text, sizeof(text), "prt_%02lld", (long long)s->row);
	col(o, text);
	snprintf(text, sizeof(text), "Partner %lld", (long long)s->row);
	col(o, text);
	line_end(o);
	return true;
}

static bool next_tenant(struct source *s, struct out *o)
{
	const struct tenant *t;
	char text[64];

	if (s->tenant == s->plan->count)
		return false;
	t = &s->plan->tenants[s->tenant++];
	col_i64(o, t->no);
	col(o, t->id);
	snprintf(text, sizeof(text), "Tenant %s", t->suffix);
	col(o, text);
	col_partner(o, t);
	col_partner_id(o, t);
	line_end(o);
	return true;
}

static bool next_session(struct source *s, struct out *o)
{
	const struct tenant *t = due(s, rows_living);
	struct made *m = &s->made;

	if (t == NULL)
		return false;
	make_living(s->plan, t, s->row++, m);
	count_living(s->numbers, t, m);
	col_i64(o, t->no);
	col_time(o, m->created_ms);
	col(o, m->id);
	col_partner(o, t);
	cols_user(o, t, m->user, true);
	col(o, m->random % 64 == 0 ? "tenant_admin" : NULL);
	col_bytes(o, m->token_digest, 32);
	col_bytes(o, m->request_digest, 32);
	cols_from(o, t, m);
	col_time(o, m->activity_ms);
	col_time(o, m->expires_ms);
	col_i64(o, m->app_count);
	col_apps(o, m);
	line_end(o);
	step(s, 1);
	return true;
}

static bool next_user(struct source *s, struct out *o)
{
	const struct tenant *t = due(s, rows_users);

	if (t == NULL)
		return false;
	col_i64(o, t->no);
	col(o, t->id);
	cols_user(o, t, s->row, true);
	col_i64(o, s->numbers == NULL ? 0 : s->numbers->user_living[t->first_user + s->row]);
	line_end(o);
	s->row++;
	step(s, 1);
	return true;
}

static void put_tally(struct out *o, const struct source *s, int what, int64_t bucket,
	const char *device, int64_t n, int shards)
{
	for (int shard = 0; shard < shards; shard++) {
		int64_t share = n / shards + (shard < n % shards);

		if (share == 0)
			continue;
		col_i64(o, (int64_t)s->scope);
		col_i64(o, s->entity);
		col_i64(o, what);
		col_i64(o, bucket);
		col(o, device);
		col_i64(o, shard);
		col_i64(o, share);
		line_end(o);
	}
}

static bool next_tally(struct source *s, struct out *o)
{
	const struct living_numbers *l;
	size_t before = o->n;

	do {
		if (s->scope == SCOPES)
			return false;
		l = &s->numbers->living[s->scope][s->entity];
		put_tally(o, s, 1, 0, "", l->living, SHARDS);
		if (s->scope == TENANT)
			put_tally(o, s, 2, 0, "", l->users, SHARDS);
		for (size_t i = 0; s->scope == TENANT && i < DEVICES; i++)
			put_tally(o, s, 3, 0, devices[i], l->devices[i], SHARDS);
		for (int64_t i = 0; i < LIVING_HOURS; i++)
			put_tally(o, s, 4, s->numbers->first_hour + i, "", l->hours[i], 1);
		for (int64_t i = 0; s->scope == TENANT && i < EXPIRY_TENS; i++)
			put_tally(o, s, 5, s->numbers->first_ten + i, "", l->tens[i], 1);
		if ((size_t)++s->entity == scope_count(s->plan, (int)s->scope)) {
			s->scope++;
			s->entity = 0;
		}
	} while (o->n == before);
	return true;
}

static bool next_ended(struct source *s, struct out *o)
{
	const struct tenant *t = due(s, rows_ended);
	static const char *const names[] = {"expired", "revoked"};
	struct made *m = &s->made;
	struct numbers *n = s->numbers;
	int how;

	if (t == NULL)
		return false;
	how = s->row < t->expired ? EXPIRED : REVOKED;
	make_ended(s->plan, t, how, how == EXPIRED ? s->row : s->row - t->expired, m);
	s->row++;
	count_ended(n, &n->ended_all[ALL][0], m);
	if (t->partner != 0)
		count_ended(n, &n->ended_all[PARTNER][t->partner], m);
	n->user_ended[t->first_user + m->user][month_of(m->ended_ms) - s->plan->first_month][how]++;
	col_i64(o, t->no);
	col(o, names[how]);
	col_time(o, m->ended_ms);
	col(o, m->id);
	col_i64(o, month_of(m->ended_ms));
	col_partner(o, t);
	cols_user(o, t, m->user, true);
	col_bytes(o, m->request_digest, 32);
	cols_from(o, t, m);
	col_time(o, m->created_ms);
	col_time(o, m->activity_ms);
	col_time(o, m->expires_ms);
	col_i64(o, m->app_count);
	col_apps(o, m);
	col(o, how == REVOKED ? "bench" : NULL);
	col(o, how == REVOKED ? "super_admin" : NULL);
	col(o, how == REVOKED ? "v1.admin.delete" : NULL);
	col(o, how == REVOKED ? "bench-data" : NULL);
	line_end(o);
	step(s, 1);
	return true;
}

static void put_ended_tally(struct out *o, const struct source *s, int what, int64_t bucket,
	const struct ended_n *months)
{
	for (int m = 0; m < MONTHS; m++) {
		if (months[m].n == 0)
			continue;
		col_i64(o, (int64_t)s->scope);
		col_i64(o, s->entity);
		col_i64(o, what);
		col_i64(o, bucket);
		col_i64(o, 0);
		col_i64(o, (int64_t)s->plan->first_month + m);
		col_i64(o, months[m].n);
		col_i64(o, months[m].lived_ms);
		col_i64(o, months[m].latest_ms);
		line_end(o);
	}
}

/* The tenant's own are counted here once more, so that they need no memory for all tenants. */
static const struct ended_numbers *ended_numbers_of(struct source *s)
{
	const struct tenant *t;

	if (s->scope != TENANT)
		return &s->numbers->ended_all[s->scope][s->entity];
	memset(&s->ended, 0, sizeof(s->ended));
	if (s->entity == 0)
		return &s->ended;
	t = &s->plan->tenants[s->entity - 1];
	for (int how = EXPIRED; how <= REVOKED; how++)
		for (int64_t i = 0; i < (how == EXPIRED ? t->expired : t->revoked); i++) {
			make_ended(s->plan, t, how, i, &s->made);
			count_ended(s->numbers, &s->ended, &s->made);
		}
	return &s->ended;
}

static bool next_ended_tally(struct source *s, struct out *o)
{
	size_t before = o->n;

	do {
		const struct ended_numbers *e;

		if (s->scope == SCOPES)
			return false;
		e = ended_numbers_of(s);
		put_ended_tally(o, s, 1, 0, e->how[EXPIRED]);
		put_ended_tally(o, s, 2, 0, e->how[REVOKED]);
		for (int64_t i = 0; i < ENDED_HOURS; i++)
			put_ended_tally(
				o, s, 3, s->numbers->first_ended_hour + i, e->revoked_hours[i]);
		for (int64_t i = 0; s->scope == TENANT && i < ENDED_HOURS; i++)
			put_ended_tally(
				o, s, 4, s->numbers->first_ended_hour + i, e->created_hours[i]);
		if ((size_t)++s->entity == scope_count(s->plan, (int)s->scope)) {
			s->scope++;
			s->entity = 0;
		}
	} while (o->n == before);
	return true;
}

static bool next_ended_user(struct source *s, struct out *o)
{
	size_t before = o->n;

	do {
		const struct tenant *t = due(s, rows_users);

		if (t == NULL)
			return false;
		for (int m = 0; m < MONTHS; m++) {
			const int32_t *how = s->numbers->user_ended[t->first_user + s->row][m];

			if (how[EXPIRED] + how[REVOKED] == 0)
				continue;
			col_i64(o, t->no);
			cols_user(o, t, s->row, false);
			col_i64(o, (int64_t)s->plan->first_month + m);
			col_i64(o, how[EXPIRED]);
			col_i64(o, how[REVOKED]);
			line_end(o);
		}
		s->row++;
	} while (o->n == before);
	return true;
}

/* The store before: every session in one table, living or not */

static const struct tenant *make_any(struct source *s)
{
	const struct tenant *t = due(s, rows_all);
	int64_t n = s->row;

	if (t == NULL)
		return NULL;
	s->row++;
	s->how = n < t->living ? -1 : n < t->living + t->expired ? EXPIRED : REVOKED;
	if (s->how == -1)
		make_living(s->plan, t, n, &s->made);
	else if (s->how == EXPIRED)
		make_ended(s->plan, t, EXPIRED, n - t->living, &s->made);
	else
		make_ended(s->plan, t, REVOKED, n - t->living - t->expired, &s->made);
	return t;
}

static bool next_before(struct source *s, struct out *o)
{
	const struct tenant *t = make_any(s);
	struct made *m = &s->made;

	if (t == NULL)
		return false;
	col(o, m->id);
	col(o, t->id);
	col_partner_id(o, t);
	cols_user(o, t, m->user, false);
	if (s->how == -1)
		col_bytes(o, m->token_digest, 32);
	else
		col(o, NULL);
	col_bytes(o, m->request_digest, 32);
	cols_from(o, t, m);
	col_time(o, m->created_ms);
	col_time(o, m->activity_ms);
	col_time(o, m->expires_ms);
	if (s->how == REVOKED)
		col_time(o, m->ended_ms);
	else
		col(o, NULL);
	col(o, s->how == REVOKED ? "bench" : NULL);
	line_end(o);
	step(s, 1);
	return true;
}

static bool next_before_app(struct source *s, struct out *o)
{
	size_t before = o->n;

	do {
		if (make_any(s) == NULL)
			return false;
		for (int64_t i = 0; i < s->made.app_count; i++) {
			col(o, s->made.id);
			col(o, apps[i][0]);
			col_time(o, s->made.created_ms + i * 60000);
			line_end(o);
		}
		step(s, 1);
	} while (o->n == before);
	return true;
}

static bool next_before_application(struct source *s, struct out *o)
{
	if (s->tenant == s->plan->count)
		return false;
	for (int64_t i = 0; i < APPS; i++) {
		col(o, s->plan->tenants[s->tenant].id);
		col(o, apps[i][0]);
		col(o, apps[i][1]);
		line_end(o);
	}
	s->tenant++;
	return true;
}

static bool next_before_revocation(struct source *s, struct out *o)
{
	struct made *m = &s->made;

	while (s->tenant < s->plan->count) {
		const struct tenant *t = &s->plan->tenants[s->tenant];

		if (s->row == t->revoked) {
			s->tenant++;
			s->row = 0;
			continue;
		}
		make_ended(s->plan, t, REVOKED, s->row++, m);
		col_i64(o, (int64_t)(m->random >> 1));
		col(o, m->id);
		col(o, t->id);
		cols_user(o, t, m->user, false);
		col_time(o, m->ended_ms);
		col(o, "bench");
		col(o, "v1.admin.delete");
		col(o, "bench-data");
		line_end(o);
		return true;
	}
	return false;
}

/* Loading */

/* The first connection loads from one pipe and the second from another; both lie in the directory
 * of the database, where the server looks for a name without a path. */
#define LOAD(pipe, columns) "LOAD DATA INFILE '" pipe "' INTO TABLE " columns
#define PIPE_1 "bench-1.pipe"
#define PIPE_2 "bench-2.pipe"

static void run_sql(MYSQL *db, const char *sql)
{
	if (mysql_query(db, sql) != 0)
		die(sql, mysql_error(db));
}

struct job {
	const char *pipe, *sql; /* NULL ends a list of them */
	bool (*next)(struct source *s, struct out *o);
};

#define SESSION_COLUMNS                                                                             \
	"session CHARACTER SET binary (tenant_no, created_at, id, partner_no, user_id, user_email," \
	" user_display_name, role, token_digest, request_digest, ip_address, user_agent,"           \
	" device_type, location, last_activity_at, expires_at, app_count, apps)"
#define ENDED_COLUMNS                                                                              \
	"ended CHARACTER SET binary (tenant_no, how, ended_at, id, month, partner_no, user_id,"    \
	" user_email, user_display_name, request_digest, ip_address, user_agent, device_type,"     \
	" location, created_at, last_activity_at, expires_at, app_count, apps, revoked_by,"        \
	" revoked_by_kind, endpoint, request_id)"
#define BEFORE_COLUMNS                                                                             \
	"session CHARACTER SET binary (id, tenant_id, partner_id, user_id, token_digest,"          \
	" request_digest, ip_address, user_agent, device_type, location, created_at,"              \
	" last_activity_at, expires_at, revoked_at, revoked_by) SET updated_at = last_activity_at"

static const struct job new_first[] = {
	{PIPE_1, LOAD(PIPE_1, "partner (no, id, name)"), next_partner},
	{PIPE_1, LOAD(PIPE_1, "tenant (no, id, name, partner_no, @p)"), next_tenant},
	{NULL, NULL, NULL},
};
static const struct job new_living[] = {
	{PIPE_1, LOAD(PIPE_1, SESSION_COLUMNS), next_session},
	{PIPE_1, LOAD(PIPE_1, "user (tenant_no, @t, id, email, display_name, living)"), next_user},
	{PIPE_1, LOAD(PIPE_1, "tally (scope, no, what, bucket, device_type, shard, n)"),
		next_tally},
	{NULL, NULL, NULL},
};
static const struct job new_ended[] = {
	{PIPE_2, LOAD(PIPE_2, ENDED_COLUMNS), next_ended},
	{PIPE_2,
		LOAD(PIPE_2,
			"ended_tally (scope, no, what, bucket, shard, month, n, lived_ms, latest_ms)"),
		next_ended_tally},
	{PIPE_2, LOAD(PIPE_2, "ended_user (tenant_no, user_id, month, expired, revoked)"),
		next_ended_user},
	{NULL, NULL, NULL},
};
static const struct job before_first[] = {
	{PIPE_1, LOAD(PIPE_1, "partner (@n, id, name)"), next_partner},
	{PIPE_1, LOAD(PIPE_1, "tenant (@n, id, name, @p, partner_id)"), next_tenant},
	{PIPE_1, LOAD(PIPE_1, "application (tenant_id, id, name)"), next_before_application},
	{PIPE_1, LOAD(PIPE_1, "user (@n, tenant_id, id, email, display_name, @l)"), next_user},
	{NULL, NULL, NULL},
};
static const struct job before_sessions[] = {
	{PIPE_1, LOAD(PIPE_1, BEFORE_COLUMNS), next_before},
	{NULL, NULL, NULL},
};
static const struct job before_rest[] = {
	{PIPE_2, LOAD(PIPE_2, "session_app (session_id, application_id, accessed_at)"),
		next_before_app},
	{PIPE_2,
		LOAD(PIPE_2,
			"revocation (call_id, session_id, tenant_id, user_id, revoked_at, revoked_by,"
			" endpoint, request_id)"),
		next_before_revocation},
	{NULL, NULL, NULL},
};

static MYSQL *connect_to(const char *file, const char *group)
{
	MYSQL *db = mysql_init(NULL);

	if (db == NULL)
		die("memory", strerror(errno));
	mysql_options(db, MYSQL_READ_DEFAULT_FILE, file);
	mysql_options(db, MYSQL_READ_DEFAULT_GROUP, group);
	if (mysql_real_connect(db, NULL, NULL, NULL, NULL, 0, NULL, 0) == NULL)
		die("connect", mysql_error(db));
	run_sql(db, "SET unique_checks = 0, foreign_key_checks = 0, check_constraint_checks = 0,"
		    " time_zone = '+00:00'");
	return db;
}

static const char *first_warning(MYSQL *db)
{
	MYSQL_RES *res;
	MYSQL_ROW row;

	run_sql(db, "SHOW WARNINGS LIMIT 1");
	res = mysql_store_result(db);
	row = res == NULL ? NULL : mysql_fetch_row(res);
	return row == NULL ? "a warning" : row[2];
}

struct loading {
	MYSQL *db;
	const char *sql;
	bool finished, failed;
};

static void *load_thread(void *arg)
{
	struct loading *l = arg;

	mysql_thread_init();
	l->failed = mysql_query(l->db, l->sql) != 0;
	mysql_thread_end();
	__atomic_store_n(&l->finished, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Waits for the server to open its end, but not when the statement has failed before. */
static int open_pipe(const char *path, struct loading *l)
{
	int fd;

	while ((fd = open(path, O_WRONLY | O_NONBLOCK)) < 0) {
		if (__atomic_load_n(&l->finished, __ATOMIC_ACQUIRE))
			return -1;
		if (errno != ENXIO)
			die(path, strerror(errno));
		usleep(1000);
	}
	fcntl(fd, F_SETFL, 0);
	return fd;
}

static void feed(struct source *s, int fd)
{
	struct out *o = &s->out;

	do {
		o->n = 0;
		while (o->n < 65536 && s->next(s, o))
			continue;
		for (size_t done = 0; done < o->n;) {
			ssize_t n = write(fd, o->p + done, o->n - done);

			if (n < 0)
				return; /* the statement's error tells why */
			done += (size_t)n;
		}
	} while (o->n > 0);
}

static void run_job(MYSQL *db, const char *dir, const struct job *job, struct source *s)
{
	struct loading l = {.db = db, .sql = job->sql};
	pthread_t thread;
	char path[4200];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, job->pipe);
	unlink(path);
	if (mkfifo(path, 0600) != 0)
		die(path, strerror(errno));
	if (pthread_create(&thread, NULL, load_thread, &l) != 0)
		die("thread", strerror(errno));
	fd = open_pipe(path, &l);
	if (fd >= 0) {
		feed(s, fd);
		close(fd);
	}
	pthread_join(thread, NULL);
	unlink(path);
	if (l.failed)
		die(job->sql, mysql_error(db));
	if (mysql_warning_count(db) != 0)
		die(job->sql, first_warning(db));
}

static void database_dir(MYSQL *db, char *out, size_t room)
{
	MYSQL_RES *res;
	MYSQL_ROW row;

	run_sql(db, "SELECT @@datadir, DATABASE()");
	res = mysql_store_result(db);
	row = res == NULL ? NULL : mysql_fetch_row(res);
	if (row == NULL)
		die("datadir", mysql_error(db));
	snprintf(out, room, "%s%s", row[0], row[1]);
	mysql_free_result(res);
}

static void run_jobs(const char *file, const char *group, const struct job *jobs,
	const struct plan *plan, struct numbers *numbers, struct progress *progress)
{
	MYSQL *db = connect_to(file, group);
	char dir[4096];

	database_dir(db, dir, sizeof(dir));
	for (; jobs->sql != NULL; jobs++) {
		struct source s = {
			.plan = plan, .numbers = numbers, .progress = progress, .next = jobs->next};
		time_t began = time(NULL);

		run_job(db, dir, jobs, &s);
		free(s.out.p);
		if (getenv("BENCH_VERBOSE") != NULL)
			fprintf(stderr, "\n%ld s %.60s\n", (long)(time(NULL) - began), jobs->sql);
	}
	mysql_close(db);
}

static void load_living(
	const char *file, const char *group, const struct plan *p, struct progress *progress)
{
	struct numbers n = {0};

	numbers_init(&n, p);
	n.user_living = zeroed((size_t)p->users, sizeof(*n.user_living));
	for (int scope = ALL; scope < SCOPES; scope++)
		n.living[scope] = zeroed(scope_count(p, scope), sizeof(struct living_numbers));
	run_jobs(file, group, new_living, p, &n, progress);
}

static void load_ended(
	const char *file, const char *group, const struct plan *p, struct progress *progress)
{
	struct numbers n = {0};

	numbers_init(&n, p);
	n.user_ended = zeroed((size_t)p->users, sizeof(*n.user_ended));
	for (int scope = ALL; scope <= PARTNER; scope++)
		n.ended_all[scope] = zeroed(scope_count(p, scope), sizeof(struct ended_numbers));
	run_jobs(file, group, new_ended, p, &n, progress);
}

/* Two processes, watched by the first one */

static void show(const struct progress *p, time_t began, bool tty, int *shown)
{
	int64_t done = __atomic_load_n(&p->done, __ATOMIC_RELAXED);
	int percent = (int)(done * 100 / (p->total == 0 ? 1 : p->total));
	char bar[41] = "........................................";

	if (tty) {
		memset(bar, '#', (size_t)percent * 40 / 100);
		fprintf(stderr, "\r  [%s] %3d %% of %lld rows, %ld s%s", bar, percent,
			(long long)p->total, (long)(time(NULL) - began),
			percent == 100 ? ", the server builds indexes" : "");
	} else if (percent / 10 > *shown) {
		fprintf(stderr, "  %d %% of %lld rows, %ld s\n", percent, (long long)p->total,
			(long)(time(NULL) - began));
	}
	*shown = percent / 10;
}

static void watch(const struct progress *p, const pid_t pids[2])
{
	time_t began = time(NULL);
	bool tty = isatty(2);
	int shown = 0, left = 2, status;

	while (left > 0) {
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid == 0) {
			show(p, began, tty, &shown);
			usleep(200000);
			continue;
		}
		left--;
		if (pid > 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
			kill(pid == pids[0] ? pids[1] : pids[0], SIGTERM);
		if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
			die("a loading process", pid == pids[0] ? "the sessions" : "what ended");
	}
	show(p, began, tty, &shown);
	fprintf(stderr, "%s  done in %ld s\n", tty ? "\n" : "", (long)(time(NULL) - began));
}

static FILE *open_in(const char *dir, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (f == NULL)
		die(path, strerror(errno));
	return f;
}

static void write_lists(const struct plan *p, const char *dir, int64_t rows)
{
	FILE *tenants = open_in(dir, "tenants.tsv"), *sessions = open_in(dir, "sessions.tsv");
	int64_t every = rows / SAMPLE + 1;
	struct made m;
	char user[40];

	for (size_t i = 0; i < p->count; i++) {
		const struct tenant *t = &p->tenants[i];

		fprintf(tenants, "%s\t%lld\n", t->id, (long long)t->living);
		/* The tenants that are to be ended give none. */
		if (strcmp(t->suffix, "end") == 0 || strcmp(t->suffix, "busy") == 0)
			continue;
		for (int64_t n = (int64_t)i % every; n < t->living; n += every) {
			make_living(p, t, n, &m);
			user_id(t, m.user, user);
			fprintf(sessions, "%s\t%s\t%s\t%s\n", m.id, t->id, user, m.token);
		}
	}
	if (fclose(tenants) != 0 || fclose(sessions) != 0)
		die(dir, strerror(errno));
}

int main(int argc, char **argv)
{
	struct plan p = {0};
	struct progress *progress;
	bool before;
	pid_t pids[2];

	if (argc != 7) {
		fputs("bench-data OPTION_FILE GROUP new|before ROWS END_ROWS DIRECTORY\n", stderr);
		return 2;
	}
	before = strcmp(argv[3], "before") == 0;
	make_plan(&p, strtoll(argv[4], NULL, 10), strtoll(argv[5], NULL, 10), before);
	progress = mmap(
		NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED)
		die("memory", strerror(errno));
	signal(SIGPIPE, SIG_IGN);
	progress->total = p.users + (p.living + p.ended) * (before ? 2 : 1);
	run_jobs(argv[1], argv[2], before ? before_first : new_first, &p, NULL, progress);
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			die("fork", strerror(errno));
		if (pids[i] > 0)
			continue;
		if (before)
			run_jobs(argv[1], argv[2], i == 0 ? before_sessions : before_rest, &p, NULL,
				progress);
		else
			(i == 0 ? load_living : load_ended)(argv[1], argv[2], &p, progress);
		_exit(0);
	}
	watch(progress, pids);
	if (!before)
		write_lists(&p, argv[6], p.living);
	return 0;
}
