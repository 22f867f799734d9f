/* SPDX-License-Identifier: MIT
 * What the files of bench-data share: the plan of tenants, a made-up session, columns of text for
 * LOAD DATA, and sources of rows. data.c says what the program is for. */
#ifndef BENCH_DATA_H
#define BENCH_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define TEN_MINUTES_MS INT64_C(600000)
#define PARTNERS 10
#define OTHER_ROWS 13000
#define USER_SESSIONS 10 /* rows of a user, on the average */
#define SHARDS 4         /* a pool of four workers writes to as many */
#define MONTHS 4         /* that 60 days can touch */

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
_Noreturn void die(const char *what, const char *why);
void *zeroed(size_t n, size_t size);
uint32_t month_of(int64_t ms);

/* Numbers that look random and depend on nothing but what they are asked for (splitmix64). */
uint64_t mix(uint64_t a, uint64_t b, uint64_t salt);

void make_plan(struct plan *p, int64_t rows, int64_t end_rows, bool before);

/* One session; living ones and those of each `how` are numbered by themselves, oldest first. */
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

void make_living(const struct plan *p, const struct tenant *t, int64_t n, struct made *s);
void make_ended(const struct plan *p, const struct tenant *t, int how, int64_t n, struct made *s);
void user_id(const struct tenant *t, int64_t user, char out[40]);
size_t device_of(const struct made *s); /* index into `devices` */
#define DEVICES 5
#define APPS 5
extern const char *const devices[DEVICES]; /* as tally names them; the last one stands for NULL */
extern const char *const apps[APPS][2];    /* id, name */

/* Columns of a line. */
struct out {
	char *p;
	size_t n, room;
};

void col(struct out *o, const char *s); /* NULL is a NULL */
void col_i64(struct out *o, int64_t n);
void col_bytes(struct out *o, const unsigned char *b, size_t n);
void col_time(struct out *o, int64_t ms);
void line_end(struct out *o);

/* Columns of a session or user. */
void col_apps(struct out *o, const struct made *s);
void col_partner(struct out *o, const struct tenant *t);
void col_partner_id(struct out *o, const struct tenant *t);
void cols_user(struct out *o, const struct tenant *t, int64_t user, bool with_facts);
void cols_from(struct out *o, const struct tenant *t, const struct made *s);

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

void numbers_init(struct numbers *n, const struct plan *p);
size_t scope_count(const struct plan *p, int scope);
void count_living(struct numbers *n, const struct tenant *t, const struct made *s);
void count_ended(struct numbers *n, struct ended_numbers *e, const struct made *s);

/* A source of rows. Each call of `next` appends at least one line or says that there is none. */

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

bool next_partner(struct source *s, struct out *o);
bool next_tenant(struct source *s, struct out *o);
bool next_session(struct source *s, struct out *o);
bool next_user(struct source *s, struct out *o);
bool next_tally(struct source *s, struct out *o);
bool next_ended(struct source *s, struct out *o);
bool next_ended_tally(struct source *s, struct out *o);
bool next_ended_user(struct source *s, struct out *o);

/* The store before: every session in one table, living or not. */
bool next_before(struct source *s, struct out *o);
bool next_before_app(struct source *s, struct out *o);
bool next_before_application(struct source *s, struct out *o);
bool next_before_revocation(struct source *s, struct out *o);

#endif
