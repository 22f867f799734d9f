/* SPDX-License-Identifier: MIT
 * Invents partners, tenants, users and sessions, and the audit of ended sessions. Writes them with
 * model/register.h, each tenant in one transaction. Never installed. */
#include "data.h"

#include <unistd.h>

#include "base/clock.h"
#include "model/register.h"

#define USERS_PER_TENANT 60
#define SESSIONS_PER_TENANT 360
#define DAY_MS (24 * HOUR_MS)
#define PLATFORM_ADMIN "usr_platform"

static const struct {
	const char *partner, *id, *name, *domain;
} tenants[] = {
	{"prt_meridian", "tnt_harbour", "Harbour Logistics", "harbour.example"},
	{"prt_meridian", "tnt_brightwater", "Brightwater Clinic", "brightwater.example"},
	{"prt_meridian", "tnt_kestrel", "Kestrel Aviation", "kestrel.example"},
	{"prt_meridian", "tnt_oakfield", "Oakfield Schools", "oakfield.example"},
	{"prt_northstar", "tnt_fjord", "Fjord Seafood", "fjord.example"},
	{"prt_northstar", "tnt_lumen", "Lumen Studios", "lumen.example"},
	{"prt_northstar", "tnt_tundra", "Tundra Energy", "tundra.example"},
	{"prt_northstar", "tnt_birch", "Birch & Partners", "birch.example"},
	{"prt_solano", "tnt_mistral", "Mistral Hotels", "mistral.example"},
	{"prt_solano", "tnt_sierra", "Sierra Outdoor", "sierra.example"},
	{"prt_solano", "tnt_azul", "Azul Bank", "azul.example"},
	{"prt_solano", "tnt_verde", "Verde Foods", "verde.example"},
};

static const struct {
	const char *id, *name;
} partners[] = {
	{"prt_meridian", "Meridian Cloud"},
	{"prt_northstar", "Northstar Hosting"},
	{"prt_solano", "Solano Systems"},
};

static const struct {
	const char *id, *name;
} applications[] = {
	{"app_mail", "Mail"},
	{"app_files", "Files"},
	{"app_wiki", "Wiki"},
	{"app_crm", "Customer Desk"},
	{"app_payroll", "Payroll"},
};

static const struct {
	const char *device, *agent;
} browsers[] = {
	{"desktop",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
		"Chrome/140.0.0.0 Safari/537.36"},
	{"desktop",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 (KHTML, like "
		"Gecko) Version/18.1 Safari/605.1.15"},
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
	{"tv", "Mozilla/5.0 (SMART-TV; Linux; Tizen 8.0) AppleWebKit/537.36 (KHTML, like Gecko) "
	       "Version/8.0 TV Safari/537.36"},
	{"api", "curl/8.11.0"},
	{NULL, NULL},
};

static const struct {
	const char *net, *location;
} places[] = {
	{"203.0.113.", "Lisbon, Portugal"},
	{"198.51.100.", "Oslo, Norway"},
	{"192.0.2.", "Toronto, Canada"},
	{"2001:db8:40::", "Nairobi, Kenya"},
	{"203.0.113.", NULL},
};

/* Of these calls only revocation by filter has a reason. */
static const struct {
	const char *endpoint;
	enum { BY_USER, BY_ADMIN, BY_PLATFORM } by;
	const char *reason;
} endings[] = {
	{"v1.me.delete", BY_USER, NULL},
	{"v1.tenant.revoke_by_filter", BY_ADMIN, "lost device"},
	{"v1.tenant.user_revoke", BY_ADMIN, NULL},
	{"v1.me.revoke_all", BY_USER, NULL},
	{"v1.admin.revoke_by_filter", BY_PLATFORM, "address of an open proxy"},
	{"v1.tenant.delete", BY_ADMIN, NULL},
	{"edge.delete", BY_PLATFORM, NULL},
};

static const char *const first_names[] = {"Ada", "Bruno", "Chiara", "Dmitri", "Elif", "Farah",
	"Goran", "Hana", "Iván", "Júlia", "Kofi", "Lars"};
static const char *const last_names[] = {
	"Andersen", "Botha", "Castro", "Dubois", "Eriksen", "Fischer", "García", "Horváth"};

/* A small random generator (splitmix64). With it the data is the same on every machine. */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static int64_t below(uint64_t *state, int64_t n)
{
	return (int64_t)(next(state) % (uint64_t)n);
}

struct load {
	struct db *db;
	struct arena *arena;
	size_t tenant;
	int64_t now_ms;
	uint64_t random;
	struct tally *tally;
};

static struct str user_id(struct load *l, int64_t n)
{
	return str_printf(l->arena, "usr_%s_%02lld", tenants[l->tenant].id + 4, (long long)n);
}

static struct user_new user(struct load *l, int64_t n)
{
	const char *first = first_names[n % (int64_t)ARRAY_LEN(first_names)];
	const char *last = last_names[(n / 3) % (int64_t)ARRAY_LEN(last_names)];

	return (struct user_new){
		.tenant_id = str_from(tenants[l->tenant].id),
		.id = user_id(l, n),
		.email = str_printf(
			l->arena, "user%02lld@%s", (long long)n, tenants[l->tenant].domain),
		.display_name = n % 10 == 9 ? STR_NONE : str_printf(l->arena, "%s %s", first, last),
		.is_admin = n == 0 && l->tenant == 0,
	};
}

/* Writes the applications as the store keeps them: {"ID":{"name":TEXT,"at":MS}}. */
static void reach_apps(struct load *l, struct session_new *s)
{
	int64_t count = below(&l->random, 4);
	struct buf b;

	s->app_count = count;
	if (count == 0)
		return;
	buf_init(&b, l->arena);
	for (int64_t i = 0; i < count; i++) {
		long long at_ms = s->created_ms + i * 60000;

		buf_printf(&b, "%s\"%s\":{\"name\":\"%s\",\"at\":%lld}", i == 0 ? "{" : ",",
			applications[i].id, applications[i].name, at_ms);
	}
	buf_char(&b, '}');
	s->apps = buf_view(&b);
}

static size_t ending(int64_t n)
{
	return (size_t)n % ARRAY_LEN(endings);
}

static struct revoker revoker(struct load *l, int64_t n, const struct session_new *s)
{
	switch (endings[ending(n)].by) {
	case BY_USER:
		return (struct revoker){s->user_id, s->tenant_id, STR("user")};
	case BY_ADMIN:
		return (struct revoker){user_id(l, 0), s->tenant_id, STR("tenant_admin")};
	case BY_PLATFORM:
		break;
	}
	return (struct revoker){STR(PLATFORM_ADMIN), STR_NONE, STR("super_admin")};
}

/* About a tenth of the sessions is revoked and a tenth has expired; the others are active. The
 * first session of each tenant is always active. */
static void fate(struct load *l, int64_t n, struct session_new *s)
{
	int64_t lot = n == 0 ? 9 : below(&l->random, 10);

	s->expires_ms = s->created_ms + 30 * DAY_MS;
	if (lot == 0) {
		s->revoked_ms = s->created_ms + (l->now_ms - s->created_ms) / 2;
		s->revoked_by = revoker(l, n, s);
		s->revoke_reason = str_from(endings[ending(n)].reason);
	} else if (lot == 1) {
		s->expires_ms = s->created_ms + (l->now_ms - s->created_ms) / 2;
	}
}

/* Invents the call that ended the session. It uses a second generator, so that the following
 * sessions do not change. */
static void ending_call(struct load *l, int64_t n, struct session_new *s)
{
	uint64_t state = l->tenant * SESSIONS_PER_TENANT + (uint64_t)n;
	uint64_t high = next(&state), low = next(&state);

	s->endpoint = str_from(endings[ending(n)].endpoint);
	s->request_id = str_printf(l->arena, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(high >> 32),
		(unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xfff),
		(unsigned)(low >> 48 & 0x3fff) | 0x8000,
		(unsigned long long)(low & UINT64_C(0xffffffffffff)));
}

static enum err put_session(struct load *l, int64_t n)
{
	struct user_new u = user(l, n < 3 ? 1 : below(&l->random, USERS_PER_TENANT));
	size_t browser = (size_t)below(&l->random, ARRAY_LEN(browsers));
	size_t place = (size_t)below(&l->random, ARRAY_LEN(places));
	struct session_new s = {
		.id = str_printf(
			l->arena, "ses_%s_%04lld", tenants[l->tenant].id + 4, (long long)n),
		.tenant_id = str_from(tenants[l->tenant].id),
		.user_id = u.id,
		.ip_address = str_printf(l->arena, "%s%lld", places[place].net,
			1 + (long long)below(&l->random, 250)),
		.user_agent = str_from(browsers[browser].agent),
		.device_type = str_from(browsers[browser].device),
		.location = str_from(places[place].location),
		.created_ms = l->now_ms - 60000 - below(&l->random, 20 * DAY_MS),
		.last_activity_ms = TIME_NONE,
		.revoked_ms = TIME_NONE,
		.auth_ms = TIME_NONE,
		.is_mfa_required = below(&l->random, 3) == 0,
		.authenticator_id = STR("updb"),
		.tags = n % 5 == 0 ? STR("{\"pilot\":true,\"floor\":\"3rd\"}") : STR_NONE,
	};

	s.is_mfa_complete = s.is_mfa_required && below(&l->random, 4) > 0;
	if (below(&l->random, 10) > 0)
		s.last_activity_ms = s.created_ms + below(&l->random, l->now_ms - s.created_ms);
	fate(l, n, &s);
	if (s.revoked_ms != TIME_NONE)
		ending_call(l, n, &s);
	reach_apps(l, &s);
	return register_put(l->db, l->arena, l->tally, &s, &u, NULL);
}

static enum err put_tenant(void *ctx)
{
	struct load *l = ctx;
	struct str tenant = str_from(tenants[l->tenant].id);
	enum err err;

	l->random = l->tenant + 1;
	l->tally = tally_new(l->arena);
	err = register_tenant(l->db, tenant, str_from(tenants[l->tenant].partner),
		str_from(tenants[l->tenant].name));
	for (int64_t n = 0; n < SESSIONS_PER_TENANT && err == ERR_OK; n++)
		err = put_session(l, n);
	return err == ERR_OK ? tally_write(l->db, l->tally) : err;
}

static void progress(size_t done)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\rdemonstration data: %zu of %zu tenants%s", done,
			ARRAY_LEN(tenants), done == ARRAY_LEN(tenants) ? "\n" : "");
}

enum err demo_data(struct db *db, struct arena *a)
{
	struct load l = {.db = db, .arena = a, .now_ms = clock_now_ms()};
	struct str partner;
	enum err err;

	/* The last tenant is written last: if it is there, everything is there. */
	err = register_tenant_partner(
		db, a, str_from(tenants[ARRAY_LEN(tenants) - 1].id), &partner);
	if (err != ERR_NOT_FOUND)
		return err;
	err = ERR_OK;
	for (size_t i = 0; i < ARRAY_LEN(partners) && err == ERR_OK; i++)
		err = register_partner(db, str_from(partners[i].id), str_from(partners[i].name));
	for (l.tenant = 0; l.tenant < ARRAY_LEN(tenants) && err == ERR_OK; l.tenant++) {
		progress(l.tenant);
		/* An interrupted load has left whole tenants; they are not written again. */
		err = register_tenant_partner(db, a, str_from(tenants[l.tenant].id), &partner);
		if (err == ERR_NOT_FOUND)
			err = db_tx(db, put_tenant, &l);
		arena_reset(a);
	}
	if (err == ERR_OK)
		progress(ARRAY_LEN(tenants));
	return err;
}

void demo_sample(FILE *out)
{
	fprintf(out, "SUPER_ADMIN=" PLATFORM_ADMIN "\n"
		     "TENANT=tnt_harbour\n"
		     "TENANT_ADMIN=usr_harbour_00\n"
		     "USER_ID=usr_harbour_01\n"
		     "USER_TENANT=tnt_harbour\n"
		     "SID=ses_harbour_0000\n");
}
