/* SPDX-License-Identifier: MIT
 * Members of a JSON body, typed, with Pydantic 2's faults (schema/api.md 2.2). Touches nothing but
 * the fault list. */
#include "call/body.h"

#include <stdio.h>

bool bool_from_text(struct str text, bool *out)
{
	static const struct {
		const char *text;
		bool value;
	} words[] = {
		{"true", true},
		{"1", true},
		{"yes", true},
		{"on", true},
		{"t", true},
		{"y", true},
		{"false", false},
		{"0", false},
		{"no", false},
		{"off", false},
		{"f", false},
		{"n", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_eq_nocase(text, str_from(words[i].text))) {
			*out = words[i].value;
			return true;
		}
	}
	return false;
}

/* The member, or NULL (after a fault where it is required). JSON null is absence for what is
 * optional. */
static const struct json *find(
	struct faults *f, const struct json *body, const char *name, enum body_need need)
{
	const struct json *v = json_member(body, name);

	if (v == NULL && need == BODY_REQUIRED)
		fault_add(f, "body", name, -1, "missing", "Field required");
	if (v != NULL && v->type == JSON_NULL && need != BODY_REQUIRED)
		return NULL;
	return v;
}

static bool check_string(struct faults *f, const char *name, int64_t index, const struct json *v)
{
	if (v->type != JSON_STRING)
		fault_add(f, "body", name, index, "string_type", "Input should be a valid string");
	return v->type == JSON_STRING;
}

static bool check_text(
	struct faults *f, const char *name, int64_t index, const struct json *v, size_t max_bytes)
{
	if (!check_string(f, name, index, v))
		return false;
	if (v->text.n > max_bytes) {
		fault_add(f, "body", name, index, "string_too_long",
			arena_printf(f->arena, "String should have at most %zu bytes", max_bytes));
		return false;
	}
	if (memchr(v->text.p, '\0', v->text.n) != NULL) {
		fault_add(f, "body", name, index, "value_error",
			"Value error, a NUL character is not allowed");
		return false;
	}
	return true;
}

void body_str(struct faults *f, const struct json *body, const char *name, enum body_need need,
	size_t max_bytes, struct str *out)
{
	const struct json *v = find(f, body, name, need);

	if (v == NULL || !check_text(f, name, -1, v, max_bytes))
		return;
	if (need != BODY_OPTIONAL && v->text.n == 0) {
		fault_add(f, "body", name, -1, "string_too_short",
			"String should have at least 1 character");
		return;
	}
	*out = v->text;
}

#define BOOL_TYPE "Input should be a valid boolean"

/* Of 64 bits; Pydantic tries no other number. */
static bool is_whole(double d)
{
	/* cppcheck-suppress incorrectLogicOperator; it cannot read hexadecimal exponents */
	return d >= -0x1p63 && d < 0x1p63 && d == (double)(int64_t)d;
}

void body_bool(struct faults *f, const struct json *body, const char *name, bool *out)
{
	const struct json *v = json_member(body, name);
	bool parsed = true;

	if (v == NULL)
		return;
	switch (v->type) {
	case JSON_BOOL:
		*out = v->boolean;
		return;
	case JSON_INT:
	case JSON_DOUBLE:
		if (!is_whole(v->number)) {
			fault_add(f, "body", name, -1, "bool_type", BOOL_TYPE);
			return;
		}
		parsed = v->number == 0 || v->number == 1;
		if (parsed)
			*out = v->number == 1;
		break;
	case JSON_STRING:
		parsed = bool_from_text(v->text, out);
		break;
	case JSON_NULL:
	case JSON_ARRAY:
	case JSON_OBJECT:
		fault_add(f, "body", name, -1, "bool_type", BOOL_TYPE);
		return;
	}
	if (!parsed)
		fault_add(f, "body", name, -1, "bool_parsing",
			"Input should be a valid boolean, unable to interpret input");
}

void body_i64(struct faults *f, const struct json *body, const char *name, int64_t min, int64_t max,
	int64_t *out)
{
	const struct json *v = find(f, body, name, BODY_OPTIONAL);

	if (v == NULL)
		return;
	if (v->type != JSON_INT) {
		fault_add(f, "body", name, -1, "int_type", "Input should be a valid integer");
	} else if (v->integer < min) {
		fault_add(f, "body", name, -1, "greater_than_equal",
			arena_printf(f->arena, "Input should be greater than or equal to %lld",
				(long long)min));
	} else if (v->integer > max) {
		fault_add(f, "body", name, -1, "less_than_equal",
			arena_printf(f->arena, "Input should be less than or equal to %lld",
				(long long)max));
	} else {
		*out = v->integer;
	}
}

void body_time(struct faults *f, const struct json *body, const char *name, int64_t *out_ms)
{
	const struct json *v = find(f, body, name, BODY_OPTIONAL);

	if (v == NULL)
		return;
	if (v->type != JSON_STRING)
		fault_add(f, "body", name, -1, "datetime_type", "Input should be a valid datetime");
	else if (!clock_parse(v->text, out_ms, NULL))
		fault_add(f, "body", name, -1, "datetime_parsing",
			"Input should be a valid datetime, RFC 3339 with an offset");
}

void body_instant(struct faults *f, const struct json *body, const char *name, int64_t *out_ms)
{
	int64_t seconds = INT64_MIN;
	const struct json *v = json_member(body, name);

	if (v == NULL || v->type != JSON_INT) {
		body_time(f, body, name, out_ms);
		return;
	}
	body_i64(f, body, name, 0, INT64_MAX / 1000, &seconds);
	if (seconds != INT64_MIN)
		*out_ms = seconds * 1000;
}

static const struct json *find_list(struct faults *f, const struct json *body, const char *name)
{
	const struct json *v = find(f, body, name, BODY_OPTIONAL);

	if (v == NULL || v->type == JSON_ARRAY)
		return v;
	fault_add(f, "body", name, -1, "list_type", "Input should be a valid list");
	return NULL;
}

void body_id_list(
	struct faults *f, const struct json *body, const char *name, const struct json **out)
{
	const struct json *v = find_list(f, body, name);
	int64_t index = 0;

	if (v == NULL)
		return;
	for (const struct json *e = v->first; e != NULL; e = e->next)
		check_string(f, name, index++, e);
	*out = v;
}

void body_str_list(struct faults *f, const struct json *body, const char *name, size_t max_count,
	size_t max_bytes, const struct json **out)
{
	const struct json *v = find_list(f, body, name);
	int64_t index = 0;

	if (v == NULL)
		return;
	if (v->count > max_count) {
		fault_add(f, "body", name, -1, "too_long",
			arena_printf(f->arena, "List should have at most %zu items", max_count));
		return;
	}
	for (const struct json *e = v->first; e != NULL; e = e->next)
		check_text(f, name, index++, e, max_bytes);
	*out = v;
}

void body_value_error(struct faults *f, const char *msg)
{
	fault_add(f, "body", NULL, -1, "value_error", msg);
}
