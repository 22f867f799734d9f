/* SPDX-License-Identifier: MIT
 * What the commands share. Not in main.c, so that tests can call a command alone. */
#include "admin.h"

#include <stdio.h>
#include <string.h>

#define DURATION_MAX_S INT64_C(3155760000)

int admin_failed(const struct admin *adm, const char *command, enum err err)
{
	fprintf(stderr, "rollcall-admin %s: %s: %s\n", command, err_text(err),
		db_error_text(adm->db));
	return 1;
}

bool admin_duration(const char *text, int64_t *seconds)
{
	static const char units[] = "smhd";
	static const int64_t unit_s[] = {1, 60, 3600, 86400};
	struct str s = str_from(text);
	const char *unit = s.n > 1 ? strchr(units, s.p[s.n - 1]) : NULL;
	int64_t n;

	if (unit == NULL || s.p[0] < '0' || s.p[0] > '9')
		return false;
	s.n--;
	if (str_to_i64(s, &n) != STR_INT_OK || n < 1 || n > DURATION_MAX_S / unit_s[unit - units])
		return false;
	*seconds = n * unit_s[unit - units];
	return true;
}
