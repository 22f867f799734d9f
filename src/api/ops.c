/* SPDX-License-Identifier: MIT
 * Health and numbers for load balancers and monitoring. Called by dispatch through the route table.
 * The surprise: whose address may read the numbers is decided by REMOTE_ADDR, the peer of the web
 * server, and never by a header that anybody can send. */
#include "api/ops.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "api/metric.h"

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
	/* Whatever is wrong with it: requests belong elsewhere. */
	return db_ping(c->app->db) != ERR_OK ? ERR_UNAVAILABLE : answer_ok(c);
}

/* Every address as IPv6. */
static bool read_address(struct str s, struct in6_addr *out)
{
	char text[INET6_ADDRSTRLEN], mapped[sizeof("::ffff:") + INET_ADDRSTRLEN];
	struct in_addr v4;

	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (inet_pton(AF_INET6, text, out) == 1)
		return true;
	if (inet_pton(AF_INET, text, &v4) != 1)
		return false;
	snprintf(mapped, sizeof(mapped), "::ffff:%.*s", INET_ADDRSTRLEN, text);
	return inet_pton(AF_INET6, mapped, out) == 1;
}

bool ops_is_listed(const char *list, struct str address)
{
	struct str rest = str_from(list), part;
	struct in6_addr asked, listed;

	if (!read_address(str_trim(address), &asked))
		return false;
	while (str_split(&rest, ',', &part))
		if (read_address(str_trim(part), &listed) &&
			memcmp(&asked, &listed, sizeof(asked)) == 0)
			return true;
	return false;
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
	return ERR_OK;
}
