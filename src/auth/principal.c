/* SPDX-License-Identifier: MIT
 * The names of the kinds of principals. */
#include "auth/principal.h"

static const struct {
	const char *role, *text;
} kinds[PRINCIPAL__COUNT] = {
	[PRINCIPAL_USER] = {NULL, "user"},
	[PRINCIPAL_TENANT_ADMIN] = {"tenant_admin", "tenant_admin"},
	[PRINCIPAL_PARTNER_ADMIN] = {"partner_admin", "partner_admin"},
	[PRINCIPAL_SUPER_ADMIN] = {"super_admin", "super_admin"},
	[PRINCIPAL_SERVICE] = {NULL, "service"},
};

const char *principal_role(enum principal_kind kind)
{
	return kinds[kind].role;
}

const char *principal_kind_text(enum principal_kind kind)
{
	return kinds[kind].text;
}

enum principal_kind principal_of_role(struct str role)
{
	for (enum principal_kind kind = PRINCIPAL_USER; kind < PRINCIPAL__COUNT; kind++)
		if (kinds[kind].role != NULL && str_eq(role, str_from(kinds[kind].role)))
			return kind;
	return PRINCIPAL_USER;
}
