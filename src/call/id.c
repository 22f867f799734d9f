/* SPDX-License-Identifier: MIT
 * See call/id.h. */
#include "call/id.h"

#include "base/macros.h"

bool id_is_reserved(struct str id)
{
	static const char *const words[] = {"stats", "users", "revoke-all", "revoke-by-filter",
		"introspect", "revoke", ".", ".."};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq(id, str_from(words[i])))
			return true;
	return false;
}

bool id_is_carried(struct str id)
{
	for (size_t i = 0; i < id.n; i++)
		if ((unsigned char)id.p[i] < ' ' || id.p[i] == 0x7f)
			return false;
	return id.n == 0 || (id.p[0] != ' ' && id.p[id.n - 1] != ' ');
}
