/* SPDX-License-Identifier: MIT
 * POST /sessions and what belongs to it: how applications put sessions in and ask after them
 * (schema/api.md 5). The one place where a token is made; it is in this answer and nowhere else. */
#include "handlers.h"

#include <stdlib.h>

#include "api/registration.h"
#include "auth/digest.h"
#include "base/clock.h"
#include "base/random.h"
#include "http/response.h"
#include "json/writer.h"
#include "model/activity.h"
#include "model/api_session.h"
#include "model/register.h"
#include "model/session.h"

#define TOKEN_RANDOM_BYTES 32 /* 256 bits */

static int by_key(const void *a, const void *b)
{
	const struct json *x = a, *y = b;

	return str_cmp(x->key, y->key);
}

/* The same children, copied: those of an object in the order of their names. */
static struct json *in_order(struct arena *a, const struct json *parent)
{
	struct json *list = arena_array(a, parent->count, sizeof(*list));
	size_t n = 0;

	for (const struct json *child = parent->first; child != NULL; child = child->next)
		list[n++] = *child;
	if (parent->type == JSON_OBJECT && n > 1)
		qsort(list, n, sizeof(*list), by_key);
	for (size_t i = 0; i < n; i++) {
		list[i].next = i + 1 < n ? &list[i + 1] : NULL;
		list[i].first = in_order(a, &list[i]);
	}
	return n > 0 ? list : NULL;
}

/* What a repeat has to equal: a body is the same whatever the order of its members. */
static struct str request_digest(struct arena *a, const struct json *body)
{
	unsigned char *digest = arena_alloc(a, DIGEST_BYTES);
	struct json ordered = *body;

	ordered.first = in_order(a, body);
	digest_sha256(json_text(a, &ordered), digest);
	return (struct str){(char *)digest, DIGEST_BYTES};
}

/* A repeat may come after the session has ended: its expires_at is then in the past, which is no
 * fault. A body with any other fault was never registered. */
static enum err spare_repeat(struct call *c, const struct registration *reg, int64_t now_ms)
{
	const struct session_new *s = &reg->session;
	enum err err;

	if (c->faults.count != 1 || s->id.p == NULL || s->expires_ms == TIME_NONE ||
		s->expires_ms > now_ms)
		return ERR_OK;
	err = register_find(c->app->db, c->arena, reg);
	if (err == ERR_OK)
		c->faults.count = 0;
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err read_registration(struct call *c, struct registration *reg)
{
	const struct registration_rules rules = {
		.id = BODY_OPTIONAL,
		.lifetime_s = c->app->cfg.session_s,
		.now_ms = clock_now_ms(),
		.geo = c->app->geo,
	};
	enum err err;

	registration_read(&rules, &c->faults, c->body, &reg->session, &reg->user);
	reg->session.request_digest = request_digest(c->arena, c->body);
	err = spare_repeat(c, reg, rules.now_ms);
	return err == ERR_OK && c->faults.count > 0 ? ERR_INVALID : err;
}

/* Fills in what the body does not say. */
static void complete(struct call *c, struct session_new *s, struct str *token)
{
	unsigned char secret[TOKEN_RANDOM_BYTES];
	unsigned char *digest = arena_alloc(c->arena, DIGEST_BYTES);

	random_bytes(secret, sizeof(secret));
	*token = str_base64url(c->arena, secret, sizeof(secret));
	explicit_bzero(secret, sizeof(secret));
	digest_sha256(*token, digest);
	s->token_digest = (struct str){(char *)digest, DIGEST_BYTES};
	s->created_ms = s->last_activity_ms = s->revoked_ms = TIME_NONE;
	if (s->id.p == NULL) {
		char *id = arena_alloc(c->arena, UUID_BYTES);

		random_uuid(id);
		s->id = str_from(id);
	}
}

/* What only the answer to the registration itself says. Without a label no device is known. */
static void put_once(struct json_writer *w, const struct registration *reg,
	const struct session *session, struct str token)
{
	if (session->device_label.p != NULL)
		json_bool(w, "new_device", reg->new_device);
	else
		json_null(w, "new_device");
	json_str(w, "token", token);
}

static enum err answer_registered(struct call *c, enum registered which,
	const struct session *session, const struct registration *reg, struct str token)
{
	struct json_writer *w = v1_open(c, which == REGISTERED_NEW ? 201 : 200);

	v1_put_detail(w, c, session);
	if (which == REGISTERED_NEW)
		put_once(w, reg, session, token);
	json_end(w);
	return v1_close(c, w);
}

/* A service of one tenant registers sessions in its tenant only, and neither gives nor takes a role
 * above tenant_admin. */
static enum err check_reach(struct call *c, struct registration *reg)
{
	enum principal_kind kind = principal_of_role(reg->session.role);

	if (c->reach == REACH_ALL)
		return ERR_OK;
	if (!str_eq(reg->session.tenant_id, c->who.tenant_id))
		return ERR_NO_TENANT;
	if (reg->user.is_admin == 1 || kind == PRINCIPAL_PARTNER_ADMIN ||
		kind == PRINCIPAL_SUPER_ADMIN) {
		c->detail = "Not enough permissions: is_admin and roles above tenant_admin need "
			    "platform_token";
		return ERR_FORBIDDEN;
	}
	reg->user.is_admin = DB_NULL_I64;
	return ERR_OK;
}

enum err ingest_register(struct call *c)
{
	struct registration reg = {.may_create = c->reach == REACH_ALL};
	struct session session = {0};
	struct str token;
	enum registered which;
	enum err err = call_confirm(c);

	if (err == ERR_OK)
		err = read_registration(c, &reg);
	if (err == ERR_OK)
		err = check_reach(c, &reg);
	if (err != ERR_OK)
		return err;
	reg.own_id = reg.session.id.p != NULL;
	complete(c, &reg.session, &token);
	reg.session.policy = &c->app->cfg.activity.policy;
	reg.beyond_limit = call_revoke_by_policy(c, reg.session.tenant_id, REASON_LIMIT);
	err = register_session(c->app->db, c->arena, &reg, &which, &session, &c->detail);
	if (err == ERR_OK)
		call_count_ended(c, reg.beyond_limit.count);
	if (err == ERR_OK && which == REGISTERED_BEFORE) {
		struct session_scope scope = {.session_id = reg.session.id};

		err = session_get(c->app->db, c->arena, &scope, &session);
	}
	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? ERR_NO_TENANT : err;
	return answer_registered(c, which, &session, &reg, token);
}

enum err ingest_activity(struct call *c)
{
	struct activity act = {
		.rule = c->app->cfg.activity,
	};
	enum err err;

	if (c->body != NULL) {
		body_str(&c->faults, c->body, "application_id", BODY_FILLED, LIMIT_ID_BYTES,
			&act.application_id);
		body_str(&c->faults, c->body, "application_name", BODY_OPTIONAL, LIMIT_TEXT_BYTES,
			&act.application_name);
	}
	if (c->faults.count == 0 && act.application_name.p != NULL && act.application_id.p == NULL)
		fault_add(&c->faults, "body", "application_id", -1, "missing", "Field required");
	if (c->faults.count > 0)
		return ERR_INVALID;
	c->scope.session_id = call_var(c, "session_id");
	err = activity_record(c->app->db, c->arena, &c->scope, &act);
	if (err == ERR_NOT_FOUND)
		c->detail = "Session not found";
	if (err == ERR_CONFLICT)
		c->detail = "Session is not active";
	return err != ERR_OK ? err : v1_answer_empty(c);
}
