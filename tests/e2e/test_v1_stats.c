/* SPDX-License-Identifier: MIT
 * The figures of a tenant (schema/api.md 2.4) against sessions whose figures are known. */
/* e2e: shared-host */
#include "lib/e2e.h"

enum fate { ACTIVE, EXPIRED, REVOKED };

/* Instants in hours from now. */
struct fixture {
	const char *user, *device; /* device NULL: unknown */
	enum fate fate;
	double created, activity, expires, revoked; /* activity 0: none */
};

static const struct fixture fixtures[] = {
	{"a", "desktop", ACTIVE, -1, -0.5, 2, 0}, {"a", "desktop", ACTIVE, -30, -0.25, 23, 0},
	{"b", "mobile", ACTIVE, -23, 0, 25, 0}, {"b", NULL, ACTIVE, -2, -1, 48, 0},
	{"c", NULL, ACTIVE, -3, 0, 1, 0}, {"d", "tablet", EXPIRED, -10, -9, -8, 0}, /* lasted 2 h */
	{"d", NULL, EXPIRED, -50, -40, -40, 0},                                     /* 10 h */
	{"a", "tv", REVOKED, -5, -4.5, 20, -4},                                     /* 1 h */
	{"e", "desktop", REVOKED, -60, -59, 1, -57},                                /* 3 h */
	{"e", "desktop", REVOKED, -26, -25, -20, -24.5},                            /* 1.5 h */
	{"e", "desktop", REVOKED, -30, -29, 1, -20},                                /* 10 h */
};

static int64_t hours(int64_t now, double h)
{
	return now + (int64_t)(h * (double)HOUR_MS);
}

static void put(struct e2e *t, struct e2e_tenant tn, const struct fixture *f, int64_t now)
{
	struct session_new s = e2e_session(t, tn, str_from(f->user));

	s.device_type = str_from(f->device);
	s.created_ms = hours(now, f->created);
	s.expires_ms = hours(now, f->expires);
	if (f->activity < 0)
		s.last_activity_ms = hours(now, f->activity);
	if (f->fate == REVOKED)
		s.revoked_ms = hours(now, f->revoked);
	e2e_put(t, &s);
}

static void figures__are_those_of_the_sessions(void **state)
{
	static const struct {
		const char *name;
		int64_t want;
	} rows[] = {
		{"data.total_sessions", 11},
		{"data.active_sessions", 5},
		{"data.expired_sessions", 2},
		{"data.revoked_sessions", 4},
		{"data.unique_users", 3},
		{"data.by_device_type.desktop", 2},
		{"data.by_device_type.mobile", 1},
		{"data.by_device_type.unknown", 2},
		{"data.created_last_24h", 6},
		{"data.revoked_last_24h", 2},
		{"data.expiring_next_24h", 3},
	};
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE), other = e2e_tenant(t, STR_NONE);
	int64_t now = e2e_now_ms(t);
	struct e2e_answer a;
	double average;

	for (size_t i = 0; i < ARRAY_LEN(fixtures); i++) {
		put(t, tn, &fixtures[i], now);
		put(t, other, &fixtures[i], now); /* another tenant's do not count */
	}
	a = e2e_get(t, e2e_super_admin(t), "/api/v1/tenants/%s/sessions/stats", tn.id.p);
	expect_status(&a, 200);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (e2e_int(a.json, rows[i].name) != rows[i].want)
			print_error("%s\n", rows[i].name);
		assert_int_equal(e2e_int(a.json, rows[i].name), rows[i].want);
	}
	/* Devices of the dead are not counted, not even as none. */
	assert_int_equal(e2e_at(a.json, "data.by_device_type")->count, 3);
	average = e2e_at(a.json, "data.average_duration_seconds")->number;
	assert_true(average > 27.5 / 6 * 3600 - 0.01 && average < 27.5 / 6 * 3600 + 0.01);
	assert_int_equal(e2e_ms(a.json, "data.last_activity_at"), hours(now, -0.25));
}

static void tenant_without_sessions__has_noughts_and_nulls(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct e2e_answer a =
		e2e_get(t, e2e_super_admin(t), "/api/v1/tenants/%s/sessions/stats", tn.id.p);
	const char *want =
		"{\"data\":{\"total_sessions\":0,\"active_sessions\":0,\"expired_sessions\":0,"
		"\"revoked_sessions\":0,\"unique_users\":0,\"by_device_type\":{},"
		"\"created_last_24h\":0,\"revoked_last_24h\":0,\"expiring_next_24h\":0,"
		"\"average_duration_seconds\":null,\"last_activity_at\":null},\"meta\":";

	expect_status(&a, 200);
	a.body.n = strlen(want); /* without what differs each time */
	expect_body(&a, want);
}

static void average__is_null_while_all_are_alive(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct e2e_answer a;

	e2e_put_session(t, tn, STR("u"));
	a = e2e_get(t, e2e_super_admin(t), "/api/v1/tenants/%s/sessions/stats", tn.id.p);
	assert_int_equal(e2e_int(a.json, "data.active_sessions"), 1);
	assert_true(e2e_is_null(a.json, "data.average_duration_seconds"));
	assert_true(e2e_is_null(a.json, "data.last_activity_at"));
}

static void figures__follow_a_revocation_at_once(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str root = e2e_super_admin(t), id = e2e_put_session(t, tn, STR("u"));
	struct e2e_answer a = e2e_delete(t, root, "/api/v1/admin/sessions/%s", id.p);

	expect_status(&a, 204);
	a = e2e_get(t, root, "/api/v1/tenants/%s/sessions/stats", tn.id.p);
	assert_int_equal(e2e_int(a.json, "data.total_sessions"), 1);
	assert_int_equal(e2e_int(a.json, "data.active_sessions"), 0);
	assert_int_equal(e2e_int(a.json, "data.revoked_sessions"), 1);
	assert_int_equal(e2e_int(a.json, "data.revoked_last_24h"), 1);
	assert_int_equal(e2e_int(a.json, "data.unique_users"), 0);
	assert_int_equal(e2e_int(a.json, "data.expiring_next_24h"), 0);
	assert_int_equal(e2e_at(a.json, "data.by_device_type")->count, 0);
	/* e2e_put_session began it a minute ago. */
	assert_in_range((int64_t)e2e_at(a.json, "data.average_duration_seconds")->number, 59, 90);
}

static void odd_device_types__are_names_like_any_other(void **state)
{
	static const char *const odd = "\xf0\x9f\x93\xb1 \"x\"\\";
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct session_new s = e2e_session(t, tn, STR("u"));
	struct e2e_answer a;

	s.device_type = str_from(odd);
	e2e_put(t, &s);
	a = e2e_get(t, e2e_super_admin(t), "/api/v1/tenants/%s/sessions/stats", tn.id.p);
	expect_status(&a, 200);
	expect_members(e2e_at(a.json, "data.by_device_type"), odd);
}

static void rare_device_types__are_one(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str root = e2e_super_admin(t);
	const struct json *devices;
	struct e2e_answer a;
	int64_t sum = 0;

	/* 40 types, the later ones twice. */
	for (int i = 0; i < 40; i++) {
		struct session_new s = e2e_session(t, tn, STR("u"));

		s.device_type = str_printf(t->arena, "type-%02d", i);
		e2e_put(t, &s);
		if (i >= 8) {
			s.id = e2e_name(t, "ses");
			e2e_put(t, &s);
		}
	}
	a = e2e_get(t, root, "/api/v1/tenants/%s/sessions/stats", tn.id.p);
	devices = e2e_at(a.json, "data.by_device_type");
	for (const struct json *d = devices->first; d != NULL; d = d->next)
		sum += d->integer;
	assert_int_equal(sum, 72);
	assert_int_equal(devices->count, 33);
	assert_int_equal(e2e_int(devices, "type-08"), 2);
	assert_int_equal(e2e_int(devices, "type-39"), 2);
	assert_int_equal(e2e_int(devices, "other"), 8);

	/* Who says so by itself is counted with them. */
	for (int i = 0; i < 3; i++) {
		struct session_new s = e2e_session(t, tn, STR("u"));

		s.device_type = STR("other");
		e2e_put(t, &s);
	}
	a = e2e_get(t, root, "/api/v1/tenants/%s/sessions/stats", tn.id.p);
	devices = e2e_at(a.json, "data.by_device_type");
	assert_int_equal(devices->count, 32);
	assert_int_equal(e2e_int(devices, "other"), 8 + 3 + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures__are_those_of_the_sessions),
		cmocka_unit_test(tenant_without_sessions__has_noughts_and_nulls),
		cmocka_unit_test(average__is_null_while_all_are_alive),
		cmocka_unit_test(figures__follow_a_revocation_at_once),
		cmocka_unit_test(odd_device_types__are_names_like_any_other),
		cmocka_unit_test(rare_device_types__are_one),
	};

	return cmocka_run_group_tests_name("Sessions API: stats", tests, e2e_open, e2e_close);
}
