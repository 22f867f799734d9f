/* SPDX-License-Identifier: MIT
 * Settings: one table (name, type, default, range, one line of text), read from the environment
 * once, before anything is started; const afterwards. --settings prints the table.
 * A variable that is set but empty counts as not set. */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct config {
	int64_t workers, max_requests, drain_s;
	int64_t body_limit, retry_after_s;
	const char *api_prefix, *edge_prefix;
	const char *mount; /* NULL: found per request; "": the root */
	const char *db_defaults, *db_group;
	int64_t db_connect_s, db_statement_ms, db_lock_wait_s;
	const char *jwks_file, *hs256_file, *jwt_issuer, *jwt_audience;
	int64_t jwt_leeway_s, jwt_cache;
	const char *idp_issuer; /* jwt_issuer where it is not set */
	const char *idp_clients;
	int64_t edge_max_rows;
	int64_t costly_percent;
	int64_t activity_interval_s, session_s;
	int64_t idle_s, absolute_s, max_sessions; /* 0: no such rule */
	int64_t step_up_s;                        /* 0: none */
	const char *geo_file, *cookie, *login_url;
	const char *metrics_allow;
	int64_t log_level, log_format; /* enum log_level, enum log_format */
};

/* Reads ROLLCALL_* from the environment. False after printing one line to `err` that names the
 * setting and the fault. A variable that looks like a setting and is none is only warned of. Text
 * without a default is NULL when not set; strings point into the environment or static storage. */
bool config_read(struct config *c, FILE *err);

/* Puts the ROLLCALL_* lines of a file (NAME=value, # and ; begin comments, a pair of quotes around
 * a value is no part of it) into the environment, where they are not set. `path` NULL: the
 * service's own file, which need not be there. False after printing one line to `err`. */
bool config_file(const char *path, FILE *err);

/* The table as Markdown, for --settings. */
void config_print(FILE *out);

#endif
