/* SPDX-License-Identifier: MIT
 * Query parameters of the Sessions API: one table and one reader. The messages are those of
 * Pydantic 2 (schema/api.md 2.2). */
#include "params.h"

#include "base/buf.h"
#include "base/limits.h"
#include "call/body.h"

enum param_type { PARAM_INT, PARAM_BOOL, PARAM_TEXT };

struct param_spec {
	const char *name;
	enum param_type type;
	int64_t preset, min, max;
	const char *too_small, *too_large;
};

static const struct param_spec specs[PARAM__COUNT] = {
	[PARAM_PAGE] = {"page", PARAM_INT, 1, 1, INT64_MAX,
		"Input should be greater than or equal to 1", ""},
	[PARAM_PER_PAGE] = {"per_page", PARAM_INT, PAGE_DEFAULT, 1, PAGE_MAX,
		"Input should be greater than or equal to 1",
		"Input should be less than or equal to " LIMIT_TEXT(PAGE_MAX)},
	[PARAM_ACTIVE_ONLY] = {"active_only", PARAM_BOOL, 1, 0, 0, "", ""},
	[PARAM_USER_ID] = {"user_id", PARAM_TEXT, 0, 0, 0, "", ""},
	[PARAM_TENANT_ID] = {"tenant_id", PARAM_TEXT, 0, 0, 0, "", ""},
	[PARAM_PARTNER_ID] = {"partner_id", PARAM_TEXT, 0, 0, 0, "", ""},
	[PARAM_CURSOR] = {"cursor", PARAM_TEXT, 0, 0, 0, "", ""},
};

static bool is_digit(struct str s, size_t i)
{
	return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

/* What Pydantic also takes for an integer, without its ornaments: "1_000", "20.00". */
static struct str plain_integer(struct arena *a, struct str text)
{
	struct str s = str_trim(text);
	size_t zeros = 0;
	struct buf b;

	while (zeros < s.n && s.p[s.n - zeros - 1] == '0')
		zeros++;
	if (zeros > 0 && zeros < s.n && s.p[s.n - zeros - 1] == '.')
		s.n -= zeros + 1;
	buf_init(&b, a);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '_' || i == 0 || !is_digit(s, i - 1) || !is_digit(s, i + 1))
			buf_char(&b, s.p[i]);
	return buf_view(&b);
}

static void read_int(struct faults *f, const struct param_spec *spec, struct str text, int64_t *out)
{
	switch (str_to_i64(plain_integer(f->arena, text), out)) {
	case STR_INT_SYNTAX:
		fault_add(f, "query", spec->name, -1, "int_parsing",
			"Input should be a valid integer, unable to parse string as an integer");
		return;
	case STR_INT_RANGE:
		fault_add(f, "query", spec->name, -1, "int_parsing_size",
			"Unable to parse input string as an integer, exceeded maximum size");
		return;
	case STR_INT_OK:
		break;
	}
	if (*out < spec->min)
		fault_add(f, "query", spec->name, -1, "greater_than_equal", spec->too_small);
	else if (*out > spec->max)
		fault_add(f, "query", spec->name, -1, "less_than_equal", spec->too_large);
}

static void read_bool(
	struct faults *f, const struct param_spec *spec, struct str text, int64_t *out)
{
	bool value;

	if (bool_from_text(text, &value))
		*out = value;
	else
		fault_add(f, "query", spec->name, -1, "bool_parsing",
			"Input should be a valid boolean, unable to interpret input");
}

enum err call_read_params(struct call *c)
{
	for (size_t i = 0; i < PARAM__COUNT; i++) {
		const struct param_spec *spec = &specs[i];
		struct str text = STR_NONE;

		c->params[i].i = spec->preset;
		if ((c->route->params & 1u << i) != 0)
			text = http_form_last(c->arena, c->req.query, spec->name);
		if (text.p == NULL)
			continue;
		switch (spec->type) {
		case PARAM_INT:
			read_int(&c->faults, spec, text, &c->params[i].i);
			break;
		case PARAM_BOOL:
			read_bool(&c->faults, spec, text, &c->params[i].i);
			break;
		case PARAM_TEXT:
			c->params[i].s = str_to_utf8(c->arena, text);
			break;
		}
	}
	return c->faults.count > 0 ? ERR_INVALID : ERR_OK;
}
