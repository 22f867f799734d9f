/* SPDX-License-Identifier: MIT
 * /api/v1/tenants/{tenant_id}/session-policy (schema/api.md 7): the tenant's own rules, and what
 * holds together with the settings. A PUT answers when the policy holds for every living session.
 */
#include "handlers.h"

#include "base/log.h"
#include "call/body.h"
#include "json/writer.h"
#include "model/session_policy.h"

static void put_rule(struct json_writer *w, const char *name, int64_t value)
{
	if (value != 0)
		json_i64(w, name, value);
	else
		json_null(w, name);
}

static void put_rules(struct json_writer *w, const struct session_policy *p)
{
	put_rule(w, "idle_timeout_seconds", p->idle_s);
	put_rule(w, "absolute_timeout_seconds", p->absolute_s);
	put_rule(w, "max_sessions_per_user", p->max_sessions);
	json_cstr(w, "on_limit", p->refuse ? "refuse" : "end_oldest");
}

/* `ended`: of a PUT, how many sessions it ended; -1: of a GET. */
static enum err answer(struct call *c, const struct session_policy *own, int64_t ended)
{
	const struct session_policy effective =
		session_policy_strictest(own, &c->app->cfg.activity.policy);
	struct json_writer *w = v1_open(c, 200);

	json_obj(w, "data");
	json_str(w, "tenant_id", c->scope.tenant_id);
	put_rules(w, own);
	json_obj(w, "effective");
	put_rules(w, &effective);
	json_end(w);
	if (ended >= 0)
		json_i64(w, "revoked_count", ended);
	json_end(w);
	return v1_close(c, w);
}

enum err v1_policy_get(struct call *c)
{
	struct session_policy own;
	enum err err = session_policy_get(c->app->db, c->arena, &c->scope, &own);

	return err != ERR_OK ? err : answer(c, &own, -1);
}

/* A rule that is laxer than that of the settings is a fault, because it would not hold. */
static void read_rule(struct call *c, const char *name, const char *setting, int64_t least,
	int64_t most, int64_t everybody, int64_t *out)
{
	body_i64(&c->faults, c->body, name, least, most, out);
	if (everybody != 0 && *out > everybody)
		fault_add(&c->faults, "body", name, -1, "less_than_equal",
			arena_printf(c->arena,
				"Input should be less than or equal to %lld, which %s allows",
				(long long)everybody, setting));
}

static enum err read_policy(struct call *c, struct session_policy *out)
{
	const struct session_policy *everybody = &c->app->cfg.activity.policy;
	struct str on_limit = STR_NONE;

	*out = (struct session_policy){0};
	read_rule(c, "idle_timeout_seconds", "ROLLCALL_IDLE_SECONDS", POLICY_LEAST_S,
		LIMIT_SESSION_SECONDS, everybody->idle_s, &out->idle_s);
	read_rule(c, "absolute_timeout_seconds", "ROLLCALL_ABSOLUTE_SECONDS", POLICY_LEAST_S,
		LIMIT_SESSION_SECONDS, everybody->absolute_s, &out->absolute_s);
	read_rule(c, "max_sessions_per_user", "ROLLCALL_MAX_SESSIONS", 1, LIMIT_MAX_SESSIONS,
		everybody->max_sessions, &out->max_sessions);
	body_str(&c->faults, c->body, "on_limit", BODY_OPTIONAL, LIMIT_ID_BYTES, &on_limit);
	out->refuse = str_eq(on_limit, STR("refuse"));
	if (on_limit.p != NULL && !out->refuse && !str_eq(on_limit, STR("end_oldest")))
		fault_add(&c->faults, "body", "on_limit", -1, "literal_error",
			"Input should be 'end_oldest' or 'refuse'");
	return c->faults.count > 0 ? ERR_INVALID : ERR_OK;
}

static const char *number_text(struct call *c, int64_t n)
{
	return n != 0 ? arena_printf(c->arena, "%lld", (long long)n) : NULL;
}

static void log_change(struct call *c, const struct session_policy *p)
{
	log_event(LOG_INFO, "session policy changed", "request", c->req.id, "caller",
		arena_printf(c->arena, "%.*s", STR_FMT(c->who.subject)), "tenant",
		arena_printf(c->arena, "%.*s", STR_FMT(c->scope.tenant_id)), "idle_s",
		number_text(c, p->idle_s), "absolute_s", number_text(c, p->absolute_s),
		"max_sessions", number_text(c, p->max_sessions), "on_limit",
		p->refuse ? "refuse" : "end_oldest", NULL);
}

/* Writes the policy first, so that sessions that are registered meanwhile follow it, and then
 * applies it to the living ones. A repeat finishes a call that was interrupted. */
enum err v1_policy_put(struct call *c)
{
	struct session_policy own, effective;
	struct revoke_call ending = call_revoke(c, &c->scope);
	enum err err = call_confirm(c);

	if (err == ERR_OK)
		err = read_policy(c, &own);
	if (err == ERR_OK)
		err = call_step_up(c);
	if (err == ERR_OK)
		err = session_policy_put(c->app->db, c->scope.tenant_id, &own);
	if (err != ERR_OK)
		return err;
	log_change(c, &own);
	effective = session_policy_strictest(&own, &c->app->cfg.activity.policy);
	ending.reason = STR(REASON_POLICY);
	err = session_policy_enforce(c->app->db, &effective, &ending);
	call_count_ended(c, ending.count);
	return err != ERR_OK ? err : answer(c, &own, ending.count);
}
