/* SPDX-License-Identifier: MIT
 * Following Link: rel="next" (RFC 8288) through lists of the Sessions API (schema/api.md 2.1):
 * every session once, living ones and then ended ones, while others come and go. */
#include <string.h>

#include "lib/e2e.h"

enum { LIVING = 57, ENDED = 31, PER_PAGE = 10 };

/* What stands between "<" and ">" behind the list's path; NULL where there is no next page. */
static const char *next_of(struct e2e *t, const struct e2e_answer *a, const char *list)
{
	struct str link = e2e_header(a, "Link");
	const char *end;

	if (link.p == NULL)
		return NULL;
	end = strstr(link.p, ">; rel=\"next\"");
	assert_int_equal(link.p[0], '<');
	assert_int_equal(link.p[1], '?');
	assert_non_null(end);
	return arena_printf(t->arena, "%s%.*s", list, (int)(end - link.p - 1), link.p + 1);
}

static struct e2e_tenant table(struct e2e *t)
{
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	int64_t now = e2e_now_ms(t);

	for (int i = 0; i < LIVING + ENDED; i++) {
		struct session_new s = e2e_session(t, tn, STR("u"));

		s.created_ms = now - 100000 - i % 7;
		if (i >= LIVING)
			s.revoked_ms = now - i % 5;
		e2e_put(t, &s);
	}
	return tn;
}

/* Walks by cursor; between two pages a session comes and one that was shown goes. */
static void walk(struct e2e *t, const char *list, const char *query, const char *id, size_t want,
	bool disturb, struct e2e_tenant tn)
{
	struct str root = e2e_super_admin(t);
	struct str *seen = arena_array(t->arena, want + 1, sizeof(*seen));
	const char *path = arena_printf(t->arena, "%s?per_page=%d%s", list, PER_PAGE, query);
	size_t count = 0;

	while (path != NULL) {
		struct e2e_answer a = e2e_get(t, root, "%s", path);
		struct str shown = STR_NONE;

		expect_status(&a, 200);
		for (const struct json *s = e2e_at(a.json, "data")->first; s != NULL; s = s->next) {
			shown = e2e_text(s, id);
			for (size_t i = 0; i < count; i++)
				assert_false(str_eq(seen[i], shown));
			if (count < want)
				seen[count] = shown;
			count++;
		}
		if (disturb) {
			struct e2e_answer gone;

			e2e_put_session(t, tn, STR("u"));
			gone = e2e_delete(t, root, "/api/v1/admin/sessions/%.*s", STR_FMT(shown));
			expect_status(&gone, 204);
		}
		path = next_of(t, &a, list);
	}
	assert_int_equal(count, want);
}

static void links__lead_through_every_session_once(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = table(t);
	const char *list = arena_printf(t->arena, "/api/v1/tenants/%s/sessions", tn.id.p);
	const char *audit = arena_printf(t->arena, "/api/v1/tenants/%s/audit", tn.id.p);

	walk(t, list, "", "id", LIVING, false, tn);
	walk(t, list, "&active_only=false", "id", LIVING + ENDED, false, tn);
	walk(t, list, "&user_id=u&active_only=no", "id", LIVING + ENDED, false, tn);
	walk(t, audit, "", "session_id", ENDED, false, tn);
}

static void links__are_not_shifted_by_what_comes_and_goes(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tn = table(t);
	const char *list = arena_printf(t->arena, "/api/v1/tenants/%s/sessions", tn.id.p);

	walk(t, list, "", "id", LIVING, true, tn);
}

static void foreign_cursors__are_422(void **state)
{
	static const char *const cursors[] = {"", "x", "MTIz", "MTIzLg", "LmE", "%00", "eC5h"};
	struct e2e *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(cursors); i++) {
		struct e2e_answer a = e2e_get(
			t, e2e_super_admin(t), "/api/v1/admin/sessions?cursor=%s", cursors[i]);

		expect_status(&a, 422);
		expect_str(e2e_text(a.json, "detail.0.loc.1"), STR("cursor"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links__lead_through_every_session_once),
		cmocka_unit_test(links__are_not_shifted_by_what_comes_and_goes),
		cmocka_unit_test(foreign_cursors__are_422),
	};

	return cmocka_run_group_tests(tests, e2e_open, e2e_close);
}
