/* SPDX-License-Identifier: MIT
 * Health and numbers for load balancers and monitoring. The surprise: whose address may read the
 * numbers is decided by REMOTE_ADDR, the peer of the web server, and never by a header that anybody
 * can send. */
#include "handlers.h"

#include "auth/jwks.h"
#include "base/address.h"
#include "base/clock.h"
#include "call/metric.h"
#include "db/db.h"
#include "http/response.h"
#include "json/writer.h"
#include "model/stats.h"
#include "model/store.h"

static enum err answer_ok(struct call *c)
{
	struct json_writer *w = json_writer_new(c->arena, &c->res->body);

	c->res->status = 200;
	http_response_header(c->res, "Content-Type", STR("application/json"));
	json_obj(w, NULL);
	json_cstr(w, "status", "ok");
	json_end(w);
	return json_finish(w);
}

enum err ops_healthz(struct call *c)
{
	return answer_ok(c);
}

enum err ops_readyz(struct call *c)
{
	enum err err = store_ping(c->app->db);

	if (err == ERR_OK)
		err = store_check(c->app->db);
	/* Any other error means the same to a load balancer: this host cannot serve. */
	if (err != ERR_OK)
		return err == ERR_SCHEMA ? err : ERR_UNAVAILABLE;
	return answer_ok(c);
}

static bool read_address(struct str text, struct address *out)
{
	if (!address_read(str_trim(text), out))
		return false;
	address_unmap(out);
	return true;
}

bool ops_is_listed(const char *list, struct str address)
{
	struct str rest = str_from(list), part;
	struct address asked, listed;

	if (!read_address(address, &asked))
		return false;
	while (str_split(&rest, ',', &part))
		if (read_address(part, &listed) && address_eq(&asked, &listed))
			return true;
	return false;
}

/* Grows while no usable keys can be fetched: rollcall-admin jwks sets the file's time at each
 * success. */
static void print_keys(struct call *c)
{
	int64_t then_ms = jwks_modified_ms(c->app->keys), now_ms = clock_now_ms();

	if (then_ms != TIME_NONE)
		metric_print_gauge(&c->res->body, "rollcall_keys_age_seconds",
			"Time since the file of the public keys in use was written or confirmed.",
			now_ms > then_ms ? (now_ms - then_ms) / 1000 : 0);
}

/* Left out while the database does not answer, so that the other numbers are shown. */
static void print_active(struct call *c)
{
	int64_t active;

	if (stats_active(c->app->db, c->arena, &active) != ERR_OK)
		return;
	metric_print_gauge(&c->res->body, "rollcall_sessions_active",
		"Sessions that are active, in the whole store.", active);
}

enum err ops_metrics(struct call *c)
{
	const struct http_env *env = c->req.env;
	struct str peer = str_from(env->get(env->ctx, "REMOTE_ADDR"));

	if (c->app->metric == NULL || !ops_is_listed(c->app->cfg.metrics_allow, peer))
		return ERR_NOT_FOUND;
	c->res->status = 200;
	http_response_header(
		c->res, "Content-Type", STR("text/plain; version=0.0.4; charset=utf-8"));
	metric_print(c->app->metric, c->app->cfg.version, &c->res->body);
	print_keys(c);
	print_active(c);
	return ERR_OK;
}
