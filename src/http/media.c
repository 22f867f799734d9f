/* SPDX-License-Identifier: MIT
 * Media types in Content-Type and Accept (RFC 9110 sections 8.3.1 and 12.5.1), as far as a JSON
 * service needs them. Declared in http/request.h. Parameters other than q are skipped, so that an
 * Accept of "application/json; v=2" is served. */
#include "http/request.h"

/* Takes the part before the next `sep`, outside quoted strings, off the front of *rest. */
static bool split_unquoted(struct str *rest, char sep, struct str *part)
{
	bool quoted = false;
	size_t i;

	if (rest->p == NULL)
		return false;
	for (i = 0; i < rest->n && (quoted || rest->p[i] != sep); i++) {
		if (rest->p[i] == '"')
			quoted = !quoted;
		else if (quoted && rest->p[i] == '\\' && i + 1 < rest->n)
			i++;
	}
	*part = (struct str){rest->p, i};
	*rest = i < rest->n ? (struct str){rest->p + i + 1, rest->n - i - 1} : STR_NONE;
	return true;
}

static struct str essence(struct str media_type)
{
	struct str part;

	return split_unquoted(&media_type, ';', &part) ? str_trim(part) : STR("");
}

bool http_is_json(struct str content_type)
{
	const struct str before = STR("application/"), after = STR("+json");
	struct str type = essence(content_type);

	if (str_eq_nocase(type, STR("application/json")))
		return true;
	return type.n > before.n + after.n &&
	       str_eq_nocase((struct str){type.p, before.n}, before) &&
	       str_eq_nocase((struct str){type.p + type.n - after.n, after.n}, after);
}

bool http_is_form(struct str content_type)
{
	return str_eq_nocase(essence(content_type), STR("application/x-www-form-urlencoded"));
}

/* Whether q is "0", "0." or "0.000". */
static bool is_zero(struct str q)
{
	if (q.n == 0 || q.p[0] != '0' || (q.n > 1 && q.p[1] != '.'))
		return false;
	for (size_t i = 2; i < q.n; i++)
		if (q.p[i] != '0')
			return false;
	return true;
}

/* Whether the parameter q of a range is more than 0. Without a q, or with one that is not a number,
 * it is. */
static bool is_wanted(struct str params)
{
	struct str param, name;

	while (split_unquoted(&params, ';', &param)) {
		param = str_trim(param);
		if (str_split(&param, '=', &name) && str_eq_nocase(str_trim(name), STR("q")))
			return !is_zero(str_trim(param));
	}
	return true;
}

bool http_accepts_json(struct str accept)
{
	static const char *const ranges[] = {"*/*", "application/*", "application/json"};
	struct str range, type;
	size_t best = 0; /* 1 + index of the most specific range that matched */
	bool wanted = true, any = false;

	while (split_unquoted(&accept, ',', &range)) {
		any = any || str_trim(range).n > 0;
		if (!split_unquoted(&range, ';', &type))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
			if (!str_eq_nocase(str_trim(type), str_from(ranges[i])) || i + 1 < best)
				continue;
			wanted = is_wanted(range) || (i + 1 == best && wanted);
			best = i + 1;
		}
	}
	return best > 0 ? wanted : !any;
}
