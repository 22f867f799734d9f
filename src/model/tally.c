/* SPDX-License-Identifier: MIT
 * Collects and writes changes of the store's numbers. Changes of one number are added up in memory
 * first, so a transaction that ends 10,000 sessions writes some thousand rows. */
#include "model/tally.h"

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "statements.h"

#define SLOTS_FIRST 64 /* of the hash table; a power of two */

/* One number. month is 0 for living sessions. */
struct change {
	int64_t scope, no, what, bucket, month;
	struct str device;
	int64_t n, lived_ms, latest_ms;
	bool ended, used;
};

/* How many sessions of one user ended in a month. */
struct user_change {
	int64_t tenant_no, month, expired, revoked;
	struct str user_id;
};

struct tally {
	struct arena *arena;
	struct change *slots;
	size_t room, count;
	struct user_change *users;
	size_t user_room, user_count;
};

struct tally *tally_new(struct arena *a)
{
	struct tally *t = arena_zalloc(a, sizeof(*t));

	t->arena = a;
	t->room = SLOTS_FIRST;
	t->slots = arena_array(a, t->room, sizeof(*t->slots));
	return t;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	h ^= v + UINT64_C(0x9e3779b97f4a7c15) + (h << 6) + (h >> 2);
	return h * UINT64_C(0xff51afd7ed558ccd);
}

static uint64_t hash_of(const struct change *c)
{
	uint64_t h = mix((uint64_t)(c->scope * 16 + c->what * 2 + c->ended), (uint64_t)c->no);

	h = mix(mix(h, (uint64_t)c->bucket), (uint64_t)c->month);
	for (size_t i = 0; i < c->device.n; i++)
		h = mix(h, (unsigned char)c->device.p[i]);
	return h ^ h >> 32;
}

static bool is_same(const struct change *a, const struct change *b)
{
	return a->ended == b->ended && a->scope == b->scope && a->no == b->no &&
	       a->what == b->what && a->bucket == b->bucket && a->month == b->month &&
	       str_eq(a->device, b->device);
}

static struct change *slot_of(struct change *slots, size_t room, const struct change *c)
{
	size_t i = hash_of(c) & (room - 1);

	while (slots[i].used && !is_same(&slots[i], c))
		i = (i + 1) & (room - 1);
	return &slots[i];
}

static void grow(struct tally *t)
{
	size_t room = t->room * 2;
	struct change *slots = arena_array(t->arena, room, sizeof(*slots));

	for (size_t i = 0; i < t->room; i++)
		if (t->slots[i].used)
			*slot_of(slots, room, &t->slots[i]) = t->slots[i];
	t->slots = slots;
	t->room = room;
}

static void add(struct tally *t, const struct change *c)
{
	struct change *slot;

	if (t->count * 2 >= t->room)
		grow(t);
	slot = slot_of(t->slots, t->room, c);
	if (!slot->used) {
		*slot = *c;
		slot->used = true;
		slot->device = str_dup(t->arena, c->device);
		t->count++;
		return;
	}
	slot->n += c->n;
	slot->lived_ms += c->lived_ms;
	if (c->latest_ms > slot->latest_ms)
		slot->latest_ms = c->latest_ms;
}

/* The same change for everything, for the partner and for the tenant. */
static void add_everywhere(struct tally *t, const struct tally_session *s, struct change c)
{
	c.scope = TALLY_TENANT;
	c.no = s->tenant_no;
	add(t, &c);
	c.scope = TALLY_ALL;
	c.no = 0;
	add(t, &c);
	if (s->partner_no == DB_NULL_I64)
		return;
	c.scope = TALLY_PARTNER;
	c.no = s->partner_no;
	add(t, &c);
}

static int64_t floor_div(int64_t n, int64_t by)
{
	return n / by - (n % by < 0);
}

int64_t tally_month(int64_t ms)
{
	struct calendar c = clock_calendar(ms);

	return 12 * (int64_t)c.year + c.month - 1;
}

void tally_living(struct tally *t, const struct tally_session *s, int sign)
{
	struct change c = {.device = STR(""), .n = sign, .what = LIVING_TOTAL};

	add_everywhere(t, s, c);
	c.what = LIVING_HOUR;
	c.bucket = floor_div(s->created_ms, HOUR_MS);
	add_everywhere(t, s, c);
	c.scope = TALLY_TENANT;
	c.no = s->tenant_no;
	c.what = LIVING_SLOT;
	c.bucket = floor_div(s->expires_ms, SLOT_MS);
	add(t, &c);
	c.what = LIVING_DEVICE;
	c.bucket = 0;
	c.device = s->device_type.p != NULL ? s->device_type : STR("unknown");
	add(t, &c);
}

void tally_moved(struct tally *t, int64_t tenant_no, int64_t from_ms, int64_t to_ms)
{
	struct change c = {
		.device = STR(""), .scope = TALLY_TENANT, .no = tenant_no, .what = LIVING_SLOT};

	c.bucket = floor_div(from_ms, SLOT_MS);
	c.n = -1;
	add(t, &c);
	c.bucket = floor_div(to_ms, SLOT_MS);
	c.n = 1;
	add(t, &c);
}

void tally_users(struct tally *t, int64_t tenant_no, int64_t n)
{
	struct change c = {.device = STR(""), .n = n, .what = LIVING_USERS};

	c.scope = TALLY_TENANT;
	c.no = tenant_no;
	add(t, &c);
}

static void add_user(struct tally *t, const struct tally_session *s, bool expired, int64_t month)
{
	t->users = arena_next(t->arena, t->users, t->user_count, &t->user_room, sizeof(*t->users));
	t->users[t->user_count++] = (struct user_change){
		.tenant_no = s->tenant_no,
		.month = month,
		.expired = expired,
		.revoked = !expired,
		.user_id = s->user_id,
	};
}

void tally_ended(struct tally *t, const struct tally_session *s, bool expired, int64_t ended_ms)
{
	struct change c = {
		.device = STR(""),
		.n = 1,
		.month = tally_month(ended_ms),
		.ended = true,
		.latest_ms = s->last_activity_ms != TIME_NONE ? s->last_activity_ms : YEAR_1_MS,
		.lived_ms = ended_ms > s->created_ms ? ended_ms - s->created_ms : 0,
	};

	add_user(t, s, expired, c.month);
	c.what = expired ? ENDED_EXPIRED : ENDED_REVOKED;
	add_everywhere(t, s, c);
	c.lived_ms = 0;
	if (!expired) {
		c.what = ENDED_REVOKED_HOUR;
		c.bucket = floor_div(ended_ms, HOUR_MS);
		add_everywhere(t, s, c);
	}
	c.what = ENDED_HOUR;
	c.bucket = floor_div(s->created_ms, HOUR_MS);
	c.scope = TALLY_TENANT;
	c.no = s->tenant_no;
	add(t, &c);
}

#define COMPARE(a, b) ((a) < (b) ? -1 : (a) > (b))

/* The order in which transactions lock rows. */
static int by_key(const void *x, const void *y)
{
	const struct change *a = x, *b = y;
	int order = COMPARE(a->ended, b->ended);

	order = order != 0 ? order : COMPARE(a->scope, b->scope);
	order = order != 0 ? order : COMPARE(a->no, b->no);
	order = order != 0 ? order : COMPARE(a->what, b->what);
	order = order != 0 ? order : COMPARE(a->bucket, b->bucket);
	order = order != 0 ? order : COMPARE(a->month, b->month);
	return order != 0 ? order : str_cmp(a->device, b->device);
}

static int by_user(const void *x, const void *y)
{
	const struct user_change *a = x, *b = y;
	int order = COMPARE(a->tenant_no, b->tenant_no);

	order = order != 0 ? order : str_cmp(a->user_id, b->user_id);
	return order != 0 ? order : COMPARE(a->month, b->month);
}

const struct stmt tally_add_living = {"tally.living", SQL_WRITE, "iiiisii", "",
	"INSERT INTO tally (scope, no, what, bucket, device_type, shard, n)"
	" VALUES (?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE n = n + VALUES(n)"};
const struct stmt tally_add_ended = {"tally.ended", SQL_WRITE, "iiiiiiiii", "",
	"INSERT INTO ended_tally (scope, no, what, bucket, shard, month, n, lived_ms, latest_ms)"
	" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE n = n + VALUES(n),"
	" lived_ms = lived_ms + VALUES(lived_ms), latest_ms = GREATEST(latest_ms, VALUES(latest_ms))"};
const struct stmt tally_add_user = {"tally.user", SQL_WRITE, "isiii", "",
	"INSERT INTO ended_user (tenant_no, user_id, month, expired, revoked)"
	" VALUES (?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE expired = expired + VALUES(expired),"
	" revoked = revoked + VALUES(revoked)"};

/* Rows that one bulk execution carries: a transaction that ends 10,000 sessions changes as many
 * users, and a worker has to stay small meanwhile. */
#define BULK_ROWS 1000

/* Fills in the arguments of row i. */
typedef void (*args_fn)(const void *list, size_t i, struct db_val *v);

static enum err write_rows(struct db *db, struct arena *a, const struct stmt *stmt,
	const void *list, size_t count, args_fn args_of)
{
	size_t params = strlen(stmt->params);
	enum err err = ERR_OK;

	for (size_t at = 0, n; at < count && err == ERR_OK; at += n) {
		struct arena_mark mark = arena_mark(a);
		struct db_val *args;

		n = count - at < BULK_ROWS ? count - at : BULK_ROWS;
		args = arena_array(a, n * params, sizeof(*args));
		for (size_t i = 0; i < n; i++)
			args_of(list, at + i, &args[i * params]);
		err = db_exec_many(db, a, stmt, args, n);
		arena_rewind(a, mark);
	}
	return err;
}

static void user_args(const void *list, size_t i, struct db_val *v)
{
	const struct user_change *u = (const struct user_change *)list + i;

	v[0] = db_i64(u->tenant_no);
	v[1] = db_str(u->user_id);
	v[2] = db_i64(u->month);
	v[3] = db_i64(u->expired);
	v[4] = db_i64(u->revoked);
}

static enum err write_users(struct db *db, struct tally *t)
{
	size_t n = 0;

	if (t->user_count == 0)
		return ERR_OK;
	qsort(t->users, t->user_count, sizeof(*t->users), by_user);
	for (size_t i = 1; i < t->user_count; i++) {
		if (by_user(&t->users[n], &t->users[i]) != 0) {
			t->users[++n] = t->users[i];
			continue;
		}
		t->users[n].expired += t->users[i].expired;
		t->users[n].revoked += t->users[i].revoked;
	}
	return write_rows(db, t->arena, &tally_add_user, t->users, n + 1, user_args);
}

static int64_t own_shard(void)
{
	return getpid() % TALLY_SHARDS;
}

static void living_args(const void *list, size_t i, struct db_val *v)
{
	const struct change *c = (const struct change *)list + i;

	v[0] = db_i64(c->scope);
	v[1] = db_i64(c->no);
	v[2] = db_i64(c->what);
	v[3] = db_i64(c->bucket);
	v[4] = db_str(c->device);
	v[5] = db_i64(own_shard());
	v[6] = db_i64(c->n);
}

static void ended_args(const void *list, size_t i, struct db_val *v)
{
	const struct change *c = (const struct change *)list + i;

	v[0] = db_i64(c->scope);
	v[1] = db_i64(c->no);
	v[2] = db_i64(c->what);
	v[3] = db_i64(c->bucket);
	v[4] = db_i64(own_shard());
	v[5] = db_i64(c->month);
	v[6] = db_i64(c->n);
	v[7] = db_i64(c->lived_ms);
	v[8] = db_i64(c->latest_ms);
}

enum err tally_write(struct db *db, struct tally *t)
{
	struct change *list = arena_array(t->arena, t->count + 1, sizeof(*list));
	size_t n = 0, living = 0;
	enum err err = write_users(db, t);

	for (size_t i = 0; i < t->room; i++)
		if (t->slots[i].used && (t->slots[i].n != 0 || t->slots[i].ended))
			list[n++] = t->slots[i];
	qsort(list, n, sizeof(*list), by_key);
	while (living < n && !list[living].ended)
		living++;
	if (err == ERR_OK)
		err = write_rows(db, t->arena, &tally_add_living, list, living, living_args);
	if (err == ERR_OK)
		err = write_rows(
			db, t->arena, &tally_add_ended, list + living, n - living, ended_args);
	return err;
}
