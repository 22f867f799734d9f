/* SPDX-License-Identifier: MIT
 * POST /api/v1/sessions again under an id of the caller's own (schema/api.md 5): safe to repeat,
 * refused for another body, and one session whatever the number and the haste of the repeats. */
/* e2e: no-valgrind */
#include "base/buf.h"
#include "ingest.h"
#include "lib/load.h"
#include "lib/pool.h"

#define EMAIL SQL("SELECT email FROM test_user WHERE id = 'u' AND tenant_id = ?")
#define TENANTS SQL("SELECT COUNT(*) FROM tenant WHERE id = ?")
#define SESSIONS SQL("SELECT COUNT(*) FROM test_session WHERE tenant_id = ?")

static void repeat__is_the_same_session_without_a_token(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str id = e2e_name(t, "ses"), token;
	const char *body = arena_printf(t->arena,
		"{\"tenant_id\":\"%s\",\"user_id\":\"u\",\"id\":\"%s\","
		"\"user_email\":\"a@x\",\"tags\":{\"a\":\"b\"},\"expires_in\":600}",
		tn.id.p, id.p);
	const char *spaced = arena_printf(t->arena,
		"\n{ \"tenant_id\" : \"%s\",\t\"user_id\":\"\\u0075\" ,"
		"\"id\":\"%s\", \"user_email\":\"a@x\",\"tags\": {\"a\":\"b\"},\"expires_in\":600 "
		"} \n",
		tn.id.p, id.p);
	struct e2e_answer a = e2e_post(t, platform(t), body, PATH);

	expect_status(&a, 201);
	expect_str(e2e_text(a.json, "data.id"), id);
	token = e2e_text(a.json, "data.token");
	a = e2e_post(t, platform(t), body, PATH);
	expect_status(&a, 200);
	expect_members(e2e_at(a.json, "data"), DETAIL);
	expect_str(e2e_text(a.json, "data.id"), id);
	a = e2e_post(t, platform(t), spaced, PATH);
	expect_status(&a, 200);
	expect_members(e2e_at(a.json, "data"), DETAIL);
	/* The first token is still the one. */
	assert_int_equal(e2e_count(t,
				 SQL("SELECT COUNT(*) FROM test_session WHERE id = ?"
				     " AND token_digest = UNHEX(SHA2(?, 256))"),
				 2, db_str(id), db_str(token)),
		1);
	assert_int_equal(e2e_count(t, SESSIONS, 1, db_str(tn.id)), 1);

	/* Repeating brings nobody back to life. */
	a = e2e_delete(t, e2e_super_admin(t), "/api/v1/admin/sessions/%s", id.p);
	expect_status(&a, 204);
	a = e2e_post(t, platform(t), body, PATH);
	expect_status(&a, 200);
	expect_str(e2e_text(a.json, "data.status"), STR("revoked"));
	expect_members(e2e_at(a.json, "data"), DETAIL);
}

static void order_of_members__is_no_difference(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str id = e2e_name(t, "ses");
	const struct {
		const char *body; /* $: tenant and id */
		int want;
	} rows[] = {
		{"{\"user_id\":\"u\",$,\"tags\":{\"a\":\"1\",\"b\":\"2\"},"
		 "\"config_types\":[\"x\",\"y\"]}",
			201},
		{"{\"config_types\":[\"x\",\"y\"],\"tags\":{\"b\":\"2\",\"a\":\"1\"},"
		 "$,\"user_id\":\"u\"}",
			200},
		{"{\"user_id\":\"u\",$,\"tags\":{\"a\":\"2\",\"b\":\"1\"},"
		 "\"config_types\":[\"x\",\"y\"]}",
			409},
		/* A list is another in another order. */
		{"{\"user_id\":\"u\",$,\"tags\":{\"a\":\"1\",\"b\":\"2\"},"
		 "\"config_types\":[\"y\",\"x\"]}",
			409},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str rest = str_from(rows[i].body), head;
		struct e2e_answer a;

		str_split(&rest, '$', &head);
		a = e2e_post(t, platform(t),
			arena_printf(t->arena, "%.*s\"tenant_id\":\"%s\",\"id\":\"%s\"%.*s",
				STR_FMT(head), tn.id.p, id.p, STR_FMT(rest)),
			PATH);
		a.what = rows[i].body;
		expect_status(&a, rows[i].want);
	}
}

/* The first answer may have been lost, and the session be over when the caller asks again. */
static void repeat_after_the_end__is_the_same_session(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str id = e2e_name(t, "ses");
	int64_t ends = e2e_now_ms(t) + 1500;
	struct calendar at = clock_calendar(ends);
	const char *bodies[2];
	struct e2e_answer a;

	for (int i = 0; i < 2; i++)
		bodies[i] = arena_printf(t->arena,
			"{\"tenant_id\":\"%s\",\"id\":\"%s\",\"user_id\":\"%s\","
			"\"expires_at\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"}",
			tn.id.p, id.p, i == 0 ? "u" : "v", at.year, at.month, at.day, at.hour,
			at.minute, at.second, at.millisecond);
	a = e2e_post(t, platform(t), bodies[0], PATH);
	expect_status(&a, 201);
	while (clock_now_ms() <= ends)
		pool_pause_ms(20);
	a = e2e_post(t, platform(t), bodies[0], PATH);
	expect_status(&a, 200);
	expect_members(e2e_at(a.json, "data"), DETAIL);
	expect_str(e2e_text(a.json, "data.id"), id);
	expect_str(e2e_text(a.json, "data.status"), STR("expired"));
	/* Another request is what it was. */
	a = e2e_post(t, platform(t), bodies[1], PATH);
	expect_status(&a, 422);
	expect_str(e2e_text(a.json, "detail.0.type"), STR("datetime_future"));
}

static void taken_id__is_a_conflict_that_changes_nothing(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str id = e2e_name(t, "ses"), fresh = e2e_name(t, "tnt");
	const struct {
		const char *tenant, *user, *more;
	} rows[] = {
		{tn.id.p, "u", ",\"user_email\":\"new@x\""},
		{tn.id.p, "v", ""},
		{fresh.p, "u", ""},
	};
	struct e2e_answer a = e2e_post(t, platform(t),
		arena_printf(t->arena,
			"{\"tenant_id\":\"%s\",\"user_id\":\"u\",\"id\":\"%s\",\"user_email\":"
			"\"old@x\"}",
			tn.id.p, id.p),
		PATH);

	expect_status(&a, 201);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		a = e2e_post(t, platform(t),
			arena_printf(t->arena,
				"{\"tenant_id\":\"%s\",\"user_id\":\"%s\",\"id\":\"%s\"%s}",
				rows[i].tenant, rows[i].user, id.p, rows[i].more),
			PATH);
		expect_status(&a, 409);
		expect_body(&a, "{\"detail\":\"Session id is taken by another request\"}");
	}
	expect_str(e2e_column(t, EMAIL, 1, db_str(tn.id)), STR("old@x"));
	assert_int_equal(e2e_count(t, SQL("SELECT COUNT(*) FROM test_user WHERE tenant_id = ?"), 1,
				 db_str(tn.id)),
		1);
	assert_int_equal(e2e_count(t, TENANTS, 1, db_str(fresh)), 0);
	/* So is the id of a session that was not registered here. */
	id = e2e_put_session(t, tn, STR("u"));
	a = e2e_post(t, platform(t),
		arena_printf(t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"u\",\"id\":\"%s\"}",
			tn.id.p, id.p),
		PATH);
	expect_status(&a, 409);
}

/* Head and body without what differs from one request to the next. */
static struct str comparable(struct e2e *t, struct e2e_answer a)
{
	struct str rest = a.head, line;
	struct buf b;

	buf_init(&b, t->arena);
	while (str_split(&rest, '\n', &line))
		if (!str_starts(line, STR("Date:")) && !str_starts(line, STR("X-Request-Id:")) &&
			!str_starts(line, STR("date:")) && !str_starts(line, STR("x-request-id:")))
			buf_str(&b, line);
	buf_str(&b, a.body);
	return buf_view(&b);
}

/* A tenant's own service asks for ids that its own tenant and another one hold, living and ended.
 */
static void taken_id__tells_nothing_of_who_holds_it(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant own = e2e_tenant(t, STR_NONE), other = e2e_tenant(t, STR_NONE);
	struct str service = e2e_token(
		t, "{\"sub\":\"svc\",\"tenant_id\":\"%s\",\"scope\":\"sessions:write\"}", own.id.p);
	const struct e2e_tenant tenants[] = {own, other};
	struct str first = STR_NONE;

	for (size_t i = 0; i < 2 * ARRAY_LEN(tenants); i++) {
		struct str id = e2e_name(t, "ses");
		const char *held = arena_printf(t->arena,
			"{\"tenant_id\":\"%s\",\"user_id\":\"u\",\"id\":\"%s\"}",
			tenants[i / 2].id.p, id.p);
		struct e2e_answer a = e2e_post(t, platform(t), held, PATH);

		expect_status(&a, 201);
		if (i % 2 == 1) {
			a = e2e_delete(t, e2e_super_admin(t), "/api/v1/admin/sessions/%s", id.p);
			expect_status(&a, 204);
		}
		a = e2e_post(t, service,
			arena_printf(t->arena,
				"{\"tenant_id\":\"%s\",\"user_id\":\"me\",\"id\":\"%s\"}", own.id.p,
				id.p),
			PATH);
		expect_status(&a, 409);
		if (first.p == NULL)
			first = comparable(t, a);
		expect_str(comparable(t, a), first);
		if (i / 2 == 0)
			continue;
		/* Not even with the very body that has made it. */
		a = e2e_post(t, service, held, PATH);
		expect_status(&a, 404);
		a = e2e_post(t, service, NULL, PATH "/%s/activity", id.p);
		expect_status(&a, 404);
	}
	assert_int_equal(
		e2e_count(t,
			SQL("SELECT COUNT(*) FROM test_user WHERE id = 'me' AND tenant_id = ?"), 1,
			db_str(own.id)),
		0);
}

/* Everybody at once, with a tenant and a user that nobody has seen yet. */
struct crowd {
	struct str token, body, id;
	size_t sent, created, repeated;
};

static bool next(void *ctx, struct load_job *job)
{
	struct crowd *c = ctx;

	if (c->sent == 1000)
		return false;
	c->sent++;
	*job = (struct load_job){
		.method = "POST", .path = STR(PATH), .token = c->token, .body = c->body};
	return true;
}

static void done(void *ctx, const struct load_job *job, const struct load_answer *a)
{
	struct crowd *c = ctx;
	bool has_token = strstr(a->body.p, "\"token\"") != NULL;

	if (strstr(a->body.p, c->id.p) == NULL || has_token != (a->status == 201))
		fail_msg("%d %.*s", a->status, STR_FMT(a->body));
	c->created += a->status == 201;
	c->repeated += a->status == 200;
}

static void thousand_registrations_of_one_id__make_one_session(void **state)
{
	struct e2e *t = *state;
	struct str tenant = e2e_name(t, "tnt");
	struct crowd c = {.token = platform(t), .id = e2e_name(t, "ses")};
	struct load *l;

	c.body = str_printf(t->arena,
		"{\"tenant_id\":\"%s\",\"user_id\":\"u\",\"id\":\"%s\",\"user_email\":\"a@x\"}",
		tenant.p, c.id.p);
	l = load_open(t->url, 64, next, done, &c);
	while (load_turn(l, 1000) > 0)
		continue;
	load_close(l);
	assert_int_equal(c.created, 1);
	assert_int_equal(c.repeated, 999);
	assert_int_equal(e2e_count(t, SESSIONS, 1, db_str(tenant)), 1);
	assert_int_equal(e2e_count(t, SQL("SELECT COUNT(*) FROM test_session WHERE id = ?"), 1,
				 db_str(c.id)),
		1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repeat__is_the_same_session_without_a_token),
		cmocka_unit_test(order_of_members__is_no_difference),
		cmocka_unit_test(repeat_after_the_end__is_the_same_session),
		cmocka_unit_test(taken_id__is_a_conflict_that_changes_nothing),
		cmocka_unit_test(taken_id__tells_nothing_of_who_holds_it),
		cmocka_unit_test(thousand_registrations_of_one_id__make_one_session),
	};

	return cmocka_run_group_tests_name("Registration: repeats", tests, e2e_open, e2e_close);
}
