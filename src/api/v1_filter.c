/* SPDX-License-Identifier: MIT
 * Revoking by filter, for platform and tenant administrators (extension). A filter that ends
 * sessions must never mean something else than it says: one that mixes and, or and not without
 * parentheses is refused with both readings spelled out. And nothing ends because something was
 * left out: a call says that it only looks, how many it expects, or that it means all. */
#include "handlers.h"

#include "call/body.h"
#include "json/writer.h"
#include "model/api_session.h"
#include "model/revoke.h"
#include "model/session.h"

struct wish {
	struct query *query;
	bool dry_run;
	int64_t if_count; /* -1: any */
	struct str reason;
};

static enum err refuse_filter(struct call *c, const char *type, const char *msg)
{
	fault_add(&c->faults, "body", "filter", -1, type, msg);
	return ERR_INVALID;
}

static enum err read_filter(struct call *c, struct str filter, struct query **out)
{
	struct query_error error = {0};
	struct str as_read, as_meant;
	enum err err = query_parse(c->arena, filter, out, &error);

	if (err == ERR_OK)
		err = query_check(*out, &api_session_fields, STR_NONE, &error);
	if (err == ERR_INVALID_FILTER)
		return refuse_filter(c, "invalid_filter",
			arena_printf(c->arena, "%.*s", STR_FMT(error.message)));
	if (err != ERR_OK)
		return err;
	if (!query_is_condition(*out))
		return refuse_filter(c, "value_error",
			"Value error, a condition without sort, skip or limit is required");
	if (query_is_ambiguous(*out, &as_read, &as_meant))
		return refuse_filter(c, "ambiguous_filter",
			arena_printf(c->arena,
				"Write parentheses: the language reads this as %.*s, and not as %.*s",
				STR_FMT(as_read), STR_FMT(as_meant)));
	return ERR_OK;
}

/* One of dry_run, if_count and confirm has to be said; a fault in one of them is fault enough. */
static void read_extent(struct call *c, struct wish *wish)
{
	struct str confirm = STR_NONE;
	size_t before = c->faults.count;

	body_bool(&c->faults, c->body, "dry_run", &wish->dry_run);
	body_i64(&c->faults, c->body, "if_count", 0, INT64_MAX, &wish->if_count);
	body_str(&c->faults, c->body, "confirm", BODY_FILLED, LIMIT_REASON_BYTES, &confirm);
	if (c->faults.count > before)
		return;
	if (confirm.p != NULL && !str_eq(confirm, STR("all")))
		fault_add(&c->faults, "body", "confirm", -1, "literal_error",
			"Input should be 'all'");
	else if (confirm.p == NULL && !wish->dry_run && wish->if_count < 0)
		fault_add(&c->faults, "body", "confirm", -1, "value_error",
			"Value error, one of dry_run: true, if_count: N and confirm: \"all\" is "
			"required");
}

static enum err read_wish(struct call *c, struct wish *wish)
{
	struct str filter = STR_NONE;

	*wish = (struct wish){.if_count = -1};
	body_str(&c->faults, c->body, "filter", BODY_REQUIRED, LIMIT_FILTER_BYTES, &filter);
	read_extent(c, wish);
	body_str(&c->faults, c->body, "reason", BODY_OPTIONAL, LIMIT_REASON_BYTES, &wish->reason);
	return c->faults.count > 0 ? ERR_INVALID : read_filter(c, filter, &wish->query);
}

static enum err answer_dry_run(struct call *c)
{
	static const struct session_range first = {.limit = PAGE_DEFAULT};
	struct session_page rows = {0};
	struct json_writer *w;
	enum err err;

	c->scope.active = true;
	err = session_list(c->app->db, c->arena, &c->scope, &first, &rows);
	if (err != ERR_OK)
		return err;
	w = v1_open(c, 200);
	json_obj(w, "data");
	json_bool(w, "dry_run", true);
	json_i64(w, "matched_count", rows.total);
	json_arr(w, "sessions");
	for (size_t i = 0; i < rows.count; i++)
		v1_put_item(w, c, &rows.rows[i]);
	json_end(w);
	json_end(w);
	return v1_close(c, w);
}

enum err v1_revoke_by_filter(struct call *c)
{
	struct revoke_call revoke;
	struct wish wish;
	enum err err = read_wish(c, &wish);

	if (err != ERR_OK)
		return err;
	err = call_enter_search(c, wish.query);
	if (err != ERR_OK)
		return err;
	c->scope.filter = wish.query;
	if (wish.dry_run)
		return answer_dry_run(c);
	revoke = call_revoke(c, &c->scope);
	revoke.if_count = wish.if_count;
	revoke.reason = wish.reason;
	err = v1_revoke(c, &revoke);
	if (err == ERR_CONFLICT)
		c->detail = arena_printf(c->arena,
			"The number of matching sessions is %lld and not %lld",
			(long long)revoke.matched, (long long)wish.if_count);
	return err;
}
