/* SPDX-License-Identifier: MIT
 * Locations of registered sessions from a MaxMind database (ROLLCALL_GEO_FILE), on a stack of its
 * own whose database file lib/mmdb_make.h writes. */
/* e2e: once, no-valgrind */
#include <stdio.h>

#include "lib/e2e.h"
#include "lib/mmdb_make.h"
#include "lib/stack.h"

static struct stack own;

static int setup(void **state)
{
	static const char *const settings[] = {"WORKERS=2", "ROLLCALL_GEO_FILE=@/geo.mmdb", NULL};
	char geo_file[300];

	stack_make(&own);
	snprintf(geo_file, sizeof(geo_file), "%s/geo.mmdb", own.dir);
	mmdb_make_sample(geo_file);
	stack_up(&own, settings);
	return e2e_open(state);
}

static void location__is_looked_up_unless_given(void **state)
{
	static const struct {
		const char *more, *want;
	} rows[] = {
		{",\"ip_address\":\"203.0.113.7\"", "Lisbon, Portugal"},
		{",\"ip_address\":\"::ffff:203.0.113.7\"", "Lisbon, Portugal"},
		{",\"ip_address\":\"2001:db8::1\"", "Lisbon, Portugal"},
		{",\"ip_address\":\"2001:db8:5::1\"", "São Paulo, Brazil"},
		{",\"ip_address\":\"198.51.100.1\"", "Norway"},
		{",\"ip_address\":\"192.0.2.1\"", NULL},
		{",\"ip_address\":\"127.0.0.1\"", NULL},
		{"", NULL},
		{",\"ip_address\":\"203.0.113.7\",\"location\":\"Home\"", "Home"},
		{",\"location\":\"Home\"", "Home"},
	};
	struct e2e *t = *state;
	struct e2e_tenant tn = e2e_tenant(t, STR_NONE);
	struct str service = e2e_token(t,
		"{\"sub\":\"svc\",\"tenant_id\":\"%s\","
		"\"scope\":\"sessions:write\"}",
		tn.id.p);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_answer a = e2e_post(t, service,
			arena_printf(t->arena, "{\"tenant_id\":\"%s\",\"user_id\":\"u\"%s}",
				tn.id.p, rows[i].more),
			"/api/v1/sessions");

		a.what = rows[i].more;
		expect_status(&a, 201);
		if (rows[i].want == NULL)
			assert_true(e2e_is_null(a.json, "data.location"));
		else
			expect_str(e2e_text(a.json, "data.location"), str_from(rows[i].want));
	}
}

static int teardown(void **state)
{
	int bad = e2e_close(state);

	stack_down(&own);
	return bad;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(location__is_looked_up_unless_given),
	};

	return cmocka_run_group_tests_name("Locations", tests, setup, teardown);
}
