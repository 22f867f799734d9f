/* SPDX-License-Identifier: MIT
 * What the handlers of the Sessions API share: the documented shapes, and how a page, a session or
 * an ending is answered. */
#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "handlers.h"
#include "http/response.h"
#include "json/reader.h"
#include "json/writer.h"
#include "model/revoke.h"
#include "model/session.h"

/* Members of SessionListItem and SessionResponse in the documented order, extensions behind. */
enum { IN_LIST = 1, IN_DETAIL = 2, IN_BOTH = 3 };
enum member_kind { MEMBER_TEXT, MEMBER_TIME, MEMBER_INT, MEMBER_CURRENT, MEMBER_LIST, MEMBER_APPS };

#define AT(member) offsetof(struct session, member)
static const struct {
	const char *name;
	enum member_kind kind;
	unsigned where;
	size_t offset;
} members[] = {
	{"id", MEMBER_TEXT, IN_BOTH, AT(id)},
	{"user_id", MEMBER_TEXT, IN_BOTH, AT(user_id)},
	{"user_email", MEMBER_TEXT, IN_BOTH, AT(user_email)},
	{"user_display_name", MEMBER_TEXT, IN_DETAIL, AT(user_display_name)},
	{"ip_address", MEMBER_TEXT, IN_BOTH, AT(ip_address)},
	{"user_agent", MEMBER_TEXT, IN_BOTH, AT(user_agent)},
	{"device_type", MEMBER_TEXT, IN_BOTH, AT(device_type)},
	{"location", MEMBER_TEXT, IN_DETAIL, AT(location)},
	{"is_current", MEMBER_CURRENT, IN_BOTH, 0},
	{"created_at", MEMBER_TIME, IN_BOTH, AT(created_ms)},
	{"last_activity_at", MEMBER_TIME, IN_BOTH, AT(last_activity_ms)},
	{"expires_at", MEMBER_TIME, IN_BOTH, AT(expires_ms)},
	{"app_count", MEMBER_INT, IN_LIST, AT(app_count)},
	{"sso_apps", MEMBER_APPS, IN_DETAIL, AT(apps)},
	{"tenant_id", MEMBER_TEXT, IN_BOTH, AT(tenant_id)},
	{"status", MEMBER_TEXT, IN_BOTH, AT(status)},
	{"revoked_at", MEMBER_TIME, IN_BOTH, AT(revoked_ms)},
	{"revoked_by", MEMBER_TEXT, IN_BOTH, AT(revoked_by)},
	{"revoke_reason", MEMBER_TEXT, IN_BOTH, AT(revoke_reason)},
	{"role", MEMBER_TEXT, IN_BOTH, AT(role)},
	{"device_label", MEMBER_TEXT, IN_BOTH, AT(device_label)},
	{"absolute_expires_at", MEMBER_TIME, IN_DETAIL, AT(absolute_ms)},
	{"auth_time", MEMBER_TIME, IN_DETAIL, AT(auth_ms)},
	{"acr", MEMBER_TEXT, IN_DETAIL, AT(acr)},
	{"amr", MEMBER_LIST, IN_DETAIL, AT(amr)},
	{"idp_issuer", MEMBER_TEXT, IN_DETAIL, AT(idp_issuer)},
	{"idp_session_id", MEMBER_TEXT, IN_DETAIL, AT(idp_session_id)},
};

static bool is_current(const struct call *c, const struct session *s)
{
	return c->who.session_id.p != NULL && str_eq(c->who.session_id, s->id);
}

struct reached {
	struct str id, name;
	int64_t at_ms;
};

/* Latest first, then by id. */
static int compare_apps(const void *a, const void *b)
{
	const struct reached *x = a, *y = b;

	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? 1 : -1;
	return str_cmp(x->id, y->id);
}

static struct reached read_app(const struct json *member)
{
	const struct json *name = NULL, *at = NULL;

	if (member->type == JSON_OBJECT) {
		name = json_member(member, "name");
		at = json_member(member, "at");
	}
	return (struct reached){
		.id = member->key,
		.name = name != NULL && name->type == JSON_STRING ? name->text : member->key,
		.at_ms = at != NULL && at->type == JSON_INT ? at->integer : TIME_NONE,
	};
}

/* The store's JSON object of applications. Text that is none (the column has a check against it)
 * reads as empty. */
static void put_apps(struct json_writer *w, struct arena *a, const char *name, struct str text)
{
	struct json *tree = NULL;
	struct reached *apps;
	size_t n = 0, at;

	json_arr(w, name);
	if (text.p != NULL && json_parse(a, text, &tree, &at) == ERR_OK &&
		tree->type == JSON_OBJECT && tree->count > 0) {
		apps = arena_array(a, tree->count, sizeof(*apps));
		for (const struct json *m = tree->first; m != NULL; m = m->next)
			apps[n++] = read_app(m);
		qsort(apps, n, sizeof(*apps), compare_apps);
		for (size_t i = 0; i < n; i++) {
			json_obj(w, NULL);
			json_str(w, "application_id", apps[i].id);
			json_str(w, "application_name", apps[i].name);
			json_time(w, "accessed_at", apps[i].at_ms);
			json_end(w);
		}
	}
	json_end(w);
}

void v1_put_list(struct json_writer *w, struct arena *a, const char *name, struct str text)
{
	struct json *tree = NULL;
	size_t at;

	if (text.p != NULL && json_parse(a, text, &tree, &at) == ERR_OK && tree->type == JSON_ARRAY)
		json_tree(w, name, tree);
	else
		json_null(w, name);
}

static void put_members(
	struct json_writer *w, const struct call *c, const struct session *s, unsigned where)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const char *name = members[i].name;
		const void *value = (const char *)s + members[i].offset;

		if ((members[i].where & where) == 0)
			continue;
		switch (members[i].kind) {
		case MEMBER_TEXT:
			json_str(w, name, *(const struct str *)value);
			break;
		case MEMBER_TIME:
			json_time(w, name, *(const int64_t *)value);
			break;
		case MEMBER_INT:
			json_i64(w, name, *(const int64_t *)value);
			break;
		case MEMBER_CURRENT:
			json_bool(w, name, is_current(c, s));
			break;
		case MEMBER_LIST:
			v1_put_list(w, c->arena, name, *(const struct str *)value);
			break;
		case MEMBER_APPS:
			put_apps(w, c->arena, name, *(const struct str *)value);
			break;
		}
	}
}

void v1_put_item(struct json_writer *w, const struct call *c, const struct session *s)
{
	json_obj(w, NULL);
	put_members(w, c, s, IN_LIST);
	json_end(w);
}

void v1_put_detail(struct json_writer *w, const struct call *c, const struct session *s)
{
	json_obj(w, "data");
	put_members(w, c, s, IN_DETAIL);
}

/* Pages */

enum err v1_read_range(struct call *c, struct session_range *out)
{
	int64_t page = c->params[PARAM_PAGE].i, per_page = c->params[PARAM_PER_PAGE].i;
	struct str cursor = c->params[PARAM_CURSOR].s, text, ms;

	/* One row more tells whether there is a next page. */
	*out = (struct session_range){.limit = per_page + 1};
	if (cursor.p == NULL) {
		out->offset = page - 1 > INT64_MAX / per_page ? INT64_MAX : (page - 1) * per_page;
		return ERR_OK;
	}
	text = str_base64url_decode(c->arena, cursor);
	if (text.p != NULL && str_split(&text, '.', &ms) && text.p != NULL && http_is_id(text) &&
		str_to_i64(ms, &out->after.created_ms) == STR_INT_OK) {
		out->after.id = text;
		return ERR_OK;
	}
	fault_add(&c->faults, "query", "cursor", -1, "value_error",
		"Value error, not a cursor from a Link header");
	return ERR_INVALID;
}

static void put_param(struct buf *b, struct arena *a, const char *name, struct str value)
{
	if (value.p != NULL)
		buf_printf(b, "&%s=%.*s", name, STR_FMT(str_percent_encode(a, value)));
}

/* RFC 8288: the next page of the same list, relative to the request. */
static void link_next(struct call *c, int64_t last_ms, struct str last_id)
{
	struct str position =
		str_printf(c->arena, "%lld.%.*s", (long long)last_ms, STR_FMT(last_id));
	struct buf b;

	buf_init(&b, c->arena);
	buf_printf(&b, "<?page=%lld&per_page=%lld", (long long)c->params[PARAM_PAGE].i + 1,
		(long long)c->params[PARAM_PER_PAGE].i);
	if (c->params[PARAM_ACTIVE_ONLY].i == 0)
		buf_str(&b, STR("&active_only=false"));
	put_param(&b, c->arena, "user_id", c->params[PARAM_USER_ID].s);
	put_param(&b, c->arena, "tenant_id", c->params[PARAM_TENANT_ID].s);
	put_param(&b, c->arena, "partner_id", c->params[PARAM_PARTNER_ID].s);
	put_param(&b, c->arena, "cursor", str_base64url(c->arena, position.p, position.n));
	buf_str(&b, STR(">; rel=\"next\""));
	http_response_header(c->res, "Link", buf_view(&b));
}

struct json_writer *v1_open_page(struct call *c)
{
	struct json_writer *w = v1_open(c, 200);

	json_arr(w, "data");
	return w;
}

enum err v1_close_page(
	struct call *c, struct json_writer *w, int64_t total, int64_t last_ms, struct str last_id)
{
	int64_t per_page = c->params[PARAM_PER_PAGE].i;

	if (last_id.p != NULL)
		link_next(c, last_ms, last_id);
	json_end(w);
	json_obj(w, "pagination");
	json_i64(w, "page", c->params[PARAM_PAGE].i);
	json_i64(w, "per_page", per_page);
	json_i64(w, "total_items", total);
	json_i64(w, "total_pages", total / per_page + (total % per_page != 0));
	json_end(w);
	return v1_close(c, w);
}

enum err v1_answer_page(struct call *c, const struct session_scope *scope)
{
	size_t per_page = (size_t)c->params[PARAM_PER_PAGE].i;
	const struct session *last = NULL;
	struct session_range range;
	struct session_page rows = {0};
	struct json_writer *w;
	enum err err = v1_read_range(c, &range);

	if (err == ERR_OK)
		err = session_list(c->app->db, c->arena, scope, &range, &rows);
	if (err != ERR_OK)
		return err;
	w = v1_open_page(c);
	for (size_t i = 0; i < rows.count && i < per_page; i++)
		v1_put_item(w, c, &rows.rows[i]);
	if (rows.count > per_page)
		last = &rows.rows[per_page - 1];
	return v1_close_page(c, w, rows.total, last != NULL ? last->created_ms : 0,
		last != NULL ? last->id : STR_NONE);
}

/* One session */

static enum err not_found(struct call *c, enum err err)
{
	if (err == ERR_NOT_FOUND)
		c->detail = "Session not found";
	return err;
}

enum err v1_session_get(struct call *c)
{
	struct session session;
	struct json_writer *w;
	enum err err;

	c->scope.session_id = call_var(c, "session_id");
	err = not_found(c, session_get(c->app->db, c->arena, &c->scope, &session));
	if (err != ERR_OK)
		return err;
	w = v1_open(c, 200);
	v1_put_detail(w, c, &session);
	json_end(w);
	return v1_close(c, w);
}

enum err v1_answer_empty(struct call *c)
{
	c->res->status = 204;
	return ERR_OK;
}

/* Ending */

/* The ids of an ending of any size wait in a spool, each behind its length. */
static void take_id(void *ctx, struct str session_id)
{
	spool_write(ctx, (const char *)&session_id.n, sizeof(session_id.n));
	spool_write(ctx, session_id.p, session_id.n);
}

/* Puts ids together that were read in parts. */
struct id_reader {
	struct json_writer *w;
	unsigned char bytes[sizeof(size_t) + LIMIT_ID_BYTES];
	size_t have;
};

static void put_ids(void *ctx, const char *p, size_t n)
{
	struct id_reader *r = ctx;
	size_t length, want;

	while (n > 0) {
		length = 0;
		want = sizeof(length);
		if (r->have >= want) {
			memcpy(&length, r->bytes, sizeof(length));
			want += length;
		}
		BUG_ON(want > sizeof(r->bytes));
		if (want > r->have + n)
			want = r->have + n;
		memcpy(r->bytes + r->have, p, want - r->have);
		p += want - r->have;
		n -= want - r->have;
		r->have = want;
		if (r->have < sizeof(length))
			continue;
		memcpy(&length, r->bytes, sizeof(length));
		if (r->have < sizeof(length) + length)
			continue;
		json_str(r->w, NULL, (struct str){(char *)r->bytes + sizeof(length), length});
		r->have = 0;
	}
}

static enum err answer_ended(struct call *c, const struct revoke_call *revoke, struct spool *ids)
{
	struct id_reader reader = {.w = v1_open(c, 200)};
	bool whole;

	json_obj(reader.w, "data");
	json_i64(reader.w, "revoked_count", revoke->count);
	json_arr(reader.w, "session_ids");
	whole = spool_read(ids, put_ids, &reader);
	json_end(reader.w);
	json_end(reader.w);
	return whole ? v1_close(c, reader.w) : ERR_INTERNAL;
}

enum err v1_revoke(struct call *c, struct revoke_call *revoke)
{
	struct spool *ids = arena_array(c->arena, 1, sizeof(*ids));
	enum err err;

	spool_init(ids, c->arena);
	revoke->ended = take_id;
	revoke->ctx = ids;
	err = call_end_sessions(c, revoke);
	if (err == ERR_OK)
		err = answer_ended(c, revoke, ids);
	spool_close(ids);
	return err;
}

enum err v1_require_one(struct call *c, const struct revoke_call *revoke)
{
	struct session_scope scope = revoke->scope;

	if (revoke->count > 0)
		return ERR_OK;
	/* The call may have ended the caller's own session. */
	scope.caller.session = STR_NONE;
	return not_found(c, session_exists(c->app->db, c->arena, &scope));
}

enum err v1_session_delete(struct call *c)
{
	struct revoke_call revoke;
	enum err err;

	c->scope.session_id = call_var(c, "session_id");
	revoke = call_revoke(c, &c->scope);
	err = call_end_sessions(c, &revoke);
	if (err == ERR_OK)
		err = v1_require_one(c, &revoke);
	return err != ERR_OK ? err : v1_answer_empty(c);
}
