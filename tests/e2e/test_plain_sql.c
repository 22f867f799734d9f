/* SPDX-License-Identifier: MIT
 * The statements of schema/store.md, section 4, word for word: an application registers a session
 * in a transaction of its own, and the API knows it as one of its own.
 */
/* e2e: once */
#include <stdio.h>
#include <stdlib.h>

#include "lib/e2e.h"
#include "model/recount.h"

#define DOCUMENT_BYTES 65536
#define STATEMENTS 4
#define MARK "<!-- sql: register -->\n```sql\n"

/* The statements of the block, without their semicolons. */
static size_t read_statements(struct e2e *t, struct str out[], size_t room)
{
	const char *path = getenv("ROLLCALL_TEST_SCHEMA");
	FILE *f = fopen(path != NULL ? path : "schema/store.md", "r");
	char *text = arena_zalloc(t->arena, DOCUMENT_BYTES), *at, *end, *next;
	size_t n = 0;

	assert_non_null(f);
	assert_true(fread(text, 1, DOCUMENT_BYTES - 1, f) > 0);
	fclose(f);
	at = strstr(text, MARK);
	assert_non_null(at);
	at += strlen(MARK);
	end = strstr(at, "```");
	assert_non_null(end);
	while (at < end && (next = strstr(at, ";\n")) != NULL && next < end) {
		assert_true(n < room);
		out[n++] = (struct str){at, (size_t)(next - at)};
		at = next + 2;
	}
	return n;
}

struct registration_sql {
	struct e2e *t;
	struct str statements[STATEMENTS];
	const struct db_val *args[STATEMENTS];
	size_t counts[STATEMENTS];
};

static enum err run(void *ctx)
{
	struct registration_sql *r = ctx;
	enum err err = ERR_OK;

	for (size_t i = 0; i < STATEMENTS && err == ERR_OK; i++) {
		struct sql q = {.kind = SQL_WRITE, .columns = ""};

		/* A document's text, not a literal of the program: that is what is tested. */
		q.text.p = (char *)(uintptr_t)r->statements[i].p;
		q.text.n = r->statements[i].n;
		q.args = r->args[i];
		q.arg_count = r->counts[i];
		err = db_exec(r->t->db, &q, NULL);
	}
	return err;
}

static void register_by_sql(struct e2e *t, struct str tenant, struct str id, struct str token)
{
	const struct db_val user[] = {db_str(STR("u")), db_str(STR("u@example.org")),
		db_str(STR("Ursula")), db_str(tenant)};
	const struct db_val session[] = {db_str(id), db_str(token), db_str(STR("192.0.2.7")),
		db_str(STR("curl/8")), db_str(STR("api")), db_str(STR("curl")), db_time(TIME_NONE),
		db_str(STR("urn:gold")), db_str(STR("[\"pwd\"]")),
		db_str(STR("https://id.example")), db_str(id), db_i64(600), db_str(STR("u")),
		db_str(tenant)};
	const struct db_val one[] = {db_str(id)};
	struct registration_sql r = {
		.t = t, .args = {user, session, one, one}, .counts = {4, 14, 1, 1}};
	enum err err;

	assert_int_equal(read_statements(t, r.statements, STATEMENTS), STATEMENTS);
	err = db_tx(t->db, run, &r);
	if (err != ERR_OK)
		fail_msg("%s: %s", err_text(err), db_error_text(t->db));
}

static void count(void *ctx, const struct recount_fault *fault)
{
	(void)fault;
	++*(int *)ctx;
}

static void registered_by_sql__is_a_session_like_any_other(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, e2e_partner(t));
	struct str first = e2e_name(t, "sql"), second = e2e_name(t, "sql");
	struct str token = e2e_name(t, "token-of-an-application");
	struct e2e_answer a;
	int wrong = 0;

	e2e_recount(t);
	register_by_sql(t, tn.id, first, token);
	register_by_sql(t, tn.id, second, e2e_name(t, "other"));
	a = e2e_get(t, token, "/api/v1/me/sessions");
	expect_status(&a, 200);
	assert_int_equal(e2e_at(a.json, "data")->count, 2);
	expect_str(e2e_text(a.json, "data.0.user_email"), STR("u@example.org"));
	expect_str(e2e_text(a.json, "data.0.device_label"), STR("curl"));
	assert_int_equal(
		e2e_count(t, SQL("SELECT COUNT(*) FROM idp_session WHERE idp_session_id = ?"), 1,
			db_str(first)),
		1);
	a = e2e_get(t, e2e_super_admin(t), "/api/v1/tenants/%s/sessions/stats", tn.id.p);
	assert_int_equal(e2e_int(a.json, "data.active_sessions"), 2);
	assert_int_equal(e2e_int(a.json, "data.unique_users"), 1);
	assert_int_equal(e2e_int(a.json, "data.by_device_type.api"), 2);
	assert_int_equal(e2e_int(a.json, "data.expiring_next_24h"), 2);
	assert_int_equal(recount(t->db, false, count, &wrong), ERR_OK);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registered_by_sql__is_a_session_like_any_other),
	};

	return cmocka_run_group_tests_name(
		"registration through plain SQL", tests, e2e_open, e2e_close);
}
