/* SPDX-License-Identifier: MIT
 * The access matrix, cell by cell, written a second time from schema/api.md 3.3. Touches nothing.
 * The surprise: the wants are words of one letter per access, in the order of the enum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "auth/policy.h"

enum {
	R = SCOPE_ADMIN_READ,
	W = SCOPE_ADMIN_WRITE,
	S = SCOPE_SESSIONS_WRITE,
	I = SCOPE_SESSIONS_INTROSPECT,
	ANY = R | W | S
};

static const struct row {
	const char *name;
	struct principal who;
	const char *want; /* a letter per access: - none, a all, p partner, t tenant, o own */
} rows[] = {
	/* public, optional, platform read/write, tenant read/write, me, edge read/write, ingest,
	   introspect */
	{"super admin", {.kind = PRINCIPAL_SUPER_ADMIN}, "ooaaaaoaa--"},
	{"super admin, scopes", {.kind = PRINCIPAL_SUPER_ADMIN, .scopes = R | W}, "ooaaaaoaa--"},
	{"super admin, ingest, no tenant", {.kind = PRINCIPAL_SUPER_ADMIN, .scopes = S},
		"ooaaaaoaa--"},
	{"super admin, ingest, tenant",
		{.kind = PRINCIPAL_SUPER_ADMIN, .scopes = S, .tenant_id = {"t", 1}}, "ooaaaaoaatt"},
	{"super admin, ingest, platform",
		{.kind = PRINCIPAL_SUPER_ADMIN, .scopes = S, .platform_token = true},
		"ooaaaaoaaaa"},

	{"service, nothing", {.kind = PRINCIPAL_SERVICE, .platform_token = true}, "oo---------"},
	{"service, read", {.kind = PRINCIPAL_SERVICE, .platform_token = true, .scopes = R},
		"ooa-a--a---"},
	{"service, write", {.kind = PRINCIPAL_SERVICE, .platform_token = true, .scopes = W},
		"oo-a-a--a--"},
	{"service, sessions", {.kind = PRINCIPAL_SERVICE, .platform_token = true, .scopes = S},
		"oo-------aa"},
	{"service, introspect", {.kind = PRINCIPAL_SERVICE, .platform_token = true, .scopes = I},
		"oo--------a"},
	{"user, introspect, tenant", {.kind = PRINCIPAL_USER, .scopes = I, .tenant_id = {"t", 1}},
		"oo----o---t"},
	{"user, introspect", {.kind = PRINCIPAL_USER, .scopes = I}, "oo----o----"},
	{"service, all", {.kind = PRINCIPAL_SERVICE, .platform_token = true, .scopes = ANY},
		"ooaaaa-aaaa"},

	{"partner admin", {.kind = PRINCIPAL_PARTNER_ADMIN, .partner_id = {"p", 1}}, "ooppppo----"},
	{"partner admin, scopes",
		{.kind = PRINCIPAL_PARTNER_ADMIN, .partner_id = {"p", 1}, .scopes = ANY},
		"ooppppo----"},
	{"partner admin without partner",
		{.kind = PRINCIPAL_PARTNER_ADMIN, .tenant_id = {"t", 1}, .scopes = R | W},
		"oo----o----"},
	{"partner admin, empty partner", {.kind = PRINCIPAL_PARTNER_ADMIN, .partner_id = {"", 0}},
		"oo----o----"},

	{"tenant admin", {.kind = PRINCIPAL_TENANT_ADMIN, .tenant_id = {"t", 1}}, "oo--tto----"},
	{"tenant admin, scopes",
		{.kind = PRINCIPAL_TENANT_ADMIN, .tenant_id = {"t", 1}, .scopes = ANY},
		"oo--tto--tt"},
	{"tenant admin without tenant",
		{.kind = PRINCIPAL_TENANT_ADMIN, .partner_id = {"p", 1}, .scopes = ANY},
		"oo----o----"},

	{"user", {.kind = PRINCIPAL_USER, .tenant_id = {"t", 1}, .partner_id = {"p", 1}},
		"oo----o----"},
	{"user, scopes", {.kind = PRINCIPAL_USER, .scopes = ANY}, "oo----o----"},
	{"user, scopes, tenant", {.kind = PRINCIPAL_USER, .scopes = ANY, .tenant_id = {"t", 1}},
		"oo----o--tt"},
	{"user, platform, sessions",
		{.kind = PRINCIPAL_USER,
			.scopes = S,
			.platform_token = true,
			.tenant_id = {"t", 1}},
		"oo----o--aa"},
	{"user, platform, no scope", {.kind = PRINCIPAL_USER, .platform_token = true},
		"oo----o----"},
};

static void every_cell__is_as_documented(void **state)
{
	static const char letters[] = {
		[REACH_NONE] = '-',
		[REACH_ALL] = 'a',
		[REACH_PARTNER] = 'p',
		[REACH_TENANT] = 't',
		[REACH_OWN] = 'o',
	};
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char got[ACCESS__COUNT + 1] = "";

		for (int access = 0; access < ACCESS__COUNT; access++)
			got[access] = letters[policy_reach(&rows[i].who, (enum access)access)];
		if (strcmp(got, rows[i].want)) {
			print_error("%s: got %s, want %s\n", rows[i].name, got, rows[i].want);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void public_endpoint__needs_no_principal(void **state)
{
	(void)state;
	assert_int_equal(policy_reach(NULL, ACCESS_PUBLIC), REACH_OWN);
}

static void refusal__says_what_is_wanted(void **state)
{
	static const struct {
		struct principal who;
		enum access access;
		const char *want;
	} cases[] = {
		{{.kind = PRINCIPAL_USER}, ACCESS_PLATFORM_READ,
			"the role super_admin or partner_admin"},
		{{.kind = PRINCIPAL_TENANT_ADMIN, .tenant_id = {"t", 1}}, ACCESS_EDGE_READ,
			"the role super_admin"},
		{{.kind = PRINCIPAL_TENANT_ADMIN}, ACCESS_TENANT_READ, "the claim tenant_id"},
		{{.kind = PRINCIPAL_PARTNER_ADMIN}, ACCESS_TENANT_READ, "the claim partner_id"},
		{{.kind = PRINCIPAL_SERVICE, .scopes = SCOPE_ADMIN_READ}, ACCESS_PLATFORM_WRITE,
			"the scope admin:write"},
		{{.kind = PRINCIPAL_SERVICE}, ACCESS_EDGE_READ, "the scope admin:read"},
		{{.kind = PRINCIPAL_SERVICE, .scopes = 7}, ACCESS_ME,
			"the token of a person, without platform_token"},
		{{.kind = PRINCIPAL_USER}, ACCESS_INGEST, "the scope sessions:write"},
		{{.kind = PRINCIPAL_USER, .scopes = SCOPE_SESSIONS_WRITE}, ACCESS_INGEST,
			"the claim tenant_id, or platform_token"},
		{{.kind = PRINCIPAL_USER}, ACCESS_INTROSPECT,
			"the scope sessions:introspect or sessions:write"},
		{{.kind = PRINCIPAL_USER, .scopes = SCOPE_SESSIONS_INTROSPECT}, ACCESS_INGEST,
			"the scope sessions:write"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(policy_reach(&cases[i].who, cases[i].access), REACH_NONE);
		assert_string_equal(policy_wants(&cases[i].who, cases[i].access), cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell__is_as_documented),
		cmocka_unit_test(public_endpoint__needs_no_principal),
		cmocka_unit_test(refusal__says_what_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
