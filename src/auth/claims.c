/* SPDX-License-Identifier: MIT
 * Header and claims of a JWT; see claims.h. */
#include "claims.h"

#include "base/clock.h"
#include "base/limits.h"
#include "json/reader.h"

/* The calendar in seconds. Times outside are clamped to it, so that no addition to a claim
 * overflows. */
static const int64_t second_first = CLOCK_FIRST_MS / 1000, second_last = CLOCK_LAST_MS / 1000;

static enum err refuse(const char **why, const char *text)
{
	*why = text;
	return ERR_UNAUTHORIZED;
}

/* Header */

/* A text member of the header; STR_NONE if absent. */
MUST_CHECK static enum err header_text(const struct json *header, const char *name, struct str *out)
{
	const struct json *member = json_member(header, name);

	*out = member != NULL ? member->text : STR_NONE;
	return member == NULL || member->type == JSON_STRING ? ERR_OK : ERR_INVALID;
}

/* All other members of a header are ignored, also keys and addresses of keys. */
enum err claims_header(struct arena *a, struct str token, struct jwt_header *out, const char **why)
{
	struct str rest = token, part, text;
	struct json *header;
	size_t at;

	if (!str_split(&rest, '.', &part) || part.n == 0)
		return refuse(why, "malformed token");
	text = str_base64url_decode(a, part);
	if (text.p == NULL || json_parse(a, text, &header, &at) || header->type != JSON_OBJECT)
		return refuse(why, "malformed token");
	if (json_member(header, "crit") != NULL)
		return refuse(why, "critical header not understood");
	if (header_text(header, "alg", &out->alg) != ERR_OK || out->alg.p == NULL ||
		header_text(header, "kid", &out->kid) != ERR_OK ||
		header_text(header, "typ", &out->typ) != ERR_OK)
		return refuse(why, "malformed token");
	return ERR_OK;
}

bool claims_is_type(struct str typ, const char *name)
{
	const struct str prefix = STR("application/");

	if (typ.n > prefix.n && str_eq_nocase((struct str){typ.p, prefix.n}, prefix))
		typ = (struct str){typ.p + prefix.n, typ.n - prefix.n};
	return typ.p != NULL && str_eq_nocase(typ, str_from(name));
}

/* Claims */

enum err claims_parse(struct arena *a, struct str payload, const char **why, struct claims *out)
{
	struct json *tree;
	size_t at;

	if (json_parse(a, payload, &tree, &at) != ERR_OK || tree->type != JSON_OBJECT)
		return refuse(why, "claims are not a JSON object");
	*out = (struct claims){a, tree, why};
	return ERR_OK;
}

enum err claims_refuse(const struct claims *c, const char *name, const char *what)
{
	*c->why = arena_printf(c->arena, "claim %s %s", name, what);
	return ERR_UNAUTHORIZED;
}

const struct json *claims_find(const struct claims *c, const char *name)
{
	const struct json *v = json_member(c->tree, name);

	return v != NULL && v->type != JSON_NULL ? v : NULL;
}

enum err claims_time(const struct claims *c, const char *name, int64_t absent, int64_t *out)
{
	const struct json *v = claims_find(c, name);

	*out = absent;
	if (v == NULL)
		return ERR_OK;
	if (v->type != JSON_INT && v->type != JSON_DOUBLE)
		return claims_refuse(c, name, "is not a number");
	if (!(v->number > (double)second_first))
		*out = second_first * 1000;
	else if (v->number >= (double)second_last)
		*out = second_last * 1000;
	else if (v->type == JSON_INT)
		*out = v->integer * 1000;
	else
		*out = (int64_t)(v->number * 1000.0);
	return ERR_OK;
}

/* A control character would be lost in a header, a log line or an application, and the rest of the
 * name could be another name. C0, DEL, and C1 in UTF-8. */
static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == 0x7f ||
			(c == 0xc2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xa0))
			return true;
	}
	return false;
}

enum err claims_id(const struct claims *c, const char *name, struct str *out)
{
	const struct json *v = claims_find(c, name);

	*out = STR_NONE;
	if (v == NULL)
		return ERR_OK;
	if (v->type != JSON_STRING)
		return claims_refuse(c, name, "is not a string");
	if (v->text.n == 0)
		return claims_refuse(c, name, "is empty");
	if (v->text.n > LIMIT_ID_BYTES)
		return claims_refuse(c, name, "is too long");
	if (has_control(v->text))
		return claims_refuse(c, name, "holds a control character");
	*out = v->text;
	return ERR_OK;
}
