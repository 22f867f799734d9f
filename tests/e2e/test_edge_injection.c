/* SPDX-License-Identifier: MIT
 * Hostile text in every place where a client of the Edge Management API can write: it finds
 * nothing, changes nothing, is never an internal error, and is never taken for SQL. */
#include "edge.h"

static const char *const hostile[] = {
	"' OR '1'='1",
	"' OR 1=1 -- ",
	"\" OR \"1\"=\"1",
	"\") OR (\"1\"=\"1",
	"\\\" OR 1=1 -- ",
	"\\",
	"\\\\\" OR 1=1 #",
	"'; DROP TABLE session; -- ",
	"1; DELETE FROM session",
	"x' UNION SELECT id, token_digest, 1 FROM test_session -- ",
	"*/ OR 1=1 /*",
	"/*!50000 OR 1=1 */",
	"`id`",
	"${jndi:ldap://127.0.0.1/x}",
	"%s%n%d",
	"$.\"x\"') OR 1=1 -- ",
	"%",
	"_",
	"\xc0\xa7 OR 1=1",
	"\xbf\x27 OR 1=1 -- ",
	"\xf0\x9f\x92\xa9",
	"' OR SLEEP(20) -- ",
	"<script>alert(1)</script>",
	"0x27204f5220313d31",
	"?",
	"@@version",
	"NULL",
};

struct world {
	struct str root;
	int64_t rows, live;
};

static int64_t live_rows(struct e2e *t)
{
	return e2e_count(t, SQL("SELECT COUNT(*) FROM test_session WHERE revoked_at IS NULL"), 0);
}

static int64_t all_rows(struct e2e *t)
{
	return e2e_count(t,
		SQL("SELECT (SELECT COUNT(*) FROM test_session) + (SELECT COUNT(*) FROM test_user)"
		    " + (SELECT COUNT(*) FROM tenant) + (SELECT COUNT(*) FROM partner)"
		    " + (SELECT COUNT(*) FROM test_revocation)"),
		0);
}

static struct world world(struct e2e *t)
{
	struct world w = {.root = e2e_super_admin(t)};

	e2e_put_session(t, e2e_tenant(t, STR_NONE), STR("u"));
	w.rows = all_rows(t);
	w.live = live_rows(t);
	return w;
}

static void check_unchanged(struct e2e *t, const struct world *w)
{
	assert_int_equal(all_rows(t), w->rows);
	assert_int_equal(live_rows(t), w->live);
}

/* Refused, or an answer that holds no row. */
static void check_nothing(const struct e2e_answer *a)
{
	if (a->status == 200)
		assert_int_equal(edge_total(a), 0);
	else
		expect_status(a, 400);
}

/* Some web servers refuse a URL that is no UTF-8 themselves, each in its own way. */
static bool fits_url(const char *text)
{
	return str_is_utf8(str_from(text));
}

/* As a literal of the language: the quote and the backslash escaped, so that the rest arrives. */
static const char *literal(struct e2e *t, const char *text)
{
	char *out = arena_alloc(t->arena, 2 * strlen(text) + 3), *p = out;

	*p++ = '"';
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			*p++ = '\\';
		*p++ = *text;
	}
	*p++ = '"';
	*p = '\0';
	return out;
}

static void values__are_only_values(void **state)
{
	static const char *const shapes[] = {
		"id = %s",
		"token in [%s, \"x\"]",
		"identity = %s",
		"ipAddress contains %s",
		"authenticator icontains %s",
		"tags.x = %s",
		"tags.x contains %s",
		"anyOf(configTypes) = %s",
		"identity.name = %s",
		"userAgent = %s",
		"location in [%s]",
	};
	struct e2e *t = *state;
	struct world w = world(t);

	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		for (size_t k = 0; k < ARRAY_LEN(shapes); k++) {
			const char *mark = strstr(shapes[k], "%s");
			const char *filter =
				arena_printf(t->arena, "%.*s%s%s", (int)(mark - shapes[k]),
					shapes[k], literal(t, hostile[i]), mark + 2);
			struct e2e_answer a = edge_list(t, w.root, filter, "");

			if (fits_url(hostile[i]))
				expect_status(&a, 200);
			check_nothing(&a);
		}
	}
	check_unchanged(t, &w);
}

static void filters__are_no_sql(void **state)
{
	static const char *const shapes[] = {
		"%s",
		"id = \"%s\"",
		"id = %s",
		"%s = \"x\"",
		"tags.%s = \"x\"",
		"id in [%s]",
		"false %s",
		"false sort by %s",
		"false limit %s",
		"false skip %s",
		"anyOf(%s) = \"x\"",
		"createdAt = datetime(%s)",
		"'%s' = \"x\"",
		"ipNetwork = \"%s\"",
	};
	struct e2e *t = *state;
	struct world w = world(t);

	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		for (size_t k = 0; k < ARRAY_LEN(shapes); k++) {
			const char *mark = strstr(shapes[k], "%s");
			const char *filter = arena_printf(t->arena, "%.*s%s%s",
				(int)(mark - shapes[k]), shapes[k], hostile[i], mark + 2);
			struct e2e_answer a = edge_list(t, w.root, filter, "");

			check_nothing(&a);
		}
	}
	check_unchanged(t, &w);
}

static void parameters__are_no_sql(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);

	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		const char *text = edge_encode(t, hostile[i]);
		const struct {
			const char *params;
			int status;
		} rows[] = {
			{"filter=false&sort=", 400},
			{"filter=false&sort=id%20", 400},
			{"filter=false&limit=", 400},
			{"filter=false&offset=", 400},
			{"filter=false&limit=1", 400},
			{"filter=false&", 200},
		};

		for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
			struct e2e_answer a = edge_list(t, w.root, NULL,
				arena_printf(t->arena, "%s%s", rows[k].params, text));

			if (fits_url(hostile[i]))
				expect_status(&a, rows[k].status);
			check_nothing(&a);
		}
	}
	check_unchanged(t, &w);
}

static void ids__are_only_ids(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);

	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		const char *id = edge_encode(t, hostile[i]);
		struct e2e_answer a;

		if (!fits_url(hostile[i]))
			continue;
		a = e2e_get(t, w.root, EDGE_LIST "/%s", id);
		expect_status(&a, 404);
		a = e2e_delete(t, w.root, EDGE_LIST "/%s", id);
		expect_status(&a, 404);
	}
	check_unchanged(t, &w);
}

static void headers__are_no_credentials(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);

	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		const char *session = arena_printf(t->arena, "zt-session: %s", hostile[i]);
		const char *bearer = arena_printf(t->arena, "Authorization: Bearer %s", hostile[i]);
		const char *trace = arena_printf(t->arena, "X-Request-Id: %s", hostile[i]);
		struct e2e_answer a = edge_send(t, "GET", EDGE_LIST, session, NULL);

		expect_status(&a, 401);
		a = edge_send(t, "DELETE", EDGE_LIST "/x", bearer, trace);
		expect_status(&a, 401);
	}
	check_unchanged(t, &w);
}

/* A deletion's request id and caller go to the audit: as they are, or not at all. */
static void audit__takes_no_hostile_text(void **state)
{
	struct e2e *t = *state;
	struct str root = e2e_token(t, "{\"sub\":\"it's'); DROP TABLE revocation; -- \","
				       "\"role\":\"super_admin\"}");
	struct str id = e2e_put_session(t, e2e_tenant(t, STR_NONE), STR("u"));
	struct e2e_request r = {.method = "DELETE",
		.token = root,
		.path = arena_printf(t->arena, EDGE_LIST "/%s", id.p),
		.headers = {"X-Request-Id: x'); DROP TABLE revocation; -- "}};
	struct e2e_answer a = e2e_send(t, &r);

	expect_status(&a, 200);
	expect_str(e2e_column(t, SQL("SELECT revoked_by FROM test_revocation WHERE session_id = ?"),
			   1, db_str(id)),
		STR("it's'); DROP TABLE revocation; -- "));
	assert_int_equal(
		e2e_column(t, SQL("SELECT request_id FROM test_revocation WHERE session_id = ?"), 1,
			db_str(id))
			.n,
		36);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values__are_only_values),
		cmocka_unit_test(filters__are_no_sql),
		cmocka_unit_test(parameters__are_no_sql),
		cmocka_unit_test(ids__are_only_ids),
		cmocka_unit_test(headers__are_no_credentials),
		cmocka_unit_test(audit__takes_no_hostile_text),
	};

	return cmocka_run_group_tests(tests, e2e_open, e2e_close);
}
