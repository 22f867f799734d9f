/* SPDX-License-Identifier: MIT
 * POST …/sessions/revoke-by-filter (extension): the dry run shows what the real run ends, the real
 * run ends exactly the active sessions that match and that the caller reaches. What is refused is
 * in test_filter_refuse.c. */
#include "lib/e2e.h"

#define ADMIN "/api/v1/admin/sessions/revoke-by-filter"
#define ALL ",\"confirm\":\"all\""
#define TRUE_ALL "{\"filter\":\"true\",\"confirm\":\"all\"}"
#define FALSE_ALL "{\"filter\":\"false\",\"confirm\":\"all\"}"
#define LISTED                                                                                     \
	"id user_id user_email ip_address user_agent device_type is_current created_at "           \
	"last_activity_at expires_at app_count tenant_id status revoked_at revoked_by "            \
	"revoke_reason role device_label"

/* The filter as a JSON member; it may hold quotes. */
static const char *body(struct e2e *t, const char *filter, const char *more)
{
	struct buf b;

	buf_init(&b, t->arena);
	buf_printf(&b, "{\"filter\":\"");
	for (const char *p = filter; *p != '\0'; p++)
		buf_printf(&b, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
	buf_printf(&b, "\"%s}", more);
	buf_char(&b, '\0');
	return b.p;
}

static struct e2e_answer as_admin(struct e2e *t, const char *filter, const char *more)
{
	return e2e_post(t, e2e_super_admin(t), body(t, filter, more), ADMIN);
}

/* A filter for that tenant's sessions: the store holds others. */
#define OF(tenant, more) arena_printf(t->arena, "tenantId = \"%s\"" more, (tenant).id.p)

static int64_t alive(struct e2e *t, struct str tenant)
{
	return e2e_count(t,
		SQL("SELECT COUNT(*) FROM test_session WHERE tenant_id = ? AND revoked_at IS NULL"
		    " AND expires_at > UTC_TIMESTAMP(3)"),
		1, db_str(tenant));
}

static bool is_alive(struct e2e *t, struct str id)
{
	return e2e_count(t,
		       SQL("SELECT NOT EXISTS (SELECT 1 FROM ended WHERE id = ? AND how = 'revoked')"),
		       1, db_str(id)) != 0;
}

static void expect_count(const struct e2e_answer *a, int64_t n)
{
	expect_status(a, 200);
	expect_members(a->json, "data meta");
	expect_members(e2e_at(a->json, "data"), "revoked_count session_ids");
	assert_int_equal(e2e_int(a->json, "data.revoked_count"), n);
	assert_int_equal(e2e_at(a->json, "data.session_ids")->count, n);
}

/* What it does */

static void dry_run__shows_how_many_and_which_and_ends_none(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct e2e_answer a;
	struct str ids[25];

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct session_new s = e2e_session(t, tn, STR("u"));

		s.created_ms += (int64_t)i;
		ids[i] = e2e_put(t, &s);
	}
	e2e_put_session(t, tn, STR("other"));
	a = as_admin(t, OF(tn, " and identity = \"u\""), ",\"dry_run\":true,\"if_count\":7");
	expect_status(&a, 200);
	expect_members(a.json, "data meta");
	expect_members(e2e_at(a.json, "data"), "dry_run matched_count sessions");
	assert_true(e2e_bool(a.json, "data.dry_run"));
	assert_int_equal(e2e_int(a.json, "data.matched_count"), 25);
	assert_int_equal(e2e_at(a.json, "data.sessions")->count, 20);
	expect_members(e2e_at(a.json, "data.sessions.0"), LISTED);
	for (size_t i = 0; i < 20; i++)
		expect_str(e2e_text(a.json, arena_printf(t->arena, "data.sessions.%zu.id", i)),
			ids[24 - i]);
	assert_int_equal(alive(t, tn.id), 26);
	a = as_admin(t, OF(tn, " and identity = \"nobody\""), ",\"dry_run\":true");
	assert_int_equal(e2e_int(a.json, "data.matched_count"), 0);
	assert_int_equal(e2e_at(a.json, "data.sessions")->count, 0);
}

static void real_run__ends_exactly_the_active_ones_that_match(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str match[3], other = e2e_put_session(t, tn, STR("v")), expired, revoked;
	struct session_new s = e2e_session(t, tn, STR("u"));
	struct e2e_answer a;

	for (size_t i = 0; i < ARRAY_LEN(match); i++)
		match[i] = e2e_put_session(t, tn, STR("u"));
	s.expires_ms = s.created_ms + 1000;
	expired = e2e_put(t, &s);
	s = e2e_session(t, tn, STR("u"));
	s.revoked_ms = s.created_ms + 1000;
	s.revoked_by.subject = STR("earlier");
	revoked = e2e_put(t, &s);

	a = as_admin(
		t, OF(tn, " and identity = \"u\""), ",\"reason\":\"stolen laptop\",\"if_count\":3");
	expect_count(&a, 3);
	for (size_t i = 0; i < ARRAY_LEN(match); i++) {
		assert_true(e2e_has(e2e_at(a.json, "data.session_ids"), match[i]));
		assert_false(is_alive(t, match[i]));
		assert_int_equal(
			e2e_count(t,
				SQL("SELECT COUNT(*) FROM test_revocation r JOIN test_session s"
				    " ON s.id = r.session_id WHERE s.id = ? AND r.reason = 'stolen "
				    "laptop'"
				    " AND s.revoke_reason = r.reason AND r.revoked_by = 'usr_root'"
				    " AND r.endpoint = 'v1.admin.revoke_by_filter' AND "
				    "s.revoked_by = 'usr_root'"
				    " AND r.request_id = ?"),
				2, db_str(match[i]), db_str(e2e_text(a.json, "meta.request_id"))),
			1);
	}
	assert_true(is_alive(t, other));
	assert_true(is_alive(t, expired));
	expect_str(e2e_column(t, SQL("SELECT revoked_by FROM test_session WHERE id = ?"), 1,
			   db_str(revoked)),
		STR("earlier"));
	a = as_admin(t, OF(tn, " and identity = \"u\""), ALL);
	expect_count(&a, 0);
	a = as_admin(t, OF(tn, " and identity = \"u\""), ",\"if_count\":0");
	expect_count(&a, 0);
}

static void changed_number__is_a_conflict_that_ends_none(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	static const char *const wrong[] = {
		"0", "2", "4", "9999", "10000", "10001", "1000000000000"};

	for (int i = 0; i < 3; i++)
		e2e_put_session(t, tn, STR("u"));
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct e2e_answer a = as_admin(
			t, OF(tn, ""), arena_printf(t->arena, ",\"if_count\":%s", wrong[i]));

		expect_status(&a, 409);
		expect_body(&a,
			arena_printf(t->arena,
				"{\"detail\":\"The number of matching sessions is 3 and not %s\"}",
				wrong[i]));
		assert_int_equal(alive(t, tn.id), 3);
		assert_int_equal(
			e2e_count(t,
				SQL("SELECT COUNT(*) FROM test_revocation WHERE tenant_id = ?"), 1,
				db_str(tn.id)),
			0);
	}
}

/* Around what one transaction ends. */
static void guard__holds_for_any_number(void **state)
{
	static const int64_t sizes[] = {9999, 10000, 10001, 10500};
	struct e2e *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
		struct e2e_answer a;

		e2e_put_many(t, tn, STR("u"), sizes[i]);
		for (int wrong = -1; wrong <= 1; wrong += 2) {
			a = as_admin(t, OF(tn, ""),
				arena_printf(t->arena, ",\"if_count\":%lld",
					(long long)sizes[i] + wrong));
			expect_status(&a, 409);
			assert_int_equal(alive(t, tn.id), sizes[i]);
		}
		a = as_admin(t, OF(tn, ""), ",\"dry_run\":true");
		assert_int_equal(e2e_int(a.json, "data.matched_count"), sizes[i]);
		a = as_admin(t, OF(tn, ""),
			arena_printf(t->arena, ",\"if_count\":%lld", (long long)sizes[i]));
		expect_count(&a, sizes[i]);
		assert_int_equal(alive(t, tn.id), 0);
	}
}

/* What it is for */

struct device {
	const char *ip;
	bool mfa;
	int64_t idle_days; /* since the last activity; -1: there was none */
	int64_t age_days;
};

static const struct device devices[] = {
	{"203.0.113.7", true, 0, 40}, {"203.0.113.255", false, 31, 40},
	{"203.0.114.1", false, 29, 40}, {"2001:db8:1::1", true, 31, 40},
	{"2001:db9::1", true, -1, 40}, {"203.0.113.9", true, -1, 0}, {NULL, false, -1, 0},
	{"::ffff:203.0.115.7", true, 0, 40}, /* as applications may write it with SQL */
};

/* Those that end are the devices whose digit is in `want`. */
static void check_fleet(struct e2e *t, const char *condition, const char *want)
{
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str ids[ARRAY_LEN(devices)];
	const int64_t day = 86400000, now = e2e_now_ms(t);
	struct e2e_answer a;

	for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
		const struct device *d = &devices[i];
		struct session_new s = e2e_session(t, tn, STR("u"));

		s.created_ms = now - d->age_days * day - 1000;
		s.ip_address = str_from(d->ip);
		s.is_mfa_complete = d->mfa;
		if (d->idle_days >= 0)
			s.last_activity_ms = now - d->idle_days * day;
		ids[i] = e2e_put(t, &s);
	}
	a = as_admin(t, arena_printf(t->arena, "tenantId = \"%s\" and (%s)", tn.id.p, condition),
		",\"dry_run\":true");
	expect_status(&a, 200);
	assert_int_equal(e2e_int(a.json, "data.matched_count"), strlen(want));
	a = as_admin(
		t, arena_printf(t->arena, "tenantId = \"%s\" and (%s)", tn.id.p, condition), ALL);
	for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
		bool wanted = strchr(want, '0' + (int)i) != NULL;

		if (e2e_has(e2e_at(a.json, "data.session_ids"), ids[i]) != wanted ||
			is_alive(t, ids[i]) == wanted)
			fail_msg("%s: session %zu was%s ended", condition, i, wanted ? " not" : "");
	}
	expect_count(&a, (int64_t)strlen(want));
}

static const char *days_ago(struct e2e *t, int64_t days)
{
	char out[CLOCK_TEXT_BYTES];

	clock_format(e2e_now_ms(t) - days * 86400000, out);
	return arena_dup(t->arena, out, strlen(out));
}

static void one_call__ends_a_network(void **state)
{
	struct e2e *t = *state;

	check_fleet(t, "ipNetwork = \"203.0.113.0/24\"", "015");
	check_fleet(t, "ipNetwork = \"203.0.113.7/32\"", "0");
	check_fleet(t, "ipNetwork = \"203.0.113.7\"", "0");
	check_fleet(t, "ipNetwork = \"2001:db8::/32\"", "3");
	check_fleet(t, "ipNetwork = \"2001:db8::/31\"", "34");
	check_fleet(t, "ipNetwork in [\"203.0.114.0/24\", \"2001:db9::/48\"]", "24");
	check_fleet(t, "ipNetwork = \"0.0.0.0/0\"", "01257");
	check_fleet(t, "ipNetwork != \"203.0.113.0/24\"", "23467");
	/* IPv4 written as IPv6 is IPv4, in the filter and in the store. */
	check_fleet(t, "ipNetwork = \"::ffff:203.0.113.7\"", "0");
	check_fleet(t, "ipNetwork = \"::ffff:203.0.112.0/118\"", "01257");
	check_fleet(t, "ipNetwork = \"203.0.115.0/24\"", "7");
	check_fleet(t, "ipNetwork = \"::/0\"", "34");
}

static void one_call__ends_the_idle(void **state)
{
	struct e2e *t = *state;
	const char *then = days_ago(t, 30);

	/* Without any activity it is the year 1 (as OpenZiti has it): new sessions match. */
	check_fleet(t, arena_printf(t->arena, "lastActivityAt < datetime(%s)", then), "13456");
	check_fleet(t,
		arena_printf(t->arena, "lastActivityAt < datetime(%s) and createdAt < datetime(%s)",
			then, then),
		"134");
}

static void one_call__ends_what_is_not_multi_factor(void **state)
{
	struct e2e *t = *state;

	check_fleet(t, "mfaComplete = false", "126");
	check_fleet(t, "not (mfaComplete = true)", "126");
	check_fleet(t, "not mfaComplete", "126");
	check_fleet(t, "mfaComplete", "03457");
}

static void true__ends_all_that_the_caller_reaches(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct e2e_answer a;

	e2e_put_session(t, tn, STR("u"));
	e2e_put_session(t, tn, STR("v"));
	a = e2e_post(t, e2e_super_admin(t), FALSE_ALL,
		"/api/v1/tenants/%s/sessions/revoke-by-filter", tn.id.p);
	expect_count(&a, 0);
	a = e2e_post(t, e2e_super_admin(t), TRUE_ALL,
		"/api/v1/tenants/%s/sessions/revoke-by-filter", tn.id.p);
	expect_count(&a, 2);
}

/* Who may */

static void tenant_administrator__stays_within_the_tenant(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant mine = e2e_tenant(t, STR_NONE), other = e2e_tenant(t, STR_NONE);
	struct str admin = e2e_token(
		t, "{\"sub\":\"a\",\"role\":\"tenant_admin\",\"tenant_id\":\"%s\"}", mine.id.p);
	struct e2e_answer a;

	e2e_put_session(t, mine, STR("u"));
	e2e_put_session(t, other, STR("u"));
	a = e2e_post(t, admin, TRUE_ALL, ADMIN);
	expect_status(&a, 403);
	a = e2e_post(
		t, admin, TRUE_ALL, "/api/v1/tenants/%s/sessions/revoke-by-filter", other.id.p);
	expect_status(&a, 403);
	a = e2e_post(t, admin, body(t, OF(other, " or true"), ",\"dry_run\":true"),
		"/api/v1/tenants/%s/sessions/revoke-by-filter", mine.id.p);
	expect_status(&a, 200);
	assert_int_equal(e2e_int(a.json, "data.matched_count"), 1);
	a = e2e_post(t, admin, body(t, OF(other, ""), ALL),
		"/api/v1/tenants/%s/sessions/revoke-by-filter", mine.id.p);
	expect_count(&a, 0);
	a = e2e_post(t, admin, body(t, OF(other, " or true"), ",\"if_count\":1"),
		"/api/v1/tenants/%s/sessions/revoke-by-filter", mine.id.p);
	expect_count(&a, 1);
	assert_int_equal(alive(t, other.id), 1);
	expect_str(e2e_column(t, SQL("SELECT endpoint FROM test_revocation WHERE tenant_id = ?"), 1,
			   db_str(mine.id)),
		STR("v1.tenant.revoke_by_filter"));
}

static void partner_administrator__stays_within_the_partner(void **state)
{
	struct e2e *t = *state;
	struct str partner = e2e_partner(t);
	struct e2e_tenant mine = e2e_tenant(t, partner), also = e2e_tenant(t, partner);
	struct e2e_tenant other = e2e_tenant(t, e2e_partner(t)), nobodys = e2e_tenant(t, STR_NONE);
	struct str admin = e2e_token(t,
		"{\"sub\":\"p\",\"role\":\"partner_admin\","
		"\"partner_id\":\"%s\"}",
		partner.p);
	struct e2e_answer a;

	e2e_put_session(t, mine, STR("u"));
	e2e_put_session(t, also, STR("u"));
	e2e_put_session(t, other, STR("u"));
	e2e_put_session(t, nobodys, STR("u"));
	a = e2e_post(
		t, admin, TRUE_ALL, "/api/v1/tenants/%s/sessions/revoke-by-filter", other.id.p);
	expect_status(&a, 404);
	a = e2e_post(t, admin, body(t, OF(other, ""), ALL), ADMIN);
	expect_count(&a, 0);
	a = e2e_post(t, admin, body(t, "true", ",\"dry_run\":true"), ADMIN);
	assert_int_equal(e2e_int(a.json, "data.matched_count"), 2);
	a = e2e_post(t, admin, TRUE_ALL, "/api/v1/tenants/%s/sessions/revoke-by-filter", mine.id.p);
	expect_count(&a, 1);
	a = e2e_post(t, admin, body(t, "identity = \"u\"", ",\"if_count\":1"), ADMIN);
	expect_count(&a, 1);
	assert_int_equal(alive(t, also.id), 0);
	assert_int_equal(alive(t, other.id), 1);
	assert_int_equal(alive(t, nobodys.id), 1);
}

static void others__may_not(void **state)
{
	static const struct {
		const char *claims;
		int want;
	} rows[] = {
		{"{\"sub\":\"u\",\"tenant_id\":\"t\"}", 403},
		{"{\"sub\":\"s\",\"platform_token\":true,\"scope\":\"admin:read sessions:write\"}",
			403},
		{"{\"sub\":\"s\",\"platform_token\":true,\"scope\":\"admin:write\"}", 200},
	};
	struct e2e *t = *state;
	struct e2e_answer a = e2e_post(t, STR_NONE, FALSE_ALL, ADMIN);

	expect_status(&a, 401);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		a = e2e_post(t, e2e_token(t, "%s", rows[i].claims), FALSE_ALL, ADMIN);
		expect_status(&a, rows[i].want);
	}
	a = e2e_post(t, e2e_super_admin(t), TRUE_ALL,
		"/api/v1/tenants/no-such-tenant/sessions/revoke-by-filter");
	expect_status(&a, 404);
	a = e2e_get(t, e2e_super_admin(t), ADMIN);
	expect_status(&a, 405);
}

struct held {
	struct e2e *t;
	struct e2e_tenant tenant;
	struct str locked;
};

static enum err revoke_while_held(void *ctx)
{
	static const struct db_col col = {'i', 0};
	static const struct db_shape shape = {&col, 1};
	struct held *h = ctx;
	struct e2e *t = h->t;
	struct e2e_answer a;
	int64_t one;
	struct sql q;
	enum err err;

	sql_begin(&q, t->arena, SQL_READ, "i");
	sql_add(&q, SQL("SELECT 1 FROM session WHERE id = ? FOR UPDATE"));
	sql_arg(&q, db_str(h->locked));
	err = db_one(t->db, t->arena, &q, &shape, &one);
	if (err != ERR_OK)
		return err;
	a = as_admin(t, OF(h->tenant, " and userAgent = \"wanted\""), ALL);
	expect_count(&a, 1);
	return ERR_OK;
}

/* What is passed by on the way is neither locked nor waited for. */
static void session_that_does_not_match__may_be_locked(void **state)
{
	struct e2e *t = *state;
	struct held h = {.t = t, .tenant = e2e_tenant(t, STR_NONE)};
	struct session_new s;

	h.locked = e2e_put_session(t, h.tenant, STR("u"));
	s = e2e_session(t, h.tenant, STR("u"));
	s.user_agent = STR("wanted");
	e2e_put(t, &s);
	assert_int_equal(db_tx(t->db, revoke_while_held, &h), ERR_OK);
	assert_true(is_alive(t, h.locked));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dry_run__shows_how_many_and_which_and_ends_none),
		cmocka_unit_test(real_run__ends_exactly_the_active_ones_that_match),
		cmocka_unit_test(changed_number__is_a_conflict_that_ends_none),
		cmocka_unit_test(guard__holds_for_any_number),
		cmocka_unit_test(one_call__ends_a_network),
		cmocka_unit_test(one_call__ends_the_idle),
		cmocka_unit_test(one_call__ends_what_is_not_multi_factor),
		cmocka_unit_test(true__ends_all_that_the_caller_reaches),
		cmocka_unit_test(tenant_administrator__stays_within_the_tenant),
		cmocka_unit_test(partner_administrator__stays_within_the_partner),
		cmocka_unit_test(session_that_does_not_match__may_be_locked),
		cmocka_unit_test(others__may_not),
	};

	return cmocka_run_group_tests_name("Revoking by filter", tests, e2e_open, e2e_close);
}
