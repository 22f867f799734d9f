/* SPDX-License-Identifier: MIT
 * What the tests of the maintained numbers share: sessions written as the service writes them,
 * ended as it ends them, and instants by the month. Included by
 * tests/db/test_{purge,recount,sweep}.c, behind fix_open_tenant. */
#ifndef TESTS_DB_SESSIONS_H
#define TESTS_DB_SESSIONS_H

#include "admin.h"
#include "model/register.h"
#include "model/revoke.h"
#include "model/session.h"
#include "model/stats.h"
#include "model/sweep.h"

#define SECOND_MS INT64_C(1000)
#define DAY_MS (24 * HOUR_MS)

/* A living session of user u of tenant t, from an hour ago until tomorrow. */
static inline struct session_new living_one(struct str id)
{
	int64_t now_ms = clock_now_ms();

	return (struct session_new){
		.id = id,
		.tenant_id = STR("t"),
		.user_id = STR("u"),
		.device_type = STR("desktop"),
		.created_ms = now_ms - HOUR_MS,
		.last_activity_ms = TIME_NONE,
		.expires_ms = now_ms + DAY_MS,
		.revoked_ms = TIME_NONE,
		.auth_ms = TIME_NONE,
	};
}

/* One that somebody ended then, a day after its beginning. */
static inline struct session_new ended_one(struct str id, int64_t ended_ms)
{
	struct session_new s = living_one(id);

	s.created_ms = ended_ms - DAY_MS;
	s.expires_ms = ended_ms + DAY_MS;
	s.revoked_ms = ended_ms;
	s.revoked_by = (struct revoker){STR("boss"), STR_NONE, STR("super_admin")};
	s.endpoint = STR("test");
	s.request_id = STR("r");
	return s;
}

struct put {
	struct fix *f;
	const struct session_new *list;
	size_t count;
};

static inline enum err put_in_tx(void *ctx)
{
	struct put *p = ctx;
	struct tally *tally = tally_new(p->f->arena);
	enum err err = ERR_OK;

	for (size_t i = 0; i < p->count && err == ERR_OK; i++) {
		const struct session_new *s = &p->list[i];
		struct user_new u = {
			.tenant_id = s->tenant_id, .id = s->user_id, .is_admin = DB_NULL_I64};

		err = register_put(p->f->db, p->f->arena, tally, s, &u, NULL);
	}
	return err == ERR_OK ? tally_write(p->f->db, tally) : err;
}

static inline void put_sessions(struct fix *f, const struct session_new *list, size_t count)
{
	struct put p = {f, list, count};

	assert_ok(f->db, db_tx(f->db, put_in_tx, &p));
}

static inline void put_one(struct fix *f, struct session_new s)
{
	put_sessions(f, &s, 1);
}

/* `count` sessions of ten users, whose time was over for longer the smaller their number. */
static inline void put_expired(struct fix *f, int64_t count)
{
	struct session_new *list = arena_array(f->arena, (size_t)count, sizeof(*list));
	int64_t now_ms = clock_now_ms();

	for (int64_t i = 0; i < count; i++) {
		list[i] = living_one(str_printf(f->arena, "expired%05lld", (long long)i));
		list[i].user_id = str_printf(f->arena, "u%lld", (long long)(i % 10));
		list[i].created_ms = now_ms - 2 * HOUR_MS;
		list[i].expires_ms = now_ms - HOUR_MS + i * SECOND_MS;
	}
	put_sessions(f, list, (size_t)count);
}

static inline void sweep_all(struct fix *f)
{
	bool more = true;

	while (more)
		assert_ok(f->db, sweep_step(f->db, &more));
}

static inline struct revoke_call call_of(struct session_scope scope)
{
	return (struct revoke_call){.scope = scope,
		.by = {STR("boss"), STR_NONE, STR("super_admin")},
		.endpoint = STR("test"),
		.request_id = STR("r"),
		.if_count = -1};
}

/* The first millisecond of a month, numbered as in the store. */
static inline int64_t month_ms(int64_t month)
{
	const struct calendar c = {
		.year = (int)(month / 12), .month = (int)(month % 12) + 1, .day = 1};

	return clock_instant_ms(&c);
}

static inline struct session_scope whole_tenant(void)
{
	return (struct session_scope){.tenant_id = STR("t")};
}

/* Total of the tenant's list. *on_page: how many rows it shows. */
static inline int64_t total_of(struct fix *f, const struct session_scope *scope, size_t *on_page)
{
	const struct session_range range = {.limit = 1000};
	struct session_page page;

	assert_ok(f->db, session_list(f->db, f->arena, scope, &range, &page));
	*on_page = page.count;
	return page.total;
}

#endif
