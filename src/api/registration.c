/* SPDX-License-Identifier: MIT
 * Reads the members of a session that is registered. */
#include "api/registration.h"

#include "auth/principal.h"
#include "base/address.h"
#include "base/clock.h"
#include "base/limits.h"
#include "call/id.h"
#include "json/writer.h"
#include "model/device.h"
#include "model/geo.h"

/* An id that no header carries would make a session that the Authorizer never lets in. */
static void read_id(struct faults *f, const struct json *body, const char *name,
	enum body_need need, struct str *id)
{
	body_str(f, body, name, need, LIMIT_ID_BYTES, id);
	if (!id_is_carried(*id))
		fault_add(f, "body", name, -1, "value_error",
			"Value error, a blank at either end and control characters are not allowed");
}

static void read_session_id(
	struct faults *f, const struct json *body, enum body_need need, struct str *id)
{
	read_id(f, body, "id", need, id);
	if (id->p != NULL && (id->n == 0 || id_is_reserved(*id)))
		fault_add(f, "body", "id", -1, "value_error", "Value error, this id is reserved");
}

/* An IPv4 address written as IPv6 (::ffff:a.b.c.d, from servers that listen on both) is kept as the
 * IPv4 address it is, so that a filter for its network finds it. */
static void read_address(struct faults *f, const struct json *body, struct str *address)
{
	struct address read;

	body_str(f, body, "ip_address", BODY_OPTIONAL, ADDRESS_TEXT_BYTES, address);
	if (address->p == NULL)
		return;
	if (!address_read(*address, &read))
		fault_add(f, "body", "ip_address", -1, "ip_any_address",
			"value is not a valid IPv4 or IPv6 address");
	else if (address_unmap(&read))
		*address = address_text(f->arena, &read);
}

/* A header of any length must not keep anybody from signing in: the user agent is cut. */
static void read_user_agent(struct faults *f, const struct json *body, struct str *agent)
{
	body_str(f, body, "user_agent", BODY_OPTIONAL, SIZE_MAX, agent);
	if (agent->n > LIMIT_TEXT_BYTES) {
		agent->n = LIMIT_TEXT_BYTES;
		while (agent->n > 0 && (agent->p[agent->n] & 0xC0) == 0x80)
			agent->n--;
	}
}

static void read_end(const struct registration_rules *rules, struct faults *f,
	const struct json *body, struct session_new *s)
{
	int64_t seconds = 0;

	s->expires_ms = TIME_NONE;
	body_i64(f, body, "expires_in", 1, LIMIT_SESSION_SECONDS, &seconds);
	body_time(f, body, "expires_at", &s->expires_ms);
	if (seconds != 0 && s->expires_ms != TIME_NONE)
		body_value_error(f, "Value error, expires_in and expires_at exclude each other");
	if (s->expires_ms != TIME_NONE && s->expires_ms <= rules->now_ms)
		fault_add(f, "body", "expires_at", -1, "datetime_future",
			"Input should be in the future");
	s->expires_in_s = seconds != 0 ? seconds : rules->lifetime_s;
}

static void read_admin(struct faults *f, const struct json *body, struct user_new *u)
{
	bool is_admin = false;

	body_bool(f, body, "is_admin", &is_admin);
	u->is_admin = json_member(body, "is_admin") == NULL ? DB_NULL_I64 : is_admin;
}

/* The session's own role; a platform administrator's session has theirs where the body names none.
 */
static void read_role(
	struct faults *f, const struct json *body, const struct user_new *u, struct str *role)
{
	body_str(f, body, "role", BODY_OPTIONAL, LIMIT_ID_BYTES, role);
	if (role->p != NULL && principal_of_role(*role) == PRINCIPAL_USER)
		fault_add(f, "body", "role", -1, "literal_error",
			"Input should be 'tenant_admin', 'partner_admin' or 'super_admin'");
	if (role->p == NULL && u->is_admin == 1)
		*role = str_from(principal_role(PRINCIPAL_SUPER_ADMIN));
}

/* A set, as the filter language counts it: the first of equal ones stays. */
static struct str distinct_texts(const struct faults *f, const struct json *list)
{
	struct json_writer *w;
	struct buf text;

	if (list == NULL || f->count > 0)
		return STR_NONE;
	buf_init(&text, f->arena);
	w = json_writer_new(f->arena, &text);
	json_arr(w, NULL);
	for (const struct json *e = list->first; e != NULL; e = e->next) {
		const struct json *same = list->first;

		while (!str_eq(same->text, e->text))
			same = same->next;
		if (same == e)
			json_str(w, NULL, e->text);
	}
	json_end(w);
	BUG_ON(json_finish(w) != ERR_OK);
	return buf_view(&text);
}

/* Flat: text, bool and null, as OpenZiti's model of tags has it. */
static struct str read_tags(struct faults *f, const struct json *body)
{
	const struct json *tags = json_member(body, "tags");
	struct str text;

	if (tags == NULL || tags->type == JSON_NULL)
		return STR_NONE;
	if (tags->type != JSON_OBJECT) {
		fault_add(f, "body", "tags", -1, "dict_type", "Input should be a valid dictionary");
		return STR_NONE;
	}
	if (tags->count > LIMIT_TAGS)
		fault_add(f, "body", "tags", -1, "too_long",
			"Dictionary should have at most " LIMIT_TEXT(LIMIT_TAGS) " items");
	for (const struct json *t = tags->first; t != NULL; t = t->next) {
		bool flat = t->type == JSON_BOOL || t->type == JSON_NULL || t->type == JSON_STRING;

		if (!flat || t->text.n > LIMIT_TAG_VALUE_BYTES || t->key.n > LIMIT_ID_BYTES)
			fault_add(f, "body", "tags", -1, "value_error",
				"Value error, a tag is a string of at most " LIMIT_TEXT(
					LIMIT_TAG_VALUE_BYTES) " bytes, a boolean or null, its name "
							       "at most " LIMIT_TEXT(
								       LIMIT_ID_BYTES) " bytes");
	}
	text = json_text(f->arena, tags);
	if (text.n > LIMIT_TAGS_BYTES)
		fault_add(f, "body", "tags", -1, "too_long",
			"Dictionary should have at most " LIMIT_TEXT(
				LIMIT_TAGS_BYTES) " bytes of JSON");
	return text;
}

/* Clocks of two hosts may differ by so much. */
#define SKEW_MS 60000

/* The facts of the sign-in. A session's id at the identity provider needs the issuer, because it is
 * unique only there. */
static void read_facts(struct faults *f, const struct json *body, struct session_new *s)
{
	const struct json *amr = NULL;

	s->auth_ms = TIME_NONE;
	body_instant(f, body, "auth_time", &s->auth_ms);
	if (s->auth_ms != TIME_NONE && s->auth_ms > clock_now_ms() + SKEW_MS)
		fault_add(
			f, "body", "auth_time", -1, "datetime_past", "Input should be in the past");
	body_str(f, body, "acr", BODY_FILLED, LIMIT_ID_BYTES, &s->acr);
	body_str_list(f, body, "amr", LIMIT_AMR, LIMIT_AMR_BYTES, &amr);
	s->amr = distinct_texts(f, amr);
	body_str(f, body, "idp_issuer", BODY_FILLED, LIMIT_ID_BYTES, &s->idp_issuer);
	body_str(f, body, "idp_session_id", BODY_FILLED, LIMIT_ID_BYTES, &s->idp_session_id);
	if (s->idp_session_id.p != NULL && s->idp_issuer.p == NULL)
		fault_add(f, "body", "idp_issuer", -1, "missing", "Field required");
}

void registration_read(const struct registration_rules *rules, struct faults *f,
	const struct json *body, struct session_new *s, struct user_new *u)
{
	const struct json *config_types = NULL;

	read_id(f, body, "tenant_id", BODY_REQUIRED, &s->tenant_id);
	read_id(f, body, "user_id", BODY_REQUIRED, &s->user_id);
	body_str(f, body, "user_email", BODY_OPTIONAL, LIMIT_EMAIL_BYTES, &u->email);
	body_str(f, body, "user_display_name", BODY_OPTIONAL, LIMIT_TEXT_BYTES, &u->display_name);
	read_address(f, body, &s->ip_address);
	read_user_agent(f, body, &s->user_agent);
	read_end(rules, f, body, s);
	body_str(f, body, "device_type", BODY_OPTIONAL, LIMIT_DEVICE_TYPE_BYTES, &s->device_type);
	body_str(f, body, "location", BODY_OPTIONAL, LIMIT_LOCATION_BYTES, &s->location);
	body_str(f, body, "partner_id", BODY_FILLED, LIMIT_ID_BYTES, &s->partner_id);
	read_admin(f, body, u);
	body_str(f, body, "authenticator_id", BODY_OPTIONAL, LIMIT_ID_BYTES, &s->authenticator_id);
	body_str_list(f, body, "config_types", LIMIT_CONFIG_TYPES, LIMIT_ID_BYTES, &config_types);
	s->config_types = distinct_texts(f, config_types);
	s->tags = read_tags(f, body);
	body_bool(f, body, "is_mfa_required", &s->is_mfa_required);
	body_bool(f, body, "is_mfa_complete", &s->is_mfa_complete);
	read_session_id(f, body, rules->id, &s->id);
	read_role(f, body, u, &s->role);
	read_facts(f, body, s);
	u->tenant_id = s->tenant_id;
	u->id = s->user_id;
	if (s->device_type.p == NULL)
		s->device_type = device_type(s->user_agent);
	if (s->location.p == NULL && s->ip_address.p != NULL)
		s->location = geo_location(rules->geo, f->arena, s->ip_address);
}
