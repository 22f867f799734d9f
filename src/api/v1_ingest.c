/* SPDX-License-Identifier: MIT
 * POST /sessions and what belongs to it: how applications put sessions in and ask after them
 * (contract section 5). Called by dispatch through the route table. The one place where a token is
 * made; it is in this answer and nowhere else. */
#include <arpa/inet.h>

#include "api/body.h"
#include "api/ingest.h"
#include "api/v1.h"
#include "auth/digest.h"
#include "base/clock.h"
#include "base/random.h"
#include "model/activity.h"
#include "model/api_session.h"
#include "model/device.h"
#include "model/geo.h"
#include "model/register.h"

#define TOKEN_RANDOM_BYTES 32 /* 256 bits */
#define SESSION_SECONDS_MAX INT64_C(315360000) /* ten years */
#define DEVICE_TYPE_BYTES 32
#define LOCATION_BYTES 255

/* Literals of the routes, and what no path can name: never ids (contract section 2). */
static bool is_reserved(struct str id)
{
	static const char *const words[] = {"stats", "users", "revoke-all", "revoke-by-filter",
		"introspect", ".", ".."};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq(id, str_from(words[i])))
			return true;
	return false;
}

static struct str json_text(struct call *c, const struct json *tree)
{
	struct json_writer *w;
	struct buf text;

	if (tree == NULL)
		return STR_NONE;
	buf_init(&text, c->arena);
	w = json_writer_new(c->arena, &text);
	json_tree(w, NULL, tree);
	BUG_ON(json_finish(w) != ERR_OK);
	return buf_view(&text);
}

/* Flat: text, bool and null, as OpenZiti's model of tags has it. */
static const struct json *read_tags(struct call *c)
{
	const struct json *tags = json_member(c->body, "tags");

	if (tags == NULL || tags->type == JSON_NULL)
		return NULL;
	if (tags->type != JSON_OBJECT) {
		fault_add(&c->faults, "body", "tags", -1, "dict_type",
			"Input should be a valid dictionary");
		return NULL;
	}
	if (tags->count > LIMIT_TAGS)
		fault_add(&c->faults, "body", "tags", -1, "too_long",
			"Dictionary should have at most 64 items");
	for (const struct json *t = tags->first; t != NULL; t = t->next) {
		bool flat = t->type == JSON_BOOL || t->type == JSON_NULL || t->type == JSON_STRING;

		if (!flat || t->text.n > LIMIT_TAG_VALUE_BYTES || t->key.n > LIMIT_ID_BYTES)
			fault_add(&c->faults, "body", "tags", -1, "value_error",
				"Value error, a tag is a string of at most 4096 bytes, a boolean "
				"or null, its name at most 255 bytes");
	}
	return tags;
}

/* A set, as the filter language counts it: the first of equal ones stays. */
static struct str distinct_texts(struct call *c, const struct json *list)
{
	struct json_writer *w;
	struct buf text;

	if (list == NULL || c->faults.count > 0)
		return STR_NONE;
	buf_init(&text, c->arena);
	w = json_writer_new(c->arena, &text);
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

/* An IPv4 address written as IPv6 (::ffff:a.b.c.d, from servers that listen on both) is kept as the
 * IPv4 address it is, so that a filter for its network finds it. */
static void read_address(struct call *c, struct session_new *s)
{
	struct in6_addr v6;
	struct in_addr v4;

	body_str(&c->faults, c->body, "ip_address", BODY_OPTIONAL, INET6_ADDRSTRLEN, &s->ip_address);
	if (s->ip_address.p == NULL || inet_pton(AF_INET, s->ip_address.p, &v4) == 1)
		return;
	if (inet_pton(AF_INET6, s->ip_address.p, &v6) != 1) {
		fault_add(&c->faults, "body", "ip_address", -1, "ip_any_address",
			"value is not a valid IPv4 or IPv6 address");
	} else if (IN6_IS_ADDR_V4MAPPED(&v6)) {
		char *text = arena_alloc(c->arena, INET_ADDRSTRLEN);

		s->ip_address = str_from(inet_ntop(AF_INET, v6.s6_addr + 12, text, INET_ADDRSTRLEN));
	}
}

static void read_expiry(struct call *c, struct session_new *s)
{
	int64_t seconds = 0;

	s->expires_ms = TIME_NONE;
	body_i64(&c->faults, c->body, "expires_in", 1, SESSION_SECONDS_MAX, &seconds);
	body_time(&c->faults, c->body, "expires_at", &s->expires_ms);
	if (seconds != 0 && s->expires_ms != TIME_NONE)
		body_value_error(&c->faults, "Value error, expires_in and expires_at exclude each other");
	if (s->expires_ms != TIME_NONE && s->expires_ms <= clock_now_ms())
		fault_add(&c->faults, "body", "expires_at", -1, "datetime_future",
			"Input should be in the future");
	s->expires_in_s = seconds != 0 ? seconds : c->app->cfg.session_s;
}

/* A header of any length must not keep anybody from signing in: the user agent is cut. */
static void read_user_agent(struct call *c, struct session_new *s)
{
	body_str(&c->faults, c->body, "user_agent", BODY_OPTIONAL, c->app->cfg.body_limit,
		&s->user_agent);
	if (s->user_agent.n > LIMIT_TEXT_BYTES) {
		s->user_agent.n = LIMIT_TEXT_BYTES;
		while (s->user_agent.n > 0 && (s->user_agent.p[s->user_agent.n] & 0xC0) == 0x80)
			s->user_agent.n--;
	}
}

static void read_user(struct call *c, struct user_new *u)
{
	const struct json *admin = json_member(c->body, "is_admin");
	bool is_admin = false;

	body_str(&c->faults, c->body, "user_id", BODY_REQUIRED, LIMIT_ID_BYTES, &u->id);
	body_str(&c->faults, c->body, "user_email", BODY_OPTIONAL, LIMIT_EMAIL_BYTES, &u->email);
	body_str(&c->faults, c->body, "user_display_name", BODY_OPTIONAL, LIMIT_TEXT_BYTES,
		&u->display_name);
	body_bool(&c->faults, c->body, "is_admin", &is_admin);
	u->is_admin = admin == NULL ? DB_NULL_I64 : is_admin;
}

static void read_session(struct call *c, struct session_new *s)
{
	const struct json *config_types = NULL;

	body_str(&c->faults, c->body, "tenant_id", BODY_REQUIRED, LIMIT_ID_BYTES, &s->tenant_id);
	body_str(&c->faults, c->body, "id", BODY_OPTIONAL, LIMIT_ID_BYTES, &s->id);
	if (s->id.p != NULL && (s->id.n == 0 || is_reserved(s->id)))
		fault_add(&c->faults, "body", "id", -1, "value_error",
			"Value error, this id is reserved");
	body_str(&c->faults, c->body, "partner_id", BODY_OPTIONAL, LIMIT_ID_BYTES, &s->partner_id);
	read_address(c, s);
	read_user_agent(c, s);
	body_str(&c->faults, c->body, "device_type", BODY_OPTIONAL, DEVICE_TYPE_BYTES, &s->device_type);
	body_str(&c->faults, c->body, "location", BODY_OPTIONAL, LOCATION_BYTES, &s->location);
	read_expiry(c, s);
	body_str(&c->faults, c->body, "authenticator_id", BODY_OPTIONAL, LIMIT_ID_BYTES,
		&s->authenticator_id);
	body_bool(&c->faults, c->body, "is_mfa_required", &s->is_mfa_required);
	body_bool(&c->faults, c->body, "is_mfa_complete", &s->is_mfa_complete);
	body_str_list(&c->faults, c->body, "config_types", LIMIT_CONFIG_TYPES, LIMIT_ID_BYTES,
		&config_types);
	s->config_types = distinct_texts(c, config_types);
	s->tags = json_text(c, read_tags(c));
}

/* What the body leaves open. */
static void complete(struct call *c, struct session_new *s, struct str *token)
{
	unsigned char secret[TOKEN_RANDOM_BYTES];
	unsigned char *digests = arena_alloc(c->arena, 2 * DIGEST_BYTES);

	random_bytes(secret, sizeof(secret));
	*token = str_base64url(c->arena, secret, sizeof(secret));
	explicit_bzero(secret, sizeof(secret));
	digest_sha256(*token, digests);
	digest_sha256(json_text(c, c->body), digests + DIGEST_BYTES);
	s->token_digest = (struct str){(char *)digests, DIGEST_BYTES};
	s->request_digest = (struct str){(char *)digests + DIGEST_BYTES, DIGEST_BYTES};
	s->created_ms = s->last_activity_ms = s->revoked_ms = TIME_NONE;
	if (s->id.p == NULL) {
		char *id = arena_alloc(c->arena, UUID_BYTES);

		random_uuid(id);
		s->id = str_from(id);
	}
	if (s->device_type.p == NULL)
		s->device_type = device_type(s->user_agent);
	if (s->location.p == NULL && s->ip_address.p != NULL)
		s->location = geo_location(c->app->geo, c->arena, s->ip_address);
}

static enum err answer_registered(struct call *c, struct str id, enum registered which,
	struct str token)
{
	struct session_scope scope = {.session_id = id};
	struct session_detail detail;
	struct json_writer *w;
	enum err err = session_get(c->app->db, c->arena, &scope, &detail);

	if (err != ERR_OK)
		return err;
	w = v1_open(c, which == REGISTERED_NEW ? 201 : 200);
	v1_put_detail(w, c, &detail);
	if (which == REGISTERED_NEW) {
		http_response_header(c->res, "Cache-Control", STR("no-store"));
		json_str(w, "token", token);
	}
	json_end(w);
	return v1_close(c, w);
}

enum err ingest_register(struct call *c)
{
	struct registration reg = {.may_create_tenant = c->reach == REACH_ALL};
	struct str token;
	enum registered which;
	enum err err;

	read_session(c, &reg.session);
	read_user(c, &reg.user);
	if (c->faults.count > 0)
		return ERR_INVALID;
	/* A tenant's own service neither leaves its tenant nor makes platform administrators, nor
	 * unmakes them. */
	if (c->reach == REACH_TENANT && !str_eq(reg.session.tenant_id, c->who.tenant_id)) {
		c->detail = "Tenant not found";
		return ERR_NOT_FOUND;
	}
	if (c->reach == REACH_TENANT && reg.user.is_admin == 1)
		return ERR_FORBIDDEN;
	if (c->reach == REACH_TENANT)
		reg.user.is_admin = DB_NULL_I64;
	reg.user.tenant_id = reg.session.tenant_id;
	reg.session.user_id = reg.user.id;
	complete(c, &reg.session, &token);
	err = register_session(c->app->db, c->arena, &reg, &which, &c->detail);
	if (err == ERR_NOT_FOUND)
		c->detail = "Tenant not found";
	return err != ERR_OK ? err : answer_registered(c, reg.session.id, which, token);
}

enum err ingest_activity(struct call *c)
{
	struct activity act = {
		.session_id = call_var(c, "session_id"),
		.interval_s = c->app->cfg.activity_interval_s,
	};
	enum err err;

	if (c->body != NULL) {
		body_str(&c->faults, c->body, "application_id", BODY_OPTIONAL, LIMIT_ID_BYTES,
			&act.application_id);
		body_str(&c->faults, c->body, "application_name", BODY_OPTIONAL, LIMIT_TEXT_BYTES,
			&act.application_name);
	}
	if (act.application_name.p != NULL && act.application_id.p == NULL)
		fault_add(&c->faults, "body", "application_id", -1, "missing", "Field required");
	if (c->faults.count > 0)
		return ERR_INVALID;
	err = activity_record(c->app->db, c->arena, &c->scope, &act);
	if (err == ERR_NOT_FOUND)
		c->detail = "Session not found";
	if (err == ERR_CONFLICT)
		c->detail = "Session is not active";
	return err != ERR_OK ? err : v1_answer_empty(c);
}
