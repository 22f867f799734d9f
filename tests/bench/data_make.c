/* SPDX-License-Identifier: MIT
 * The plan of tenants, and each session as a function of its tenant and number alone: so two
 * processes make the same ones without talking. Part of bench-data. */
#include <openssl/sha.h>
#include <string.h>
#include <time.h>

#include "data.h"

/* Numbers that look random and depend on nothing but what they are asked for (splitmix64). */
uint64_t mix(uint64_t a, uint64_t b, uint64_t salt)
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

void make_plan(struct plan *p, int64_t rows, int64_t end_rows, bool before)
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

const char *const devices[DEVICES] = {"desktop", "mobile", "tablet", "api", "unknown"};
size_t device_of(const struct made *s)
{
	static const unsigned char device_no[BROWSERS] = {0, 0, 1, 1, 2, 3, 4};

	return device_no[s->browser];
}

static const char *const places[] = {
	"Lisbon, Portugal", "Oslo, Norway", "Toronto, Canada", "Nairobi, Kenya", NULL};
static const char *const first_names[] = {
	"Ada", "Bruno", "Chiara", "Dmitri", "Elif", "Farah", "Goran", "Hana", "Kofi", "Lars"};
static const char *const last_names[] = {
	"Andersen", "Botha", "Castro", "Dubois", "Eriksen", "Fischer", "Horvath"};
const char *const apps[APPS][2] = {{"app_mail", "Mail"}, {"app_files", "Files"},
	{"app_wiki", "Wiki"}, {"app_crm", "Customer Desk"}, {"app_payroll", "Payroll"}};

void user_id(const struct tenant *t, int64_t user, char out[40])
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

void make_living(const struct plan *p, const struct tenant *t, int64_t n, struct made *s)
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

void make_ended(const struct plan *p, const struct tenant *t, int how, int64_t n, struct made *s)
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
void col_apps(struct out *o, const struct made *s)
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

void col_partner(struct out *o, const struct tenant *t)
{
	if (t->partner == 0)
		col(o, NULL);
	else
		col_i64(o, t->partner);
}

void col_partner_id(struct out *o, const struct tenant *t)
{
	char id[24];

	snprintf(id, sizeof(id), "prt_%02u", t->partner);
	col(o, t->partner == 0 ? NULL : id);
}

void cols_user(struct out *o, const struct tenant *t, int64_t user, bool with_facts)
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

void cols_from(struct out *o, const struct tenant *t, const struct made *s)
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
