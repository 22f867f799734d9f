/* SPDX-License-Identifier: MIT
 * /edge/management/v1/api-sessions: list, detail and delete of active sessions, as OpenZiti's
 * controller has them, and /current-api-session, the one behind the credential. */
#include "handlers.h"

#include "base/clock.h"
#include "http/response.h"
#include "json/reader.h"
#include "json/writer.h"
#include "model/api_session.h"
#include "model/revoke.h"

/* `scratch`, here and below, is an arena for texts that are needed until the session is written. */
static void put_link(struct json_writer *w, struct arena *scratch, const char *name,
	const char *place, struct str id, const char *rest)
{
	struct str encoded = str_percent_encode(scratch, id);

	json_obj(w, name);
	json_str(w, "href", str_printf(scratch, "./%s/%.*s%s", place, STR_FMT(encoded), rest));
	json_end(w);
}

/* A JSON column as it is, or the empty value of its kind. Text that is no JSON (the column has a
 * check against it) reads as empty. */
static void put_stored(struct json_writer *w, struct arena *scratch, const char *key,
	struct str text, enum json_type type)
{
	struct json *tree;
	size_t at;

	if (text.p != NULL && json_parse(scratch, text, &tree, &at) == ERR_OK &&
		tree->type == type) {
		json_tree(w, key, tree);
	} else {
		if (type == JSON_OBJECT)
			json_obj(w, key);
		else
			json_arr(w, key);
		json_end(w);
	}
}

static void put_identity(struct json_writer *w, struct arena *scratch, const struct api_session *s)
{
	json_obj(w, "identity");
	json_cstr(w, "entity", "identities");
	json_str(w, "id", s->user_id);
	json_str(w, "name", s->user_name.p != NULL ? s->user_name : STR(""));
	json_obj(w, "_links");
	put_link(w, scratch, "self", "identities", s->user_id, "");
	json_end(w);
	json_end(w);
}

/* The members of a session, in the object that the caller has begun. */
static void put_session(struct json_writer *w, struct arena *scratch, const struct api_session *s)
{
	json_str(w, "id", s->id);
	json_time(w, "createdAt", s->created_ms);
	json_time(w, "updatedAt", s->updated_ms);
	json_obj(w, "_links");
	put_link(w, scratch, "self", "api-sessions", s->id, "");
	put_link(w, scratch, "sessions", "api-sessions", s->id, "/sessions");
	json_end(w);
	put_stored(w, scratch, "tags", s->tags, JSON_OBJECT);
	json_str(w, "token", s->token);
	json_str(w, "identityId", s->user_id);
	put_identity(w, scratch, s);
	put_stored(w, scratch, "configTypes", s->config_types, JSON_ARRAY);
	json_str(w, "ipAddress", s->ip_address);
	json_arr(w, "authQueries");
	json_end(w);
	json_time(w, "cachedLastActivityAt", s->last_activity_ms);
	json_time(w, "lastActivityAt", s->last_activity_ms);
	json_bool(w, "isMfaComplete", s->is_mfa_complete == 1);
	json_bool(w, "isMfaRequired", s->is_mfa_required == 1);
	json_str(w, "authenticatorId", s->authenticator_id);
	json_bool(w, "isCertExtendable", false);
	json_bool(w, "isCertExtendRequested", false);
	json_bool(w, "isCertKeyRollRequested", false);
	json_bool(w, "improperClientCertChain", s->improper_client_cert_chain == 1);
	/* The published model requires this member without declaring it: a strict validator misses
	 * it, a generated client does not know it. */
	json_time(w, "cachedUpdatedAt", s->updated_ms);
}

/* OpenZiti's generated binder looks at the last of several parameters of a name and its handler at
 * the first, which is the one that counts. */
static struct str first_param(const struct call *c, const char *name)
{
	return http_form_first(c->arena, c->req.query, name);
}

static struct str last_param(const struct call *c, const char *name)
{
	return http_form_last(c->arena, c->req.query, name);
}

/* False for an absent or empty parameter, and for a text that is no number, which is a fault of
 * that type. */
static bool read_number(
	struct call *c, const char *name, struct str text, const char *type, int64_t *out)
{
	if (text.n == 0)
		return false;
	if (str_to_i64(text, out) == STR_INT_OK)
		return true;
	fault_add(&c->faults, "query", name, -1, type,
		arena_printf(c->arena, "%s in query must be of type int64", name))
		->value = str_to_utf8(c->arena, text);
	return false;
}

struct page {
	bool has_limit, has_offset;
	int64_t limit, offset;
};

static enum err read_page(struct call *c, struct page *out)
{
	int64_t unused;

	*out = (struct page){.has_limit = false};
	(void)read_number(c, "limit", last_param(c, "limit"), "int_parsing", &unused);
	(void)read_number(c, "offset", last_param(c, "offset"), "int_parsing", &unused);
	if (c->faults.count > 0)
		return ERR_INVALID;
	out->has_limit =
		read_number(c, "limit", first_param(c, "limit"), EDGE_FAULT_PAGE, &out->limit);
	out->has_offset =
		read_number(c, "offset", first_param(c, "offset"), EDGE_FAULT_PAGE, &out->offset);
	return c->faults.count > 0 ? ERR_INVALID : ERR_OK;
}

static enum err read_query(struct call *c, struct query **out)
{
	struct query_error *error = arena_zalloc(c->arena, sizeof(*error));
	enum err err;

	err = query_parse(c->arena, first_param(c, "filter"), out, error);
	if (err == ERR_OK)
		err = query_check(*out, &api_session_fields, first_param(c, "sort"), error);
	if (err == ERR_INVALID_FILTER || err == ERR_INVALID_SORT)
		c->query_error = error;
	return err;
}

struct list_ctx {
	struct json_writer *w;
	struct arena *scratch; /* of one row */
};

static enum err put_row(void *ctx, const struct api_session *s)
{
	struct list_ctx *l = ctx;

	json_obj(l->w, NULL);
	put_session(l->w, l->scratch, s);
	json_end(l->w);
	arena_reset(l->scratch);
	return ERR_OK;
}

static void put_list_meta(struct json_writer *w, int64_t limit, int64_t offset, int64_t total)
{
	edge_meta(w);
	json_arr(w, "filterableFields");
	for (size_t i = 0; i < api_session_fields.count; i++)
		json_cstr(w, NULL, api_session_fields.list[i].name);
	json_end(w);
	json_obj(w, "pagination");
	json_i64(w, "limit", limit);
	json_i64(w, "offset", offset);
	json_i64(w, "totalCount", total);
	json_end(w);
}

enum err edge_list(struct call *c)
{
	struct list_ctx ctx;
	int64_t limit, offset, total = 0;
	struct query *query;
	struct page page;
	enum err err = read_page(c, &page);

	if (err == ERR_OK)
		err = read_query(c, &query);
	if (err == ERR_OK)
		err = call_enter_search(c, query);
	if (err != ERR_OK)
		return err;
	query_paging(query, page.has_limit, page.limit, page.has_offset, page.offset,
		c->app->cfg.edge_max_rows, &limit, &offset);
	c->scope.active = true;
	c->scope.filter = query;
	c->res->status = 200;
	ctx.w = edge_open(c);
	json_arr(ctx.w, "data");
	ctx.scratch = arena_open();
	err = api_session_list(
		c->app->db, c->arena, ctx.scratch, &c->scope, limit, offset, put_row, &ctx, &total);
	arena_close(ctx.scratch);
	if (err != ERR_OK)
		return err;
	json_end(ctx.w);
	put_list_meta(ctx.w, limit, offset, total);
	return edge_close(ctx.w);
}

/* The members that the published API has only for the caller's own session. */
static void put_expiry(struct json_writer *w, const struct api_session *s)
{
	int64_t left_ms = s->expires_ms - clock_now_ms();

	json_time(w, "expiresAt", s->expires_ms);
	json_i64(w, "expirationSeconds", left_ms > 0 ? left_ms / 1000 : 0);
}

static enum err answer_detail(struct call *c, struct str id, bool is_own)
{
	struct api_session session;
	struct json_writer *w;
	enum err err;

	c->scope.active = true;
	c->scope.session_id = id;
	err = api_session_get(c->app->db, c->arena, &c->scope, &session);
	if (err != ERR_OK)
		return err;
	c->res->status = 200;
	w = edge_open(c);
	json_obj(w, "data");
	put_session(w, c->arena, &session);
	if (is_own)
		put_expiry(w, &session);
	json_end(w);
	edge_meta(w);
	return edge_close(w);
}

static enum err answer_end(struct call *c, struct str id)
{
	struct revoke_call revoke;
	struct json_writer *w;
	enum err err;

	c->scope.session_id = id;
	revoke = call_revoke(c, &c->scope);
	err = call_end_sessions(c, &revoke);
	if (err == ERR_OK && revoke.count == 0)
		err = ERR_NOT_FOUND;
	if (err != ERR_OK)
		return err;
	c->res->status = 200;
	w = edge_open(c);
	json_obj(w, "data");
	json_end(w);
	edge_meta(w);
	return edge_close(w);
}

enum err edge_detail(struct call *c)
{
	return answer_detail(c, call_var(c, "id"), false);
}

enum err edge_delete(struct call *c)
{
	return answer_end(c, call_var(c, "id"));
}

/* A JWT without `sid` has no session. */
enum err edge_current(struct call *c)
{
	return c->who.session_id.p != NULL ? answer_detail(c, c->who.session_id, true)
					   : ERR_NOT_FOUND;
}

enum err edge_sign_out(struct call *c)
{
	return c->who.session_id.p != NULL ? answer_end(c, c->who.session_id) : ERR_NOT_FOUND;
}
