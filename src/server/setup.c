/* SPDX-License-Identifier: MIT
 * Makes from the settings the parts that a worker keeps for its lifetime, and tries them for
 * --check. The start requires usable keys, but not a database that answers. */
#include "setup.h"

#include <string.h>
#include <unistd.h>

#include "api/routes.h"
#include "auth/jwt.h"
#include "base/arena.h"
#include "base/log.h"
#include "db/db.h"
#include "model/geo.h"
#include "model/store.h"
#include "server/option_file.h"
#include "version.h"

static struct jwks *open_keys(const struct config *cfg)
{
	const struct jwks_config keys = {
		.jwks_file = cfg->jwks_file,
		.hs256_file = cfg->hs256_file,
	};

	return jwks_open(&keys);
}

void setup_open(struct app *app, const struct config *cfg, struct jwks *keys)
{
	const struct db_config db = {
		.defaults_file = cfg->db_defaults,
		.group = cfg->db_group,
		.connect_timeout_s = (unsigned)cfg->db_connect_s,
		.statement_ms = (unsigned)cfg->db_statement_ms,
		.search_ms = (unsigned)cfg->db_search_ms,
		.lock_wait_s = (unsigned)cfg->db_lock_wait_s,
	};
	const struct jwt_config jwt = {
		.issuer = cfg->jwt_issuer,
		.audience = cfg->jwt_audience,
		.leeway_s = cfg->jwt_leeway_s,
		.cache_entries = (size_t)cfg->jwt_cache,
	};

	*app = (struct app){0};
	app->cfg = (struct app_config){
		.api_prefix = str_from(cfg->api_prefix),
		.edge_prefix = str_from(cfg->edge_prefix),
		.mount = str_from(cfg->mount),
		.body_limit = (size_t)cfg->body_limit,
		.retry_after_s = cfg->retry_after_s,
		.edge_max_rows = cfg->edge_max_rows,
		.costly_most = (uint64_t)(cfg->workers * cfg->costly_percent / 100 > 0
						  ? cfg->workers * cfg->costly_percent / 100
						  : 1),
		.activity = {.interval_s = cfg->activity_interval_s,
			.policy = {.idle_s = cfg->idle_s,
				.absolute_s = cfg->absolute_s,
				.max_sessions = cfg->max_sessions}},
		.step_up_s = cfg->step_up_s,
		.session_s = cfg->session_s,
		.cookie = cfg->cookie,
		.login_url = cfg->login_url,
		.idp_issuer = cfg->idp_issuer,
		.idp_clients = cfg->idp_clients,
		.jwt_leeway_s = cfg->jwt_leeway_s,
		.metrics_allow = cfg->metrics_allow,
		.version = rollcall_version,
	};
	app->routes = &api_routes;
	app->db = db_open(&db);
	app->keys = keys;
	app->jwt = jwt_open(&jwt, keys);
	app->geo = geo_open(cfg->geo_file);
}

void setup_close(struct app *app)
{
	geo_close(app->geo);
	jwt_close(app->jwt);
	db_close(app->db);
	*app = (struct app){0};
}

/* `by` is the first word of the line: "rollcall", as for wrong settings, or "keys". */
static bool source_usable(
	const char *by, const char *setting, const struct jwks_config *keys, FILE *out)
{
	const char *file = keys->jwks_file != NULL ? keys->jwks_file : keys->hs256_file, *why;

	if (jwks_try(keys, &why) == ERR_OK)
		return true;
	fprintf(out, "%s: %s is \"%.200s\"; it has to be a file with a key that can be used (%s)\n",
		by, setting, file, why);
	return false;
}

static bool sources_usable(const char *by, const struct config *cfg, FILE *out)
{
	const struct jwks_config jwks = {.jwks_file = cfg->jwks_file},
				 hs256 = {.hs256_file = cfg->hs256_file};
	bool usable = source_usable(by, "ROLLCALL_JWKS_FILE", &jwks, out);

	return source_usable(by, "ROLLCALL_JWT_HS256_FILE", &hs256, out) && usable;
}

/* Only a warning, because the file may be corrected while the service runs. */
static void warn_of_option_file(const struct config *cfg)
{
	struct arena *a = arena_open();
	const char *fault = option_file_fault(a, cfg->db_defaults, cfg->db_group);

	if (fault != NULL)
		log_event(LOG_ERROR, "option file not usable", "why", fault, NULL);
	arena_close(a);
}

struct jwks *setup_keys(const struct config *cfg, FILE *err)
{
	warn_of_option_file(cfg);
	return sources_usable("rollcall", cfg, err) ? open_keys(cfg) : NULL;
}

/* Right for an own provider; but if it also signs for others, their tokens are taken too. */
static void warn_of_any(const char *setting, const char *value, const char *claim, FILE *out)
{
	if (value == NULL || value[0] == '\0')
		fprintf(out, "keys: warning: %s is not set, so a token for any %s is taken\n",
			setting, claim);
}

static bool check_keys(const struct config *cfg, const struct jwks *keys, FILE *out)
{
	if (cfg->jwks_file == NULL && cfg->hs256_file == NULL) {
		fputs("keys: neither ROLLCALL_JWKS_FILE nor ROLLCALL_JWT_HS256_FILE is set, so "
		      "every bearer token is refused\n",
			out);
		return false;
	}
	if (!sources_usable("keys", cfg, out))
		return false;
	fprintf(out, "keys: %zu can be used\n", jwks_count(keys));
	warn_of_any("ROLLCALL_JWT_ISSUER", cfg->jwt_issuer, "issuer (iss)", out);
	warn_of_any("ROLLCALL_JWT_AUDIENCE", cfg->jwt_audience, "audience (aud)", out);
	return true;
}

static bool check_file(const char *name, const char *file, FILE *out)
{
	if (file == NULL || access(file, R_OK) == 0)
		return true;
	fprintf(out, "%s: cannot read %s\n", name, file);
	return false;
}

static bool check_option_file(const struct config *cfg, FILE *out)
{
	struct arena *a = arena_open();
	const char *fault = option_file_fault(a, cfg->db_defaults, cfg->db_group);

	if (fault != NULL)
		fprintf(out, "database: %s\n", fault);
	arena_close(a);
	return fault == NULL;
}

/* No fault: on a shared host there is one account for everything. */
static void warn_of_rights(struct db *db, FILE *out)
{
	struct arena *a = arena_open();
	struct str too_many = STR_NONE;

	if (store_rights(db, a, &too_many) == ERR_OK && too_many.p != NULL)
		fprintf(out,
			"database: warning: the account may do more than serving needs (%.*s); "
			"schema/grants.sql has what it needs\n",
			STR_FMT(too_many));
	arena_close(a);
}

static bool check_database(const struct config *cfg, struct db *db, FILE *out)
{
	enum err err;

	if (!check_file("database", cfg->db_defaults, out) || !check_option_file(cfg, out))
		return false;
	err = store_ping(db);
	if (err != ERR_OK) {
		fprintf(out, "database: %s: %s\n", err_text(err), db_error_text(db));
		return false;
	}
	if (store_check(db) != ERR_OK) {
		fputs("database: answers, but its tables do not fit this program (the log says "
		      "which statements); run rollcall-admin migrate, and schema/grants.sql\n",
			out);
		return false;
	}
	fputs("database: answers, and its tables fit\n", out);
	warn_of_rights(db, out);
	return true;
}

static bool check_locations(const struct config *cfg, const struct geo *geo, FILE *out)
{
	if (!check_file("locations", cfg->geo_file, out))
		return false;
	if (cfg->geo_file != NULL && geo == NULL) {
		fprintf(out, "locations: %s is no database that can be used\n", cfg->geo_file);
		return false;
	}
	fputs(cfg->geo_file != NULL ? "locations: can be used\n"
				    : "locations: none, ROLLCALL_GEO_FILE is not set\n",
		out);
	return true;
}

bool setup_check(const struct config *cfg, FILE *out)
{
	struct jwks *keys = open_keys(cfg);
	struct app app;
	bool usable;

	fputs("settings: ok\n", out);
	setup_open(&app, cfg, keys);
	usable = check_keys(cfg, keys, out);
	usable = check_database(cfg, app.db, out) && usable;
	usable = check_locations(cfg, app.geo, out) && usable;
	setup_close(&app);
	jwks_close(keys);
	return usable;
}
