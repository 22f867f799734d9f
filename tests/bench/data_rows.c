/* SPDX-License-Identifier: MIT
 * Sources of rows: one for each table of the new store and of the one before. While sessions pass,
 * the store's numbers are counted; their tables come after. Part of bench-data. */
#include <string.h>

#include "data.h"

size_t scope_count(const struct plan *p, int scope)
{
	return scope == ALL ? 1 : scope == PARTNER ? PARTNERS + 1 : p->count + 1;
}

void numbers_init(struct numbers *n, const struct plan *p)
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
	l->devices[device_of(s)]++;
	l->hours[s->created_ms / HOUR_MS - n->first_hour]++;
	l->tens[s->expires_ms / TEN_MINUTES_MS - n->first_ten]++;
}

void count_living(struct numbers *n, const struct tenant *t, const struct made *s)
{
	bool new_user = n->user_living[t->first_user + s->user]++ == 0;

	count_living_in(n, n->living[ALL], s, new_user);
	if (t->partner != 0)
		count_living_in(n, &n->living[PARTNER][t->partner], s, new_user);
	count_living_in(n, &n->living[TENANT][t->no], s, new_user);
}

void count_ended(struct numbers *n, struct ended_numbers *e, const struct made *s)
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

bool next_partner(struct source *s, struct out *o)
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

bool next_tenant(struct source *s, struct out *o)
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

bool next_session(struct source *s, struct out *o)
{
	const struct tenant *t = due(s, rows_living);
	struct made *m = &s->made;

	if (t == NULL)
		return false;
	make_living(s->plan, t, s->row++, m);
	count_living(s->numbers, t, m);
	col_i64(o, t->no);
	col(o, t->id);
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

bool next_user(struct source *s, struct out *o)
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

bool next_tally(struct source *s, struct out *o)
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

bool next_ended(struct source *s, struct out *o)
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
	col(o, t->id);
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

bool next_ended_tally(struct source *s, struct out *o)
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

bool next_ended_user(struct source *s, struct out *o)
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

/* The store before */

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

bool next_before(struct source *s, struct out *o)
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

bool next_before_app(struct source *s, struct out *o)
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

bool next_before_application(struct source *s, struct out *o)
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

bool next_before_revocation(struct source *s, struct out *o)
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
