/* SPDX-License-Identifier: MIT
 * Reads one row of an import from text into what the model writes. Works in memory only. A CSV row
 * becomes the JSON object that would be the body of a registration, so that api/registration.h
 * checks both formats and the API by the same rules.
 *
 * An unknown name is an error unless the operator allows it, because a misspelt revoked_at would
 * make ended sessions active. */
#include "api/registration.h"

#include <assert.h>

#include "auth/digest.h"
#include "base/buf.h"
#include "base/limits.h"
#include "import_parts.h"

enum cell { CELL_TEXT, CELL_NUMBER, CELL_JSON };

static const struct {
	const char *name;
	enum cell cell;
} columns[] = {
	{"id", CELL_TEXT},
	{"tenant_id", CELL_TEXT},
	{"user_id", CELL_TEXT},
	{"partner_id", CELL_TEXT},
	{"user_email", CELL_TEXT},
	{"user_display_name", CELL_TEXT},
	{"is_admin", CELL_TEXT},
	{"token", CELL_TEXT},
	{"token_sha256", CELL_TEXT},
	{"ip_address", CELL_TEXT},
	{"user_agent", CELL_TEXT},
	{"device_type", CELL_TEXT},
	{"location", CELL_TEXT},
	{"created_at", CELL_TEXT},
	{"last_activity_at", CELL_TEXT},
	{"expires_at", CELL_TEXT},
	{"expires_in", CELL_NUMBER},
	{"revoked_at", CELL_TEXT},
	{"revoked_by", CELL_TEXT},
	{"role", CELL_TEXT},
	{"revoke_reason", CELL_TEXT},
	{"authenticator_id", CELL_TEXT},
	{"is_mfa_required", CELL_TEXT},
	{"is_mfa_complete", CELL_TEXT},
	{"tags", CELL_JSON},
	{"config_types", CELL_JSON},
	{"auth_time", CELL_TEXT},
	{"acr", CELL_TEXT},
	{"amr", CELL_JSON},
	{"idp_issuer", CELL_TEXT},
	{"idp_session_id", CELL_TEXT},
};

/* The first columns are required: without them a session cannot be made or found. */
#define REQUIRED_COLUMNS 3

static_assert(ARRAY_LEN(columns) <= IMPORT_COLUMNS_MAX, "a file may have every column");

static int find_column(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		if (str_eq(name, str_from(columns[i].name)))
			return (int)i;
	return -1;
}

const char *import_header(struct import_rules *rules, struct arena *a, struct str text)
{
	struct str names[IMPORT_COLUMNS_MAX];
	bool seen[ARRAY_LEN(columns)] = {false};
	const char *why =
		records_split_csv(a, text, names, IMPORT_COLUMNS_MAX, &rules->column_count);

	if (why != NULL)
		return "is no list of column names";
	for (size_t i = 0; i < rules->column_count; i++) {
		int c = find_column(str_trim(names[i]));

		rules->columns[i] = c;
		if (c < 0 && !rules->ignore_unknown)
			return arena_printf(a,
				"names an unknown column, \"%.*s\" "
				"(--ignore-unknown leaves it out)",
				STR_FMT(names[i]));
		if (c >= 0 && seen[c])
			return arena_printf(a, "names %s twice", columns[c].name);
		if (c >= 0)
			seen[c] = true;
	}
	for (size_t i = 0; i < REQUIRED_COLUMNS; i++)
		if (!seen[i])
			return arena_printf(a, "lacks the column %s", columns[i].name);
	return NULL;
}

/* The JSON value of a field; NULL if the field has to be JSON and is not. */
static struct json *value_of(struct arena *a, enum cell cell, struct str field)
{
	struct json *v = arena_zalloc(a, sizeof(*v));
	size_t at;

	v->type = JSON_STRING;
	v->text = field;
	if (cell == CELL_NUMBER && str_to_i64(field, &v->integer) == STR_INT_OK)
		v->type = JSON_INT;
	if (cell == CELL_JSON && json_parse(a, field, &v, &at) != ERR_OK)
		return NULL;
	return v;
}

/* Empty fields are absent members. */
static struct json *object_of(const struct import_rules *rules, struct faults *f, struct str text)
{
	struct json *obj = arena_zalloc(f->arena, sizeof(*obj)), **tail = &obj->first;
	struct str fields[IMPORT_COLUMNS_MAX];
	size_t count;
	const char *why;

	obj->type = JSON_OBJECT;
	why = records_split_csv(f->arena, text, fields, rules->column_count, &count);
	if (why == NULL && count < rules->column_count)
		why = "has fewer fields than the header";
	if (why == NULL && !str_is_utf8(text))
		why = "is not UTF-8";
	if (why != NULL) {
		fault_add(f, "row", NULL, -1, "csv_invalid", why);
		return obj;
	}
	for (size_t i = 0; i < count; i++) {
		int c = rules->columns[i];
		struct json *v;

		if (c < 0 || fields[i].n == 0)
			continue;
		v = value_of(f->arena, columns[c].cell, fields[i]);
		if (v == NULL) {
			fault_add(f, "body", columns[c].name, -1, "json_invalid",
				"JSON decode error");
			continue;
		}
		v->key = str_from(columns[c].name);
		*tail = v;
		tail = &v->next;
		obj->count++;
	}
	return obj;
}

static const struct json *object_from_json(
	const struct import_rules *rules, struct faults *f, struct str text)
{
	struct json *obj;
	size_t at;

	if (json_parse(f->arena, text, &obj, &at) != ERR_OK) {
		fault_add(f, "row", NULL, -1, "json_invalid",
			arena_printf(f->arena, "is not JSON (at byte %zu)", at + 1));
		return NULL;
	}
	if (obj->type != JSON_OBJECT) {
		fault_add(f, "row", NULL, -1, "json_invalid", "is not a JSON object");
		return NULL;
	}
	for (const struct json *m = obj->first; m != NULL && !rules->ignore_unknown; m = m->next)
		if (find_column(m->key) < 0)
			fault_add(f, "body", m->key.p, -1, "extra_forbidden",
				"unknown member (--ignore-unknown leaves it out)");
	return obj;
}

static bool from_hex(struct str hex, unsigned char out[DIGEST_BYTES])
{
	if (hex.n != 2 * DIGEST_BYTES)
		return false;
	for (size_t i = 0; i < hex.n; i++) {
		int v = str_hex_value(hex.p[i]);

		if (v < 0)
			return false;
		out[i / 2] = (unsigned char)(i % 2 == 0 ? v << 4 : out[i / 2] | v);
	}
	return true;
}

static void read_token(struct faults *f, const struct json *body, struct session_new *s)
{
	unsigned char *digest = arena_alloc(f->arena, DIGEST_BYTES);
	struct str token = STR_NONE, hex = STR_NONE;

	body_str(f, body, "token", BODY_OPTIONAL, LIMIT_TOKEN_BYTES, &token);
	body_str(f, body, "token_sha256", BODY_OPTIONAL, LIMIT_TOKEN_BYTES, &hex);
	if (token.p == NULL && hex.p == NULL)
		return;
	if (token.p != NULL && hex.p != NULL)
		fault_add(f, "body", "token", -1, "value_error", "excludes token_sha256");
	else if (token.p != NULL && token.n < TOKEN_LEAST_BYTES)
		fault_add(f, "body", "token", -1, "string_too_short",
			"String should have at least " LIMIT_TEXT(TOKEN_LEAST_BYTES) " characters");
	else if (token.p != NULL)
		digest_sha256(token, digest);
	else if (!from_hex(hex, digest))
		fault_add(f, "body", "token_sha256", -1, "value_error",
			"Input should be 64 hexadecimal digits");
	s->token_digest = (struct str){(char *)digest, DIGEST_BYTES};
	if (token.p != NULL)
		explicit_bzero((char *)token.p, token.n);
}

/* Contradicting times are refused: they would be kept as history, or make a session active. */
static void check_times(struct faults *f, const struct session_new *s)
{
	int64_t now_ms = clock_now_ms();
	int64_t created_ms = s->created_ms != TIME_NONE ? s->created_ms : now_ms;

	if (created_ms > now_ms)
		fault_add(f, "body", "created_at", -1, "value_error", "is in the future");
	if (s->expires_ms != TIME_NONE && s->expires_ms < created_ms)
		fault_add(f, "body", "expires_at", -1, "value_error",
			"is before created_at (now, where none is given)");
	if (s->revoked_ms != TIME_NONE && s->revoked_ms < created_ms)
		fault_add(f, "body", "revoked_at", -1, "value_error",
			"is before created_at (now, where none is given)");
	if (s->revoked_ms == TIME_NONE &&
		(s->revoked_by.subject.p != NULL || s->revoke_reason.p != NULL))
		fault_add(f, "body", "revoked_at", -1, "missing",
			"is needed with revoked_by and revoke_reason");
}

/* A lifetime counts from created_at, which may be long ago. */
static void read_times(struct faults *f, const struct json *body, struct session_new *s)
{
	s->created_ms = s->last_activity_ms = s->revoked_ms = TIME_NONE;
	body_time(f, body, "created_at", &s->created_ms);
	body_time(f, body, "last_activity_at", &s->last_activity_ms);
	body_time(f, body, "revoked_at", &s->revoked_ms);
	if (s->expires_ms == TIME_NONE && s->created_ms != TIME_NONE)
		s->expires_ms = s->created_ms + s->expires_in_s * 1000;
	body_str(f, body, "revoked_by", BODY_OPTIONAL, LIMIT_ID_BYTES, &s->revoked_by.subject);
	body_str(f, body, "revoke_reason", BODY_OPTIONAL, LIMIT_REASON_BYTES, &s->revoke_reason);
	check_times(f, s);
}

static const char *fault_text(const struct faults *f)
{
	struct buf text;

	buf_init(&text, f->arena);
	for (size_t i = 0; i < f->count; i++) {
		const struct fault *at = &f->list[i];

		if (i > 0)
			buf_str(&text, STR("; "));
		if (at->depth > 1)
			buf_printf(&text, "%.*s: ", STR_FMT(at->loc[1].name));
		buf_str(&text, str_from(at->msg));
	}
	buf_char(&text, '\0');
	return text.p;
}

void import_row_read(
	const struct import_rules *rules, struct arena *a, struct str text, struct import_row *row)
{
	const struct registration_rules registration = {
		.id = BODY_REQUIRED,
		.lifetime_s = rules->session_s,
		.now_ms = TIME_NONE, /* expired sessions are accepted */
		.geo = rules->geo,
	};
	struct faults f = {.arena = a};
	const struct json *body = rules->form == RECORD_CSV ? object_of(rules, &f, text)
							    : object_from_json(rules, &f, text);

	if (f.count == 0) {
		registration_read(&registration, &f, body, &row->session, &row->user);
		read_token(&f, body, &row->session);
		read_times(&f, body, &row->session);
	}
	row->fault = f.count > 0 ? fault_text(&f) : NULL;
}
